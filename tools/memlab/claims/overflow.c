// SPDX-License-Identifier: GPL-2.0-only
/* Sizes of arrays that do not fit into a size_t. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "witness.h"

#define MOST UINT64_MAX /* the kernel's SIZE_MAX, which says "overflow" */

typedef unsigned __int128 wide;

/* Numbers whose products and sums lie on both sides of SIZE_MAX, and on it. */
static const uint64_t numbers[] = {
	0,
	1,
	2,
	3,
	8,
	24,
	4096,
	UINT32_MAX - 1ULL,
	UINT32_MAX,
	UINT32_MAX + 1ULL,
	UINT32_MAX + 2ULL,
	MOST / 4096,
	MOST / 4096 + 1,
	MOST / 24,
	MOST / 24 + 1,
	MOST / 8,
	MOST / 8 + 1,
	MOST / 3,
	MOST / 3 + 1,
	MOST / 2,
	MOST / 2 + 1,
	MOST - 24,
	MOST - 1,
	MOST,
};

static uint64_t saturated(wide value)
{
	return value > MOST ? MOST : (uint64_t)value;
}

/* ---- the helpers ---- */

struct helper {
	const char *name;
	unsigned int kind;
	unsigned int arguments;
	wide (*value)(uint64_t a, uint64_t b);
};

static wide product(uint64_t a, uint64_t b)
{
	return (wide)a * b;
}

static wide sum(uint64_t a, uint64_t b)
{
	return (wide)a + b;
}

static wide with_header(uint64_t a, uint64_t b)
{
	(void)b;
	return MEMLAB_LIB_PROBE_STRUCT_BYTES + (wide)a * MEMLAB_LIB_PROBE_ELEMENT_BYTES;
}

static const struct helper helpers[] = {
	{ "array_size", MEMLAB_LIB_PROBE_ARRAY_SIZE, 2, product },
	{ "size_add", MEMLAB_LIB_PROBE_SIZE_ADD, 2, sum },
	{ "struct_size", MEMLAB_LIB_PROBE_STRUCT_SIZE, 1, with_header },
};

/* Returns false with errno when the kernel cannot be asked. */
static bool measure_helper(struct claim_run *run, const struct helper *helper, uint64_t a,
			   uint64_t b)
{
	uint64_t expected = saturated(helper->value(a, b)), result;

	if (memlab_probe(run->dev, helper->kind, a, b, 0, &result))
		return false;
	claim_case(run, result == expected,
		   "%s(0x%" PRIx64 ", 0x%" PRIx64 ") = 0x%" PRIx64
		   ", by 128-bit arithmetic 0x%" PRIx64,
		   helper->name, a, b, result, expected);
	return true;
}

static bool measure_helpers(struct claim_run *run)
{
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++) {
		bool pairs = helpers[i].arguments == 2;

		for (size_t a = 0; a < ARRAY_SIZE(numbers); a++)
			for (size_t b = 0; b < (pairs ? ARRAY_SIZE(numbers) : 1); b++)
				if (!measure_helper(run, &helpers[i], numbers[a],
						    pairs ? numbers[b] : 0))
					return false;
	}
	return true;
}

/* Every third number is enough: there are many triples. */
#define TRIPLE_STEP 3

static bool measure_triple(struct claim_run *run, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t expected, result;
	wide two = product(a, b);

	/* Kernels before 5.18 call it an overflow, later ones zero. */
	if (two > MOST && !c)
		return true;
	expected = two > MOST ? MOST : saturated(product((uint64_t)two, c));
	if (memlab_probe(run->dev, MEMLAB_LIB_PROBE_ARRAY3_SIZE, a, b, c, &result))
		return false;
	claim_case(run, result == expected,
		   "array3_size(0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ") = 0x%" PRIx64
		   ", by 128-bit arithmetic 0x%" PRIx64,
		   a, b, c, result, expected);
	return true;
}

static bool measure_triples(struct claim_run *run)
{
	for (size_t a = 0; a < ARRAY_SIZE(numbers); a += TRIPLE_STEP)
		for (size_t b = 1; b < ARRAY_SIZE(numbers); b += TRIPLE_STEP)
			for (size_t c = 2; c < ARRAY_SIZE(numbers); c += TRIPLE_STEP)
				if (!measure_triple(run, numbers[a], numbers[b], numbers[c]))
					return false;
	return true;
}

/* ---- the allocation functions ---- */

static const struct {
	unsigned int allocator;
	bool zero;
	uint64_t gfp;
} forms[] = {
	{ MEMLAB_LIB_ALLOCATOR_KMALLOC, false, 0 },  { MEMLAB_LIB_ALLOCATOR_KMALLOC, true, 0 },
	{ MEMLAB_LIB_ALLOCATOR_KVMALLOC, false, 0 }, { MEMLAB_LIB_ALLOCATOR_KVMALLOC, true, 0 },
	{ MEMLAB_LIB_ALLOCATOR_VMALLOC, false, 0 },  { MEMLAB_LIB_ALLOCATOR_VMALLOC, true, 0 },
};

enum outcome { SERVED, OVERFLOW, TOO_LARGE, OTHER };

static const char *const outcomes[] = {
	[SERVED] = "served",
	[OVERFLOW] = "refused as an overflow",
	[TOO_LARGE] = "refused as too large",
	[OTHER] = "failed otherwise",
};

