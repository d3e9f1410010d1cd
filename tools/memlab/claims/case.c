// SPDX-License-Identifier: GPL-2.0-only
/* What was measured of a claim, and what follows from it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "claim.h"

static char *text_of(const char *format, va_list args)
{
	char *text;

	return need(vasprintf(&text, format, args) < 0 ? NULL : text);
}

bool claim_case(struct claim_run *run, bool agrees, const char *format, ...)
{
	va_list args;
	char *text;

	run->case_count++;
	run->wrong_count += !agrees;
	/* Thousands of cases are measured; texts are made of those that will be read. */
	if (!run->verbose && (agrees || run->first_wrong))
		return agrees;

	va_start(args, format);
	text = text_of(format, args);
	va_end(args);

	if (run->verbose) {
		struct json_object *object = need(json_object_new_object());

		result_add(object, "agrees", result_bool(agrees));
		result_add(object, "case", result_text(text));
		result_append(run->cases, object);
	}
	if (!agrees && !run->first_wrong)
		run->first_wrong = text;
	else
		free(text);
	return agrees;
}

/* Puts the evidence in place; what had been put there before, if anything, is void. */
static enum verdict conclude(struct claim_run *run, enum verdict verdict, char *evidence)
{
	free(run->evidence);
	run->evidence = evidence;
	return verdict;
}

enum verdict claim_judge(struct claim_run *run, const char *format, ...)
{
	va_list args;
	char *figure, *evidence;

	if (!run->case_count)
		return conclude(run, VERDICT_UNKNOWN, text_format("nothing could be measured"));
	if (run->wrong_count)
		return conclude(run, VERDICT_DOES_NOT_HOLD,
				text_format("%" PRIu64 " of %" PRIu64
					    " cases disagree, the first: %s",
					    run->wrong_count, run->case_count, run->first_wrong));

	va_start(args, format);
	figure = text_of(format, args);
	va_end(args);
	if (run->case_count == 1)
		evidence = text_format("1 case: %s", figure);
	else
		evidence = text_format("%" PRIu64 " cases: %s", run->case_count, figure);
	free(figure);
	return conclude(run, VERDICT_HOLDS, evidence);
}

enum verdict claim_holds(struct claim_run *run, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = text_of(format, args);
	va_end(args);
	return conclude(run, VERDICT_HOLDS, text);
}

enum verdict claim_refuted(struct claim_run *run, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = text_of(format, args);
	va_end(args);
	return conclude(run, VERDICT_DOES_NOT_HOLD, text);
}

enum verdict claim_unknown(struct claim_run *run, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = text_of(format, args);
	va_end(args);
	return conclude(run, VERDICT_UNKNOWN, text);
}

uint64_t claim_wrong(const struct claim_run *run)
{
	return run->wrong_count;
}
