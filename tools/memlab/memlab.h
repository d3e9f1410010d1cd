/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the command-line tool share. */
#ifndef MEMLAB_TOOL_H
#define MEMLAB_TOOL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct netlink;

#include "command.h"
#include "libmemlab.h"
#include "request.h"
#include "result.h"

#define MEMLAB_TOOL_VERSION "0.3.0"

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
unsigned int seconds_parse(const struct command *cmd, const char *what, const char *text);
char *number_put(char *at, uint64_t number, unsigned int base);
const char *size_text(char text[SIZE_TEXT], uint64_t bytes);
const char *size_text_both(char text[2 * SIZE_TEXT], uint64_t bytes);

/* ---- user.c: users as people write them ---- */

uint32_t user_parse(const struct command *cmd, const char *text);

/* ---- device.c: the device and its buffers, or an explained end ---- */

enum access { ACCESS_LOOK, ACCESS_CHANGE };

struct memlab_dev *device_open(enum access access);
struct netlink *family_open(void);
_Noreturn void family_die(const struct netlink *netlink, const char *doing, int err);
struct memlab_dev_info *device_info(struct memlab_dev *dev);
struct memlab_buf *buffer_open(struct memlab_dev *dev, uint32_t id);
struct memlab_cache *cache_open(struct memlab_dev *dev, uint32_t id);
bool buffer_copy_range(struct memlab_dev *dev, const struct memlab_buf_info *info, uint64_t *offset,
		       uint64_t *length);

/* ---- explain*.c: why the driver said no; text for free() ---- */

char *explain_open(const char *path, enum access access, int err);
int explain_family(int err);
char *explain_reason(const char *failed, unsigned int reason);
char *explain_alloc(struct memlab_dev *dev, const struct request *request, unsigned int reason,
		    int err);
char *explain_resize(struct memlab_dev *dev, uint32_t id, const struct request *request,
		     unsigned int reason, int err);
char *explain_buffer(struct memlab_dev *dev, uint32_t id, const char *doing, int err);
char *explain_cache(struct memlab_dev *dev, uint32_t id, const char *doing, int err);

/* ---- signals.c ---- */

int signals_watch(const int *numbers, size_t count);
int signals_read(int fd);
sigset_t signals_hold(void);
void signals_let(const sigset_t *before);

/* ---- watch.c ---- */

void watch(unsigned int milliseconds, void (*look)(void *arg), void *arg);
_Noreturn void end_without_reader(void);

/* ---- hexdump.c ---- */

#define HEXDUMP_LINE 16

struct hexdump {
	bool has_line;
	bool starred;
	unsigned char line[HEXDUMP_LINE];
};

void hexdump_part(struct hexdump *dump, uint64_t offset, const unsigned char *bytes, size_t length);
void hexdump_end(uint64_t offset);

#endif /* MEMLAB_TOOL_H */
