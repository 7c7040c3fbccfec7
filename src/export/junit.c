/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "export/verdicts.h"
#include "export/xml.h"

const struct export_join junit_join = {
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", "", "</testsuites>\n"
};

struct junit {
	FILE *out;
	const struct export_request *r;
	const struct findings *all;
	finding_order v;
	int fail_on;
};

static bool is_failure(const struct junit *x, const struct finding *f)
{
	return !f->known && f->severity >= x->fail_on;
}

static bool any_of(const struct junit *x, unsigned detector)
{
	for (size_t i = 0; i < x->v.n; i++)
		if (x->all->v.v[x->v.v[i]].detector == detector)
			return true;
	return false;
}

static void put_body(struct junit *x, const struct finding *f)
{
	xml_text(x->out, f->summary);
	for (size_t i = 0; i < f->evidence.n; i++) {
		fputs("\n- ", x->out);
		xml_text(x->out, f->evidence.v[i]);
	}
	if (*f->why) {
		fputs("\nnot sure: ", x->out);
		xml_text(x->out, f->why);
	}
	fputs("\nnext: ", x->out);
	xml_text(x->out, f->advice);
}

static void put_outcome(struct junit *x, const struct finding *f)
{
	if (f->known)
		fputs("      <skipped message=\"known by the baseline\"/>\n", x->out);
	fputs(is_failure(x, f) ? "      <failure type=\"" : "      <system-out>", x->out);
	if (is_failure(x, f)) {
		fprintf(x->out, "%s, %s\" message=\"", severity_name((enum severity)f->severity),
			certainty_name((enum certainty)f->certainty));
		xml_text(x->out, f->summary);
		fputs("\">", x->out);
	}
	put_body(x, f);
	fputs(is_failure(x, f) ? "</failure>\n" : "</system-out>\n", x->out);
}

/* Its name is the same in the next run: of the place and the finding's id. */
static void put_case(struct junit *x, const struct finding *f)
{
	const struct strtab *s = &x->r->world->strings;
	char *path = request_path(x->r, strtab_get(s, f->file));

	fprintf(x->out, "    <testcase classname=\"bingo-top.%s\" name=\"",
		detector_table[f->detector].name);
	xml_text(x->out, strtab_get(s, f->func));
	fprintf(x->out, " [%016" PRIx64 "]\"", f->id);
	if (*path) {
		fputs(" file=\"", x->out);
		xml_text(x->out, path);
		fprintf(x->out, "\" line=\"%" PRIu32 "\"", f->line);
	}
	fputs(" time=\"0\">\n", x->out);
	put_outcome(x, f);
	fputs("    </testcase>\n", x->out);
	free(path);
}

static void put_passed(struct junit *x)
{
	for (unsigned i = 0; i < DETECT_N; i++)
		if (!any_of(x, i))
			fprintf(x->out,
				"    <testcase classname=\"bingo-top.%s\" name=\"none found\" "
				"time=\"0\"/>\n",
				detector_table[i].name);
}

static void put_suite(struct junit *x)
{
	size_t tests = x->v.n, failures = 0, skipped = 0;
	const struct world *w = x->r->world;

	for (size_t i = 0; i < x->v.n; i++) {
		const struct finding *f = &x->all->v.v[x->v.v[i]];

		failures += is_failure(x, f);
		skipped += f->known;
	}
	for (unsigned i = 0; i < DETECT_N; i++)
		tests += !any_of(x, i);
	fputs("  <testsuite name=\"bingo-top ", x->out);
	xml_text(x->out, strtab_get(&w->strings, w->source_name));
	fprintf(x->out,
		"\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.3f\">\n",
		tests, failures, skipped, (double)w->t_end / 1e9);
}

int junit_export(struct export_request *r, FILE *out)
{
	struct report report = request_report(r);
	struct junit x = {
		.out = out,
		.r = r,
		.all = r->detect ? &r->detect->findings : NULL,
		.fail_on = r->fail_on < 0 ? SEVERITY_WARNING : r->fail_on,
	};

	report_findings(&report, &x.v);
	put_suite(&x);
	for (size_t i = 0; i < x.v.n; i++)
		put_case(&x, &x.all->v.v[x.v.v[i]]);
	put_passed(&x);
	fputs("  </testsuite>\n", out);
	vec_free(&x.v);
	return ferror(out) ? -EIO : 0;
}
