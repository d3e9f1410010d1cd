// SPDX-License-Identifier: GPL-2.0-only
/* What a program has left is taken away, and nothing of it may be in use afterwards. */
#include "call_file.h"
#include "call_memory.h"
#include "fuzz.h"

#define TRIES 2000 /* of a millisecond each */

static void close_slots(void)
{
	__u64 slot;

	for (slot = 0; slot < SLOTS; slot++) {
		drop(&world.file[slot]);
		drop(&world.sock[slot]);
		call_empty(&slot);
	}
	memset(world.buffer, 0, sizeof(world.buffer));
	memset(world.cache, 0, sizeof(world.cache));
	memset(world.mapped, 0, sizeof(world.mapped));
}

static void empty_arena(void)
{
	if (mmap((void *)ARENA, ARENA_END - ARENA, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
		die("the arena");
}

/* What outlives its file. */
static void free_all(int device)
{
	struct memlab_next next = { .size = sizeof(next) };

	while (!ioctl(device, MEMLAB_IOC_NEXT, &next)) {
		struct memlab_free arg = { .size = sizeof(arg), .id = next.id };

		ioctl(device, MEMLAB_IOC_FREE, &arg);
	}
	next.id = 0;
	while (!ioctl(device, MEMLAB_IOC_CACHE_NEXT, &next)) {
		struct memlab_cache_destroy arg = { .size = sizeof(arg), .id = next.id };

		ioctl(device, MEMLAB_IOC_CACHE_DESTROY, &arg);
	}
}

static unsigned long long in_use(int device)
{
	struct memlab_info info = { .size = sizeof(info) };

	if (ioctl(device, MEMLAB_IOC_INFO, &info))
		die("INFO");
	return info.user_bytes + info.user_buffers + info.user_caches;
}

/* Between programs: the next one finds what the first one found. */
void clean_up(void)
{
	int device, i;

	close_slots();
	empty_arena();
	device = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0 && errno == ENOENT)
		return; /* a program may unload the module */
	if (device < 0)
		die(DEVICE);
	for (i = 0; i < TRIES; i++) {
		free_all(device);
		if (!in_use(device))
			break;
		usleep(1000);
	}
	if (i == TRIES) {
		fprintf(stderr, "fuzz: left behind: %llu bytes, buffers and caches\n",
			in_use(device));
		exit(4);
	}
	close(device);
}

void set_parameter(const char *name, const char *value)
{
	char path[96];
	int file;

	snprintf(path, sizeof(path), "/sys/module/memlab/parameters/%s", name);
	file = open(path, O_WRONLY | O_CLOEXEC);
	if (file < 0 || write(file, value, strlen(value)) < 0)
		die(path);
	close(file);
}
