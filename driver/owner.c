// SPDX-License-Identifier: GPL-2.0-only
/* Who made a buffer or a cache, and who else may use it. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/user_namespace.h>

#include "memlab.h"

/* The caller. End it with memlab_owner_release(). */
void memlab_owner_init(struct memlab_owner *owner, struct memlab_file *file)
{
	owner->file = file;
	owner->uid = current_euid();
	owner->pid = get_task_pid(current, PIDTYPE_TGID);
}

void memlab_owner_release(struct memlab_owner *owner)
{
	put_pid(owner->pid);
}

/* The maker's file, the maker's user, or an administrator. */
bool memlab_owner_admits(const struct memlab_owner *owner, struct file *filp)
{
	return READ_ONCE(owner->file) == filp->private_data || uid_eq(current_euid(), owner->uid) ||
	       ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);
}

/* The same, of who is not asking through a file. */
bool memlab_owner_is_seen(const struct memlab_owner *owner, const struct memlab_viewer *viewer)
{
	return viewer->admin || (uid_valid(viewer->uid) && uid_eq(viewer->uid, owner->uid));
}

u32 memlab_owner_uid(const struct memlab_owner *owner)
{
	return from_kuid_munged(current_user_ns(), owner->uid);
}

/* A number that is no longer the maker's may be another process's by now. */
u32 memlab_owner_pid(const struct memlab_owner *owner)
{
	u32 pid = 0;

	rcu_read_lock();
	if (pid_task(owner->pid, PIDTYPE_TGID))
		pid = pid_vnr(owner->pid);
	rcu_read_unlock();
	return pid;
}
