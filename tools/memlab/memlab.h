/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the command-line tool share. */
#ifndef MEMLAB_TOOL_H
#define MEMLAB_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

#include "libmemlab.h"

#define MEMLAB_TOOL_VERSION "0.1.0"

#define ARRAY_SIZE(array)    (sizeof(array) / sizeof((array)[0]))
#define __printf(text, args) __attribute__((format(printf, text, args)))

enum status {
	STATUS_OK = 0,
	STATUS_NO = 1, /* the kernel said no, or something does not hold */
	STATUS_USAGE = 2,
	STATUS_NO_DEVICE = 3,
};

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_BARE };
enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

/* Set while options are parsed, read from then on. */
struct settings {
	enum format format;
	enum when picture;
	bool exact_bytes;
	bool limited;
	uint64_t limit;
	const char *device;
};

extern struct settings settings;

/* ---- main.c: commands ---- */

/* A long option; a @val that is a character is its short form. Lists end with no name. */
struct opt {
	const char *name;
	int val;
	const char *arg;
	const char *help;
};

#define OPT_LONG_ONLY 256

struct command {
	const char *name;
	const char *operands;
	const char *help;
	const char *details;
	const struct opt *opts;
	int (*run)(const struct command *cmd, int argc, char **argv);
};

extern const struct command cmd_info, cmd_alloc, cmd_list, cmd_show, cmd_layout, cmd_read,
	cmd_write, cmd_fill, cmd_check, cmd_free, cmd_try, cmd_help, cmd_version;

extern const struct command *const commands[];

const struct command *command_find(const char *name);

/* ---- options.c: the command line ---- */

extern const struct opt common_opts[];

int options_next(const struct command *cmd, int argc, char **argv);
char **options_before_command(int argc, char **argv);
char **options_operands(const struct command *cmd, int argc, char **argv, int min, int max);

/* ---- cmd_help.c, cmd_version.c ---- */

void help_print(FILE *to, const struct command *cmd);
void help_hint(const struct command *cmd);
void version_print(void);

/* ---- message.c: standard error ---- */

void warn(const char *format, ...) __printf(1, 2);
_Noreturn void die(int status, const char *format, ...) __printf(2, 3);
_Noreturn void usage(const struct command *cmd, const char *format, ...) __printf(2, 3);
char *text_format(const char *format, ...) __printf(1, 2);
void *need(void *allocated);
const char *nearest(const char *word, const char *const *known);

/* ---- size.c: numbers as people write them ---- */

#define SIZE_TEXT 32

uint64_t size_parse(const struct command *cmd, const char *what, const char *text);
uint64_t size_parse_positive(const struct command *cmd, const char *what, const char *text);
uint64_t number_parse(const struct command *cmd, const char *what, const char *text, uint64_t min,
		      uint64_t max);
uint32_t id_parse(const struct command *cmd, const char *text);
const char *size_text(char text[SIZE_TEXT], uint64_t bytes);
const char *size_text_both(char text[2 * SIZE_TEXT], uint64_t bytes);

/* ---- device.c: the device and its buffers, or an explained end ---- */

enum access { ACCESS_LOOK, ACCESS_CHANGE };

struct memlab_dev *device_open(enum access access);
struct memlab_dev_info *device_info(struct memlab_dev *dev);
struct memlab_buf *buffer_open(struct memlab_dev *dev, uint32_t id);

/* ---- range.c: a part of a buffer, and the seed of its pattern ---- */

#define OPT_OFFSET 'o'
#define OPT_LENGTH 'l'
#define OPT_SEED   's'
#define OFFSET_OPT                                                         \
	{                                                                  \
		"offset", OPT_OFFSET, "OFFSET", "begin there (default: 0)" \
	}
#define LENGTH_OPT                                                                       \
	{                                                                                \
		"length", OPT_LENGTH, "LENGTH", "so many bytes (default: up to the end)" \
	}
#define SEED_OPT                                                                 \
	{                                                                        \
		"seed", OPT_SEED, "SEED", "the seed of the pattern (default: 1)" \
	}
#define DEFAULT_SEED 1

struct range {
	uint64_t offset;
	uint64_t length; /* 0: up to the end */
	uint64_t seed;
};

void range_option(const struct command *cmd, struct range *range, int c);
void range_settle(const struct memlab_buf *buf, struct range *range);
struct json_object *result_range(const struct memlab_buf *buf, const struct range *range);

/* ---- request.c: what alloc and try are asked for ---- */

