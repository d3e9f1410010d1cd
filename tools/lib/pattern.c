// SPDX-License-Identifier: LGPL-2.1-or-later
/* The byte pattern of MEMLAB_IOC_FILL, made here a second time and independently. */
#include <endian.h>
#include <string.h>

#include "internal.h"

#define WORD sizeof(uint64_t)

/* Word number @index of the pattern, in the order in which it lies in memory. */
static uint64_t pattern_word(uint64_t seed, uint64_t index)
{
	uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	z = z ^ (z >> 31);

	return htole64(z);
}

/* Bytes from @offset up to the end of its word, at most @length. */
static size_t part_of_word(uint64_t offset, size_t length)
{
	size_t part = WORD - offset % WORD;

	return part < length ? part : length;
}

EXPORT void memlab_pattern_bytes(uint64_t seed, uint64_t offset, void *data, size_t length)
{
	unsigned char *to = data;
	size_t part;

	for (; length; offset += part, to += part, length -= part) {
		uint64_t word = pattern_word(seed, offset / WORD);

		part = part_of_word(offset, length);
		memcpy(to, (unsigned char *)&word + offset % WORD, part);
	}
}

EXPORT size_t memlab_pattern_mismatch(uint64_t seed, uint64_t offset, const void *data,
				      size_t length)
{
	const unsigned char *bytes = data;
	size_t right = 0;
	size_t part;

	for (; right < length; right += part) {
		uint64_t word = pattern_word(seed, (offset + right) / WORD);
		const unsigned char *expected = (unsigned char *)&word + (offset + right) % WORD;

		part = part_of_word(offset + right, length - right);
		if (!memcmp(bytes + right, expected, part))
			continue;

		while (bytes[right] == *expected++)
			right++;
		break;
	}

	return right;
}
