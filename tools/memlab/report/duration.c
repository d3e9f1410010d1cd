// SPDX-License-Identifier: GPL-2.0-only
#include "report.h"

const char *duration_text(char text[DURATION_TEXT], double nanoseconds)
{
	static const char *const units[] = { "ns", "µs", "ms", "s" };
	size_t unit = 0;

	/* Whatever would be shown as 1000 of a unit is one of the next. */
	while (nanoseconds >= 999.5 && unit + 1 < ARRAY_SIZE(units)) {
		nanoseconds /= 1000;
		unit++;
	}

	/* Whole numbers: printf() would write fractions as the locale has them. */
	if (nanoseconds < 9.995)
		snprintf(text, DURATION_TEXT, "%u.%02u %s",
			 (unsigned int)(nanoseconds * 100 + 0.5) / 100,
			 (unsigned int)(nanoseconds * 100 + 0.5) % 100, units[unit]);
	else if (nanoseconds < 99.95)
		snprintf(text, DURATION_TEXT, "%u.%u %s",
			 (unsigned int)(nanoseconds * 10 + 0.5) / 10,
			 (unsigned int)(nanoseconds * 10 + 0.5) % 10, units[unit]);
	else
		snprintf(text, DURATION_TEXT, "%u %s", (unsigned int)(nanoseconds + 0.5),
			 units[unit]);
	return text;
}
