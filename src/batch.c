/* SPDX-License-Identifier: Apache-2.0 */
#include "batch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analysis/filter.h"
#include "core/mem.h"
#include "core/sharedfile.h"
#include "export/formats.h"
#include "export/verdicts.h"
#include "ui/view.h"

/* Which rows pass the filter; the caller's to free. */
static bool *rows_kept(const struct world *w, struct filter *f)
{
	bool *keep = xcalloc(w->now.n + 1, sizeof(*keep));

	filter_all(f, w, &w->now, true, keep);
	return keep;
}

/* A time of the session; what begins with - counts from its end. */
static int parse_time(struct world *w, const char *s, int64_t *t, struct err *err)
{
	struct view v = { .world = w, .time = w->t_end };

	return s ? view_parse_time(&v, s, t, err) : 0;
}

int batch_span(const struct options *o, struct world *w, int64_t *t0, int64_t *t1, struct err *err)
{
	struct world some = { .t_end = INT64_MAX, .wall_ns = 1 };
	int rc;

	*t0 = T_BEFORE;
	*t1 = T_NEVER;
	rc = parse_time(w ? w : &some, o->from, t0, err);
	if (!rc)
		rc = parse_time(w ? w : &some, o->to, t1, err);
	if (rc || !w)
		return rc;
	if (*t0 > *t1)
		return err_set(err, -EINVAL, EXIT_USAGE, "--from %s is later than --to %s", o->from,
			       o->to);
	if (o->from && *t0 > w->t_end)
		return err_set(err, -EINVAL, EXIT_USAGE, "--from %s is after the session's end",
			       o->from);
	return 0;
}

/* --- files --- */

static bool is_file(const struct export_wish *x)
{
	return strcmp(x->file, "-") != 0;
}

static int cannot_write(const struct export_wish *x, int rc, struct err *err)
{
	return err_set(err, rc, EXIT_USAGE, "cannot write %s: %s", x->file, strerror(-rc));
}

static int file_open(struct batch_file *b, const struct export_wish *x, struct err *err)
{
	const int how = O_WRONLY | O_CREAT | O_CLOEXEC;
	int fd;

	if (!is_file(x) || b->f)
		return 0;
	fd = open(x->file, how | O_EXCL, 0666);
	b->made = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = sharedfile_open(x->file, how, 0666);
	if (fd < 0)
		return cannot_write(x, -errno, err);
	b->f = fdopen(fd, "w");
	if (b->f)
		return 0;
	close(fd);
	return cannot_write(x, -ENOMEM, err);
}

int batch_files_open(struct batch_files *b, const struct options *o, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < o->n_exports && !rc; i++)
		rc = file_open(&b->v[i], &o->exports[i], err);
	return rc;
}

void batch_files_close(struct batch_files *b, const struct options *o)
{
	for (size_t i = 0; i < o->n_exports; i++) {
		struct batch_file *one = &b->v[i];

		if (!one->f)
			continue;
		fclose(one->f);
		one->f = NULL;
		if (one->made && !one->written)
			unlink(o->exports[i].file);
	}
}

/* --- exports --- */

/* What the file held before goes now; a pipe or a device holds nothing. */
static int export_file(const struct export_wish *x, struct batch_file *b, struct export_request *r)
{
	int rc;

	b->written = true;
	if (ftruncate(fileno(b->f), 0) && errno != EINVAL)
		return -errno;
	rc = export_write(x->format, r, b->f);
	if (fclose(b->f) && !rc)
		rc = -errno;
	b->f = NULL;
	return rc;
}

static int print_export(const struct export_wish *x, struct batch_file *b, struct export_request *r,
			struct err *err)
{
	int rc = file_open(b, x, err);

	if (rc)
		return rc;
	rc = b->f ? export_file(x, b, r) : export_write(x->format, r, stdout);
	if (rc)
		return err_set(err, rc, EXIT_USAGE, "cannot write the export to %s: %s",
			       is_file(x) ? x->file : "standard output", strerror(-rc));
	return 0;
}

/* What is said of several alike is said once. */
static int print_exports(const struct options *o, struct batch_files *b, struct export_request *r,
			 struct err *err)
{
	const char *said = NULL;
	int rc = 0;

	for (size_t i = 0; i < o->n_exports && !rc; i++) {
		rc = print_export(&o->exports[i], &b->v[i], r, err);
		if (rc || !r->note || r->note == said)
			continue;
		said = r->note;
		fprintf(stderr, "bingo-top: %s\n", said);
	}
	return rc;
}

/* --- reports --- */

/* With an export there is a report only where it is asked for. */
static bool has_report(const struct options *o)
{
	return !o->n_exports || o->json;
}

