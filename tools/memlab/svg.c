// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdlib.h>

#include "svg.h"

void svg_escape(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\t':
		case '\n':
			putc(' ', out);
			break;
		default:
			/* XML has no way to write other control characters. */
			putc((unsigned char)*text < ' ' ? '?' : *text, out);
		}
	}
}

void svg_attribute(FILE *out, const char *name, const char *text)
{
	fprintf(out, " %s=\"", name);
	svg_escape(out, text);
	putc('"', out);
}

void svg_number(FILE *out, const char *name, uint64_t number)
{
	fprintf(out, " %s=\"%" PRIu64 "\"", name, number);
}

void svg_text(FILE *out, const char *class, unsigned int x, unsigned int y, char *text)
{
	fputs("<text", out);
	svg_attribute(out, "class", class);
	svg_number(out, "x", x);
	svg_number(out, "y", y);
	putc('>', out);
	svg_escape(out, text);
	fputs("</text>\n", out);
	free(text);
}

void svg_rect(FILE *out, const char *class, struct svg_box box)
{
	fputs("<rect", out);
	svg_attribute(out, "class", class);
	svg_number(out, "x", box.x);
	svg_number(out, "y", box.y);
	svg_number(out, "width", box.width);
	svg_number(out, "height", box.height);
	fputs("/>\n", out);
}
