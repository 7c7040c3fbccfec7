/* SPDX-License-Identifier: Apache-2.0 */
#include "saver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "export/formats.h"
#include "owncost.h"
#include "ui/menu.h"
#include "ui/text.h"

const struct ui_choice *saver_choices(void)
{
	static struct ui_choice choices[MENU_MOST + 1];

	for (size_t i = 0; i < export_formats && i < MENU_MOST; i++)
		choices[i] = (struct ui_choice){ export_table[i].name, export_table[i].suffix,
						 export_table[i].about, export_table[i].over_time };
	return choices;
}

/* The session's past, until somebody leaves off: then no more events come of it. */
struct past {
	struct history history;
	struct history *whole;
	atomic_bool stop;
};

struct save {
	struct saver *saver;
	/*
	 * As it stands, with a past of its own: others who ask for the world's past meanwhile, on
	 * workers too, may still ask when this one has ended. What it points to is the world's.
	 */
	struct world world;
	struct past past;
	const struct export_format *format;
	struct export_request request;
	bool *keep; /* a copy: the view's changes while somebody types */
	char *file;
	FILE *out;
	int rc;
};

/* As whoever called us, where that is somebody else; a file that is there stays as it is. */
static int make_file(struct saver *s, const char *file)
{
	struct err unsaid = { 0 };
	int fd = helper_create(s->helper, file, &unsaid);

	if (fd >= 0 || fd == -EEXIST)
		return fd;
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	return fd < 0 ? -errno : fd;
}

struct past_sink {
	struct past *past;
	history_sink *sink;
	void *arg;
};

static bool take_event(void *arg, const struct event *ev)
{
	struct past_sink *s = arg;

	return !atomic_load(&s->past->stop) && s->sink(s->arg, ev);
}

static int past_query(struct history *h, const struct history_query *q, history_sink *sink,
		      void *arg)
{
	struct past *p = (struct past *)h;
	struct past_sink s = { p, sink, arg };
	int rc = atomic_load(&p->stop) ? 0 : p->whole->query(p->whole, q, take_event, &s);

	return atomic_load(&p->stop) ? -ECANCELED : rc;
}

static int past_states(struct history *h, int64_t t, int64_t *at, history_states *sink, void *arg)
{
	struct past *p = (struct past *)h;

	return p->whole->states(p->whole, t, at, sink, arg);
}

static void past_wrap(struct save *j, const struct world *w)
{
	j->world = *w;
	if (!w->history)
		return;
	j->past.history.query = past_query;
	j->past.history.states = w->history->states ? past_states : NULL;
	j->past.whole = w->history;
	j->world.history = &j->past.history;
}

static void save_free(struct save *j)
{
	free(j->keep);
	free(j->file);
	free(j);
}

static void save_work(void *arg)
{
	struct save *j = arg;

	j->rc = export_write(j->format, &j->request, j->out);
}

/* Ours, or of who called us, whose folder it may be: then he removes it. */
static void remove_file(struct save *j)
{
	struct stat open_one = { 0 }, named = { 0 };

	if (ftruncate(fileno(j->out), 0) || fstat(fileno(j->out), &open_one) ||
	    lstat(j->file, &named) || open_one.st_ino != named.st_ino ||
	    open_one.st_dev != named.st_dev)
		return;
	if (!helper_remove(j->saver->helper, j->file))
		unlink(j->file);
}

static void save_done(void *arg)
{
	struct save *j = arg;
	struct stat st = { 0 };
	char text[256], size[TEXT_SHORT];

	if (atomic_load(&j->past.stop))
		remove_file(j);
	fstat(fileno(j->out), &st);
	if (fclose(j->out) && !j->rc)
		j->rc = -errno;
	if (atomic_load(&j->past.stop))
		snprintf(text, sizeof(text), "%.150s was left unfinished, and is removed", j->file);
	else if (j->rc)
		snprintf(text, sizeof(text), "cannot write %.150s: %s", j->file, strerror(-j->rc));
	else
		snprintf(text, sizeof(text), "wrote %s, %s%s%s", j->file,
			 text_bytes(size, (uint64_t)st.st_size), j->request.note ? "; " : "",
			 j->request.note ? j->request.note : "");
	j->saver->busy = false;
	j->saver->save = NULL;
	j->saver->said(j->saver->arg, j->rc != 0, text);
	save_free(j);
}

static void save_what(struct save *j, struct view *v, const struct save_wish *x)
{
	const struct moment *m = view_moment(v);
	const bool *keep = v->filter ? view_keep(v, NULL) : NULL;
	size_t n = v->world->now.n;

	if (keep) {
		j->keep = xcalloc(n + 1, sizeof(*keep));
		memcpy(j->keep, keep, (m->n < n ? m->n : n) * sizeof(*keep));
	}
	j->request = (struct export_request){
		.world = &j->world,
		.moment = v->at_end ? NULL : m,
		.detect = v->detect,
		.keep = j->keep,
		.system = v->system,
		.t0 = x->t0,
		.t1 = x->t1,
		.cpu_pct = own_cpu_pct(j->saver->began),
		.fail_on = -1,
		.substitute = v->substitute,
		.baseline = v->detect ? v->detect->findings.baseline : NULL,
	};
}

static int refuse(struct err *err, int rc, const char *what, const char *why)
{
	return err_set(err, rc, EXIT_USAGE, "%.200s: %s", what, why);
}

int saver_write(struct saver *s, struct view *v, const struct save_wish *x, struct err *err)
{
	const struct export_format *f = export_find(x->format);
	const char *file = x->file;
	struct save *j;
	int fd;

	if (!f)
		return refuse(err, -EINVAL, x->format, "there is no such format");
	if (!f->over_time && (x->t0 != T_BEFORE || x->t1 != T_NEVER))
		return refuse(err, -EINVAL, x->format, "it is of one moment, not of a time");
	if (s->busy)
		return refuse(err, -EBUSY, file, "another export is still being written");
	fd = make_file(s, file);
	if (fd == -EEXIST)
		return refuse(err, fd, file, "there is such a file already; give another name");
	if (fd < 0)
		return refuse(err, fd, file, strerror(-fd));
	j = xcalloc(1, sizeof(*j));
	j->saver = s;
	j->format = f;
	j->file = xstrdup(file);
	j->out = fdopen(fd, "w");
	if (!j->out)
		die("out of memory");
	past_wrap(j, v->world);
	save_what(j, v, x);
	s->busy = true;
	s->save = j;
	if (f->over_time) {
		jobs_submit(s->jobs, save_work, save_done, j);
		return 0;
	}
	save_work(j);
	save_done(j);
	return 0;
}

const char *saver_file(const struct saver *s)
{
	return s->busy && s->save ? s->save->file : NULL;
}

void saver_stop(struct saver *s)
{
	if (s->busy && s->save)
		atomic_store(&s->save->past.stop, true);
}