static int print_report(const struct options *o, struct batch_files *b,
			const struct export_request *q)
{
	struct report r = request_report(q);

	if (b->reported && !o->json)
		putchar('\n');
	b->reported = true;
	if (o->json)
		report_json(&r, stdout);
	else
		report_text(&r, stdout);
	return fflush(stdout) || ferror(stdout) ? -EIO : 0;
}

/* What o wants of them; *keep is the caller's to free, also after an error. */
static int make_request(const struct options *o, struct world *w, const struct detect *d,
			double cpu_pct, struct export_request *r, bool **keep, struct err *err)
{
	struct err why = { 0 };
	struct filter *f;

	*r = (struct export_request){
		.world = w,
		.detect = d,
		.system = o->system,
		.t0 = T_BEFORE,
		.t1 = T_NEVER,
		.cpu_pct = cpu_pct,
		.fail_on = o->fail_on,
		.substitute = o->substitute,
		.baseline = d->findings.baseline,
	};
	*keep = NULL;
	if (!o->filter)
		return 0;
	f = filter_new(o->filter, &why);
	if (!f)
		return err_set(err, -EINVAL, EXIT_USAGE, "--filter %s: %s", o->filter, why.text);
	r->keep = *keep = rows_kept(w, f);
	filter_free(f);
	return 0;
}

static int report_failed(int rc, struct err *err)
{
	return rc ? err_set(err, rc, EXIT_USAGE, "cannot write the report to standard output") : 0;
}

int batch_print(const struct options *o, struct batch_files *b, struct world *w,
		const struct detect *d, double cpu_pct, bool last, struct err *err)
{
	struct export_request r;
	bool *keep;
	int rc = make_request(o, w, d, cpu_pct, &r, &keep, err);

	if (!rc && last)
		rc = batch_span(o, w, &r.t0, &r.t1, err);
	if (!rc && last)
		rc = print_exports(o, b, &r, err);
	if (!rc && has_report(o))
		rc = report_failed(print_report(o, b, &r), err);
	free(keep);
	return rc;
}

/* --- several programs --- */

int batch_shared_open(struct batch_files *b, const struct options *o, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < o->n_exports && !rc; i++) {
		const struct export_wish *x = &o->exports[i];

		if (x->format->join)
			rc = file_open(&b->v[i], x, err);
		else if (!is_file(x))
			rc = err_set(err, -EINVAL, EXIT_USAGE,
				     "--export %s of several programs cannot be one text: give it "
				     "a file's name",
				     x->format->name);
	}
	return rc;
}

static FILE *shared_out(struct batch_file *b)
{
	if (!b->f)
		return stdout;
	if (!b->written && ftruncate(fileno(b->f), 0) && errno != EINVAL)
		return NULL;
	b->written = true;
	return b->f;
}

static int put_part(const struct export_wish *x, struct batch_file *b, struct export_request *r)
{
	FILE *out = shared_out(b);

	return out ? export_part(x->format, r, b->parts++, out) : -errno;
}

char *batch_own_name(const char *file, const char *name)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	const char *dot = strchr(base, '.');
	size_t n = dot && dot > base ? (size_t)(dot - file) : strlen(file);

	return xasprintf("%.*s-%s%s", (int)n, file, name, file + n);
}

static int put_alone(const struct export_wish *x, struct export_request *r, const char *name,
		     struct err *err)
{
	char *file = batch_own_name(x->file, name);
	struct export_wish own = { x->format, file };
	struct batch_file b = { 0 };
	int rc = print_export(&own, &b, r, err);

	free(file);
	return rc;
}

int batch_part(const struct options *o, struct batch_files *b, struct world *w,
	       const struct detect *d, double cpu_pct, const char *name, struct err *err)
{
	struct export_request r;
	bool *keep;
	int rc = make_request(o, w, d, cpu_pct, &r, &keep, err);

	for (size_t i = 0; i < o->n_exports && !rc; i++) {
		const struct export_wish *x = &o->exports[i];

		if (!x->format->join)
			rc = put_alone(x, &r, name, err);
		else if ((rc = put_part(x, &b->v[i], &r)))
			cannot_write(x, rc, err);
	}
	if (!rc && o->json)
		rc = report_failed(print_report(o, b, &r), err);
	free(keep);
	return rc;
}

int batch_tail(const struct options *o, struct batch_files *b, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < o->n_exports && !rc; i++) {
		const struct export_wish *x = &o->exports[i];
		FILE *out;

		if (!x->format->join)
			continue;
		out = shared_out(&b->v[i]);
		rc = out ? export_tail(x->format, b->v[i].parts, out) : -errno;
		if (rc)
			cannot_write(x, rc, err);
	}
	return rc;
}
