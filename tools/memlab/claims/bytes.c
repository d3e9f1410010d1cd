// SPDX-License-Identifier: GPL-2.0-only
/* A buffer's bytes by two ways: the kernel's own address, and the mapping of a program. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "witness.h"

#define PART (1U << 20)

static bool kernel_to_user(const struct memlab_buf *buf, const unsigned char *map, uint64_t seed,
			   char **detail)
{
	uint64_t size = memlab_buf_get_size(buf);
	unsigned char *copy = need(malloc(PART));
	bool agree = true;

	for (uint64_t offset = 0, part; offset < size && agree; offset += part) {
		const unsigned char *bytes = map ? map + offset : copy;
		size_t right;

		part = size - offset < PART ? size - offset : PART;
		if (!map && memlab_buf_read(buf, offset, copy, (size_t)part)) {
			*detail = text_format("READ failed: %s", strerror(errno));
			agree = false;
			break;
		}
		right = memlab_pattern_mismatch(seed, offset, bytes, (size_t)part);
		if (right < part) {
			*detail = text_format("a program reads 0x%02x at offset %" PRIu64
					      ", which is not what the kernel wrote",
					      bytes[right], offset + right);
			agree = false;
		}
	}
	free(copy);
	return agree;
}

/* Writes the pattern, through the mapping if there can be one. */
static bool user_writes(const struct memlab_buf *buf, unsigned char *map, uint64_t seed,
			char **detail)
{
	uint64_t size = memlab_buf_get_size(buf);
	unsigned char *copy;
	bool ok = true;

	if (map) {
		memlab_pattern_bytes(seed, 0, map, (size_t)size);
		return true;
	}
	copy = need(malloc(PART));
	for (uint64_t offset = 0, part; offset < size && ok; offset += part) {
		part = size - offset < PART ? size - offset : PART;
		memlab_pattern_bytes(seed, offset, copy, (size_t)part);
		ok = !memlab_buf_write(buf, offset, copy, (size_t)part);
	}
	if (!ok)
		*detail = text_format("WRITE failed: %s", strerror(errno));
	free(copy);
	return ok;
}

bool bytes_put(struct claim_run *run, struct memlab_buf *buf, uint64_t seed, char **detail)
{
	size_t length;
	unsigned char *map = claim_map(run, buf, &length);

	*detail = NULL;
	if (!map && errno != EOPNOTSUPP) {
		*detail = text_format("cannot be mapped: %s", strerror(errno));
		return false;
	}
	return user_writes(buf, map, seed, detail);
}

bool bytes_agree(struct claim_run *run, struct memlab_buf *buf, uint64_t seed, char **detail)
{
	size_t length;
	unsigned char *map = claim_map(run, buf, &length);
	uint64_t wrong;
	int differs;

	*detail = NULL;
	if (!map && errno != EOPNOTSUPP) {
		*detail = text_format("cannot be mapped: %s", strerror(errno));
		return false;
	}
	if (memlab_buf_fill(buf, seed, 0, 0)) {
		*detail = text_format("FILL failed: %s", strerror(errno));
		return false;
	}
	if (!kernel_to_user(buf, map, seed, detail))
		return false;

	/* The other pattern differs, so CHECK cannot find what FILL left there. */
	if (!user_writes(buf, map, ~seed, detail))
		return false;
	differs = memlab_buf_check(buf, ~seed, 0, 0, &wrong);
	if (!differs) {
		*detail = text_format("same bytes by the kernel's address and by %s",
				      map ? "the mapping" : "READ and WRITE");
		return true;
	}
	if (differs < 0)
		*detail = text_format("CHECK failed: %s", strerror(errno));
	else
		*detail = text_format("the kernel finds another byte at offset %" PRIu64
				      " than the program wrote",
				      wrong);
	return false;
}
