/* SPDX-License-Identifier: Apache-2.0 */
#include "exporter.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "export/dot.h"
#include "export/folded.h"
#include "export/jsonl.h"
#include "export/report.h"

const struct export_format export_formats[] = {
	{ "jsonl", "jsonl", "every event, a line each; --replay reads it back", true, true },
	{ "json", "json", "a report of this moment as JSON", false, false },
	{ "text", "txt", "a report of this moment as text", false, false },
	{ "dot", "dot", "who waits for whom, for Graphviz", true, false },
	{ "folded", "folded", "time on CPU by stack, for flame graphs", true, true },
	{ "folded-off", "off.folded", "time off CPU by reason and stack", true, true },
	{ NULL, NULL, NULL, false, false },
};

const struct export_format *export_format_named(const char *name)
{
	for (const struct export_format *f = export_formats; f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

static int write_report(const struct exporter *e, bool json, FILE *out)
{
	struct report r = {
		.world = e->world,
		.moment = e->moment,
		.keep = e->keep,
		.system = e->system,
		.cpu_pct = e->cpu_pct,
		.detect = e->detect,
	};

	if (json)
		report_json(&r, out);
	else
		report_text(&r, out);
	return fflush(out) || ferror(out) ? -EIO : 0;
}

static int write_folded(const struct exporter *e, enum profile_time time, bool *by_state, FILE *out)
{
	struct profile_choice c = {
		.time = time,
		.keep = e->keep,
		.n_keep = e->n_keep,
		.system = e->system && !e->filtered,
	};
	bool is;
	int rc = folded_export(e->world, &c, &is, out);

	if (by_state)
		*by_state = is && time == PROFILE_ON_CPU;
	return rc;
}

int exporter_write(const struct exporter *e, const struct export_format *f, bool *by_state,
		   FILE *out)
{
	if (by_state)
		*by_state = false;
	if (!strcmp(f->name, "json") || !strcmp(f->name, "text"))
		return write_report(e, f->name[0] == 'j', out);
	if (!strcmp(f->name, "dot"))
		return e->detect ? dot_export(&e->detect->graph, e->system, out) : -ENODATA;
	if (!strncmp(f->name, "folded", 6))
		return write_folded(e, f->name[6] ? PROFILE_OFF_CPU : PROFILE_ON_CPU, by_state,
				    out);
	return jsonl_export(e->world, T_BEFORE, T_NEVER, out);
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

double exporter_own_cpu(int64_t began)
{
	int64_t wall = clock_ns(CLOCK_MONOTONIC) - began;

	return wall > 0 ? 100.0 * (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / (double)wall : 0;
}
