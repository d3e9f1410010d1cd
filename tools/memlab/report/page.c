// SPDX-License-Identifier: GPL-2.0-only
/* The page: its head and style, and the order of its sections. Nothing in it is fetched. */
#include <stdlib.h>

#include "chart.h"
#include "report.h"

static const char style[] =
	":root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--soft:#f3f5f7;--rule:#c9d0d8;"
	"--link:#0b5394;--good:#00664f;--bad:#a8071a;--open:#7a5200}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0 auto;max-width:62rem;padding:1rem;color:var(--ink);"
	"background:var(--paper);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}\n"
	"h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0}\n"
	"h2{margin:2.5rem 0 .5rem;padding-top:.5rem;border-top:2px solid var(--rule)}\n"
	"a{color:var(--link)}\n"
	"nav ul,.facts{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.4rem 1.2rem}\n"
	".facts{gap:.8rem}\n"
	".facts li{flex:1 1 11rem;background:var(--soft);border-radius:.5rem;padding:.8rem}\n"
	".facts b{display:block;font-size:1.5rem}\n"
	"code,pre{font:.9em ui-monospace,monospace}\n"
	"pre{background:var(--soft);padding:.8rem;border-radius:.5rem;white-space:pre-wrap}\n"
	"figure{margin:1rem 0}\n"
	"figcaption,.note{font-size:.9rem}\n"
	"svg{display:block}\n"
	"table{border-collapse:collapse;width:100%;margin:1rem 0;overflow-wrap:break-word}\n"
	"th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;"
	"border-bottom:1px solid var(--rule);font-weight:normal}\n"
	"thead th{font-weight:bold}\n"
	".stack th[scope=row]{font-weight:bold;white-space:nowrap}\n"
	".pairs th{width:16rem}\n"
	".numbers{width:auto;font-size:.95rem}\n"
	".numbers th,.numbers td{text-align:right;padding:.2rem .6rem;white-space:nowrap}\n"
	".claims td:nth-child(2){white-space:nowrap;font-weight:bold}\n"
	".holds{color:var(--good)}\n"
	".does-not-hold,.failed{color:var(--bad)}\n"
	".unknown,.missing{color:var(--open)}\n"
	"@media (max-width:44rem){\n"
	".stack thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;"
	"overflow:hidden}\n"
	".stack,.stack tbody,.stack tr,.stack th,.stack td,.pairs,.pairs tbody,.pairs tr,"
	".pairs th,.pairs td{display:block;width:auto}\n"
	".stack tr,.pairs tr{border-bottom:1px solid var(--rule);padding:.5rem 0}\n"
	".stack th,.stack td,.pairs th,.pairs td{border:0;padding:.1rem 0}\n"
	".pairs th{font-weight:bold}\n"
	".stack td::before{content:attr(data-label) \": \";font-weight:bold;"
	"color:var(--ink)}\n"
	".numbers{font-size:.75rem}\n"
	".numbers th,.numbers td{padding:.2rem .25rem}\n"
	"}\n"
	"@media screen and (prefers-color-scheme:dark){\n"
	":root{--ink:#e8eaed;--paper:#15171c;--soft:#23262d;--rule:#454b55;--link:#8ab4f8;"
	"--good:#5fd3a8;--bad:#ff9a9a;--open:#f0c060}\n"
	"}\n"
	"@media print{\n"
	"nav{display:none}\n"
	"body{max-width:none;padding:0;font-size:10pt}\n"
	"h2,h3{break-after:avoid}\n"
	"svg,tr,.facts li,.numbers{break-inside:avoid}\n"
	"svg{max-width:14cm!important}\n"
	"a{color:inherit}\n"
	".claims{font-size:8.5pt}\n"
	"}\n" CHART_STYLE;

static void head_write(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"generator\" content=\"memlab " MEMLAB_TOOL_VERSION "\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; img-src data:\">\n"
	      "<link rel=\"icon\" href=\"data:,\">\n<title>",
	      out);
	html_text(out, title);
	fputs("</title>\n<style>\n", out);
	fputs(style, out);
	fputs("</style>\n</head>\n<body>\n", out);
}

static void title_write(FILE *out, const struct report *report, const char *title)
{
	char date[32];
	struct tm tm;

	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&report->when, &tm));
	fputs("<header>\n<h1>", out);
	html_text(out, title);
	fprintf(out, "</h1>\n<p>Measured on <time datetime=\"%s\">%.10s at %.5s UTC</time>", date,
		date, date + 11);
	if (result_get_bool(report->machine, "virtual"))
		fputs(", in a virtual machine", out);
	fputs(".</p>\n<nav aria-label=\"Sections\"><ul>"
	      "<li><a href=\"#advice\">What to call</a></li>"
	      "<li><a href=\"#costs\">What it takes</a></li>"
	      "<li><a href=\"#layout\">Where the pages are</a></li>"
	      "<li><a href=\"#claims\">Claims</a></li>"
	      "<li><a href=\"#machine\">The machine</a></li>"
	      "<li><a href=\"#reproduce\">How to reproduce it</a></li></ul></nav>\n</header>\n",
	      out);
}

void page_write(FILE *out, const struct report *report)
{
	char *title = text_format("Kernel memory on Linux %s",
				  result_get_text(report->machine, "kernel"));

	head_write(out, title);
	title_write(out, report, title);
	fputs("<main>\n", out);
	summary_write(out, report);
	advice_write(out, report);
	costs_write(out, report);
	scenes_write(out, report);
	verdicts_write(out, report);
	machine_write(out, report);
	reproduce_write(out, report);
	fputs("</main>\n</body>\n</html>\n", out);
	free(title);
}
