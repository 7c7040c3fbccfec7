/* SPDX-License-Identifier: Apache-2.0 */
#include "export/perfetto.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analysis/profile.h"
#include "core/moment.h"
#include "export/perfetto_out.h"
#include "export/stacks.h"

/* Tracks that hold others. */
enum {
	TRACK_ROOT = 1,
	TRACK_PROCS,
	TRACK_RUNTIME,
	TRACK_TASKS,
	TRACK_COUNTERS,
	TRACK_GOROUTINES,
	TRACKS_OWN
};

/* Numbers of the others, small ones: each event has one. */
enum track_kind { OF_G, OF_P, OF_LANE, TRACK_KINDS };
static uint64_t uuid(enum track_kind kind, uint32_t i)
{
	return TRACKS_OWN + (uint64_t)i * TRACK_KINDS + kind;
}

#define NO_INDEX UINT32_MAX

struct pgor {
	uint64_t goid;
	uint64_t p; /* on whose track it stands as running; NO_ID: on none */
	uint32_t stack;
	uint32_t name; /* string id: "main.worker"; 0: not known */
	uint8_t state, reason;
	bool shown;
	bool named; /* its track is */
	bool open; /* a slice is */
};

struct pproc {
	uint64_t id;
	uint32_t g; /* index of who runs on it; NO_INDEX: nobody, or nobody shown */
};

/* A track of its own for what may overlap with other things. */
struct lane {
	uint64_t open; /* slices */
};

struct perfetto {
	struct pf_out o;
	struct world *w;
	const bool *keep;
	size_t n_keep;
	bool live;
	int64_t t0; /* what is open at the begin begins here */
	VEC(struct pgor) g;
	VEC(struct pproc) proc;
	VEC(struct lane) lane;
	struct map64 by_goid, by_proc, by_lane; /* by_lane: string id of what it is → index */
	uint64_t flows;
	bool groups[TRACK_GOROUTINES + 1];
};

/* --- tracks --- */

static void name_group(struct perfetto *x, int group)
{
	static const char *const names[] = {
		[TRACK_PROCS] = "Processors",	   [TRACK_RUNTIME] = "Runtime",
		[TRACK_TASKS] = "Tasks",	   [TRACK_COUNTERS] = "Counters",
		[TRACK_GOROUTINES] = "Goroutines",
	};

	if (x->groups[group])
		return;
	x->groups[group] = true;
	pf_track(&x->o, &(struct pf_track){ .uuid = (uint64_t)group,
					    .parent = TRACK_ROOT,
					    .name = names[group],
					    .rank = (uint32_t)group });
}

static void name_root(struct perfetto *x)
{
	pf_track(&x->o, &(struct pf_track){ .uuid = TRACK_ROOT,
					    .name = strtab_get(&x->w->strings, x->w->source_name),
					    .pid = x->w->live.pid });
}

static uint64_t g_track(struct perfetto *x, uint32_t i)
{
	struct pgor *g = &x->g.v[i];
	char *name;

	if (g->named)
		return uuid(OF_G, i);
	g->named = true;
	name_group(x, TRACK_GOROUTINES);
	name = xasprintf("G %" PRIu64 " %s", g->goid, strtab_get(&x->w->strings, g->name));
	pf_track(&x->o, &(struct pf_track){ .uuid = uuid(OF_G, i),
					    .parent = TRACK_GOROUTINES,
					    .name = name,
					    .rank = i });
	free(name);
	return uuid(OF_G, i);
}

static uint32_t proc_index(struct perfetto *x, uint64_t id)
{
	uint32_t i = map64_get(&x->by_proc, id);
	char name[32];

	if (i != UINT32_MAX)
		return i;
	i = (uint32_t)x->proc.n;
	map64_put(&x->by_proc, id, i);
	*vec_push(&x->proc) = (struct pproc){ .id = id, .g = NO_INDEX };
	name_group(x, TRACK_PROCS);
	snprintf(name, sizeof(name), "P %" PRIu64, id);
	pf_track(&x->o, &(struct pf_track){ .uuid = uuid(OF_P, i),
					    .parent = TRACK_PROCS,
					    .name = name,
					    .rank = (uint32_t)id });
	return i;
}

/* what: says which. Where it is not there, it is made; of name NULL it is NO_INDEX then. */
static uint32_t lane_index(struct perfetto *x, char *what, uint64_t parent, const char *name,
			   bool counter)
{
	uint32_t id = words_str(&x->o.words, what), i = map64_get(&x->by_lane, id);

	free(what);
	if (i != UINT32_MAX || !name)
		return i;
	i = (uint32_t)x->lane.n;
	map64_put(&x->by_lane, id, i);
	*vec_push(&x->lane) = (struct lane){ 0 };
	pf_track(&x->o, &(struct pf_track){ .uuid = uuid(OF_LANE, i),
					    .parent = parent,
					    .name = name,
					    .rank = i,
					    .counter = counter });
	return i;
}

