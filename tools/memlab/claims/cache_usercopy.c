// SPDX-License-Identifier: GPL-2.0-only
/* kmem_cache_create_usercopy(): the part of an object that may be copied. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "usercopy.h"
#include "witness.h"

#define MOST_BYTES  4096
#define SEED_BEFORE 0x62656672
#define SEED_AFTER  0x61667472

/* Objects, and the part of them that is declared; no length: none is. */
static const struct region {
	uint64_t bytes, offset, length;
} regions[] = {
	{ 256, 64, 64 },  { 256, 0, 256 },	{ 100, 0, 1 }, { 100, 99, 1 },
	{ 1000, 8, 500 }, { 4096, 1000, 2000 }, { 192, 0, 0 },
};

/* An object of such a cache, and who looks at it. */
struct subject {
	const struct region *region;
	const struct memlab_cache *cache;
	struct memlab_buf *buf;
	uint64_t kaddr;
	struct kcore *kcore;
};

static struct memlab_cache *make_cache(struct claim_run *run, const struct region *region)
{
	struct memlab_cache_config *config = need(memlab_cache_config_new());
	struct memlab_cache *cache;

	memlab_cache_config_set_size(config, region->bytes);
	if (region->length)
		memlab_cache_config_set_usercopy(config, region->offset, region->length);
	cache = claim_make_cache(run, config, NULL);
	memlab_cache_config_free(config);
	return cache;
}

static bool make_subject(struct claim_run *run, struct subject *subject)
{
	struct memlab_buf_info *info;

	subject->cache = make_cache(run, subject->region);
	if (!subject->cache)
		return false;
	subject->buf = claim_alloc(run,
				   &(struct claim_request){
					   .allocator = MEMLAB_LIB_ALLOCATOR_CACHE,
					   .cache = subject->cache,
				   },
				   NULL);
	info = subject->buf ? memlab_buf_get_info(subject->buf) : NULL;
	if (!info)
		return false;
	subject->kaddr = memlab_buf_info_get_kernel_address(info);
	memlab_buf_info_free(info);
	return true;
}

static bool is_inside(const struct region *region, uint64_t offset, uint64_t length)
{
	return offset >= region->offset && offset + length <= region->offset + region->length;
}

/*
 * What a copy into the object did to it. @written: its bytes from @offset on must be
 * those of SEED_AFTER now, and all others those of before; by /proc/kcore.
 */
static const char *wrong_bytes(const struct subject *subject, uint64_t offset, uint64_t length,
			       bool written)
{
	unsigned char seen[MOST_BYTES], expected[MOST_BYTES];
	uint64_t bytes = subject->region->bytes;

	memlab_pattern_bytes(SEED_BEFORE, 0, expected, bytes);
	if (written)
		memlab_pattern_bytes(SEED_AFTER, offset, expected + offset, length);
	if (!kcore_read(subject->kcore, subject->kaddr, seen, bytes))
		return "/proc/kcore cannot be read there";
	return memcmp(seen, expected, bytes) ? "/proc/kcore shows other bytes" : NULL;
}

static const char *wrong_copy(const struct subject *subject, uint64_t offset, uint64_t length)
{
	bool inside = is_inside(subject->region, offset, length);
	unsigned char bytes[MOST_BYTES], expected[MOST_BYTES];
	int failed;

	if (memlab_buf_fill(subject->buf, SEED_BEFORE, 0, 0))
		return strerror(errno);
	failed = memlab_buf_read(subject->buf, offset, bytes, length);
	if (failed && (inside || errno != EOPNOTSUPP))
		return strerror(errno);
	if (!failed && !inside)
		return "could be read";
	memlab_pattern_bytes(SEED_BEFORE, offset, expected, length);
	if (inside && memcmp(bytes, expected, length))
		return "other bytes were read";

	memlab_pattern_bytes(SEED_AFTER, offset, bytes, length);
	failed = memlab_buf_write(subject->buf, offset, bytes, length);
	if (failed && (inside || errno != EOPNOTSUPP))
		return strerror(errno);
	if (!failed && !inside)
		return "could be written";
	return wrong_bytes(subject, offset, length, inside);
}

/* Copies that are made at the edges of the region; others follow them in the list. */
#define EDGES 8

