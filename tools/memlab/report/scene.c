// SPDX-License-Identifier: GPL-2.0-only
/* Buffers of two allocators, before and after memory is fragmented. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "buddyinfo.h"
#include "frag.h"
#include "layout_svg.h"
#include "report.h"

static const unsigned int allocators[] = { MEMLAB_LIB_ALLOCATOR_KMALLOC,
					   MEMLAB_LIB_ALLOCATOR_VMALLOC };

/* Allocates, and keeps what is told of the buffer, which is freed. */
static struct scene_try try_make(struct memlab_dev *dev, unsigned int allocator, uint64_t bytes)
{
	struct scene_try made = { .request = {
					  .allocator = allocator, .bytes = bytes, .node = -1 } };
	struct memlab_buf_config *config = request_config(dev, &made.request);
	struct memlab_call *call = need(memlab_call_new());
	struct memlab_buf *buf = memlab_buf_alloc_call(dev, config, call);

	if (!buf) {
		made.failure =
			explain_alloc(dev, &made.request, memlab_call_get_reason(call), errno);
	} else {
		uint32_t id = memlab_buf_get_id(buf);

		made.info = memlab_buf_get_info(buf);
		made.extents = made.info ? memlab_buf_get_extents(buf) : NULL;
		if (!made.extents)
			die(STATUS_NO, "%s", explain_buffer(dev, id, "describe", errno));
		if (memlab_buf_free(buf))
			die(STATUS_NO, "%s", explain_buffer(dev, id, "free", errno));
	}
	memlab_call_free(call);
	memlab_buf_config_free(config);
	return made;
}

static uint64_t largest_block(uint64_t page_size)
{
	struct buddyinfo *info = buddyinfo_read();
	struct zones *zones = zones_read();
	int order = info && zones ? buddyinfo_largest_served(info, zones) : -1;

	free(info);
	free(zones);
	return order < 0 ? 0 : page_size << order;
}

/* The largest of half the size, a quarter and so on that is had. */
static void add_smaller(struct scene *scene, struct memlab_dev *dev, unsigned int allocator,
			uint64_t page_size)
{
	for (uint64_t bytes = SCENE_BYTES / 2; bytes >= page_size; bytes /= 2) {
		struct scene_try made = try_make(dev, allocator, bytes);

		if (!made.failure) {
			scene->tries[scene->count++] = made;
			return;
		}
		free(made.failure);
	}
}

static void scene_make(struct scene *scene, struct memlab_dev *dev, uint64_t page_size)
{
	scene->largest_block = largest_block(page_size);
	for (size_t i = 0; i < ARRAY_SIZE(allocators); i++) {
		struct scene_try made = try_make(dev, allocators[i], SCENE_BYTES);

		scene->tries[scene->count++] = made;
		if (made.failure)
			add_smaller(scene, dev, allocators[i], page_size);
	}
}

void scenes_gather(struct report *report)
{
	const struct frag_options options = { .order = SCENE_ORDER,
					      .percent = FRAG_DEFAULT_PERCENT };
	uint64_t page_size = memlab_dev_info_get_page_size(report->info);
	struct frag *frag;

	scene_make(&report->before, report->dev, page_size);
	if (!report->fragments) {
		report->unfragmented = text_format("--no-frag was given");
		return;
	}
	frag = frag_begin(&options, &report->unfragmented);
	if (!frag)
		return;
	report->unfragmented = NULL;
	scene_make(&report->after, report->dev, page_size);
	if (!frag_is_held(frag))
		report->unfragmented = text_format("the process that held memory was killed");
	frag_end(frag);
}

static void scene_free(struct scene *scene)
{
	for (size_t i = 0; i < scene->count; i++) {
		memlab_buf_info_free(scene->tries[i].info);
		memlab_extents_free(scene->tries[i].extents);
		free(scene->tries[i].failure);
	}
}

void scenes_free(struct report *report)
{
	scene_free(&report->before);
	scene_free(&report->after);
	free(report->unfragmented);
}

