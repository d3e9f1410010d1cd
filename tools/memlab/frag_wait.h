/* SPDX-License-Identifier: GPL-2.0-only */
/* While memory is fragmented: until when, or meanwhile what. */
#ifndef MEMLAB_FRAG_WAIT_H
#define MEMLAB_FRAG_WAIT_H

#include "frag.h"

/**
 * frag_wait() - wait for SIGINT, SIGTERM, SIGHUP or SIGQUIT
 * @frag: what is held meanwhile
 * @seconds: wait no longer than that; or a negative number to wait for the end of
 *	standard input instead
 *
 * Returns early when the memory is held no more.
 */
void frag_wait(const struct frag *frag, int seconds);

/**
 * frag_run() - run a command, and wait for it
 * @frag: what is held meanwhile; the command goes on without it
 * @argv: the command and its arguments; NULL at the end
 * @output: what is to be the command's standard output
 *
 * SIGTERM and SIGHUP are passed on to the command. SIGINT and SIGQUIT are ignored, since
 * the terminal sends them to the command as well.
 *
 * Return: its exit status, 128 + N when signal N ended it, 127 when there is no such
 * command and 126 when it cannot be run, after saying so.
 */
int frag_run(const struct frag *frag, char **argv, int output);

#endif /* MEMLAB_FRAG_WAIT_H */
