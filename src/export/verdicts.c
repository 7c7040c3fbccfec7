/* SPDX-License-Identifier: Apache-2.0 */
#include "export/verdicts.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/srcfile.h"
#include "export/utf8.h"

struct report request_report(const struct export_request *r)
{
	return (struct report){
		.world = r->world,
		.moment = &r->world->now,
		.keep = r->keep,
		.system = r->system,
		.cpu_pct = r->cpu_pct,
		.detect = r->detect,
	};
}

static char *substituted(const struct export_request *r, const char *path)
{
	for (const char *const *sub = r->substitute; sub && *sub; sub++) {
		char *other = src_substitute(path, *sub);

		if (other)
			return other;
	}
	return xstrdup(path);
}

char *request_path(const struct export_request *r, const char *recorded)
{
	char *path = substituted(r, recorded), here[PATH_MAX], *relative;
	const char *rest = getcwd(here, sizeof(here)) && strcmp(here, "/") != 0
				   ? src_below(path, here, strlen(here))
				   : NULL;

	if (!rest || !*rest)
		return path;
	relative = xstrdup(rest);
	free(path);
	return relative;
}

/* --- annotations --- */

/* In values of properties , and : are escaped as well. */
static void put_escaped(FILE *out, const char *s, bool property)
{
	size_t n, len = strlen(s);

	for (; len; s += n, len -= n) {
		int32_t c = utf8_next(s, len, &n);

		if (c == '%' || c == '\r' || c == '\n' || (property && (c == ',' || c == ':')))
			fprintf(out, "%%%02X", (unsigned)c);
		else if (utf8_is_control(c) || (c == 0xfffd && n == 1))
			putc('?', out);
		else
			fwrite(s, 1, n, out);
	}
}

static void put_line(FILE *out, const char *before, const char *text)
{
	fputs("%0A", out);
	fputs(before, out);
	put_escaped(out, text, false);
}

static void annotate(const struct export_request *r, const struct finding *f, FILE *out)
{
	static const char *const words[SEVERITY_N] = { "notice", "warning", "error" };
	const struct strtab *s = &r->world->strings;
	char *path = request_path(r, strtab_get(s, f->file));

	fprintf(out, "::%s ", words[f->severity]);
	if (*path) {
		fputs("file=", out);
		put_escaped(out, path, true);
		putc(',', out);
		if (f->line)
			fprintf(out, "line=%" PRIu32 ",", f->line);
	}
	fprintf(out, "title=%s (%s)::", detector_table[f->detector].name,
		certainty_name((enum certainty)f->certainty));
	put_escaped(out, f->summary, false);
	for (size_t i = 0; i < f->evidence.n; i++)
		put_line(out, "- ", f->evidence.v[i]);
	if (*f->why)
		put_line(out, "not sure: ", f->why);
	put_line(out, "next: ", f->advice);
	putc('\n', out);
	free(path);
}

int github_export(struct export_request *r, FILE *out)
{
	struct report report = request_report(r);
	finding_order v = { 0 };

	report_findings(&report, &v);
	for (size_t i = 0; i < v.n; i++) {
		const struct finding *f = &r->detect->findings.v.v[v.v[i]];

		if (!f->known)
			annotate(r, f, out);
	}
	vec_free(&v);
	return ferror(out) ? -EIO : 0;
}

/* --- the baseline --- */

/* No longer than a line may be. */
static void put_known(const struct export_request *r, const struct finding *f, FILE *out)
{
	const struct strtab *s = &r->world->strings;
	const char *file = strrchr(strtab_get(s, f->file), '/');
	char *line = xasprintf("%016" PRIx64 " %s %s %s %s:%" PRIu32 " %s", f->id,
			       detector_table[f->detector].name,
			       severity_name((enum severity)f->severity), strtab_get(s, f->func),
			       file ? file + 1 : strtab_get(s, f->file), f->line, f->summary);

	if (strlen(line) > BASELINE_LINE / 4)
		line[BASELINE_LINE / 4] = '\0';
	report_put_safe(out, line);
	putc('\n', out);
	free(line);
}

int baseline_export(struct export_request *r, FILE *out)
{
	struct report report = request_report(r);
	finding_order v = { 0 };

	report_findings(&report, &v);
	fputs(BASELINE_HEAD
	      "\n# Findings that are known: --baseline marks them, and they count for no "
	      "--fail-on.\n",
	      out);
	for (size_t i = 0; i < v.n; i++)
		put_known(r, &r->detect->findings.v.v[v.v[i]], out);
	vec_free(&v);
	return ferror(out) ? -EIO : 0;
}
