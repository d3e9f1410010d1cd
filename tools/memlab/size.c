// SPDX-License-Identifier: GPL-2.0-only
/* Sizes and numbers: from the command line and back. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "memlab.h"

#define MAX_SECONDS 1000000U

static const char units[] = "KMGTPE";

/* Returns the bits to shift by, or -1 when @unit is none. */
static int unit_shift(const char *unit)
{
	const char *found;

	if (!*unit || !strcasecmp(unit, "B"))
		return 0;

	found = strchr(units, toupper((unsigned char)*unit));
	if (!found || (unit[1] && strcasecmp(unit + 1, "iB")))
		return -1;

	return 10 * (int)(found - units + 1);
}

uint64_t size_parse(const struct command *cmd, const char *what, const char *text)
{
	uint64_t number;
	char *unit;
	int shift;

	if (!isdigit((unsigned char)*text))
		usage(cmd, "%s \"%s\" is not a size: write bytes (4096) or a unit (64K, 2MiB, 1G)",
		      what, text);

	errno = 0;
	number = strtoull(text, &unit, !strncasecmp(text, "0x", 2) ? 16 : 10);
	if (errno == ERANGE)
		usage(cmd, "%s \"%s\" is too large: the most is 18446744073709551615 bytes", what,
		      text);

	if (*unit == '.' || *unit == ',')
		usage(cmd, "%s \"%s\" is not a whole number: use a smaller unit (1536K, not 1.5M)",
		      what, text);
	if (strchr(units, toupper((unsigned char)*unit)) && *unit && !strcasecmp(unit + 1, "B"))
		usage(cmd, "%s \"%s\": %s is 1000 to some and 1024 to others: write %ciB for 1024s",
		      what, text, unit, *unit);

	shift = unit_shift(unit);
	if (shift < 0)
		usage(cmd,
		      "%s \"%s\" has an unknown unit \"%s\": write K, M, G, T, P or E, or KiB, MiB and so on",
		      what, text, unit);
	if (shift && number > UINT64_MAX >> shift)
		usage(cmd, "%s \"%s\" is too large: the most is 18446744073709551615 bytes", what,
		      text);

	return number << shift;
}

uint64_t size_parse_positive(const struct command *cmd, const char *what, const char *text)
{
	uint64_t bytes = size_parse(cmd, what, text);

	if (!bytes)
		usage(cmd, "%s \"%s\" is nothing: the least is 1", what, text);
	return bytes;
}

uint64_t number_parse(const struct command *cmd, const char *what, const char *text, uint64_t min,
		      uint64_t max)
{
	uint64_t number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, !strncasecmp(text, "0x", 2) ? 16 : 10);
	if (!isdigit((unsigned char)*text) || *end || errno || number < min || number > max)
		usage(cmd, "%s \"%s\" is not a whole number from %" PRIu64 " to %" PRIu64, what,
		      text, min, max);

	return number;
}

uint32_t id_parse(const struct command *cmd, const char *text)
{
	return (uint32_t)number_parse(cmd, "id", text, 1, UINT32_MAX);
}

/* Seconds with up to three decimals; in milliseconds. */
unsigned int seconds_parse(const struct command *cmd, const char *what, const char *text)
{
	unsigned long seconds, digit = 100, thousandths = 0;
	char *rest;

	errno = 0;
	seconds = strtoul(text, &rest, 10);
	if (*rest == '.')
		for (rest++; isdigit((unsigned char)*rest) && digit; rest++, digit /= 10)
			thousandths += digit * (unsigned long)(*rest - '0');

	if (!isdigit((unsigned char)*text) || *rest || errno || seconds >= MAX_SECONDS ||
	    (!seconds && thousandths < 100))
		usage(cmd, "%s \"%s\" is not a number of seconds from 0.1 to below %u", what, text,
		      MAX_SECONDS);
	return (unsigned int)(1000 * seconds + thousandths);
}

/* Puts a number, and 0, there; returns where that stands. printf() takes ten times as long. */
char *number_put(char *at, uint64_t number, unsigned int base)
{
	char digits[SIZE_TEXT];
	size_t count = 0;

	do
		digits[count++] = "0123456789abcdef"[number % base];
	while (number /= base);
	while (count)
		*at++ = digits[--count];
	*at = '\0';
	return at;
}

/* "4 MiB", "3.2 MiB", "100 B"; or bare bytes with --bytes. */
const char *size_text(char text[SIZE_TEXT], uint64_t bytes)
{
	uint64_t whole;
	int shift = 0;
	char *end;

	if (settings.exact_bytes) {
		number_put(text, bytes, 10);
		return text;
	}

	while (bytes >> shift >= 1024)
		shift += 10;
	whole = bytes >> shift;
	end = number_put(text, whole, 10);
	if (bytes != whole << shift) {
		*end++ = '.';
		end = number_put(end, ((bytes >> (shift - 10)) & 1023) * 10 / 1024, 10);
	}
	*end++ = ' ';
	if (shift) {
		*end++ = units[shift / 10 - 1];
		*end++ = 'i';
	}
	strcpy(end, "B");
	return text;
}

/* "4 MiB (4194304 bytes)", for messages that must be exact. */
const char *size_text_both(char text[2 * SIZE_TEXT], uint64_t bytes)
{
	char human[SIZE_TEXT];

	if (settings.exact_bytes || bytes < 1024)
		snprintf(text, 2 * SIZE_TEXT, "%" PRIu64 " bytes", bytes);
	else
		snprintf(text, 2 * SIZE_TEXT, "%s (%" PRIu64 " bytes)", size_text(human, bytes),
			 bytes);
	return text;
}
