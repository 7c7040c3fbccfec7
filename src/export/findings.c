/* SPDX-License-Identifier: Apache-2.0 */
/* The part of reports that says what is wrong. */
#include <inttypes.h>
#include <stdlib.h>

#include "analysis/baseline.h"
#include "export/json.h"
#include "export/report.h"

static void json_lists(struct json *j, const struct finding *f)
{
	jw_array(j, "goroutines");
	for (size_t i = 0; i < f->goid.n; i++)
		jw_uint(j, NULL, f->goid.v[i]);
	jw_end(j, ']');
	jw_uint(j, "count", f->n);
	jw_array(j, "objects");
	for (size_t i = 0; i < f->object.n; i++)
		jw_addr(j, NULL, f->object.v[i]);
	jw_end(j, ']');
}

static void json_location(struct json *j, const struct strtab *s, const struct finding *f)
{
	if (!f->func)
		return;
	jw_object(j, "location");
	jw_str(j, "function", strtab_get(s, f->func), strtab_len(s, f->func));
	jw_str(j, "file", strtab_get(s, f->file), strtab_len(s, f->file));
	jw_uint(j, "line", f->line);
	jw_end(j, '}');
}

/* Where a filter is on, one of its goroutines must pass. */
static bool is_shown(const struct report *r, const struct finding *f)
{
	for (size_t i = 0; r->keep && i < f->goid.n; i++) {
		uint32_t row = world_find(r->world, f->goid.v[i]);

		if (row < r->moment->n && r->keep[row])
			return true;
	}
	return !r->keep;
}

void report_findings(const struct report *r, finding_order *out)
{
	size_t n = 0;

	if (r->detect)
		findings_order(&r->detect->findings, false, out);
	for (size_t i = 0; i < out->n; i++)
		if (is_shown(r, &r->detect->findings.v.v[out->v[i]]))
			out->v[n++] = out->v[i];
	out->n = n;
}

static void json_finding(const struct report *r, struct json *j, const struct finding *f)
{
	char id[20];

	snprintf(id, sizeof(id), "%016" PRIx64, f->id);
	jw_object(j, NULL);
	jw_text(j, "id", id);
	jw_text(j, "detector", detector_table[f->detector].name);
	jw_text(j, "severity", severity_name((enum severity)f->severity));
	jw_text(j, "certainty", certainty_name((enum certainty)f->certainty));
	if (f->known)
		jw_bool(j, "known", true);
	json_lists(j, f);
	jw_text(j, "summary", f->summary);
	json_location(j, &r->world->strings, f);
	if (f->since != T_NEVER)
		jw_int(j, "since_ns", r->moment->time - (f->since == T_BEFORE ? 0 : f->since));
	jw_int(j, "first_ns", f->first);
	jw_int(j, "last_ns", f->last);
	jw_array(j, "evidence");
	for (size_t i = 0; i < f->evidence.n; i++)
		jw_text(j, NULL, f->evidence.v[i]);
	jw_end(j, ']');
	if (*f->why)
		jw_text(j, "not_sure_because", f->why);
	jw_text(j, "advice", f->advice);
	jw_end(j, '}');
}

void report_findings_json(const struct report *r, struct json *j)
{
	finding_order v = { 0 };

	jw_array(j, "findings");
	report_findings(r, &v);
	for (size_t i = 0; i < v.n; i++)
		json_finding(r, j, &r->detect->findings.v.v[v.v[i]]);
	jw_end(j, ']');
	vec_free(&v);
}

static void text_finding(const struct report *r, const struct finding *f, FILE *out)
{
	const struct strtab *s = &r->world->strings;
	char buf[32];

	fprintf(out, "\n%s%s %s, %s", f->known ? "known: " : "",
		severity_name((enum severity)f->severity), detector_table[f->detector].name,
		certainty_name((enum certainty)f->certainty));
	if (f->since != T_NEVER)
		fprintf(out, ", for %s%s", f->since == T_BEFORE ? "over " : "",
			report_duration(r->moment->time - (f->since == T_BEFORE ? 0 : f->since),
					buf, sizeof(buf)));
	fputs(": ", out);
	report_put_safe(out, f->summary);
	if (f->func) {
		fputs("\n      ", out);
		report_put_safe(out, strtab_get(s, f->func));
		fputs("  ", out);
		report_put_safe(out, strtab_get(s, f->file));
		fprintf(out, ":%" PRIu32, f->line);
	}
	for (size_t i = 0; i < f->evidence.n; i++) {
		fputs("\n    - ", out);
		report_put_safe(out, f->evidence.v[i]);
	}
	if (*f->why) {
		fputs("\n    not sure: ", out);
		report_put_safe(out, f->why);
	}
	fputs("\n    next: ", out);
	report_put_safe(out, f->advice);
	fputc('\n', out);
}

/* Of those that the baseline knows and that are not there any more. */
static void text_gone(const struct report *r, FILE *out)
{
	const struct findings *all = &r->detect->findings;
	const struct baseline *b = all->baseline;

	for (size_t i = 0; b && i < b->v.n; i++) {
		const struct finding *f = findings_get(all, b->v.v[i].id);

		if (f && f->present)
			continue;
		fprintf(out, "known, and not there now: %016" PRIx64 " ", b->v.v[i].id);
		report_put_safe(out, b->v.v[i].about);
		fputc('\n', out);
	}
}

static void text_counts(const struct report *r, const finding_order *v, FILE *out)
{
	unsigned n[SEVERITY_N] = { 0 }, known = 0;

	for (size_t i = 0; i < v->n; i++) {
		const struct finding *f = &r->detect->findings.v.v[v->v[i]];

		if (f->known)
			known++;
		else
			n[f->severity]++;
	}
	fputs("findings", out);
	for (int s = SEVERITY_N - 1; s >= 0; s--)
		fprintf(out, "  %s %u", severity_name((enum severity)s), n[s]);
	if (r->detect->findings.baseline)
		fprintf(out, "  known %u", known);
	fputc('\n', out);
	text_gone(r, out);
}

void report_findings_text(const struct report *r, FILE *out)
{
	finding_order v = { 0 };

	if (!r->detect)
		return;
	report_findings(r, &v);
	text_counts(r, &v, out);
	for (size_t i = 0; i < v.n; i++)
		text_finding(r, &r->detect->findings.v.v[v.v[i]], out);
	vec_free(&v);
}
