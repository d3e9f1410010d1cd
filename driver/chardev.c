// SPDX-License-Identifier: GPL-2.0-only
/* /dev/memlab: file operations and the ioctl table. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "memlab.h"

union memlab_arg {
	struct memlab_info info;
	struct memlab_alloc alloc;
	struct memlab_free free;
	struct memlab_query query;
	struct memlab_layout layout;
	struct memlab_transfer transfer;
	struct memlab_pattern pattern;
	struct memlab_next next;
	struct memlab_resize resize;
	struct memlab_probe probe;
	struct memlab_cache_create cache_create;
	struct memlab_cache_destroy cache_destroy;
	struct memlab_cache_query cache_query;
	struct memlab_bench bench;
};

struct memlab_ioctl {
	int (*handler)(struct memlab_request *req);
	u32 size;     /* of the struct as this driver knows it */
	u32 min_size; /* of the struct in the first version of the ABI */
	u32 reason;   /* offset of the member that is written on refusal, 0 for none */
	fmode_t mode; /* how the device must be open */
};

#define IOCTL(_cmd, _handler, _struct, _last, _mode)                                          \
	[_cmd] = {                                                                            \
		.handler = _handler,                                                          \
		.size = sizeof(struct _struct) +                                              \
			BUILD_BUG_ON_ZERO(sizeof(struct _struct) > sizeof(union memlab_arg)), \
		.min_size = offsetofend(struct _struct, _last),                               \
		.mode = _mode,                                                                \
	}

/* The same, of a struct that has a member "reason". */
#define IOCTL_WITH_REASON(_cmd, _handler, _struct, _last, _mode)                              \
	[_cmd] = {                                                                            \
		.handler = _handler,                                                          \
		.size = sizeof(struct _struct) +                                              \
			BUILD_BUG_ON_ZERO(sizeof(struct _struct) > sizeof(union memlab_arg)), \
		.min_size = offsetofend(struct _struct, _last),                               \
		.reason = offsetof(struct _struct, reason),                                   \
		.mode = _mode,                                                                \
	}

static const struct memlab_ioctl memlab_ioctls[] = {
	IOCTL(MEMLAB_CMD_INFO, memlab_ioctl_info, memlab_info, driver_version, 0),
	IOCTL_WITH_REASON(MEMLAB_CMD_ALLOC, memlab_ioctl_alloc, memlab_alloc, backing, FMODE_WRITE),
	IOCTL_WITH_REASON(MEMLAB_CMD_FREE, memlab_ioctl_free, memlab_free, reserved, FMODE_WRITE),
	IOCTL(MEMLAB_CMD_QUERY, memlab_ioctl_query, memlab_query, phys_align, FMODE_READ),
	IOCTL(MEMLAB_CMD_LAYOUT, memlab_ioctl_layout, memlab_layout, extent_count, FMODE_READ),
	IOCTL(MEMLAB_CMD_READ, memlab_ioctl_read, memlab_transfer, done, FMODE_READ),
	IOCTL(MEMLAB_CMD_WRITE, memlab_ioctl_write, memlab_transfer, done, FMODE_WRITE),
	IOCTL(MEMLAB_CMD_FILL, memlab_ioctl_fill, memlab_pattern, first_wrong, FMODE_WRITE),
	IOCTL(MEMLAB_CMD_CHECK, memlab_ioctl_check, memlab_pattern, first_wrong, FMODE_READ),
	IOCTL(MEMLAB_CMD_NEXT, memlab_ioctl_next, memlab_next, reserved, 0),
	IOCTL_WITH_REASON(MEMLAB_CMD_RESIZE, memlab_ioctl_resize, memlab_resize, function,
			  FMODE_WRITE),
	IOCTL(MEMLAB_CMD_PROBE, memlab_ioctl_probe, memlab_probe, result, FMODE_READ),
	IOCTL_WITH_REASON(MEMLAB_CMD_CACHE_CREATE, memlab_ioctl_cache_create, memlab_cache_create,
			  function, FMODE_WRITE),
	IOCTL(MEMLAB_CMD_CACHE_DESTROY, memlab_ioctl_cache_destroy, memlab_cache_destroy, reserved,
	      FMODE_WRITE),
	IOCTL(MEMLAB_CMD_CACHE_QUERY, memlab_ioctl_cache_query, memlab_cache_query, function,
	      FMODE_READ),
	IOCTL(MEMLAB_CMD_CACHE_NEXT, memlab_ioctl_cache_next, memlab_next, reserved, 0),
	IOCTL_WITH_REASON(MEMLAB_CMD_BENCH, memlab_ioctl_bench, memlab_bench, free_function,
			  FMODE_WRITE),
};

