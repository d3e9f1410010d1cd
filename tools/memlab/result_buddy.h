/* SPDX-License-Identifier: GPL-2.0-only */
/* The page allocator's free blocks: to JSON, and from there to a table. */
#ifndef MEMLAB_RESULT_BUDDY_H
#define MEMLAB_RESULT_BUDDY_H

struct json_object;

/**
 * result_buddy() - what is free now
 *
 * Return: an object with "free" (bytes in all zones), "largest_order" (of the blocks that
 * a request gets, or null) and "zones", objects with "node", "zone", "free" and "blocks",
 * an array of the numbers of free blocks by order.
 */
struct json_object *result_buddy(void);

/**
 * buddy_rows() - rows for buddy_table()
 * @rows: array to add them to
 * @buddy: as result_buddy() gives it
 * @when: a word that goes before each row
 */
void buddy_rows(struct json_object *rows, struct json_object *buddy, const char *when);

/**
 * buddy_table() - print a table
 * @rows: by buddy_rows()
 */
void buddy_table(struct json_object *rows);

#endif /* MEMLAB_RESULT_BUDDY_H */