size_t scene_pieces(const struct scene *scene)
{
	for (size_t i = 0; i < scene->count; i++) {
		const struct scene_try *one = &scene->tries[i];

		if (one->extents && one->request.allocator == MEMLAB_LIB_ALLOCATOR_VMALLOC)
			return memlab_extents_get_count(one->extents);
	}
	return 0;
}

uint64_t scene_largest(const struct scene *scene)
{
	for (size_t i = 0; i < scene->count; i++) {
		const struct scene_try *one = &scene->tries[i];

		if (one->extents && one->request.allocator == MEMLAB_LIB_ALLOCATOR_KMALLOC)
			return one->request.bytes;
	}
	return 0;
}

static void failure_write(FILE *out, const struct scene_try *one)
{
	char size[SIZE_TEXT];

	fprintf(out, "<p class=\"failed\">%s of %s failed: ",
		memlab_allocator_name(one->request.allocator), size_text(size, one->request.bytes));
	html_prose(out, one->failure);
	fputs(".</p>\n", out);
}

static void scene_write(FILE *out, const struct scene *scene, const char *name, const char *title)
{
	struct layout_picture pictures[SCENE_TRIES];
	char size[SIZE_TEXT];
	size_t count = 0;

	fprintf(out, "<h3>%s</h3>\n<p>The largest free block that a request gets: %s.</p>\n", title,
		scene->largest_block ? size_text(size, scene->largest_block) : "none");
	for (size_t i = 0; i < scene->count; i++) {
		const struct scene_try *one = &scene->tries[i];

		if (one->failure)
			failure_write(out, one);
		else
			pictures[count++] = (struct layout_picture){ .info = one->info,
								     .extents = one->extents };
	}
	if (!count)
		return;
	fprintf(out, "<figure>\n");
	layout_svg(out, name, pictures, count);
	fputs("<figcaption>Each square is a part of the buffer, in the buffer's order; neighbours "
	      "of one colour lie side by side in physical memory.</figcaption>\n</figure>\n",
	      out);
}

void scenes_write(FILE *out, const struct report *report)
{
	html_section(out, "layout", "Where the pages are");
	fputs("<p>", out);
	html_prose(out, "Both allocators give memory that is one piece for the kernel. That of "
			"kmalloc() is one piece of physical memory, too, which must be found; that "
			"of vmalloc() may be gathered from anywhere.");
	fputs("</p>\n", out);
	scene_write(out, &report->before, "before", "Memory as it was");
	if (report->after.count && !report->unfragmented) {
		scene_write(out, &report->after, "after",
			    "The same when free memory is in "
			    "small blocks");
	} else {
		fputs("<p class=\"missing\">Not shown with fragmented memory: ", out);
		html_text(out, report->unfragmented);
		fputs(".</p>\n", out);
	}
	html_section_end(out);
}

static struct json_object *scene_result(const struct scene *scene)
{
	struct json_object *result = need(json_object_new_object());
	struct json_object *buffers = need(json_object_new_array());

	for (size_t i = 0; i < scene->count; i++) {
		const struct scene_try *one = &scene->tries[i];
		struct json_object *object = need(json_object_new_object());

		result_add(object, "allocator",
			   result_text(memlab_allocator_name(one->request.allocator)));
		result_add(object, "size", result_uint(one->request.bytes));
		result_add(object, "failure", result_text(one->failure));
		result_add(object, "layout",
			   one->failure ? NULL : result_layout(one->info, one->extents));
		result_append(buffers, object);
	}
	result_add(result, "largest_block", result_uint(scene->largest_block));
	result_add(result, "buffers", buffers);
	return result;
}

struct json_object *scenes_result(const struct report *report)
{
	struct json_object *result = need(json_object_new_object());

	result_add(result, "before", scene_result(&report->before));
	result_add(result, "fragmented",
		   report->unfragmented ? NULL : scene_result(&report->after));
	result_add(result, "not_fragmented_because", result_text(report->unfragmented));
	return result;
}
