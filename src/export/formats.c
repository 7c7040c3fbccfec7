/* SPDX-License-Identifier: Apache-2.0 */
#include "export/formats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "export/dot.h"
#include "export/folded.h"
#include "export/jsonl.h"
#include "export/perfetto.h"
#include "export/pprof.h"
#include "export/speedscope.h"
#include "export/svg.h"
#include "export/verdicts.h"

static int write_jsonl(struct export_request *r, FILE *out)
{
	return jsonl_export(r->world, r->t0, r->t1, out);
}

/* Findings are of the newest moment alone. */
static struct report report_then(const struct export_request *r)
{
	struct report report = request_report(r);

	if (r->moment) {
		report.moment = r->moment;
		report.detect = NULL;
	}
	return report;
}

static int write_json(struct export_request *r, FILE *out)
{
	struct report report = report_then(r);

	report_json(&report, out);
	return 0;
}

static int write_text(struct export_request *r, FILE *out)
{
	struct report report = report_then(r);

	report_text(&report, out);
	return 0;
}

static int write_dot(struct export_request *r, FILE *out)
{
	return r->detect ? dot_export(&r->detect->graph, r->system, out) : -ENODATA;
}

static int write_folded(struct export_request *r, FILE *out)
{
	return folded_export(r, PROFILE_ON_CPU, out);
}

static int write_folded_off(struct export_request *r, FILE *out)
{
	return folded_export(r, PROFILE_OFF_CPU, out);
}

static int write_svg(struct export_request *r, FILE *out)
{
	return svg_export(r, PROFILE_ON_CPU, out);
}

static int write_svg_off(struct export_request *r, FILE *out)
{
	return svg_export(r, PROFILE_OFF_CPU, out);
}

static const struct export_join lines = { "", "", "" };
static const struct export_join paragraphs = { "", "\n", "" };

const struct export_format export_table[] = {
	{ "jsonl", "jsonl", "every event, one a line; --replay reads it", true, NULL, write_jsonl },
	{ "json", "json", "the report as one JSON document", false, &lines, write_json },
	{ "text", "txt", "the report as text", false, &paragraphs, write_text },
	{ "folded", "folded", "time on CPU by stack, for flamegraph.pl, inferno", true, &lines,
	  write_folded },
	{ "folded-off", "folded", "time off CPU by reason and stack, the same way", true, &lines,
	  write_folded_off },
	{ "svg", "svg", "time on CPU as a flame graph to click and search in", true, NULL,
	  write_svg },
	{ "svg-off", "svg", "time off CPU by reason, the same way", true, NULL, write_svg_off },
	{ "speedscope", "speedscope.json", "time on and off CPU, for speedscope.app", true, NULL,
	  speedscope_export },
	{ "pprof", "pb.gz", "goroutines, time on and off CPU, contention, for go tool pprof", true,
	  NULL, pprof_export },
	{ "perfetto", "pftrace", "the timeline with who unblocked whom, for ui.perfetto.dev", true,
	  NULL, perfetto_export },
	{ "sarif", "sarif", "findings for code scanning", false, &sarif_join, sarif_export },
	{ "junit", "xml", "findings as a report of tests", false, &junit_join, junit_export },
	{ "github", "txt", "findings as annotations of GitHub's runners", false, &lines,
	  github_export },
	{ "baseline", "baseline", "findings that are known from now on, for --baseline", false,
	  &lines, baseline_export },
	{ "dot", "dot", "who waits for whom, for Graphviz", false, NULL, write_dot },
};
const size_t export_formats = ARRAY_SIZE(export_table);

const struct export_format *export_find(const char *name)
{
	for (size_t i = 0; i < export_formats; i++)
		if (!strcmp(name, export_table[i].name))
			return &export_table[i];
	return NULL;
}

static int flush(FILE *out)
{
	errno = 0;
	if (!fflush(out) && !ferror(out))
		return 0;
	if (!errno) { /* what went wrong on the way is forgotten by now: another byte tells it once more */
		clearerr(out);
		putc('\n', out);
		fflush(out);
	}
	return -(errno ? errno : EIO);
}

static int write_part(const struct export_format *f, struct export_request *r, FILE *out)
{
	r->note = NULL;
	if (!f->over_time && (r->t0 != T_BEFORE || r->t1 != T_NEVER))
		return -EINVAL;
	return f->write(r, out);
}

int export_write(const struct export_format *f, struct export_request *r, FILE *out)
{
	int rc;

	if (f->join)
		fputs(f->join->head, out);
	rc = write_part(f, r, out);
	if (!rc && f->join)
		fputs(f->join->tail, out);
	return rc ? rc : flush(out);
}

int export_part(const struct export_format *f, struct export_request *r, size_t n, FILE *out)
{
	int rc;

	fputs(n ? f->join->between : f->join->head, out);
	rc = write_part(f, r, out);
	return rc ? rc : flush(out);
}

int export_tail(const struct export_format *f, size_t n, FILE *out)
{
	if (!n)
		fputs(f->join->head, out);
	fputs(f->join->tail, out);
	return flush(out);
}

bool *export_rows(const struct export_request *r)
{
	const struct world *w = r->world;
	bool *keep = xcalloc(w->now.n + 1, sizeof(*keep));

	for (size_t row = 0; row < w->now.n; row++)
		keep[row] = (!r->keep || r->keep[row]) && (r->system || !w->key.v[row].system);
	return keep;
}
