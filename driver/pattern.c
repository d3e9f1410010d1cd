// SPDX-License-Identifier: GPL-2.0-only
/* FILL and CHECK: a seeded pattern in which each byte depends on its offset. */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "memlab.h"

/* Bytes between two looks for a signal. */
#define STEP SZ_256K

/* splitmix64, as the ABI says; eight bytes, the first one lowest. */
static __le64 memlab_pattern_word(u64 seed, u64 index)
{
	u64 z = seed + (index + 1) * 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return cpu_to_le64(z ^ (z >> 31));
}

static u8 memlab_pattern_byte(u64 seed, u64 offset)
{
	return le64_to_cpu(memlab_pattern_word(seed, offset / 8)) >> (offset % 8 * 8);
}

static void memlab_pattern_fill(void *addr, u64 seed, u64 from, u64 to)
{
	for (; from < to && from % 8; from++)
		*(u8 *)(addr + from) = memlab_pattern_byte(seed, from);
	for (; to - from >= 8; from += 8)
		*(__le64 *)(addr + from) = memlab_pattern_word(seed, from / 8);
	for (; from < to; from++)
		*(u8 *)(addr + from) = memlab_pattern_byte(seed, from);
}

/* Offset of the first wrong byte, or @to. */
static u64 memlab_pattern_check(const void *addr, u64 seed, u64 from, u64 to)
{
	while (from < to) {
		if (from % 8 == 0 && to - from >= 8 &&
		    *(__le64 *)(addr + from) == memlab_pattern_word(seed, from / 8)) {
			from += 8;
			continue;
		}
		if (*(u8 *)(addr + from) != memlab_pattern_byte(seed, from))
			break;
		from++;
	}
	return from;
}

static int memlab_pattern_run(struct memlab_buffer *buf, struct memlab_pattern *arg, bool write)
{
	u64 end = arg->length ? arg->offset + arg->length : buf->bytes;
	u64 from, to, wrong;

	arg->first_wrong = MEMLAB_ALL_RIGHT;
	for (from = arg->offset; from < end; from = to) {
		if (signal_pending(current))
			return -EINTR;
		to = min_t(u64, end, from + STEP);
		if (write) {
			memlab_pattern_fill(buf->addr, arg->seed, from, to);
		} else {
			wrong = memlab_pattern_check(buf->addr, arg->seed, from, to);
			if (wrong < to) {
				arg->first_wrong = wrong;
				break;
			}
		}
		cond_resched();
	}
	return 0;
}

static int memlab_ioctl_pattern(struct memlab_request *req, bool write)
{
	struct memlab_pattern *arg = req->arg;
	struct memlab_buffer *buf;
	int err;

	buf = memlab_content_get(req, arg->id, arg->flags | arg->reserved, arg->offset,
				 arg->length);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	err = memlab_pattern_run(buf, arg, write);
	if (!err)
		err = memlab_reply(req, arg);
	memlab_buffer_put(buf);
	return err;
}

int memlab_ioctl_fill(struct memlab_request *req)
{
	return memlab_ioctl_pattern(req, true);
}

int memlab_ioctl_check(struct memlab_request *req)
{
	return memlab_ioctl_pattern(req, false);
}
