// SPDX-License-Identifier: GPL-2.0-only
/* A buffer to a user mapping. */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "compat.h"
#include "event.h"
#include "memlab.h"

/*
 * All pages are inserted at once (populate.c); a copy of the mapping, or what had to be left
 * out, gets them on first touch. Pages behind kmalloc() have no
 * reference count that a user could hold, so they become special entries, which
 * get_user_pages() refuses (VM_IO). Pages of vmalloc() and of the page allocator
 * are ordinary: a pipe or a device may hold on to one, and it then outlives the
 * buffer.
 *
 * VM_MIXEDMAP and not VM_PFNMAP: /proc/PID/pagemap skips the latter.
 */
static vm_fault_t memlab_vma_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct memlab_buffer *buf = vma->vm_private_data;
	struct page *page;

	if (vmf->pgoff < buf->region->cookie.start || vmf->pgoff > buf->region->cookie.last)
		return VM_FAULT_SIGBUS;
	page = memlab_backing_page(buf, (u64)(vmf->pgoff - buf->region->cookie.start)
						<< PAGE_SHIFT);
	if (memlab_backing_map_kind(buf) == MEMLAB_MAP_SPECIAL)
		return memlab_insert_mixed(vma, vmf->address, page_to_pfn(page));
	/* Not by vmf->page, which may map a block of 2 MiB by a single entry. */
	return vmf_insert_page(vma, vmf->address, page);
}

/* A VMA was copied by fork() or mremap(), or split by munmap() or mprotect(). */
static void memlab_vma_open(struct vm_area_struct *vma)
{
	int order = memlab_event_begin();
	struct memlab_event event;

	memlab_table_add_mapping(vma->vm_private_data);
	memlab_event_init(&event, MEMLAB_EVENT_TYPE_MAPPED, vma->vm_private_data);
	memlab_event_end(order, &event);
}

static void memlab_unmap(struct memlab_buffer *buf)
{
	int order = memlab_event_begin();
	struct memlab_event event;

	memlab_table_put_mapping(buf);
	memlab_event_init(&event, MEMLAB_EVENT_TYPE_UNMAPPED, buf);
	memlab_event_end(order, &event);
	memlab_buffer_put(buf);
}

static void memlab_vma_close(struct vm_area_struct *vma)
{
	memlab_unmap(vma->vm_private_data);
}

/*
 * For debuggers and /proc/PID/mem, which get_user_pages() refuses to serve. The
 * core does not check that the mapping may be written.
 */
static int memlab_vma_access(struct vm_area_struct *vma, unsigned long addr, void *data, int len,
			     int write)
{
	struct memlab_buffer *buf = vma->vm_private_data;
	u64 offset = addr - vma->vm_start +
		     ((u64)(vma->vm_pgoff - buf->region->cookie.start) << PAGE_SHIFT);

	if (write && !(vma->vm_flags & VM_WRITE))
		return -EACCES;
	if (offset >= buf->bytes)
		return -EFAULT;
	len = min_t(u64, len, min_t(u64, vma->vm_end - addr, buf->bytes - offset));
	if (write)
		memcpy(buf->addr + offset, data, len);
	else
		memcpy(data, buf->addr + offset, len);
	return len;
}

static const struct vm_operations_struct memlab_vm_ops = {
	.open = memlab_vma_open,
	.close = memlab_vma_close,
	.fault = memlab_vma_fault,
	.access = memlab_vma_access,
};

static struct memlab_buffer *memlab_map(struct file *filp, struct vm_area_struct *vma)
{
	int order = memlab_event_begin();
	struct memlab_buffer *buf;
	struct memlab_event event;

	buf = memlab_table_get_mapping(filp, vma->vm_pgoff, vma_pages(vma));
	if (!IS_ERR(buf))
		memlab_event_init(&event, MEMLAB_EVENT_TYPE_MAPPED, buf);
	memlab_event_end(order, IS_ERR(buf) ? NULL : &event);
	return buf;
}

int memlab_mmap(struct file *filp, struct vm_area_struct *vma)
{
	vm_flags_t flags = VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP;
	struct memlab_buffer *buf;
	int err;

	/*
	 * A private copy would show neither the buffer nor its pages. Not
	 * VM_SHARED, which a file that is open for reading only does not get.
	 */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;

	buf = memlab_map(filp, vma);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	/* Nobody expects mmap() to be interrupted. */
	err = memlab_content_clear(buf, TASK_KILLABLE);
	if (err) {
		memlab_unmap(buf);
		return err;
	}

	if (memlab_backing_map_kind(buf) == MEMLAB_MAP_SPECIAL)
		flags |= VM_IO;
	memlab_vm_flags_mod(vma, flags, VM_MAYEXEC);
	vma->vm_private_data = buf;
	vma->vm_ops = &memlab_vm_ops;
	memlab_populate(vma, buf);
	return 0;
}
