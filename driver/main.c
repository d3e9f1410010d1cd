// SPDX-License-Identifier: GPL-2.0-only
/* memlab: init, unwind, exit. */
#include <linux/module.h>

#include "memlab.h"

static int __init memlab_init(void)
{
	memlab_limits_init();
	return memlab_chardev_register();
}

static void __exit memlab_exit(void)
{
	/* No file and no mapping is left: both hold the module. */
	memlab_chardev_unregister();
	memlab_table_destroy();
	memlab_cache_destroy_all();
}

module_init(memlab_init);
module_exit(memlab_exit);

MODULE_DESCRIPTION("Laboratory for kernel memory allocation");
MODULE_AUTHOR("The memlab authors");
MODULE_VERSION(MEMLAB_DRIVER_VERSION);
MODULE_LICENSE("GPL");