/* What may be asked for without taking much of the machine's memory. */
#define SMALL_BYTES (1U << 20)

static enum outcome outcome_expected(uint64_t count, uint64_t bytes)
{
	wide size = product(count, bytes);

	if (size > MOST)
		return OVERFLOW;
	return size <= SMALL_BYTES ? SERVED : TOO_LARGE;
}

static enum outcome outcome_of(struct claim_run *run, const struct claim_request *request)
{
	struct memlab_buf *buf = claim_alloc(run, request, NULL);
	bool right;

	if (!buf) {
		if (errno == EOVERFLOW)
			return OVERFLOW;
		return errno == ERANGE || errno == ENOMEM ? TOO_LARGE : OTHER;
	}
	right = memlab_buf_get_size(buf) == request->count * request->bytes;
	claim_free(run, buf);
	return right ? SERVED : OTHER;
}

/* Numbers of elements and their sizes; of the product it is known on which side it is. */
static const struct {
	uint64_t count;
	uint64_t bytes;
} arrays[] = {
	{ 1, 1 },
	{ 100, 24 },
	{ 1000, 1000 },
	{ MOST, 1 },
	{ MOST / 2, 2 },
	{ MOST / 2 + 1, 2 },
	{ 2, MOST / 2 + 1 },
	{ MOST / 3, 3 },
	{ MOST / 3 + 1, 3 },
	{ MOST / 4, 4 },
	{ MOST / 4 + 2, 4 },
	{ MOST / 8 + 1, 8 },
	{ MOST / 8 + 2, 8 },
	{ MOST / 24, 24 },
	{ MOST / 24 + 1, 24 },
	{ MOST / 24 + 2, 24 },
	{ UINT32_MAX, UINT32_MAX },
	{ UINT32_MAX + 1ULL, UINT32_MAX },
	{ UINT32_MAX + 1ULL, UINT32_MAX + 1ULL },
	{ UINT32_MAX + 1ULL, UINT32_MAX + 2ULL },
	{ MOST, 2 },
	{ MOST, MOST },
};

static void measure_form(struct claim_run *run, size_t form)
{
	for (size_t i = 0; i < ARRAY_SIZE(arrays); i++) {
		const struct claim_request request = { .allocator = forms[form].allocator,
						       .bytes = arrays[i].bytes,
						       .count = arrays[i].count,
						       .zero = forms[form].zero };
		enum outcome expected = outcome_expected(request.count, request.bytes);
		enum outcome outcome = outcome_of(run, &request);

		claim_case(run, outcome == expected,
			   "%s, %s, %" PRIu64 " elements of %" PRIu64
			   " bytes: %s; by 128-bit arithmetic it should be %s",
			   memlab_allocator_name(request.allocator),
			   request.zero ? "zeroing form" : "plain form", request.count,
			   request.bytes, outcomes[outcome], outcomes[expected]);
	}
}

/* How many buffers the user has; 0 also when that cannot be told. */
static uint64_t count_buffers(const struct claim_run *run)
{
	struct memlab_dev_info *info = memlab_dev_get_info(run->dev);
	uint64_t count = info ? memlab_dev_info_get_user_buffers(info) : 0;

	memlab_dev_info_free(info);
	return count;
}

static enum verdict run_overflow(struct claim_run *run)
{
	uint64_t before = count_buffers(run), after;

	if (!measure_helpers(run) || !measure_triples(run))
		return claim_unknown(run, "the kernel's helpers cannot be asked: %s",
				     strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		measure_form(run, i);
	after = count_buffers(run);
	claim_case(run, before == after, "buffers before: %" PRIu64 ", after: %" PRIu64, before,
		   after);
	return claim_judge(run,
			   "array_size, array3_size, struct_size and size_add agree with 128-bit "
			   "arithmetic; %zu array functions tell overflow from too large",
			   ARRAY_SIZE(forms));
}

const struct claim claim_array_overflow = {
	.id = "array-overflow",
	.claim = "Array functions and size helpers refuse a size that overflows",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "\"struct_size(), array_size() and array3_size() can be used to safely "
		  "calculate object sizes without overflowing\"; "
		  "Documentation/process/deprecated.rst, \"open-coded arithmetic in allocator "
		  "arguments\"; include/linux/overflow.h.",
	.why = "The helpers multiply and add with a check of the compiler's "
	       "(check_mul_overflow()) and return SIZE_MAX when the result does not fit, which "
	       "no allocator serves. kmalloc_array() and its relatives return NULL then.",
	.how = "The kernel computes array_size(), size_add() and struct_size() of pairs, and "
	       "array3_size() of triples, of numbers round SIZE_MAX, its half, its third and so "
	       "on; the tool computes the same with 128 bits. Then kmalloc_array(), kcalloc(), "
	       "kvmalloc_array(), kvcalloc(), __vmalloc_array() and __vcalloc() are called: an "
	       "overflow must come back as one, a size that is only too large must not, and "
	       "small arrays must be served. No buffer may be left over.",
	.choice = "n * size in the argument of kmalloc() is a bug as soon as a user chooses n: "
		  "the product wraps, and a small buffer is used as a large one.",
	.run = run_overflow,
};
