// SPDX-License-Identifier: GPL-2.0-only
/* Witnesses to a buffer's bytes: what one side wrote, the other one reads. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trial.h"

#define PART (1U << 20)

/* The way to the buffer's bytes that is not the kernel's: the mapping, if there can be one. */
static const char *way(const struct trial *trial)
{
	return trial->map ? "the mapping" : "READ and WRITE (no mapping possible)";
}

/* Where that way leads: the whole buffer, unless a cache's object is copied. */
static uint64_t way_begin(const struct trial *trial)
{
	return trial->map ? 0 : trial->copy_offset;
}

static uint64_t way_end(const struct trial *trial)
{
	return trial->map ? memlab_buf_get_size(trial->buf) :
			    trial->copy_offset + trial->copy_length;
}

static enum answer no_way(char *detail)
{
	return answer(
		NOT_ASKED, detail,
		"the cache declares no part of an object for copies, and there is no mapping");
}

enum answer ask_kernel_to_user(const struct trial *trial, char detail[DETAIL])
{
	uint64_t begin = way_begin(trial), end = way_end(trial);
	unsigned char *copy = need(malloc(PART));
	enum answer result;

	if (begin == end) {
		result = no_way(detail);
		goto out_free;
	}
	if (memlab_buf_fill(trial->buf, trial->seed, 0, 0)) {
		result = answer(DISAGREES, detail, "FILL failed: %s", strerror(errno));
		goto out_free;
	}

	for (uint64_t offset = begin, part; offset < end; offset += part) {
		const unsigned char *bytes = copy;
		size_t right;

		part = end - offset < PART ? end - offset : PART;
		if (trial->map) {
			bytes = (const unsigned char *)trial->map + offset;
		} else if (memlab_buf_read(trial->buf, offset, copy, (size_t)part)) {
			result = answer(DISAGREES, detail, "READ failed: %s", strerror(errno));
			goto out_free;
		}

		right = memlab_pattern_mismatch(trial->seed, offset, bytes, (size_t)part);
		if (right < part) {
			result = answer(DISAGREES, detail,
					"the byte at offset %" PRIu64
					" is 0x%02x, not what the kernel wrote",
					offset + right, bytes[right]);
			goto out_free;
		}
	}

	result = answer(AGREES, detail, "%" PRIu64 " bytes that the kernel wrote, read through %s",
			end - begin, way(trial));
out_free:
	free(copy);
	return result;
}

enum answer ask_user_to_kernel(const struct trial *trial, char detail[DETAIL])
{
	uint64_t begin = way_begin(trial), end = way_end(trial);
	unsigned char *copy = need(malloc(PART));
	uint64_t seed = ~trial->seed;
	enum answer result;
	uint64_t wrong;
	int differs;

	if (begin == end) {
		result = no_way(detail);
		goto out_free;
	}

	for (uint64_t offset = begin, part; offset < end; offset += part) {
		part = end - offset < PART ? end - offset : PART;
		if (trial->map) {
			memlab_pattern_bytes(seed, offset, (unsigned char *)trial->map + offset,
					     (size_t)part);
			continue;
		}
		memlab_pattern_bytes(seed, offset, copy, (size_t)part);
		if (memlab_buf_write(trial->buf, offset, copy, (size_t)part)) {
			result = answer(DISAGREES, detail, "WRITE failed: %s", strerror(errno));
			goto out_free;
		}
	}

	differs = memlab_buf_check(trial->buf, seed, begin, end - begin, &wrong);
	if (differs < 0)
		result = answer(DISAGREES, detail, "CHECK failed: %s", strerror(errno));
	else if (differs)
		result = answer(DISAGREES, detail,
				"the kernel found another byte at offset %" PRIu64, wrong);
	else
		result = answer(AGREES, detail,
				"%" PRIu64 " bytes written through %s, found by the kernel",
				end - begin, way(trial));
out_free:
	free(copy);
	return result;
}
