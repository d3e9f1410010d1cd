/* SPDX-License-Identifier: GPL-2.0-only */
/* What `memlab verify` is made of, besides the claims themselves. */
#ifndef MEMLAB_RUN_H
#define MEMLAB_RUN_H

#include "claim.h"

/* ---- select.c ---- */

/*
 * The claims that any of @patterns matches, in the order of the table; all of them if
 * there is no pattern. NULL at the end; for free(). Ends the program with a suggestion
 * when a pattern matches none.
 */
const struct claim **claims_select(const struct command *cmd, char **patterns);

/* ---- run.c ---- */

struct run_options {
	bool keep_going; /* go on after a claim that does not hold */
	bool verbose;	 /* keep every case */
	bool provoke;
};

/* Measures the claims; an array of objects. */
struct json_object *claims_run(const struct claim *const *chosen, const struct run_options *options,
			       struct memlab_dev *dev, const struct memlab_dev_info *info);

/* ---- environment.c ---- */

/* What the verdicts depend on: the kernel, how it was booted, memory, privileges. */
struct json_object *environment(const struct memlab_dev_info *info);

/* Labels of the environment's members, in the order in which they are shown. */
extern const struct field environment_fields[];

/* ---- report.c, report_ktap.c, report_explain.c: from JSON to the eye ---- */

extern const struct view report_view, report_ktap_view, list_view, explain_view, explain_rst_view;

/* Arrays of objects: ids and sentences, and with all texts. */
struct json_object *list_claims(const struct claim *const *chosen);
struct json_object *explain_claims(const struct claim *const *chosen);

#endif /* MEMLAB_RUN_H */
