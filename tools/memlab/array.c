// SPDX-License-Identifier: GPL-2.0-only
/* The size of an array: so many elements of that size. */
#include <inttypes.h>

#include "memlab.h"

/* Returns whether the option is one of an array's. */
bool array_option(const struct command *cmd, struct array *array, int c)
{
	switch (c) {
	case OPT_ARRAY:
		array->count = number_parse(cmd, "--array", optarg, 1, UINT64_MAX);
		return true;
	case OPT_SIZE:
		array->element_bytes = size_parse_positive(cmd, "--size", optarg);
		return true;
	default:
		return false;
	}
}

/* After the last option. Returns whether it is an array at all. */
bool array_settle(const struct command *cmd, const struct array *array)
{
	if (array->count && !array->element_bytes)
		usage(cmd, "--array needs the size of one element: --size SIZE");
	if (array->element_bytes && !array->count)
		usage(cmd,
		      "--size is that of one element: --array N tells how many; the size of a buffer stands without an option");
	return array->count;
}

/* "3 x 4 = 12 bytes", however many that are. */
const char *array_product(char text[PRODUCT_TEXT], const struct array *array)
{
	unsigned __int128 product = (unsigned __int128)array->count * array->element_bytes;
	char digits[40];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + (int)(product % 10));
		product /= 10;
	} while (product);

	snprintf(text, PRODUCT_TEXT, "%" PRIu64 " x %" PRIu64 " = %s bytes", array->count,
		 array->element_bytes, digits + at);
	return text;
}
