// SPDX-License-Identifier: GPL-2.0-only
/* What a claim holds while it is measured: buffers, mappings, caches, fragmented memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frag.h"
#include "held.h"

struct held_buffer {
	struct memlab_buf *buf;
	void *map;
	size_t map_length;
};

struct claim_held {
	struct held_buffer *buffers;
	size_t buffer_count;
	size_t buffer_room;
	struct memlab_cache **caches;
	size_t cache_count;
	struct memlab_call *call;
};

struct claim_held *held_new(void)
{
	return need(calloc(1, sizeof(struct claim_held)));
}

static struct memlab_buf_config *config_of(const struct claim_request *request)
{
	struct memlab_buf_config *config = need(memlab_buf_config_new());

	memlab_buf_config_set_allocator(config, request->allocator);
	if (request->count)
		memlab_buf_config_set_array(config, request->count, request->bytes);
	else
		memlab_buf_config_set_size(config, request->bytes);
	memlab_buf_config_set_gfp(config, request->gfp);
	memlab_buf_config_set_context(config, request->context);
	memlab_buf_config_set_zero(config, request->zero);
	memlab_buf_config_set_count_stale(config, request->count_stale);
	if (request->cache)
		memlab_buf_config_set_cache(config, request->cache);
	if (request->on_node)
		memlab_buf_config_set_node(config, request->node);
	return config;
}

struct memlab_buf *claim_alloc(struct claim_run *run, const struct claim_request *request,
			       struct memlab_call *call)
{
	struct memlab_buf_config *config = config_of(request);
	struct claim_held *held = run->held;
	struct memlab_buf *buf;

	buf = memlab_buf_alloc_call(run->dev, config, call);
	memlab_buf_config_free(config);
	if (!buf)
		return NULL;

	if (held->buffer_count == held->buffer_room) {
		held->buffer_room = held->buffer_room ? 2 * held->buffer_room : 64;
		held->buffers = need(
			reallocarray(held->buffers, held->buffer_room, sizeof(*held->buffers)));
	}
	held->buffers[held->buffer_count++] = (struct held_buffer){ .buf = buf };
	return buf;
}

bool claim_allowed(struct claim_run *run, const struct claim_request *request,
		   struct memlab_call *call)
{
	struct memlab_buf_config *config = config_of(request);
	int err = memlab_buf_config_check(run->dev, config, call);

	memlab_buf_config_free(config);
	return !err;
}

enum verdict claim_alloc_failed(struct claim_run *run, const struct claim_request *request)
{
	const char *name = memlab_allocator_name(request->allocator);
	int err = errno;
	char size[SIZE_TEXT];

	return claim_unknown(run, "cannot be measured: %s of %s failed: %s", name,
			     size_text(size, request->bytes), strerror(err));
}

/* The latest ones are asked for most. */
static struct held_buffer *find(struct claim_held *held, const struct memlab_buf *buf)
{
	for (size_t i = held->buffer_count; i--;)
		if (held->buffers[i].buf == buf)
			return &held->buffers[i];
	die(STATUS_NO, "a claim uses a buffer that it does not hold");
}

void *claim_map(struct claim_run *run, struct memlab_buf *buf, size_t *length)
{
	struct held_buffer *one = find(run->held, buf);

	if (!one->map) {
		if (!memlab_buf_get_map_length(buf)) {
			errno = EOPNOTSUPP;
			return NULL;
		}
		one->map = memlab_buf_map(buf, true, &one->map_length);
	}
	*length = one->map_length;
	return one->map;
}

static void unmap(struct held_buffer *one)
{
	if (one->map && memlab_buf_unmap(one->map, one->map_length))
		die(STATUS_NO, "buffer %u stays mapped: %s", memlab_buf_get_id(one->buf),
		    strerror(errno));
	one->map = NULL;
}

bool claim_free_call(struct claim_run *run, struct memlab_buf *buf, bool by_kvfree,
		     unsigned int context, struct memlab_call *call)
{
	struct held_buffer *one = find(run->held, buf);

	unmap(one);
	if (memlab_buf_free_call(buf, by_kvfree, context, call))
		return false;
	*one = run->held->buffers[--run->held->buffer_count];
	return true;
}

void claim_free(struct claim_run *run, struct memlab_buf *buf)
{
	uint32_t id = memlab_buf_get_id(buf);

	if (!claim_free_call(run, buf, false, MEMLAB_LIB_CONTEXT_PROCESS, NULL))
		die(STATUS_NO, "cannot free buffer %u: %s", id, strerror(errno));
}

void claim_free_all(struct claim_run *run)
{
	while (run->held->buffer_count)
		claim_free(run, run->held->buffers[run->held->buffer_count - 1].buf);
}

struct memlab_cache *claim_make_cache(struct claim_run *run,
				      const struct memlab_cache_config *config,
				      struct memlab_call *call)
{
	struct memlab_cache *cache = memlab_cache_create(run->dev, config, call);
	struct claim_held *held = run->held;

	if (!cache)
		return NULL;
	held->caches =
		need(reallocarray(held->caches, held->cache_count + 1, sizeof(*held->caches)));
	held->caches[held->cache_count++] = cache;
	return cache;
}

bool claim_end_cache(struct claim_run *run, struct memlab_cache *cache)
{
	struct claim_held *held = run->held;
	size_t i = 0;

	if (memlab_cache_destroy(cache))
		return false;
	while (held->caches[i] != cache)
		i++;
	held->caches[i] = held->caches[--held->cache_count];
	return true;
}

struct memlab_call *claim_call(struct claim_run *run)
{
	if (!run->held->call)
		run->held->call = need(memlab_call_new());
	return run->held->call;
}

bool claim_fragment(struct claim_run *run, unsigned int order, unsigned int percent)
{
	const struct frag_options options = { .order = order, .percent = percent };
	struct fragmentation *now = run->fragmentation;
	char *why = NULL;

	if (now->frag && now->order == order && now->percent == percent && frag_is_held(now->frag))
		return true;
	claim_unfragment(run);
	now->frag = frag_begin(&options, &why);
	now->order = order;
	now->percent = percent;
	if (!now->frag)
		claim_unknown(run, "memory cannot be fragmented: %s", why);
	free(why);
	return now->frag;
}

void claim_unfragment(struct claim_run *run)
{
	fragmentation_end(run->fragmentation);
}

void fragmentation_end(struct fragmentation *fragmentation)
{
	if (fragmentation->frag)
		frag_end(fragmentation->frag);
	fragmentation->frag = NULL;
}

/* Gives everything back, except that memory stays fragmented. */
void held_free(struct claim_run *run)
{
	struct claim_held *held = run->held;

	claim_free_all(run);
	while (held->cache_count)
		if (!claim_end_cache(run, held->caches[held->cache_count - 1]))
			die(STATUS_NO, "cannot destroy a cache: %s", strerror(errno));
	memlab_call_free(held->call);
	free(held->caches);
	free(held->buffers);
	free(held);
	run->held = NULL;
}
