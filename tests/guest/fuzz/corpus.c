// SPDX-License-Identifier: GPL-2.0-only
/* Programs that reached code that none before them had reached. */
#include "fuzz.h"

#define CORPUS_MAX 1024

static struct program corpus[CORPUS_MAX];
static unsigned int corpus_count;

/* When it is full, a new one takes the place of any. */
void corpus_add(struct random *random, const struct program *program)
{
	if (corpus_count < CORPUS_MAX)
		corpus[corpus_count++] = *program;
	else
		corpus[below(random, CORPUS_MAX)] = *program;
}

/* NULL when there is none. Those that came last are taken more often. */
const struct program *corpus_pick(struct random *random)
{
	unsigned int recent = corpus_count > 32 ? 32 : corpus_count;

	if (!corpus_count)
		return NULL;
	if (chance(random, 30))
		return &corpus[corpus_count - 1 - below(random, recent)];
	return &corpus[below(random, corpus_count)];
}

unsigned int corpus_size(void)
{
	return corpus_count;
}
