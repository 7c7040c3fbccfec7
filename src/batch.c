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
#include "export/report.h"
#include "exporter.h"

/* Which rows pass the filter; the caller's to free. */
static bool *rows_kept(const struct world *w, struct filter *f, bool system)
{
	bool *keep = xcalloc(w->now.n + 1, sizeof(*keep));

	filter_all(f, w, &w->now, system, keep);
	return keep;
}

static int cannot_write(const struct options *o, int rc, struct err *err)
{
	return err_set(err, rc, EXIT_USAGE, "cannot write %s: %s", o->export_file, strerror(-rc));
}

static bool is_file(const struct options *o)
{
	return o->export_format && strcmp(o->export_file, "-") != 0;
}

int batch_file_open(struct batch_file *b, const struct options *o, struct err *err)
{
	const int how = O_WRONLY | O_CREAT | O_CLOEXEC;
	int fd;

	if (!is_file(o) || b->f)
		return 0;
	fd = open(o->export_file, how | O_EXCL, 0666);
	b->made = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(o->export_file, how, 0666);
	if (fd < 0)
		return cannot_write(o, -errno, err);
	b->f = fdopen(fd, "w");
	if (b->f)
		return 0;
	close(fd);
	return cannot_write(o, -ENOMEM, err);
}

void batch_file_close(struct batch_file *b, const struct options *o)
{
	if (!b->f)
		return;
	fclose(b->f);
	b->f = NULL;
	if (b->made && !b->written)
		unlink(o->export_file);
}

static int export_to(const struct options *o, struct world *w, const struct detect *d,
		     struct filter *f, FILE *out)
{
	bool *keep = rows_kept(w, f, o->system), by_state;
	struct exporter e = {
		.world = w,
		.moment = &w->now,
		.detect = d,
		.keep = keep,
		.n_keep = w->now.n,
		.system = o->system,
		.filtered = f != NULL,
	};
	int rc = exporter_write(&e, export_format_named(o->export_format), &by_state, out);

	if (by_state)
		fputs("bingo-top: there are no CPU samples here: the time is that in the running "
		      "state, by the stack last known\n",
		      stderr);
	free(keep);
	return rc;
}

/* What the file held before goes now; a pipe or a device holds nothing. */
static int export_file(const struct options *o, struct batch_file *b, struct world *w,
		       const struct detect *d, struct filter *f)
{
	int rc;

	b->written = true;
	if (ftruncate(fileno(b->f), 0) && errno != EINVAL)
		return -errno;
	rc = export_to(o, w, d, f, b->f);
	if (fclose(b->f) && !rc)
		rc = -errno;
	b->f = NULL;
	return rc;
}

static int print_export(const struct options *o, struct batch_file *b, struct world *w,
			const struct detect *d, struct filter *f, struct err *err)
{
	int rc = batch_file_open(b, o, err);

	if (rc)
		return rc;
	rc = b->f ? export_file(o, b, w, d, f) : export_to(o, w, d, f, stdout);
	if (rc)
		return err_set(err, rc, EXIT_USAGE, "cannot write the export to %s: %s",
			       is_file(o) ? o->export_file : "standard output", strerror(-rc));
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

int batch_print(const struct options *o, struct batch_file *b, struct world *w,
		const struct detect *d, double cpu_pct, bool last, struct err *err)
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
		rc = print_export(o, b, w, d, f, err);
	if (!rc && (!o->export_format || o->json)) {
		rc = print_report(o, w, d, f, cpu_pct);
		if (rc)
			err_set(err, rc, EXIT_USAGE, "cannot write the report to standard output");
	}
	filter_free(f);
	return rc;
}