/* --- goroutines --- */

static bool is_shown(const struct perfetto *x, uint32_t row)
{
	return row < x->n_keep && x->keep[row];
}

static uint32_t g_new(struct perfetto *x, uint64_t goid, uint32_t row)
{
	const struct frame *f = row == NO_G ? NULL : world_entry_frame(x->w, row);

	*vec_push(&x->g) = (struct pgor){
		.goid = goid,
		.p = NO_ID,
		.name = f ? f->func : 0,
		.shown = is_shown(x, row),
	};
	map64_put(&x->by_goid, goid, (uint32_t)x->g.n - 1);
	return (uint32_t)x->g.n - 1;
}

static void slice_end(struct perfetto *x, uint64_t track, int64_t t)
{
	pf_event(&x->o, t, track, PF_END);
	pf_event_end(&x->o);
}

static void proc_leave(struct perfetto *x, uint32_t proc, int64_t t)
{
	struct pproc *p = &x->proc.v[proc];

	if (p->g == NO_INDEX)
		return;
	x->g.v[p->g].p = NO_ID;
	p->g = NO_INDEX;
	slice_end(x, uuid(OF_P, proc), t);
}

static void proc_enter(struct perfetto *x, uint64_t id, uint32_t i, int64_t t)
{
	uint32_t proc = proc_index(x, id);
	struct pgor *g = &x->g.v[i];

	proc_leave(x, proc, t);
	if (!g->shown)
		return;
	x->proc.v[proc].g = i;
	g->p = id;
	pf_event(&x->o, t, uuid(OF_P, proc), PF_BEGIN);
	pf_name(&x->o, "processor", g->name ? g->name : pf_word(&x->o, "goroutine"));
	pf_number(&x->o, "goroutine", g->goid);
	pf_event_end(&x->o);
}

/* Its state ends. */
static void g_close(struct perfetto *x, uint32_t i, int64_t t)
{
	struct pgor *g = &x->g.v[i];

	if (g->p != NO_ID)
		proc_leave(x, proc_index(x, g->p), t);
	if (!g->open)
		return;
	g->open = false;
	slice_end(x, uuid(OF_G, i), t);
}

/* ev: by which it is so; NULL: it was so before. flow: that ends here, 0: none. */
static void g_open(struct perfetto *x, uint32_t i, int64_t t, const struct event *ev, uint64_t flow)
{
	unsigned kind = profile_kind_of(x->g.v[i].state, x->g.v[i].reason);

	if (ev && x->g.v[i].state == GS_RUNNING && ev->p != NO_ID)
		proc_enter(x, ev->p, i, t);
	if (!x->g.v[i].shown || kind >= PROFILE_KINDS)
		return;
	pf_event(&x->o, t, g_track(x, i), PF_BEGIN);
	pf_name(&x->o, "goroutine", pf_word(&x->o, profile_kind_name(kind)));
	pf_stack(&x->o, x->g.v[i].stack);
	if (ev && ev->flags & EVF_SAMPLED)
		pf_number(&x->o, "sampled_since_ns", ev->value);
	if (flow)
		pf_flow(&x->o, flow, true);
	pf_event_end(&x->o);
	x->g.v[i].open = true;
}

static void g_take(struct perfetto *x, uint32_t row, uint8_t state, uint8_t reason, uint32_t stack)
{
	uint32_t i;

	if (state == GS_NONE || state == GS_DEAD)
		return;
	i = g_new(x, x->w->key.v[row].goid, row);
	x->g.v[i].state = state;
	x->g.v[i].reason = reason;
	x->g.v[i].stack = stack;
	g_open(x, i, x->t0, NULL, 0);
}

/* Who makes a goroutine, or makes it ready: the flow's number; 0: nobody shown. */
static uint64_t flow_from_peer(struct perfetto *x, const struct event *ev, uint32_t to)
{
	uint32_t i = ev->peer ? map64_get(&x->by_goid, ev->peer) : UINT32_MAX;
	bool made = ev->kind == EV_CREATE;

	if (i == UINT32_MAX || !x->g.v[i].shown || !x->g.v[to].shown)
		return 0;
	pf_event(&x->o, ev->time, g_track(x, i), PF_INSTANT);
	pf_name(&x->o, "goroutine", pf_word(&x->o, made ? "create" : "unblock"));
	pf_number(&x->o, "goroutine", ev->g);
	pf_stack(&x->o, ev->stack);
	pf_flow(&x->o, ++x->flows, false);
	pf_event_end(&x->o);
	return x->flows;
}

