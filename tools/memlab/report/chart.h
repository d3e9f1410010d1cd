/* SPDX-License-Identifier: GPL-2.0-only */
/* A chart of durations against sizes, both on logarithmic axes, as SVG. */
#ifndef MEMLAB_CHART_H
#define MEMLAB_CHART_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* At a size, nanoseconds: what is drawn, and between what it was. */
struct chart_point {
	uint64_t size;
	double middle;
	double least;
	double most;
};

/* A line of the chart; sizes ascend. */
struct chart_curve {
	const char *name;
	struct chart_point *points;
	size_t count;
};

/* As many as there are colours. */
#define CHART_MAX_CURVES 6

/**
 * chart_svg() - draw curves
 * @out: gets one <svg> element of the class "memlab-chart", for HTML that has CHART_STYLE
 * @name: begins the ids in it
 * @title: what it shows, in words for those who do not see it
 * @curves: from 1 to CHART_MAX_CURVES, each of one point at least
 * @count: how many
 *
 * For programs, <g class="curve"> has data-name and data-points.
 */
void chart_svg(FILE *out, const char *name, const char *title, const struct chart_curve *curves,
	       size_t count);

/* The style of the charts of a page. Curves differ in the shape of their marks, too. */
#define CHART_STYLE                                                               \
	".memlab-chart{max-width:100%;height:auto;color:#1b1f24}\n"               \
	".memlab-chart text{fill:currentColor;font:20px system-ui,sans-serif}\n"  \
	".memlab-chart .middle{text-anchor:middle}\n"                             \
	".memlab-chart .end{text-anchor:end}\n"                                   \
	".memlab-chart .back{fill:#fff}\n"                                        \
	".memlab-chart .grid{stroke:currentColor;stroke-opacity:.18;fill:none}\n" \
	".memlab-chart .line{fill:none;stroke:var(--c);stroke-width:3}\n"         \
	".memlab-chart .band{fill:var(--c);fill-opacity:.2}\n"                    \
	".memlab-chart .mark{fill:var(--c)}\n"                                    \
	".memlab-chart .c0{--c:#0062a3}.memlab-chart .c1{--c:#c04a00}\n"          \
	".memlab-chart .c2{--c:#00664f}.memlab-chart .c3{--c:#7a1f4f}\n"          \
	".memlab-chart .c4{--c:#5b4fbf}.memlab-chart .c5{--c:#6b5a00}\n"          \
	"@media screen and (prefers-color-scheme:dark){\n"                        \
	".memlab-chart{color:#e8eaed}.memlab-chart .back{fill:#15171c}\n"         \
	".memlab-chart .c0{--c:#56b4e9}.memlab-chart .c1{--c:#ff9d4d}\n"          \
	".memlab-chart .c2{--c:#5fd3a8}.memlab-chart .c3{--c:#e59ac0}\n"          \
	".memlab-chart .c4{--c:#b3a9ff}.memlab-chart .c5{--c:#e6d45c}}\n"

#endif /* MEMLAB_CHART_H */
