// SPDX-License-Identifier: GPL-2.0-only
/*
 * floor: the least that an allocation can cost, to hold memlab's figures against.
 *
 * Knows nothing of memlab, and is written as anybody would who measures this once. For
 * root in a virtual machine: nothing is checked.
 */
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "floor.h"

/* Of one open: a list of what is held, each with the next one's address in its first word. */
struct floor_file {
	void *held;
};

static int floor_kmalloc(size_t bytes, u64 count, gfp_t gfp)
{
	while (count--) {
		void *object = kmalloc(bytes, gfp);

		if (!object)
			return -ENOMEM;
		kfree(object);
	}
	return 0;
}

static int floor_vmalloc(size_t bytes, u64 count, gfp_t gfp)
{
	while (count--) {
		void *object = __vmalloc(bytes, gfp);

		if (!object)
			return -ENOMEM;
		vfree(object);
	}
	return 0;
}

static int floor_hold(struct floor_file *file, size_t bytes, u64 count, gfp_t gfp)
{
	if (bytes < sizeof(void *))
		return -EINVAL;
	while (count--) {
		void **object = kmalloc(bytes, gfp);

		if (!object)
			return -ENOMEM;
		*object = file->held;
		file->held = object;
	}
	return 0;
}

static int floor_run(struct floor_file *file, const struct floor *arg)
{
	gfp_t gfp = GFP_KERNEL;

	if (arg->flags & FLOOR_ACCOUNT)
		gfp |= __GFP_ACCOUNT | __GFP_NOWARN | __GFP_RETRY_MAYFAIL;
	switch (arg->what) {
	case FLOOR_KMALLOC:
		return floor_kmalloc(arg->bytes, arg->count, gfp);
	case FLOOR_VMALLOC:
		return floor_vmalloc(arg->bytes, arg->count, gfp);
	case FLOOR_HOLD:
		return floor_hold(file, arg->bytes, arg->count, gfp);
	default:
		return -EINVAL;
	}
}

static long floor_ioctl(struct file *filp, unsigned int cmd, unsigned long uarg)
{
	struct floor arg;
	u64 start;
	int err;

	if (cmd != FLOOR_IOC)
		return -ENOTTY;
	if (copy_from_user(&arg, (void __user *)uarg, sizeof(arg)))
		return -EFAULT;
	start = ktime_get_ns();
	err = floor_run(filp->private_data, &arg);
	arg.nanoseconds = ktime_get_ns() - start;
	if (!err && copy_to_user((void __user *)uarg, &arg, sizeof(arg)))
		err = -EFAULT;
	return err;
}

static int floor_open(struct inode *inode, struct file *filp)
{
	struct floor_file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return -ENOMEM;
	filp->private_data = file;
	return 0;
}

static int floor_release(struct inode *inode, struct file *filp)
{
	struct floor_file *file = filp->private_data;
	void **object = file->held;

	while (object) {
		void **next = *object;

		kfree(object);
		object = next;
	}
	kfree(file);
	return 0;
}

static const struct file_operations floor_fops = {
	.owner = THIS_MODULE,
	.open = floor_open,
	.release = floor_release,
	.unlocked_ioctl = floor_ioctl,
};

static struct miscdevice floor_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "floor",
	.fops = &floor_fops,
	.mode = 0600,
};

module_misc_device(floor_misc);

MODULE_DESCRIPTION("What allocations cost at least");
MODULE_LICENSE("GPL");