static uint32_t g_of(struct perfetto *x, const struct event *ev)
{
	uint32_t i = ev->kind == EV_CREATE ? UINT32_MAX : map64_get(&x->by_goid, ev->g);

	if (i == UINT32_MAX)
		i = g_new(x, ev->g, world_find_at(x->w, ev->g, ev->time));
	return i;
}

static void on_state(struct perfetto *x, const struct event *ev)
{
	uint32_t i = g_of(x, ev), stack = x->g.v[i].stack;
	bool first = x->g.v[i].state == GS_NONE;
	uint8_t state = x->g.v[i].state;
	enum change change = event_change(ev, x->live, &state, &stack);
	uint64_t flow = 0;
	int64_t t = ev->time;

	x->g.v[i].stack = stack;
	if (change != CHANGE_STATE)
		return;
	if (first && ev->kind == EV_STATUS) /* it was so before it was told */
		t = x->t0;
	g_close(x, i, t);
	x->g.v[i].state = state;
	x->g.v[i].reason = ev->reason;
	if (ev->kind == EV_CREATE || ev->kind == EV_UNBLOCK)
		flow = flow_from_peer(x, ev, i);
	g_open(x, i, t, ev, flow);
}

/* --- the rest --- */

static void lane_begin(struct perfetto *x, uint32_t lane, const char *category,
		       const struct event *ev, int64_t t)
{
	pf_event(&x->o, t, uuid(OF_LANE, lane), PF_BEGIN);
	pf_name(&x->o, category, ev->text);
	if (ev->object)
		pf_number(&x->o, "task", ev->object);
	pf_stack(&x->o, ev->stack);
	pf_event_end(&x->o);
	x->lane.v[lane].open++;
}

static void lane_end(struct perfetto *x, uint32_t lane, int64_t t)
{
	if (lane == NO_INDEX || !x->lane.v[lane].open)
		return;
	x->lane.v[lane].open--;
	slice_end(x, uuid(OF_LANE, lane), t);
}

/* Of the whole program, of a processor, of a goroutine. */
static void on_range(struct perfetto *x, const struct event *ev)
{
	const char *text = strtab_get(&x->w->strings, ev->text);
	bool of_g = ev->flags & EVF_SCOPE_G, of_p = !of_g && ev->p != NO_ID;
	uint64_t parent = TRACK_RUNTIME, id = of_g ? ev->g : of_p ? ev->p : 0;
	uint32_t lane;

	if (of_g && ev->g) {
		uint32_t i = g_of(x, ev);

		if (!x->g.v[i].shown)
			return;
		parent = g_track(x, i);
	} else if (of_p) {
		parent = uuid(OF_P, proc_index(x, ev->p));
	} else {
		name_group(x, TRACK_RUNTIME);
	}
	lane = lane_index(x, xasprintf("%c/%" PRIu64 "/%s", "rpg"[of_g ? 2 : of_p], id, text),
			  parent, ev->kind == EV_RANGE_END ? NULL : text, false);
	if (ev->kind == EV_RANGE_END)
		lane_end(x, lane, ev->time);
	else
		lane_begin(x, lane, "runtime", ev, ev->kind == EV_RANGE_ACTIVE ? x->t0 : ev->time);
}

/* Tracks of the same name are shown as one, in as many rows as overlap. */
static void on_task(struct perfetto *x, const struct event *ev)
{
	const char *name = ev->text ? strtab_get(&x->w->strings, ev->text) : "task";
	bool begins = ev->kind == EV_TASK_BEGIN;
	uint32_t lane;

	name_group(x, TRACK_TASKS);
	lane = lane_index(x, xasprintf("t/%" PRIu64, ev->object), TRACK_TASKS, begins ? name : NULL,
			  false);
	if (begins)
		lane_begin(x, lane, "user", ev, ev->time);
	else
		lane_end(x, lane, ev->time);
}

static void on_region(struct perfetto *x, const struct event *ev)
{
	bool begins = ev->kind == EV_REGION_BEGIN;
	uint32_t i = g_of(x, ev), lane;

	if (!x->g.v[i].shown)
		return;
	lane = lane_index(x, xasprintf("e/%" PRIu32, i), g_track(x, i), begins ? "regions" : NULL,
			  false);
	if (begins)
		lane_begin(x, lane, "user", ev, ev->time);
	else
		lane_end(x, lane, ev->time);
}

static void on_log(struct perfetto *x, const struct event *ev)
{
	uint32_t i = g_of(x, ev);

	if (!x->g.v[i].shown)
		return;
	pf_event(&x->o, ev->time, g_track(x, i), PF_INSTANT);
	pf_name(&x->o, "user", ev->text2);
	pf_string(&x->o, "category", ev->text);
	pf_number(&x->o, "task", ev->object);
	pf_stack(&x->o, ev->stack);
	pf_event_end(&x->o);
}