/* The one member that is written when a request is refused; a shorter struct has none. */
static void memlab_give_reason(const struct memlab_request *req, const struct memlab_ioctl *ioctl)
{
	u32 reason = *(u32 *)(req->arg + ioctl->reason);

	if (req->user_size >= ioctl->reason + sizeof(reason))
		/* Who cannot be told still has the errno. */
		(void)!put_user(reason, (u32 __user *)(req->uarg + ioctl->reason));
}

static long memlab_ioctl(struct file *filp, unsigned int cmd, unsigned long uarg)
{
	struct memlab_request req = { .filp = filp, .uarg = (void __user *)uarg };
	const struct memlab_ioctl *ioctl;
	unsigned int nr = _IOC_NR(cmd);
	union memlab_arg arg MEMLAB_UNINITIALIZED; /* but as much of it as is the command's */
	int err;

	if (cmd != _IO(MEMLAB_IOC_TYPE, nr) || nr >= ARRAY_SIZE(memlab_ioctls))
		return -ENOTTY;
	ioctl = &memlab_ioctls[array_index_nospec(nr, ARRAY_SIZE(memlab_ioctls))];
	if (!ioctl->handler)
		return -ENOTTY;

	if (get_user(req.user_size, (u32 __user *)req.uarg))
		return -EFAULT;
	if (req.user_size < ioctl->min_size)
		return -EINVAL;
	if (req.user_size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(&arg, ioctl->size, req.uarg, req.user_size);
	if (err)
		return err;
	/* Another thread may have changed it since get_user(). */
	*(u32 *)&arg = req.user_size;

	req.arg = &arg;
	if (ioctl->reason)
		*(u32 *)((void *)&arg + ioctl->reason) = MEMLAB_REASON_NONE;
	err = ioctl->mode & ~filp->f_mode ? -EACCES : ioctl->handler(&req);
	if (err && ioctl->reason)
		memlab_give_reason(&req, ioctl);
	return err;
}

/**
 * memlab_respond() - copy a request's struct back to its caller
 * @req: the request
 * @kernel_size: size of the struct as this driver knows it
 *
 * The program's struct may be shorter, then the rest is dropped, or longer,
 * then its tail is left alone.
 *
 * Return: 0 or -EFAULT.
 */
int memlab_respond(const struct memlab_request *req, size_t kernel_size)
{
	if (copy_to_user(req->uarg, req->arg, min_t(size_t, req->user_size, kernel_size)))
		return -EFAULT;
	return 0;
}

static int memlab_open(struct inode *inode, struct file *filp)
{
	struct memlab_file *file = kzalloc(sizeof(*file), MEMLAB_GFP_OWN);

	if (!file)
		return -ENOMEM;
	INIT_LIST_HEAD(&file->buffers);
	INIT_LIST_HEAD(&file->caches);
	filp->private_data = file;
	return nonseekable_open(inode, filp);
}

static int memlab_release(struct inode *inode, struct file *filp)
{
	struct memlab_file *file = filp->private_data;

	memlab_table_forget_file(file);
	memlab_cache_forget_file(file);
	kfree(file);
	return 0;
}

static const struct file_operations memlab_fops = {
	.owner = THIS_MODULE,
	.open = memlab_open,
	.release = memlab_release,
	.unlocked_ioctl = memlab_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = memlab_mmap,
};

static struct miscdevice memlab_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "memlab",
	.fops = &memlab_fops,
	.mode = 0600,
};

int memlab_chardev_register(void)
{
	return misc_register(&memlab_misc);
}

void memlab_chardev_unregister(void)
{
	misc_deregister(&memlab_misc);
}
