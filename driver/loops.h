/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of an allocator's functions, once and in loops.
 *
 * What a loop of many calls takes shall be what the calls take. So nothing in it is called
 * by a pointer, and which form of the function it is has been decided before it begins.
 */
#ifndef MEMLAB_LOOPS_H
#define MEMLAB_LOOPS_H

#include <linux/compiler.h>

#include "allocator.h"

/**
 * struct memlab_loops - many calls of an allocator's functions
 * @pairs: allocates an object and frees it, @count times; returns how often there was none
 * @fill: allocates @count objects, NULL where there was none; returns how many of these
 * @drain: frees the objects, in the order of the array, where they are not NULL
 *
 * In any context, like the functions that they call; nobody may change @buf meanwhile.
 */
struct memlab_loops {
	u64 (*pairs)(const struct memlab_buffer *buf, gfp_t gfp, u64 count);
	u64 (*fill)(const struct memlab_buffer *buf, gfp_t gfp, void **objects, u64 count);
	void (*drain)(const struct memlab_buffer *buf, void **objects, u64 count);
};

/* A function whose first parameter is the form, one copy for each. */
#define MEMLAB_BY_FORM(_form, _function, ...)                 \
	({                                                    \
		u64 __result;                                 \
		switch (_form) {                              \
		case 1:                                       \
			__result = _function(1, __VA_ARGS__); \
			break;                                \
		case 2:                                       \
			__result = _function(2, __VA_ARGS__); \
			break;                                \
		case 3:                                       \
			__result = _function(3, __VA_ARGS__); \
			break;                                \
		case 4:                                       \
			__result = _function(4, __VA_ARGS__); \
			break;                                \
		case 5:                                       \
			__result = _function(5, __VA_ARGS__); \
			break;                                \
		case 6:                                       \
			__result = _function(6, __VA_ARGS__); \
			break;                                \
		case 7:                                       \
			__result = _function(7, __VA_ARGS__); \
			break;                                \
		default:                                      \
			__result = _function(0, __VA_ARGS__); \
		}                                             \
		__result;                                     \
	})

/*
 * Defines NAME_alloc(), NAME_free() and NAME_loops by NAME_call(form, buf, gfp), which
 * returns an object or NULL, and NAME_release(buf, object), both always inline.
 */
#define MEMLAB_CALLS(_name)                                                                    \
	static void *_name##_alloc(const struct memlab_buffer *buf, gfp_t gfp)                 \
	{                                                                                      \
		return _name##_call(memlab_form(buf), buf, gfp);                               \
	}                                                                                      \
	static void _name##_free(const struct memlab_buffer *buf)                              \
	{                                                                                      \
		_name##_release(buf, buf->addr);                                               \
	}                                                                                      \
	static __always_inline u64 _name##_pairs_of(                                           \
		unsigned int form, const struct memlab_buffer *buf, gfp_t gfp, u64 count)      \
	{                                                                                      \
		u64 failures = 0;                                                              \
		void *object;                                                                  \
		while (count--) {                                                              \
			object = _name##_call(form, buf, gfp);                                 \
			if (likely(object))                                                    \
				_name##_release(buf, object);                                  \
			else                                                                   \
				failures++;                                                    \
		}                                                                              \
		return failures;                                                               \
	}                                                                                      \
	static u64 _name##_pairs(const struct memlab_buffer *buf, gfp_t gfp, u64 count)        \
	{                                                                                      \
		return MEMLAB_BY_FORM(memlab_form(buf), _name##_pairs_of, buf, gfp, count);    \
	}                                                                                      \
	static __always_inline u64 _name##_fill_of(unsigned int form,                          \
						   const struct memlab_buffer *buf, gfp_t gfp, \
						   void **objects, u64 count)                  \
	{                                                                                      \
		u64 failures = 0;                                                              \
		for (; count--; objects++) {                                                   \
			*objects = _name##_call(form, buf, gfp);                               \
			if (unlikely(!*objects))                                               \
				failures++;                                                    \
		}                                                                              \
		return failures;                                                               \
	}                                                                                      \
	static u64 _name##_fill(const struct memlab_buffer *buf, gfp_t gfp, void **objects,    \
				u64 count)                                                     \
	{                                                                                      \
		return MEMLAB_BY_FORM(memlab_form(buf), _name##_fill_of, buf, gfp, objects,    \
				      count);                                                  \
	}                                                                                      \
	static void _name##_drain(const struct memlab_buffer *buf, void **objects, u64 count)  \
	{                                                                                      \
		for (; count--; objects++)                                                     \
			if (likely(*objects))                                                  \
				_name##_release(buf, *objects);                                \
	}                                                                                      \
	static const struct memlab_loops _name##_loops = {                                     \
		.pairs = _name##_pairs,                                                        \
		.fill = _name##_fill,                                                          \
		.drain = _name##_drain,                                                        \
	}

#endif /* MEMLAB_LOOPS_H */