static void on_metric(struct perfetto *x, const struct event *ev)
{
	const char *name = strtab_get(&x->w->strings, ev->text);
	uint32_t lane;

	name_group(x, TRACK_COUNTERS);
	lane = lane_index(x, xasprintf("m/%s", name), TRACK_COUNTERS, name, true);
	pf_event(&x->o, ev->time, uuid(OF_LANE, lane), PF_COUNTER);
	pf_value(&x->o, ev->value > INT64_MAX ? INT64_MAX : (int64_t)ev->value);
	pf_event_end(&x->o);
}

static void on_lost(struct perfetto *x, const struct event *ev)
{
	uint32_t lane;

	name_group(x, TRACK_RUNTIME);
	lane = lane_index(x, xstrdup("lost"), TRACK_RUNTIME, "lost events", false);
	pf_event(&x->o, ev->time, uuid(OF_LANE, lane), PF_INSTANT);
	pf_name(&x->o, "runtime", pf_word(&x->o, "lost events"));
	pf_number(&x->o, "events", ev->value);
	pf_event_end(&x->o);
}

static bool on_event(void *arg, const struct event *ev)
{
	struct perfetto *x = arg;

	switch (ev->kind) {
	case EV_CREATE:
	case EV_STATUS:
	case EV_RUN:
	case EV_BLOCK:
	case EV_UNBLOCK:
	case EV_PREEMPT:
	case EV_SYSCALL:
	case EV_SYSCALL_EXIT:
	case EV_DEAD:
		if (ev->g)
			on_state(x, ev);
		break;
	case EV_RANGE_BEGIN:
	case EV_RANGE_END:
	case EV_RANGE_ACTIVE:
		on_range(x, ev);
		break;
	case EV_TASK_BEGIN:
	case EV_TASK_END:
		on_task(x, ev);
		break;
	case EV_REGION_BEGIN:
	case EV_REGION_END:
		on_region(x, ev);
		break;
	case EV_LOG:
		on_log(x, ev);
		break;
	case EV_METRIC:
		on_metric(x, ev);
		break;
	case EV_LOST:
		on_lost(x, ev);
		break;
	default:
		break;
	}
	return !ferror_unlocked(x->o.out);
}

/* --- begin and end --- */

/* Those of before; at the session's begin events tell of all others. */
static void take_first(struct perfetto *x)
{
	for (uint32_t row = 0; row < x->w->g.n; row++) {
		const struct goroutine *g = &x->w->g.v[row];

		if (g->t_create == T_BEFORE)
			g_take(x, row, g->first_state, g->first_reason, g->first_stack);
	}
}

static void take_at(struct perfetto *x)
{
	struct moment m = { 0 };

	world_at(x->w, x->t0, &m);
	for (uint32_t row = 0; row < m.n; row++)
		g_take(x, row, m.state[row], m.reason[row], m.stack[row]);
	moment_release(&m);
}

static void close_all(struct perfetto *x, int64_t t)
{
	for (uint32_t i = 0; i < x->g.n; i++)
		g_close(x, i, t);
	for (uint32_t i = 0; i < x->lane.n; i++)
		while (x->lane.v[i].open)
			lane_end(x, i, t);
}

static void perfetto_release(struct perfetto *x)
{
	pf_release(&x->o);
	vec_free(&x->g);
	vec_free(&x->proc);
	vec_free(&x->lane);
	map64_free(&x->by_goid);
	map64_free(&x->by_proc);
	map64_free(&x->by_lane);
}

static int put_timeline(struct perfetto *x, struct export_request *r)
{
	struct history *h = x->w->history;
	int64_t begin = profile_history_begin(x->w, x->t0);
	int64_t end = r->t1 < x->w->t_end ? r->t1 : x->w->t_end;
	struct history_query q = { .t0 = T_BEFORE, .t1 = end };
	int rc;

	if (begin > x->t0)
		r->note = NOTE_FORGOTTEN;
	x->t0 = begin > end ? end : begin;
	name_root(x);
	if (x->t0) {
		take_at(x);
		q.t0 = x->t0 + 1;
	} else {
		take_first(x);
	}
	rc = h->query(h, &q, on_event, x);
	close_all(x, end);
	return rc;
}

int perfetto_export(struct export_request *r, FILE *out)
{
	bool *keep = export_rows(r);
	struct perfetto x = {
		.o = { .out = out, .w = r->world },
		.w = r->world,
		.keep = keep,
		.n_keep = r->world->now.n,
		.live = r->world->live.pid,
		.t0 = r->t0 < 0 ? 0 : r->t0,
	};
	int rc = -ENODATA;

	words_init(&x.o.words, &r->world->strings);
	if (x.w->history)
		rc = put_timeline(&x, r);
	perfetto_release(&x);
	free(keep);
	return rc;
}
