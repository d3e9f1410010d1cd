/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing SVG: elements of whole numbers and of text, which is escaped. */
#ifndef MEMLAB_SVG_H
#define MEMLAB_SVG_H

#include <stdint.h>
#include <stdio.h>

/* A rectangle in units of the drawing. */
struct svg_box {
	unsigned int x;
	unsigned int y;
	unsigned int width;
	unsigned int height;
};

/* Text of any origin, as content of an element or as value of an attribute. */
void svg_escape(FILE *out, const char *text);

/* An attribute of the element that is being written, with a blank before it. */
void svg_attribute(FILE *out, const char *name, const char *text);
void svg_number(FILE *out, const char *name, uint64_t number);

/* A line of text at a point, @x being where its CSS class aligns it. Takes @text. */
void svg_text(FILE *out, const char *class, unsigned int x, unsigned int y, char *text);

void svg_rect(FILE *out, const char *class, struct svg_box box);

#endif /* MEMLAB_SVG_H */
