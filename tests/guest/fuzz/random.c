// SPDX-License-Identifier: GPL-2.0-only
/* Random numbers that a seed repeats, and numbers at which programs break. */
#include "fuzz.h"

static const __u64 edges[] = { 0,
			       1,
			       2,
			       7,
			       8,
			       15,
			       16,
			       63,
			       64,
			       4095,
			       4096,
			       4097,
			       8191,
			       8192,
			       8193,
			       65535,
			       65536,
			       (1ULL << 20) - 1,
			       1ULL << 20,
			       (4ULL << 20) - 1,
			       4ULL << 20,
			       (4ULL << 20) + 1,
			       (1ULL << 31) - 1,
			       1ULL << 31,
			       (1ULL << 32) - 1,
			       1ULL << 32,
			       (1ULL << 32) + 1,
			       (1ULL << 63) - 1,
			       1ULL << 63,
			       -4096ULL,
			       -4095ULL,
			       -2ULL,
			       -1ULL };

/* splitmix64: each number of each seed is a start of its own. */
__u64 any(struct random *random)
{
	__u64 z = random->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void seed_random(struct random *random, __u64 seed, __u64 number)
{
	random->state = seed;
	random->state = any(random) ^ number * 0xd1342543de82ef95ULL;
}

__u64 below(struct random *random, __u64 limit)
{
	return limit ? any(random) % limit : 0;
}

bool chance(struct random *random, unsigned int percent)
{
	return below(random, 100) < percent;
}

__u64 interesting(struct random *random)
{
	switch (below(random, 4)) {
	case 0:
		return any(random);
	case 1:
		return 1ULL << below(random, 64);
	case 2:
		return below(random, 64);
	default:
		return edges[below(random, COUNT(edges))];
	}
}