/* The edges of the region from both sides, and what crosses them. */
static size_t measure_copies(struct claim_run *run, const struct subject *subject)
{
	const struct region *region = subject->region;
	uint64_t end = region->offset + region->length;
	const struct {
		uint64_t offset, length;
	} copies[] = {
		{ region->offset, region->length },
		{ region->offset, 1 },
		{ end - 1, 1 },
		{ region->offset + region->length / 2, region->length / 2 },
		{ region->offset - 1, 1 },
		{ region->offset - 1, 2 },
		{ end, 1 },
		{ end - 1, 2 },
		{ 0, region->bytes },
		{ region->offset, region->length + 1 },
		{ region->bytes - 1, 1 },
		{ 0, 1 },
	};
	size_t outside = 0;

	for (size_t i = 0; i < ARRAY_SIZE(copies); i++) {
		uint64_t offset = copies[i].offset, length = copies[i].length;
		const char *wrong;

		/* Not in the object, or nothing at all, or a region of nothing. */
		if (!length || offset > region->bytes || length > region->bytes - offset ||
		    (!region->length && i < EDGES))
			continue;
		wrong = wrong_copy(subject, offset, length);
		outside += !is_inside(region, offset, length);
		claim_case(run, !wrong,
			   "object of %" PRIu64 " bytes, declared %" PRIu64 " from %" PRIu64
			   " on: %" PRIu64 " bytes from %" PRIu64 " on %s%s%s",
			   region->bytes, region->length, region->offset, length, offset,
			   is_inside(region, offset, length) ? "are copied" : "are refused",
			   wrong ? ", but: " : "", wrong ? wrong : "");
	}
	return outside;
}

/*
 * What the kernel will let pass, by its own account. False with errno when it does not
 * tell, and with 0 when it is not what was declared: then a copy could be the end of us.
 */
static bool measure_declared(struct claim_run *run, const struct subject *subject)
{
	const char *name = memlab_cache_get_name(subject->cache);
	char *path = text_format("/sys/kernel/slab/%s/usersize", name);
	uint64_t declared;
	bool asked = number_get(path, &declared);

	free(path);
	if (!asked)
		return false;
	errno = 0;
	return claim_case(run, declared == subject->region->length,
			  "%s: usersize in sysfs is %" PRIu64 ", declared were %" PRIu64 " bytes",
			  name, declared, subject->region->length);
}

static bool is_checked(const struct claim_run *run, const char **why)
{
	char *line = file_read("/proc/cmdline");
	bool off = line &&
		   (strstr(line, "hardened_usercopy=off") || strstr(line, "hardened_usercopy=0"));

	free(line);
	if (off)
		*why = "the kernel was booted with hardened_usercopy=off";
	else if (!memlab_dev_info_has_feature(run->info, MEMLAB_LIB_FEATURE_HARDENED_USERCOPY))
		*why = "the kernel was built without CONFIG_HARDENED_USERCOPY";
	else
		return true;
	return false;
}

static enum verdict run_usercopy(struct claim_run *run)
{
	struct kcore *kcore;
	size_t outside = 0;
	bool safe = true;
	const char *why;

	if (!is_checked(run, &why))
		return claim_unknown(run, "%s, so it does not check copies", why);
	if (usercopy_dares())
		return usercopy_provoke(run);
	kcore = kcore_open();
	if (!kcore)
		return claim_unknown(run, "/proc/kcore: %s", strerror(errno));
	for (size_t i = 0; safe && i < ARRAY_SIZE(regions); i++) {
		struct subject subject = { .region = &regions[i], .kcore = kcore };

		safe = make_subject(run, &subject) && measure_declared(run, &subject);
		if (safe)
			outside += measure_copies(run, &subject);
	}
	kcore_close(kcore);
	if (!safe && !claim_wrong(run))
		return claim_unknown(run,
				     "needs /sys/kernel/slab, where the kernel tells what is "
				     "declared: %s",
				     strerror(errno));
	return claim_judge(
		run,
		"copies inside the declared part are done (bytes by /proc/kcore), %zu that "
		"leave it refused; usersize in sysfs is what was declared",
		outside);
}

const struct claim claim_cache_usercopy = {
	.id = "cache-usercopy",
	.claim = "Of a cache made by kmem_cache_create_usercopy only the declared part may be "
		 "copied",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "\"The second function should be used if a part of the cache might be copied "
		  "to the userspace\"; mm/slab_common.c, kernel-doc of "
		  "kmem_cache_create_usercopy(): \"Usercopy region size\".",
	.why = "With CONFIG_HARDENED_USERCOPY, copy_to_user() and copy_from_user() look up the "
	       "cache of the object and let only the declared part pass (mm/slub.c, "
	       "__check_heap_object()). Anything else ends the process with a BUG in the log. An "
	       "ordinary cache declares nothing.",
	.how = "Caches that declare different parts of their objects, and one that declares "
	       "none. READ and WRITE inside must work, and /proc/kcore must show the bytes that "
	       "were written and no others. Ranges that leave the part must be refused and "
	       "change nothing: it is the driver that refuses, as the kernel's own check would "
	       "be the end of the tool. The kernel's word is usersize in /sys/kernel/slab, which "
	       "must be what was declared; it does not tell where the part begins. With the "
	       "module parameter copy_undeclared and --provoke, for a machine that may be "
	       "restarted, a process of its own reads just outside of the part, and the kernel "
	       "must say \"usercopy: Kernel memory exposure attempt detected\" and kill it.",
	.choice = "Declare exactly the part that user space shall see, and keep pointers and "
		  "lengths out of it: then a wrong size in a copy does not leak or overwrite "
		  "them.",
	.needs = NEED_KADDR | NEED_KCORE,
	.run = run_usercopy,
};
