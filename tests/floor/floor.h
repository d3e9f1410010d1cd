/* SPDX-License-Identifier: GPL-2.0-only */
/* The ioctl of /dev/floor: calls of the kernel's functions, with nothing around them. */
#ifndef FLOOR_H
#define FLOOR_H

#include <linux/ioctl.h>
#include <linux/types.h>

enum { FLOOR_KMALLOC, FLOOR_VMALLOC, FLOOR_HOLD };

#define FLOOR_ACCOUNT 1 /* the flags that memlab gives by default: charged, and no OOM killer */

/**
 * struct floor - ioctl(FLOOR_IOC)
 * @what: in: pairs of kmalloc() and kfree(), or of vmalloc() and vfree(); or kmalloc() alone,
 *	of memory that is held until the file is closed
 * @flags: in: FLOOR_ACCOUNT, or 0 for GFP_KERNEL
 * @bytes: in: the size
 * @count: in: how many
 * @nanoseconds: out: what they took, by the kernel's clock
 */
struct floor {
	__u32 what;
	__u32 flags;
	__u64 bytes;
	__u64 count;
	__u64 nanoseconds;
};

#define FLOOR_IOC _IOWR('f', 0, struct floor)

#endif /* FLOOR_H */
