// SPDX-License-Identifier: GPL-2.0-only
/* Bytes for people, in the form of hexdump -C. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "memlab.h"

static void dump_line(uint64_t offset, const unsigned char *bytes, size_t length)
{
	printf("%08" PRIx64 " ", offset);
	for (size_t i = 0; i < HEXDUMP_LINE; i++) {
		if (i == HEXDUMP_LINE / 2)
			putchar(' ');
		if (i < length)
			printf(" %02x", bytes[i]);
		else
			fputs("   ", stdout);
	}

	fputs("  |", stdout);
	for (size_t i = 0; i < length; i++)
		putchar(bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '.');
	puts("|");
}

/* Full lines like the one before are told by one "*". All parts but the last are full lines. */
void hexdump_part(struct hexdump *dump, uint64_t offset, const unsigned char *bytes, size_t length)
{
	while (length) {
		size_t part = length < HEXDUMP_LINE ? length : HEXDUMP_LINE;

		if (dump->has_line && part == HEXDUMP_LINE &&
		    !memcmp(dump->line, bytes, HEXDUMP_LINE)) {
			if (!dump->starred)
				puts("*");
			dump->starred = true;
		} else {
			dump_line(offset, bytes, part);
			dump->starred = false;
			dump->has_line = part == HEXDUMP_LINE;
			memcpy(dump->line, bytes, part);
		}

		offset += part;
		bytes += part;
		length -= part;
	}
}

void hexdump_end(uint64_t offset)
{
	printf("%08" PRIx64 "\n", offset);
}
