// SPDX-License-Identifier: GPL-2.0-only
/* Does a buffer hold what the driver says? Witnesses that need not trust it. */
#include <stdarg.h>

#include "trial.h"

/* @value, with the text put into @detail. */
enum answer answer(enum answer value, char detail[DETAIL], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(detail, DETAIL, format, args);
	va_end(args);
	return value;
}

static const struct {
	const char *name;
	witness_t *ask;
} witnesses[] = {
	{ "kernel-to-user", ask_kernel_to_user },
	{ "user-to-kernel", ask_user_to_kernel },
	{ "pagemap", ask_pagemap },
	{ "kpageflags", ask_kpageflags },
};

struct json_object *witnesses_ask(const struct trial *trial, bool *verified)
{
	struct json_object *array = need(json_object_new_array());

	*verified = true;
	for (size_t i = 0; i < ARRAY_SIZE(witnesses); i++) {
		struct json_object *object = need(json_object_new_object());
		char detail[DETAIL];
		enum answer said = witnesses[i].ask(trial, detail);

		result_add(object, "name", result_text(witnesses[i].name));
		result_add(object, "agrees",
			   said == NOT_ASKED ? NULL : result_bool(said == AGREES));
		result_add(object, "detail", result_text(detail));
		result_append(array, object);
		if (said == DISAGREES)
			*verified = false;
	}

	return array;
}
