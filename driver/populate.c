// SPDX-License-Identifier: GPL-2.0-only
/* All pages of a mapping at once, before anybody touches one. */
#include <linux/minmax.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "walk.h"

/* Pages between two looks for a signal. */
#define PART 512
/* Ordinary pages that are inserted at a time. */
#define FEW_PAGES 32

/* Pages that nobody may take a reference to; they are all neighbours. */
static int memlab_populate_special(struct vm_area_struct *vma, const struct memlab_buffer *buf,
				   unsigned long addr, u64 offset, unsigned long pages)
{
	unsigned long pfn = page_to_pfn(memlab_backing_page(buf, offset));

	return memlab_insert_special(vma, addr, pfn, pages);
}

static int memlab_populate_ordinary(struct vm_area_struct *vma, struct memlab_walk *walk,
				    unsigned long addr, u64 offset, unsigned long pages)
{
	struct page *few[FEW_PAGES];
	unsigned long done, left, i;
	int err;

	for (; pages; pages -= done) {
		done = min3(pages, memlab_walk_look(walk, offset), (unsigned long)FEW_PAGES);
		for (i = 0; i < done; i++)
			few[i] = pfn_to_page(memlab_frames_peek(&walk->frames, i));
		left = done;
		err = vm_insert_pages(vma, addr, few, &left);
		if (err)
			return err;
		addr += done * PAGE_SIZE;
		offset += done * PAGE_SIZE;
	}
	return 0;
}

/**
 * memlab_populate() - put the pages of a buffer into a mapping of it
 * @vma: the mapping, which has its flags
 * @buf: the buffer
 *
 * What is left out, because memory for page tables is short or a fatal signal came, is
 * put in when it is touched; so this cannot fail.
 */
void memlab_populate(struct vm_area_struct *vma, const struct memlab_buffer *buf)
{
	bool is_special = memlab_backing_map_kind(buf) == MEMLAB_MAP_SPECIAL;
	u64 offset = (u64)(vma->vm_pgoff - buf->region->cookie.start) << PAGE_SHIFT;
	unsigned long addr = vma->vm_start, pages;
	struct memlab_walk walk = { .buf = buf };
	int err = 0;

	while (!err && addr < vma->vm_end && !fatal_signal_pending(current)) {
		pages = min_t(unsigned long, PART, (vma->vm_end - addr) >> PAGE_SHIFT);
		if (is_special)
			err = memlab_populate_special(vma, buf, addr, offset, pages);
		else
			err = memlab_populate_ordinary(vma, &walk, addr, offset, pages);
		addr += pages * PAGE_SIZE;
		offset += pages * PAGE_SIZE;
		cond_resched();
	}
}
