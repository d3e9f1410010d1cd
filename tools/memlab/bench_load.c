// SPDX-License-Identifier: GPL-2.0-only
/* A result that was printed as JSON. */
#include "bench.h"

/* Whether it has what is shown and compared, of the right types. */
static bool is_result(struct json_object *result)
{
	struct json_object *results = json_object_object_get(result, "results");

	if (!json_object_is_type(result, json_type_object) ||
	    !json_object_is_type(json_object_object_get(result, "settings"), json_type_object) ||
	    !json_object_is_type(json_object_object_get(result, "environment"), json_type_object) ||
	    !json_object_is_type(results, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *one = json_object_array_get_idx(results, i);

		if (!json_object_is_type(one, json_type_object) ||
		    !json_object_is_type(json_object_object_get(one, "allocator"),
					 json_type_string) ||
		    !json_object_is_type(json_object_object_get(one, "size"), json_type_int))
			return false;
	}
	return true;
}

struct json_object *bench_load(const struct command *cmd, const char *path)
{
	struct json_object *result = json_object_from_file(path);

	if (!result)
		die(STATUS_NO, "cannot read %s: %s", path, json_util_get_last_err());
	if (!is_result(result))
		usage(cmd, "%s is no result of \"memlab bench -j\"", path);
	return result;
}
