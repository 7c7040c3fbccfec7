/* SPDX-License-Identifier: Apache-2.0 */
#include "batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/filter.h"
#include "core/mem.h"
#include "export/dot.h"
#include "export/folded.h"
#include "export/jsonl.h"
#include "export/report.h"

/* Which rows pass the filter; the caller's to free. */
static bool *rows_kept(const struct world *w, struct filter *f, bool system)
{
	bool *keep = xcalloc(w->now.n + 1, sizeof(*keep));

	filter_all(f, w, &w->now, system, keep);
	return keep;
}

static int print_folded(const struct options *o, struct world *w, struct filter *f,
			enum profile_time time, FILE *out)
{
	bool *keep = rows_kept(w, f, o->system), by_state;
	struct profile_choice c = {
		.time = time,
		.keep = keep,
		.n_keep = w->now.n,
		.system = o->system && !f,
	};
	int rc = folded_export(w, &c, &by_state, out);

	if (by_state && time == PROFILE_ON_CPU)
		fputs("bingo-top: there are no CPU samples here: the time is that in the running "
		      "state, by the stack last known\n",
		      stderr);
	free(keep);
	return rc;
}

static int print_export(const struct options *o, struct world *w, const struct detect *d,
			struct filter *f, struct err *err)
{
	bool own = strcmp(o->export_file, "-") != 0;
	FILE *out = own ? fopen(o->export_file, "we") : stdout;
	int rc;

	if (!out)
		return err_set(err, -errno, EXIT_USAGE, "cannot write %s: %s", o->export_file,
			       strerror(errno));
	if (!strcmp(o->export_format, "dot"))
		rc = dot_export(&d->graph, o->system, out);
	else if (!strcmp(o->export_format, "folded"))
		rc = print_folded(o, w, f, PROFILE_ON_CPU, out);
	else if (!strcmp(o->export_format, "folded-off"))
		rc = print_folded(o, w, f, PROFILE_OFF_CPU, out);
	else
		rc = jsonl_export(w, T_BEFORE, T_NEVER, out);
	if (own && fclose(out) && !rc)
		rc = -errno;
	if (rc)
		return err_set(err, rc, EXIT_USAGE, "cannot write the export to %s: %s",
			       own ? o->export_file : "standard output", strerror(-rc));
	return 0;
}

static int print_report(const struct options *o, struct world *w, const struct detect *d,
			struct filter *f, double cpu_pct)
{
	bool *keep = NULL;
	struct report r = {
		.world = w,
		.moment = &w->now,
		.system = o->system,
		.cpu_pct = cpu_pct,
		.detect = d,
	};

	if (f)
		r.keep = keep = rows_kept(w, f, true);
	if (o->json)
		report_json(&r, stdout);
	else
		report_text(&r, stdout);
	free(keep);
	return fflush(stdout) || ferror(stdout) ? -EIO : 0;
}

int batch_print(const struct options *o, struct world *w, const struct detect *d, double cpu_pct,
		bool last, struct err *err)
{
	struct filter *f = NULL;
	int rc = 0;

	if (o->filter) {
		struct err why = { 0 };

		f = filter_new(o->filter, &why);
		if (!f)
			return err_set(err, -EINVAL, EXIT_USAGE, "--filter %s: %s", o->filter,
				       why.text);
	}
	if (o->export_format && last)
		rc = print_export(o, w, d, f, err);
	if (!rc && (!o->export_format || o->json)) {
		rc = print_report(o, w, d, f, cpu_pct);
		if (rc)
			err_set(err, rc, EXIT_USAGE, "cannot write the report to standard output");
	}
	filter_free(f);
	return rc;
}
