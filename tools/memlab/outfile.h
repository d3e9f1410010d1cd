/* SPDX-License-Identifier: GPL-2.0-only */
/* A file that comes to be when it is complete; until then, the old one stays. */
#ifndef MEMLAB_OUTFILE_H
#define MEMLAB_OUTFILE_H

#include <stdio.h>

/**
 * outfile_open() - begin a file
 * @path: the file, or "-" for standard output
 *
 * It is written under another name in the same directory, which is removed when the
 * program ends early, be it by SIGHUP, SIGINT or SIGTERM. What is no regular file, such
 * as a pipe or a device, is written to at once. Ends the program, with a message, if the
 * file could not be written. One can be open at a time.
 *
 * Return: the stream to write to.
 */
FILE *outfile_open(const char *path);

/**
 * outfile_done() - close it and give it its name
 *
 * Ends the program, with a message, if any of it could not be written.
 */
void outfile_done(void);

#endif /* MEMLAB_OUTFILE_H */