#define OPT_ZERO 'z'
#define OPT_NODE 'n'
#define ZERO_OPT                                                                          \
	{                                                                                 \
		"zero", OPT_ZERO, NULL, "have the allocator zero the memory (__GFP_ZERO)" \
	}
#define NODE_OPT                                            \
	{                                                   \
		"node", OPT_NODE, "N", "prefer NUMA node N" \
	}

struct request {
	unsigned int allocator;
	uint64_t bytes;
	bool zero;
	bool persistent;
	int node;
};

void request_option(const struct command *cmd, struct request *request, int c);
void request_operands(const struct command *cmd, struct request *request, char **operands);
struct memlab_buf *request_alloc(struct memlab_dev *dev, const struct request *request);

/* ---- explain.c: why the driver said no; text for free() ---- */

int explain_open(const char *path, enum access access, int err);
char *explain_alloc(struct memlab_dev *dev, const struct request *request, int err);
char *explain_buffer(struct memlab_dev *dev, uint32_t id, const char *doing, int err);

/* ---- result.c: from the library to JSON ---- */

void result_add(struct json_object *object, const char *key, struct json_object *value);
void result_append(struct json_object *array, struct json_object *value);
struct json_object *result_text(const char *text);
struct json_object *result_bool(bool value);
struct json_object *result_uint(uint64_t value);
struct json_object *result_hex(uint64_t value);
struct json_object *result_buffer(const struct memlab_buf_info *info);
struct json_object *result_layout(const struct memlab_buf_info *info,
				  const struct memlab_extents *extents);
uint64_t result_get_uint(struct json_object *object, const char *key);
const char *result_get_text(struct json_object *object, const char *key);

/* ---- output.c: from JSON to the eye ---- */

enum kind { KIND_TEXT, KIND_NUMBER, KIND_SIZE, KIND_PHYS, KIND_BOOL, KIND_LIST };

/* How one member of an object is shown. Lists end with no key. */
struct field {
	const char *key;
	const char *label;
	enum kind kind;
	const char *if_null;
};

/*
 * How a result is shown. Several of them, or always with @table, make a table of
 * @fields; one makes a list of labels and values. @text replaces both where a
 * result reads better in its own shape. @bare are the keys of the quiet form,
 * looked for in each element of the array @bare_of, if that is set.
 */
struct view {
	const struct field *fields;
	bool table;
	void (*text)(struct json_object *result);
	const char *const *bare;
	const char *bare_of;
};

void output(struct json_object *result, const struct view *view);
void output_table(struct json_object *array, const struct field *fields, size_t limit);
bool output_flush(void);
void output_check(void);
const char *field_text(const struct field *field, struct json_object *value, char *text,
		       size_t size);
#define FIELD_TEXT 512

/* ---- buffer_view.c, layout_view.c, picture.c ---- */

extern const struct field buffer_fields[];

#define OPT_LIMIT  OPT_LONG_ONLY
#define OPT_MAP	   (OPT_LONG_ONLY + 1)
#define OPT_NO_MAP (OPT_LONG_ONLY + 2)
#define LIMIT_OPT                                                               \
	{                                                                       \
		"limit", OPT_LIMIT, "N", "print at most N extents in the table" \
	}
#define MAP_OPT                                                                     \
	{                                                                           \
		"map", OPT_MAP, NULL, "draw the picture, even if not on a terminal" \
	}
#define NO_MAP_OPT                                                    \
	{                                                             \
		"no-map", OPT_NO_MAP, NULL, "do not draw the picture" \
	}

void layout_option(const struct command *cmd, int c);
void layout_text(struct json_object *layout);
void picture_draw(struct json_object *layout);
bool picture_wanted(void);

/* ---- hexdump.c ---- */

#define HEXDUMP_LINE 16

struct hexdump {
	bool has_line;
	bool starred;
	unsigned char line[HEXDUMP_LINE];
};

void hexdump_part(struct hexdump *dump, uint64_t offset, const unsigned char *bytes, size_t length);
void hexdump_end(uint64_t offset);

/* ---- witness.c: does a buffer hold what the driver says? ---- */

struct trial {
	const struct memlab_buf *buf;
	const struct memlab_buf_info *info;
	const struct memlab_extents *extents;
	void *map; /* NULL when the buffer cannot be mapped */
	uint64_t page_size;
	uint64_t seed;
};

struct json_object *witnesses_ask(const struct trial *trial, bool *verified);

#endif /* MEMLAB_TOOL_H */
