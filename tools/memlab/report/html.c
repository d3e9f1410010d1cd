// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "svg.h"

void html_text(FILE *out, const char *text)
{
	svg_escape(out, text);
}

/* How many letters of @text a name has that ends in "()"; 0 if none begins here. */
static size_t function_length(const char *text)
{
	size_t length = 0;

	while (isalnum((unsigned char)text[length]) || text[length] == '_')
		length++;
	return length && !strncmp(text + length, "()", 2) ? length + 2 : 0;
}

void html_prose(FILE *out, const char *text)
{
	while (*text) {
		size_t length = function_length(text), rest = strcspn(text, " ") ?: 1;
		char *part;

		fputs(length ? "<code>" : "", out);
		part = text_format("%.*s", (int)(length ?: rest), text);
		html_text(out, part);
		fputs(length ? "</code>" : "", out);
		free(part);
		text += length ?: rest;
	}
}

void html_section(FILE *out, const char *id, const char *title)
{
	fprintf(out, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">", id,
		id, id);
	html_text(out, title);
	fputs("</h2>\n", out);
}

void html_section_end(FILE *out)
{
	fputs("</section>\n", out);
}
