// SPDX-License-Identifier: LGPL-2.1-or-later
#include "internal.h"

SAME(GFP_KERNEL);
SAME(GFP_NOWAIT);
SAME(GFP_ATOMIC);
SAME(GFP_USER);
SAME(GFP_HIGHUSER);
SAME(GFP_DMA);
SAME(GFP_DMA32);
SAME(GFP_ZERO);
SAME(GFP_HIGH);
SAME(GFP_NOFAIL);
SAME(GFP_NORETRY);
SAME(GFP_RETRY_MAYFAIL);
SAME(GFP_NOWARN);
SAME(GFP_ACCOUNT);
SAME(GFP_THISNODE);
SAME(GFP_WARN);
SAME(GFP_NO_ACCOUNT);
SAME(GFP_COMP);

#define BIT_OF(flag) __builtin_ctzll(MEMLAB_GFP_##flag)

static const char *const flags[] = {
	[BIT_OF(KERNEL)] = "kernel",
	[BIT_OF(NOWAIT)] = "nowait",
	[BIT_OF(ATOMIC)] = "atomic",
	[BIT_OF(USER)] = "user",
	[BIT_OF(HIGHUSER)] = "highuser",
	[BIT_OF(DMA)] = "dma",
	[BIT_OF(DMA32)] = "dma32",
	[BIT_OF(ZERO)] = "zero",
	[BIT_OF(HIGH)] = "high",
	[BIT_OF(NOFAIL)] = "nofail",
	[BIT_OF(NORETRY)] = "noretry",
	[BIT_OF(RETRY_MAYFAIL)] = "retry-mayfail",
	[BIT_OF(NOWARN)] = "nowarn",
	[BIT_OF(ACCOUNT)] = "account",
	[BIT_OF(THISNODE)] = "thisnode",
	[BIT_OF(WARN)] = "warn",
	[BIT_OF(NO_ACCOUNT)] = "no-account",
	[BIT_OF(COMP)] = "comp",
};

EXPORT const char *memlab_gfp_name(uint64_t flag)
{
	bool one_bit = flag && !(flag & (flag - 1));

	return one_bit ? name_of(flags, ARRAY_SIZE(flags), (unsigned int)__builtin_ctzll(flag)) :
			 NULL;
}

EXPORT uint64_t memlab_gfp_from_name(const char *name)
{
	int bit = number_of(flags, ARRAY_SIZE(flags), name);

	return bit < 0 ? 0 : 1ULL << bit;
}
