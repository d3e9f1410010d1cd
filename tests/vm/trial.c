// SPDX-License-Identifier: GPL-2.0
/* A module that goes wrong on request, for the tests of the harness. */
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/string.h>

static char *act = "";
module_param(act, charp, 0444);
MODULE_PARM_DESC(act, "what to do: warn, oops, fail, or anything else for nothing");

static int __init trial_init(void)
{
	pr_info("trial: %s\n", act);
	WARN_ON(!strcmp(act, "warn"));
	if (!strcmp(act, "oops"))
		*(volatile int *)8 = 1;
	return strcmp(act, "fail") ? 0 : -EIO;
}
module_init(trial_init);

static void __exit trial_exit(void)
{
}
module_exit(trial_exit);

MODULE_DESCRIPTION("Goes wrong on request");
MODULE_LICENSE("GPL");
