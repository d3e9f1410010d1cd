// SPDX-License-Identifier: GPL-2.0-only
/* Puts claims to the test, one after another. */
#include <stdlib.h>
#include <unistd.h>

#include "held.h"
#include "run.h"
#include "witness.h"

const char *verdict_name(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_HOLDS:
		return "holds";
	case VERDICT_DOES_NOT_HOLD:
		return "does-not-hold";
	default:
		return "unknown";
	}
}

static enum verdict measure(struct claim_run *run)
{
	char *lacking = claim_lacks(run->info, run->claim->needs);
	enum verdict verdict;

	if (lacking) {
		verdict = claim_unknown(run, "%s", lacking);
		free(lacking);
		return verdict;
	}

	run->held = held_new();
	verdict = run->claim->run(run);
	held_free(run);
	return verdict;
}

static struct json_object *run_one(const struct claim *claim, const struct run_options *options,
				   struct memlab_dev *dev, const struct memlab_dev_info *info,
				   struct fragmentation *fragmentation, enum verdict *verdict)
{
	struct json_object *result = need(json_object_new_object());
	struct claim_run run = {
		.dev = dev,
		.info = info,
		.page_size = memlab_dev_info_get_page_size(info),
		.provoke = options->provoke,
		.claim = claim,
		.verbose = options->verbose,
		.fragmentation = fragmentation,
		.cases = need(json_object_new_array()),
	};
	uint64_t begin = clock_now();

	*verdict = measure(&run);

	result_add(result, "id", result_text(claim->id));
	result_add(result, "claim", result_text(claim->claim));
	result_add(result, "verdict", result_text(verdict_name(*verdict)));
	result_add(result, "evidence", result_text(run.evidence));
	result_add(result, "case_count", result_uint(run.case_count));
	result_add(result, "disagreeing", result_uint(run.wrong_count));
	result_add(result, "milliseconds", result_uint((clock_now() - begin) / 1000000));
	if (options->verbose)
		result_add(result, "cases", json_object_get(run.cases));

	json_object_put(run.cases);
	free(run.first_wrong);
	free(run.evidence);
	return result;
}

static void progress(const char *id, size_t number, size_t count)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (id)
		fprintf(stderr, "\r\033[K[%zu/%zu] %s", number, count, id);
	else
		fprintf(stderr, "\r\033[K");
	fflush(stderr);
}

struct json_object *claims_run(const struct claim *const *chosen, const struct run_options *options,
			       struct memlab_dev *dev, const struct memlab_dev_info *info)
{
	struct json_object *results = need(json_object_new_array());
	struct fragmentation fragmentation = { 0 };
	size_t count = 0;

	while (chosen[count])
		count++;

	for (size_t i = 0; i < count; i++) {
		enum verdict verdict;

		progress(chosen[i]->id, i + 1, count);
		result_append(results,
			      run_one(chosen[i], options, dev, info, &fragmentation, &verdict));
		/* It takes seconds, so the next one may have it, if it is of that kind. */
		if (!chosen[i + 1] || !chosen[i + 1]->fragments)
			fragmentation_end(&fragmentation);
		if (verdict == VERDICT_DOES_NOT_HOLD && !options->keep_going)
			break;
	}
	fragmentation_end(&fragmentation);
	progress(NULL, 0, 0);
	return results;
}
