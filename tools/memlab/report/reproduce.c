// SPDX-License-Identifier: GPL-2.0-only
/* How somebody else can measure the same. */
#include <inttypes.h>

#include "report.h"

void reproduce_write(FILE *out, const struct report *report)
{
	html_section(out, "reproduce", "How to reproduce it");
	fprintf(out,
		"<p>This page was made by memlab " MEMLAB_TOOL_VERSION ", with version %u of the "
		"driver's interface, as user %" PRIu64 ". All of it at once:</p>\n<pre>memlab "
		"report%s --time %u</pre>\n",
		memlab_dev_info_get_abi_version(report->info),
		result_get_uint(report->machine, "uid"), report->fragments ? "" : " --no-frag",
		report->milliseconds);
	fprintf(out,
		"<p>A part of it, with all that was measured:</p>\n<pre>"
		"memlab verify --verbose\n"
		"memlab bench --allocators kmalloc,vmalloc,kvmalloc,pages --time %u\n"
		"memlab bench --allocators kmalloc,vmalloc --sizes 4K..4M --pattern read "
		"--order shuffled --time %u\n"
		"memlab frag --order %d -- memlab try vmalloc %s\n"
		"memlab frag --order %d -- memlab try kmalloc %s\n"
		"memlab advise --size 64K --context atomic</pre>\n",
		report->milliseconds, report->milliseconds, SCENE_ORDER, "4M", SCENE_ORDER, "4M");
	fputs("<p>Times depend on the machine and on what else it does; ratios between allocators "
	      "less so. Where physical pages lie depends on what ran before.</p>\n",
	      out);
	html_section_end(out);
}
