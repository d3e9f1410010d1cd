// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "report.h"
#include "svg.h"

/* Units of the drawing; one is a pixel, unless it is scaled. */
#define WIDTH	   720
#define HEIGHT	   440
#define LEFT	   96
#define RIGHT	   (WIDTH - 48)
#define TOP	   64
#define BOTTOM	   (HEIGHT - 68)
#define LETTER	   12
#define MARK	   6
#define MOST_SIZES 6

/* What the axes reach over, as logarithms. */
struct scale {
	double size_low, size_high;
	double time_low, time_high;
};

static struct scale scale_of(const struct chart_curve *curves, size_t count)
{
	struct scale scale = { INFINITY, -INFINITY, INFINITY, -INFINITY };

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < curves[i].count; j++) {
			const struct chart_point *point = &curves[i].points[j];

			scale.size_low = fmin(scale.size_low, log2((double)point->size));
			scale.size_high = fmax(scale.size_high, log2((double)point->size));
			scale.time_low = fmin(scale.time_low, log10(point->least));
			scale.time_high = fmax(scale.time_high, log10(point->most));
		}
	}
	/* What is flat, or is a single point, has room around it. */
	scale.time_low -= .08;
	scale.time_high += .08;
	if (scale.size_high - scale.size_low < 1) {
		scale.size_low -= .5;
		scale.size_high += .5;
	}
	return scale;
}

static unsigned int x_of(const struct scale *scale, uint64_t size)
{
	double part = (log2((double)size) - scale->size_low) / (scale->size_high - scale->size_low);

	return LEFT + (unsigned int)lround(part * (RIGHT - LEFT));
}

static unsigned int y_of(const struct scale *scale, double time)
{
	double part = (log10(time) - scale->time_low) / (scale->time_high - scale->time_low);

	return BOTTOM - (unsigned int)lround(part * (BOTTOM - TOP));
}

/* A round duration, @step times a power of ten of nanoseconds; for free(). */
static char *tick_text(unsigned int step, int power)
{
	static const char *const units[] = { "ns", "µs", "ms", "s" };
	static const unsigned int tens[] = { 1, 10, 100 };
	char text[DURATION_TEXT];

	if (power < 0 || power / 3 >= (int)ARRAY_SIZE(units))
		return text_format("%s", duration_text(text, step * pow(10, power)));
	return text_format("%u %s", step * tens[power % 3], units[power / 3]);
}

/* Lines across the chart at round durations: powers of ten, and if they are few, between. */
static void time_axis(FILE *out, const struct scale *scale)
{
	static const unsigned int steps[] = { 1, 2, 5 };
	bool few = scale->time_high - scale->time_low < 2.5;

	for (int power = (int)floor(scale->time_low); power <= scale->time_high; power++) {
		for (size_t i = 0; i < (few ? ARRAY_SIZE(steps) : 1); i++) {
			double time = steps[i] * pow(10, power), at = log10(time);
			unsigned int y;

			if (at < scale->time_low || at > scale->time_high)
				continue;
			y = y_of(scale, time);
			fprintf(out, "<path class=\"grid\" d=\"M%d %uH%d\"/>\n", LEFT, y, RIGHT);
			svg_text(out, "end", LEFT - 8, y + 7, tick_text(steps[i], power));
		}
	}
}

/* Those of the longest curve, or so many of them that labels do not touch. */
static void size_axis(FILE *out, const struct scale *scale, const struct chart_curve *curves,
		      size_t count)
{
	const struct chart_curve *longest = curves;
	size_t every;

	for (size_t i = 1; i < count; i++)
		if (curves[i].count > longest->count)
			longest = &curves[i];
	every = (longest->count + MOST_SIZES - 1) / MOST_SIZES;
	for (size_t i = 0; i < longest->count; i += every) {
		unsigned int x = x_of(scale, longest->points[i].size);
		char text[SIZE_TEXT];

		fprintf(out, "<path class=\"grid\" d=\"M%u %dV%d\"/>\n", x, TOP, BOTTOM);
		svg_text(out, "middle", x, BOTTOM + 28,
			 text_format("%s", size_text(text, longest->points[i].size)));
	}
	svg_text(out, "middle", (LEFT + RIGHT) / 2, HEIGHT - 10, text_format("size"));
}

