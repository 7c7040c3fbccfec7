/* SPDX-License-Identifier: Apache-2.0 */
/* The lines at the top: what is looked at, its state, counts, what is missing. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ui/ui_impl.h"

enum { PIECES = 16, GAP = 2, LOAD_BAR = 20 };

/* What a header line is made of; where it is too narrow, the least important go. */
struct piece {
	char text[128];
	enum role role;
	unsigned attr;
	int rank; /* 0 stays longest */
	int w;
};

struct pieces {
	struct piece v[PIECES];
	int n;
};

static void add(struct pieces *p, int rank, enum role role, unsigned attr, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

static void add(struct pieces *p, int rank, enum role role, unsigned attr, const char *fmt, ...)
{
	struct piece *one = &p->v[p->n];
	va_list ap;

	if (p->n == PIECES)
		return;
	va_start(ap, fmt);
	vsnprintf(one->text, sizeof(one->text), fmt, ap);
	va_end(ap);
	one->rank = rank;
	one->role = role;
	one->attr = attr;
	one->w = text_width(one->text, strlen(one->text));
	p->n++;
}

static int pieces_width(const struct pieces *p)
{
	int w = 0;

	for (int i = 0; i < p->n; i++)
		w += p->v[i].w + (i ? GAP : 0);
	return w;
}

static void drop_least(struct pieces *p)
{
	int worst = 0;

	for (int i = 1; i < p->n; i++)
		if (p->v[i].rank >= p->v[worst].rank)
			worst = i;
	memmove(&p->v[worst], &p->v[worst + 1], (size_t)(--p->n - worst) * sizeof(*p->v));
}

static void draw_pieces(struct pieces *p, const struct region *r, int y)
{
	int x = 0;

	while (p->n > 1 && pieces_width(p) > r->w)
		drop_least(p);
	for (int i = 0; i < p->n; i++) {
		x += i ? GAP : 0;
		x += draw_cut(r, x, y, r->w - x, p->v[i].role, p->v[i].attr, p->v[i].text);
	}
}

/* --- line 1: what, its state, how many --- */

static void add_target(const struct world *w, struct pieces *p)
{
	const char *name = text_base(strtab_get(&w->strings, w->source_name));
	const char *go = strtab_get(&w->strings, w->go_version);

	add(p, 8, ROLE_HEADER, ATTR_BOLD, "bingo-top");
	if (w->live.pid)
		add(p, 2, ROLE_STRONG, 0, "%.60s[%d]", *name ? name : "process", w->live.pid);
	else if (*name)
		add(p, 2, ROLE_STRONG, 0, "%.60s", name);
	if (w->replay && w->replay != w->source_name)
		add(p, 6, ROLE_HEADER, 0, "in %.40s",
		    text_base(strtab_get(&w->strings, w->replay)));
	if (*go)
		add(p, 7, ROLE_HEADER, 0, "%s%.20s", *go == 'g' ? "" : "trace ", go);
}

static const char *time_text(const struct view *v, int64_t t, char buf[TEXT_SHORT])
{
	int64_t wall = v->world->wall_ns + t;
	time_t s = (time_t)(wall / 1000000000);
	struct tm tm;

	if (!v->live || !v->world->wall_ns)
		return text_moment(buf, t, (v->span.t1 - v->span.t0) / 10000);
	localtime_r(&s, &tm);
	snprintf(buf, TEXT_SHORT, "%02d:%02d:%02d.%d", tm.tm_hour, tm.tm_min, tm.tm_sec,
		 (int)(wall / 100000000 % 10));
	return buf;
}

static void add_live_state(const struct view *v, struct pieces *p, const char *mark)
{
	static const char *const names[] = { "LIVE", "LIVE", "STOPPED", "TRACED", "ENDED" };
	enum live_state s = v->world->live.state;
	char buf[TEXT_SHORT];

	if (v->paused)
		add(p, 0, ROLE_WARN, ATTR_BOLD, "PAUSED %s", time_text(v, v->time, buf));
	else if (!v->at_end)
		add(p, 0, ROLE_WARN, ATTR_BOLD, "PAST %s", time_text(v, v->time, buf));
	else
		add(p, 0, s > LIVE_RUNS ? ROLE_WARN : ROLE_GOOD, ATTR_BOLD, "%s %s %s", mark,
		    names[s], time_text(v, v->time, buf));
}

static void add_file_state(const struct ui *ui, struct pieces *p, const char *mark)
{
	const struct view *v = &ui->view;
	const struct progress *pr = &v->world->progress;
	char a[TEXT_SHORT], b[TEXT_SHORT];

	if (v->paused)
		add(p, 0, ROLE_WARN, ATTR_BOLD, "PAUSED");
	else if (ui_loading(ui) && pr->total)
		add(p, 0, ROLE_PROGRESS, ATTR_BOLD, "%s LOADING %d%%", mark,
		    (int)(100.0 * (double)pr->bytes / (double)pr->total));
	else if (ui_loading(ui))
		add(p, 0, ROLE_PROGRESS, ATTR_BOLD, "%s LOADING %s", mark,
		    text_bytes(a, pr->bytes));
	else
		add(p, 0, ROLE_GOOD, ATTR_BOLD, "%s %s", mark, ui->playing ? "PLAY" : "REPLAY");
	if (!v->world->t_end && !ui_loading(ui)) /* of one moment: a dump */
		return;
	add(p, 3, ROLE_TIME, 0, "%s of %s", time_text(v, v->time, a),
	    text_moment(b, v->world->t_end, (v->span.t1 - v->span.t0) / 10000));
}

static void add_count(struct pieces *p, int rank, enum role role, const char *name, uint64_t n)
{
	char buf[TEXT_SHORT];

	add(p, rank, role, 0, "%s %s", name, text_count(buf, n));
}

static void add_counts(const struct view *v, struct pieces *p)
{
	const uint64_t *n = view_moment(v)->count;

	add_count(p, 1, ROLE_STRONG, "G",
		  n[GS_RUNNING] + n[GS_RUNNABLE] + n[GS_BLOCKED] + n[GS_SYSCALL]);
	add_count(p, 4, ROLE_RUN, "run", n[GS_RUNNING]);
	add_count(p, 4, ROLE_READY, "rdy", n[GS_RUNNABLE]);
	add_count(p, 4, ROLE_BLOCKED, "blk", n[GS_BLOCKED]);
	add_count(p, 5, ROLE_SYSCALL, "sys", n[GS_SYSCALL]);
}

/* --- line 2: what is missing, how far reading is, the filter --- */

static int64_t chrome_time_left(const struct ui *ui)
{
	const struct progress *p = &ui->view.world->progress;
	int64_t took = ui->now - ui->load_began;
	double done = (double)p->bytes - (double)ui->load_bytes;

	if (!ui->load_bytes || took <= 0 || done <= 0 || p->total <= p->bytes)
		return -1;
	return (int64_t)((double)took * (double)(p->total - p->bytes) / done);
}

static void add_loading(const struct ui *ui, struct pieces *p)
{
	const struct progress *pr = &ui->view.world->progress;
	int64_t left = chrome_time_left(ui);
	char a[TEXT_SHORT], b[TEXT_SHORT], c[TEXT_SHORT];

	if (!pr->total) {
		add(p, 1, ROLE_PROGRESS, 0, "%s read", text_bytes(a, pr->bytes));
		return;
	}
	add(p, 1, ROLE_PROGRESS, 0, "%s of %s", text_bytes(a, pr->bytes), text_bytes(b, pr->total));
	if (left >= 0)
		add(p, 2, ROLE_PROGRESS, 0, "%s left", text_duration(c, left));
	if (ui->host.cancel_load)
		add(p, 3, ROLE_DIM, 0, "Esc stops");
}

/* Which exact events there are, how many a second, and what they cost the program. */
static void add_exact(const struct world *w, struct pieces *p)
{
	char buf[TEXT_SHORT];
	double rate = 0;

	for (int i = 0; i < LIVE_PROBE_GROUPS; i++)
		rate += w->live.probes[i].rate * w->live.probes[i].share;
	add(p, 4, ROLE_HEADER, 0, "cost %.1f%%", w->live.target_cost_pct);
	add(p, 6, ROLE_DIM, 0, "%.60s%s%s%s", strtab_get(&w->strings, w->live.exact),
	    rate >= 1 ? " " : "", rate >= 1 ? text_count(buf, (uint64_t)rate) : "",
	    rate >= 1 ? "/s" : "");
}

/* How far back one can go, and from when on event by event. */
static void add_past(const struct view *v, struct pieces *p)
{
	const struct live *l = &v->world->live;
	char a[TEXT_SHORT], b[TEXT_SHORT], c[TEXT_SHORT];
	int64_t end = v->world->t_end;

	if (!l->past_most || v->world->replay)
		return;
	text_bytes(c, l->past_bytes);
	if (v->world->ended_from > 0)
		add(p, 5, ROLE_HEADER, 0, "ended ones for %s",
		    text_duration(a, end - v->world->ended_from));
	if (l->past_events != T_NEVER && l->past_events > 0 && l->past_bytes > l->past_most / 2)
		add(p, 5, ROLE_HEADER, 0, "past %s, events %s, %s", text_duration(a, end),
		    text_duration(b, end - l->past_events), c);
	else
		add(p, 5, ROLE_HEADER, 0, "past %s %s", text_duration(a, end), c);
}

static void add_live_cost(const struct world *w, struct pieces *p)
{
	if (w->live.ended)
		add(p, 1, ROLE_WARN, 0, "%.100s", strtab_get(&w->strings, w->live.ended));
	if (!w->live.pid || w->replay)
		return;
	add(p, 3, ROLE_HEADER, 0, "self %.1f%%", w->live.cpu_pct);
	if (w->live.passes)
		add(p, 5, ROLE_DIM, 0, "%.1f passes/s", w->live.pass_hz);
	if (w->live.paused_ns)
		add(p, 6, ROLE_DIM, 0, "stopped %.1fms, %.2f at most",
		    (double)w->live.paused_ns / 1e6, (double)w->live.longest_pause_ns / 1e6);
	if (w->live.no_samples)
		add(p, 6, ROLE_DIM, 0, "no samples: %.80s",
		    strtab_get(&w->strings, w->live.no_samples));
	if (w->live.bpf)
		add(p, 7, ROLE_DIM, 0, "%.60s", strtab_get(&w->strings, w->live.bpf));
	if (w->live.exact)
		add_exact(w, p);
	if (!w->live.ended && w->live.note)
		add(p, 6, ROLE_WARN, 0, "%.100s", strtab_get(&w->strings, w->live.note));
}

static void add_record(const struct world *w, struct pieces *p)
{
	const struct record *r = &w->record;
	const char *text = strtab_get(&w->strings, r->text);
	char bytes[TEXT_SHORT], lost[TEXT_SHORT];

	switch (r->state) {
	case RECORD_NONE:
		return;
	case RECORD_ON:
		add(p, 2, r->lost ? ROLE_WARN : ROLE_GOOD, 0, "REC %s%s%s%s%.40s",
		    text_bytes(bytes, r->bytes), r->lost ? ", lost " : "",
		    r->lost ? text_count(lost, r->lost) : "", *text ? ": " : "", text);
		return;
	case RECORD_WATCHES:
		add(p, 2, ROLE_HEADER, 0, "REC waits for %.60s", text);
		return;
	case RECORD_OFF:
		add(p, 1, ROLE_WARN, ATTR_BOLD, "REC ended: %.80s", text);
		return;
	}
}

/* The gravest with the key that shows them, where no tab does. */
static void add_findings(const struct ui *ui, struct pieces *p)
{
	static const struct {
		const char *name;
		enum role role;
		int rank;
	} of[SEVERITY_N] = {
		[SEVERITY_INFO] = { "info", ROLE_INFO, 6 },
		[SEVERITY_WARNING] = { "warning", ROLE_WARN, 1 },
		[SEVERITY_ERROR] = { "error", ROLE_ERROR, 0 },
	};
	const uint32_t *n = ui->view.detect ? ui->view.detect->findings.count : NULL;
	const char *key = ui->layout.header < 2 || ui->layout.tabs >= 0 ? "" : ": key 5";

	for (int s = SEVERITY_N - 1; n && s >= 0; s--) {
		if (!n[s])
			continue;
		add(p, of[s].rank, of[s].role, s == SEVERITY_ERROR ? ATTR_BOLD : 0,
		    "%" PRIu32 " %s%s%s", n[s], of[s].name,
		    n[s] == 1 || s == SEVERITY_INFO ? "" : "s", key);
		key = "";
	}
}

static void add_filter(struct ui *ui, struct pieces *p)
{
	char buf[TEXT_SHORT];
	size_t matched;

	if (!ui->view.filter)
		return;
	view_keep(&ui->view, &matched);
	add(p, 0, ROLE_MATCH, 0, "filter: %.80s (%s)", filter_pattern(ui->view.filter),
	    text_count(buf, matched));
}

static void line_two(struct ui *ui, struct pieces *p)
{
	const struct world *w = ui->view.world;
	char buf[TEXT_SHORT];

	if (ui_loading(ui))
		add_loading(ui, p);
	add_findings(ui, p);
	if (w->progress.events)
		add(p, 6, ROLE_HEADER, 0, "%s events", text_count(buf, w->progress.events));
	add(p, w->progress.lost ? 0 : 4, w->progress.lost ? ROLE_ERROR : ROLE_DIM, 0, "lost %s",
	    text_count(buf, w->progress.lost));
	if (w->warning.n)
		add(p, 1, ROLE_WARN, 0, "%zu note%s: !", w->warning.n,
		    w->warning.n == 1 ? "" : "s");
	add_record(w, p);
	add_live_cost(w, p);
	add_past(&ui->view, p);
	if (ui->view.system)
		add(p, 5, ROLE_DIM, 0, "system shown");
	add_filter(ui, p);
}

/* How far reading is, along the whole of line 2. */
static void draw_progress(const struct ui *ui, const struct region *r, int y)
{
	const struct progress *p = &ui->view.world->progress;

	if (ui_loading(ui) && p->total && r->w >= LAYOUT_TABS_W)
		draw_bar(r, r->w - LOAD_BAR, y, LOAD_BAR, p->bytes, p->total, ROLE_PROGRESS);
}

void chrome_header(struct ui *ui, const struct region *r)
{
	struct pieces p = { .n = 0 };
	struct region left = *r;
	char mark[5] = "";

	mark[text_put(mark, sym_cp(SYM_STATE, r->grid->ascii))] = '\0';
	add_target(ui->view.world, &p);
	if (ui->view.live)
		add_live_state(&ui->view, &p, mark);
	else
		add_file_state(ui, &p, mark);
	add_counts(&ui->view, &p);
	if (ui->layout.header < 2) {
		add_findings(ui, &p);
		add_filter(ui, &p);
	}
	draw_pieces(&p, r, 0);
	if (ui->layout.header < 2)
		return;
	p.n = 0;
	if (ui_loading(ui) && r->w >= LAYOUT_TABS_W)
		left = region_sub(r, 0, 0, r->w - LOAD_BAR - GAP, r->h);
	line_two(ui, &p);
	draw_pieces(&p, &left, 1);
	draw_progress(ui, r, 1);
}
