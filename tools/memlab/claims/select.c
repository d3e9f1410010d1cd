// SPDX-License-Identifier: GPL-2.0-only
/* Which claims the command line means. */
#include <fnmatch.h>
#include <stdlib.h>

#include "run.h"

static size_t count_claims(void)
{
	size_t count = 0;

	while (claims[count])
		count++;
	return count;
}

_Noreturn static void unknown(const struct command *cmd, const char *pattern)
{
	const char **ids = need(calloc(count_claims() + 1, sizeof(*ids)));
	const char *guess;

	for (size_t i = 0; claims[i]; i++)
		ids[i] = claims[i]->id;
	guess = nearest(pattern, ids);
	if (guess)
		usage(cmd, "unknown claim \"%s\"; did you mean \"%s\"?", pattern, guess);
	usage(cmd, "no claim is named \"%s\": \"memlab verify --list\" lists them", pattern);
}

const struct claim **claims_select(const struct command *cmd, char **patterns)
{
	size_t count = count_claims(), chosen_count = 0;
	const struct claim **chosen = need(calloc(count + 1, sizeof(*chosen)));
	bool *is_chosen = need(calloc(count, sizeof(*is_chosen)));

	for (char **pattern = patterns; *pattern; pattern++) {
		bool matched = false;

		for (size_t i = 0; i < count; i++) {
			if (fnmatch(*pattern, claims[i]->id, 0))
				continue;
			is_chosen[i] = true;
			matched = true;
		}
		if (!matched)
			unknown(cmd, *pattern);
	}

	for (size_t i = 0; i < count; i++)
		if (!*patterns || is_chosen[i])
			chosen[chosen_count++] = claims[i];
	free(is_chosen);
	return chosen;
}