/* Another shape for each curve. */
static void draw_mark(FILE *out, size_t curve, unsigned int x, unsigned int y)
{
	static const char *const shapes[] = {
		"m-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z",
		"m-6-6h12v12h-12z",
		"m0-8l8 14h-16z",
		"m0-8l8 8l-8 8l-8-8z",
		"m0 8l8-14h-16z",
		"m-8-3h16v6h-16z",
	};

	fprintf(out, "<path class=\"mark\" d=\"M%u %u%s\"/>\n", x, y,
		shapes[curve % ARRAY_SIZE(shapes)]);
}

static void curve_draw(FILE *out, const struct scale *scale, const struct chart_curve *curve,
		       size_t number)
{
	const struct chart_point *points = curve->points;

	fprintf(out, "<g class=\"curve c%zu\" data-points=\"%zu\"", number % CHART_MAX_CURVES,
		curve->count);
	svg_attribute(out, "data-name", curve->name);
	fputs(">\n<path class=\"band\" d=\"", out);
	for (size_t i = 0; i < curve->count; i++)
		fprintf(out, "%c%u %u", i ? 'L' : 'M', x_of(scale, points[i].size),
			y_of(scale, points[i].most));
	for (size_t i = curve->count; i-- > 0;)
		fprintf(out, "L%u %u", x_of(scale, points[i].size), y_of(scale, points[i].least));
	fputs("z\"/>\n<path class=\"line\" d=\"", out);
	for (size_t i = 0; i < curve->count; i++)
		fprintf(out, "%c%u %u", i ? 'L' : 'M', x_of(scale, points[i].size),
			y_of(scale, points[i].middle));
	fputs("\"/>\n", out);
	for (size_t i = 0; i < curve->count; i++)
		draw_mark(out, number, x_of(scale, points[i].size), y_of(scale, points[i].middle));
	fputs("</g>\n", out);
}

static void legend(FILE *out, const struct chart_curve *curves, size_t count)
{
	unsigned int x = LEFT + MARK;

	for (size_t i = 0; i < count; i++) {
		fprintf(out, "<g class=\"c%zu\">", i % CHART_MAX_CURVES);
		draw_mark(out, i, x, 28);
		fputs("</g>", out);
		svg_text(out, "name", x + 16, 35, text_format("%s", curves[i].name));
		x += 48 + LETTER * (unsigned int)strlen(curves[i].name);
	}
}

/* The picture in words, for those who do not see it. */
static void describe(FILE *out, const char *name, const char *title,
		     const struct chart_curve *curves, size_t count)
{
	fprintf(out, "<title id=\"%s-title\">", name);
	svg_escape(out, title);
	fprintf(out, "</title>\n<desc id=\"%s-desc\">", name);
	for (size_t i = 0; i < count; i++) {
		const struct chart_point *first = curves[i].points;
		const struct chart_point *last = first + curves[i].count - 1;
		char time[DURATION_TEXT], size[SIZE_TEXT];

		svg_escape(out, curves[i].name);
		fprintf(out, ": %s at %s", duration_text(time, first->middle),
			size_text(size, first->size));
		if (last != first)
			fprintf(out, ", %s at %s", duration_text(time, last->middle),
				size_text(size, last->size));
		fputs(". ", out);
	}
	fputs("</desc>\n", out);
}

void chart_svg(FILE *out, const char *name, const char *title, const struct chart_curve *curves,
	       size_t count)
{
	struct scale scale = scale_of(curves, count);

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"memlab-chart\" width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
		"aria-labelledby=\"%s-title %s-desc\">\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT, name, name);
	describe(out, name, title, curves, count);
	svg_rect(out, "back", (struct svg_box){ .width = WIDTH, .height = HEIGHT });
	time_axis(out, &scale);
	size_axis(out, &scale, curves, count);
	for (size_t i = 0; i < count; i++)
		curve_draw(out, &scale, &curves[i], i);
	legend(out, curves, count);
	fputs("</svg>\n", out);
}
