// SPDX-License-Identifier: GPL-2.0-only
/* memlab: init, unwind, exit. */
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "memlab.h"

static int __init memlab_init(void)
{
	int err;

	memlab_limits_init();
	memlab_stats_init();
	err = memlab_buffers_init();
	if (err)
		return err;
	/* A dump that anybody may begin would go on in a driver that was not loaded after all. */
	err = memlab_chardev_register();
	if (err)
		goto err_buffers_exit;
	err = memlab_netlink_register();
	if (err)
		goto err_chardev_unregister;
	return 0;

err_chardev_unregister:
	memlab_chardev_unregister();
err_buffers_exit:
	memlab_buffers_exit();
	return err;
}

static void __exit memlab_exit(void)
{
	/* No file, no mapping and no dump is left: each holds the module. */
	memlab_netlink_unregister();
	memlab_chardev_unregister();
	memlab_table_destroy();
	memlab_cache_destroy_all();
	/* What waits for a grace period to be freed. */
	rcu_barrier();
	memlab_buffers_exit();
}

module_init(memlab_init);
module_exit(memlab_exit);

MODULE_DESCRIPTION("Laboratory for kernel memory allocation");
MODULE_AUTHOR("The memlab authors");
MODULE_VERSION(MEMLAB_DRIVER_VERSION);
MODULE_LICENSE("GPL");
