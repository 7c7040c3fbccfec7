/* SPDX-License-Identifier: Apache-2.0 */
#include "export/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "export/json.h"
#include "export/labels.h"
#include "export/utf8.h"

static bool row_shown(const struct report *r, size_t row)
{
	uint8_t state = r->moment->state[row];

	if (state == GS_NONE || state == GS_DEAD)
		return false;
	if (r->world->g.v[row].system && !r->system)
		return false;
	return !r->keep || r->keep[row];
}

/* --- JSON --- */

static void json_frame(struct json *j, const struct world *w, const struct frame *f)
{
	if (f->pc)
		jw_uint(j, "pc", f->pc);
	jw_str(j, "function", strtab_get(&w->strings, f->func), strtab_len(&w->strings, f->func));
	if (f->file)
		jw_str(j, "file", strtab_get(&w->strings, f->file),
		       strtab_len(&w->strings, f->file));
	if (f->line)
		jw_uint(j, "line", f->line);
}

static void json_stack(struct json *j, const struct world *w, const char *key, uint32_t stack)
{
	const struct frame *f;

	jw_array(j, key);
	for (uint32_t i = 0; (f = stacktab_frame(&w->stacks, stack, i)); i++) {
		jw_object(j, NULL);
		json_frame(j, w, f);
		jw_end(j, '}');
	}
	jw_end(j, ']');
}

static void json_created_by(struct json *j, const struct world *w, const struct goroutine *g)
{
	const struct frame *f = stacktab_frame(&w->stacks, g->create_stack, 0);

	if (!f && !g->creator)
		return;
	jw_object(j, "created_by");
	if (g->creator)
		jw_uint(j, "g", g->creator);
	if (f)
		json_frame(j, w, f);
	jw_end(j, '}');
}

static void json_labels(struct json *j, const struct world *w, uint32_t labels)
{
	const char *s = strtab_get(&w->strings, labels);
	struct label l;

	if (!*s)
		return;
	jw_object(j, "labels");
	while (label_next(&s, &l))
		jw_pair(j, l.key, l.key_len, l.value, l.value_len);
	jw_end(j, '}');
}

static void json_wait(struct json *j, const struct report *r, size_t row)
{
	static const char *const how[] = {
		[WAIT_AT_LEAST] = "at-least", [WAIT_SAMPLED] = "sampled", [WAIT_EXACT] = "exact"
	};
	int64_t since = r->moment->since[row];

	jw_int(j, "wait_ns", r->moment->time - (since == T_BEFORE ? 0 : since));
	jw_text(j, "wait_is", how[r->moment->how[row]]);
}

static void json_flag(struct json *j, const char *key, bool flag)
{
	if (flag)
		jw_bool(j, key, true);
}

/* What an object of its kind counts. */
static void json_object_state(struct json *j, const struct object *o)
{
	switch (o->kind) {
	case OBJ_CHAN:
		jw_int(j, "len", o->len);
		jw_int(j, "cap", o->cap);
		jw_bool(j, "closed", o->flags & OBJF_CLOSED);
		break;
	case OBJ_MUTEX:
	case OBJ_ONCE:
		jw_bool(j, "locked", o->flags & OBJF_LOCKED);
		break;
	case OBJ_RWMUTEX:
		jw_bool(j, "locked", o->flags & OBJF_LOCKED);
		jw_int(j, "readers", o->len);
		jw_bool(j, "writer_waits", o->flags & OBJF_WRITER_WAITS);
		break;
	case OBJ_WAITGROUP:
		jw_int(j, "count", o->len);
		break;
	case OBJ_POLL:
		json_flag(j, "listens", o->flags & OBJF_LISTENS);
		break;
	default:
		break;
	}
}

static void json_object_of(struct json *j, const struct world *w, const struct wait *x)
{
	const struct object *o = &w->facts.object.v[x->object];

	jw_object(j, NULL);
	jw_text(j, "kind", object_kind_name((enum object_kind)o->kind));
	if (o->addr)
		jw_addr(j, "addr", o->addr);
	json_object_state(j, o);
	if (x->op)
		jw_text(j, "case", wait_op_name((enum wait_op)x->op));
	jw_uint(j, "waiters", o->n_waits);
	if (o->type)
		jw_text(j, "type", strtab_get(&w->strings, o->type));
	if (o->text)
		jw_text(j, "text", strtab_get(&w->strings, o->text));
	if (o->fd >= 0)
		jw_int(j, "fd", o->fd);
	if (o->owner)
		jw_addr(j, "owner", o->owner);
	if (o->when != T_NEVER)
		jw_int(j, o->kind == OBJ_POLL ? "deadline_ns" : "fires_ns", o->when);
	if (o->task_period)
		jw_uint(j, "period_ns", o->task_period);
	json_flag(j, "timer", o->flags & OBJF_TIMER);
	json_flag(j, "context", o->flags & OBJF_CONTEXT);
	json_flag(j, "global", o->flags & OBJF_GLOBAL);
	json_flag(j, "shared", o->flags & OBJF_SHARED);
	json_flag(j, "searched", o->flags & OBJF_SEARCHED);
	jw_end(j, '}');
}

/* The facts are of the newest moment. */
static bool facts_fit(const struct report *r)
{
	return r->moment == &r->world->now;
}

static void json_objects(struct json *j, const struct report *r, size_t row)
{
	const struct world *w = r->world;
	size_t n, at = facts_waits_of(&w->facts, w->g.v[row].goid, &n);

	if (!n || !facts_fit(r) || r->moment->state[row] == GS_RUNNING)
		return;
	jw_array(j, "objects");
	for (size_t i = at; i < at + n; i++)
		json_object_of(j, w, &w->facts.wait.v[w->facts.g_wait.v[i]]);
	jw_end(j, ']');
}

enum { EDGES_MOST = 256 }; /* of one goroutine and object */

static void json_edge(struct json *j, const struct world *w, const struct wait *x,
		      const struct hold *h)
{
	const struct object *o = &w->facts.object.v[x->object];

	jw_object(j, NULL);
	jw_uint(j, "from", x->goid);
	jw_uint(j, "to", h->goid);
	jw_addr(j, "object", o->addr);
	jw_text(j, "kind", object_kind_name((enum object_kind)o->kind));
	jw_text(j, "evidence", h->evidence == EVIDENCE_SEEN ? "seen" : "inferred");
	jw_text(j, "could", hold_op_name((enum hold_op)h->op));
	if (h->by)
		jw_text(j, "by", strtab_get(&w->strings, h->by));
	jw_end(j, '}');
}

/* Who has but the address counts only where nobody is known to do more with it. */
static void json_edges_of(struct json *j, const struct world *w, const struct wait *x)
{
	const struct object *o = &w->facts.object.v[x->object];
	const struct hold *h = w->facts.hold.v + o->first_hold;
	bool any = false;
	uint32_t told = 0;

	for (uint32_t i = 0; i < o->n_holds; i++)
		any |= h[i].op != HOLD_REF &&
		       hold_wakes((enum hold_op)h[i].op, (enum wait_op)x->op);
	for (uint32_t i = 0; i < o->n_holds && told < EDGES_MOST; i++) {
		if (!hold_wakes((enum hold_op)h[i].op, (enum wait_op)x->op) ||
		    (any && h[i].op == HOLD_REF))
			continue;
		json_edge(j, w, x, &h[i]);
		told++;
	}
}

static void json_edges(struct json *j, const struct report *r)
{
	const struct world *w = r->world;

	jw_array(j, "edges");
	for (size_t i = 0; i < w->facts.wait.n && facts_fit(r); i++) {
		uint32_t row = world_find(w, w->facts.wait.v[i].goid);

		if (row != NO_G && row_shown(r, row))
			json_edges_of(j, w, &w->facts.wait.v[i]);
	}
	jw_end(j, ']');
}

/* What the kernel told of it, since the session began. */
static void json_load(struct json *j, const struct report *r, size_t row)
{
	const struct gload *l = world_load(r->world, (uint32_t)row);

	if (!l || !facts_fit(r))
		return;
	jw_uint(j, "cpu_samples", l->cpu_samples);
	if (l->runq_n) {
		jw_uint(j, "runq_ns", l->runq_ns);
		jw_uint(j, "runq_max_ns", l->runq_most_ns);
	}
	if (l->syscalls) {
		jw_uint(j, "syscalls", l->syscalls);
		jw_uint(j, "syscall_ns", l->syscall_ns);
	}
	if (!l->slow_ns)
		return;
	jw_object(j, "slowest_syscall");
	jw_text(j, "name", strtab_get(&r->world->strings, l->slow_call));
	jw_uint(j, "ns", l->slow_ns);
	if (l->slow_fd >= 0)
		jw_int(j, "fd", l->slow_fd);
	jw_end(j, '}');
}

static void json_goroutine(struct json *j, const struct report *r, size_t row)
{
	const struct world *w = r->world;
	const struct goroutine *g = &w->g.v[row];
	const struct moment *m = r->moment;

	jw_object(j, NULL);
	jw_uint(j, "g", g->goid);
	jw_text(j, "state", gstate_name(m->state[row]));
	if (m->reason[row])
		jw_text(j, "reason", reason_name(m->reason[row]));
	json_wait(j, r, row);
	json_objects(j, r, row);
	json_stack(j, w, "stack", m->stack[row]);
	json_created_by(j, w, g);
	json_labels(j, w, g->labels);
	jw_uint(j, "switches", g->switches);
	json_load(j, r, row);
	if (g->system)
		jw_bool(j, "system", true);
	jw_end(j, '}');
}

static void json_target(struct json *j, const struct world *w)
{
	jw_object(j, "target");
	jw_text(j, "kind", strtab_get(&w->strings, w->source_kind));
	if (w->live.pid)
		jw_int(j, "pid", w->live.pid);
	jw_text(j, "exe", strtab_get(&w->strings, w->source_name));
	if (w->go_version)
		jw_text(j, "go", strtab_get(&w->strings, w->go_version));
	if (w->replay)
		jw_text(j, "replay", strtab_get(&w->strings, w->replay));
	if (w->live.pid) {
		jw_bool(j, "stripped", w->live.stripped);
		jw_text(j, "symbols", strtab_get(&w->strings, w->live.symbols));
	}
	if (w->live.ended)
		jw_text(j, "ended", strtab_get(&w->strings, w->live.ended));
	jw_end(j, '}');
}

static void json_thread_load(struct json *j, const struct thread *t)
{
	if (!t->cpu_ns && !t->runq_ns)
		return;
	jw_uint(j, "cpu_ns", t->cpu_ns);
	jw_uint(j, "runq_ns", t->runq_ns);
	jw_uint(j, "runq_max_ns", t->runq_most_ns);
	if (t->waker_goid)
		jw_uint(j, "waker", t->waker_goid);
	if (t->waker_tid)
		jw_uint(j, "waker_tid", t->waker_tid);
}

static void json_threads(struct json *j, const struct world *w)
{
	if (!w->thread.n)
		return;
	jw_array(j, "threads");
	for (size_t i = 0; i < w->thread.n; i++) {
		const struct thread *t = &w->thread.v[i];

		if (t->state == GS_DEAD)
			continue;
		jw_object(j, NULL);
		jw_uint(j, "tid", t->tid);
		if (t->goid)
			jw_uint(j, "g", t->goid);
		if (t->p != NO_ID)
			jw_uint(j, "p", t->p);
		if (t->syscall)
			jw_text(j, "syscall", strtab_get(&w->strings, t->syscall));
		if (t->fd >= 0)
			jw_int(j, "fd", t->fd);
		json_thread_load(j, t);
		jw_end(j, '}');
	}
	jw_end(j, ']');
}

static void json_probes(struct json *j, const struct world *w)
{
	const struct live *l = &w->live;

	jw_real(j, "target_cost_pct", l->target_cost_pct, 3);
	if (!l->exact)
		return;
	jw_array(j, "probes");
	for (int i = 0; i < LIVE_PROBE_GROUPS; i++) {
		const struct live_probes *p = &l->probes[i];

		jw_object(j, NULL);
		jw_text(j, "group", strtab_get(&w->strings, p->name));
		jw_text(j, "state", strtab_get(&w->strings, p->state));
		jw_real(j, "rate_hz", p->rate, 1);
		jw_real(j, "share", p->share, 4);
		jw_text(j, "reason", strtab_get(&w->strings, p->reason));
		jw_end(j, '}');
	}
	jw_end(j, ']');
	if (l->unseen)
		jw_uint(j, "too_short_to_keep", l->unseen);
}

static void json_self(struct json *j, const struct report *r)
{
	const struct live *l = &r->world->live;

	jw_object(j, "self");
	jw_real(j, "cpu_pct", r->cpu_pct, 1);
	jw_uint(j, "lost_events", r->world->progress.lost);
	if (l->pid && !r->world->replay) {
		jw_real(j, "scan_ms", l->pass_ms, 2);
		jw_real(j, "pass_hz", l->pass_hz, 1);
		jw_uint(j, "records_thrown", l->thrown);
		jw_uint(j, "records_unsteady", l->unsteady);
		jw_uint(j, "samples", l->samples);
		jw_real(j, "paused_ms", (double)l->paused_ns / 1e6, 3);
		jw_real(j, "longest_pause_ms", (double)l->longest_pause_ns / 1e6, 3);
		if (l->no_samples)
			jw_text(j, "no_samples", strtab_get(&r->world->strings, l->no_samples));
		if (l->bpf)
			jw_text(j, "bpf", strtab_get(&r->world->strings, l->bpf));
		if (l->sample_hz)
			jw_uint(j, "sample_hz", l->sample_hz);
		json_probes(j, r->world);
	}
	jw_end(j, '}');
}

static void json_counts(struct json *j, const struct moment *m)
{
	const uint64_t *c = m->count;

	jw_object(j, "counts");
	jw_uint(j, "total", c[GS_RUNNING] + c[GS_RUNNABLE] + c[GS_BLOCKED] + c[GS_SYSCALL]);
	jw_uint(j, "running", c[GS_RUNNING]);
	jw_uint(j, "runnable", c[GS_RUNNABLE]);
	jw_uint(j, "blocked", c[GS_BLOCKED]);
	jw_uint(j, "syscall", c[GS_SYSCALL]);
	jw_end(j, '}');
}

void report_json(const struct report *r, FILE *out)
{
	const struct world *w = r->world;
	struct json j = { .out = out };

	jw_object(&j, NULL);
	jw_text(&j, "schema", "bingo-top/1");
	jw_int(&j, "time_ns", r->moment->time);
	json_target(&j, w);
	json_counts(&j, r->moment);
	jw_array(&j, "goroutines");
	for (size_t row = 0; row < r->moment->n; row++)
		if (row_shown(r, row))
			json_goroutine(&j, r, row);
	jw_end(&j, ']');
	json_threads(&j, w);
	json_edges(&j, r);
	report_findings_json(r, &j);
	if (w->warning.n) {
		jw_array(&j, "warnings");
		for (size_t i = 0; i < w->warning.n; i++)
			jw_text(&j, NULL, strtab_get(&w->strings, w->warning.v[i]));
		jw_end(&j, ']');
	}
	json_self(&j, r);
	jw_end(&j, '}');
	jw_line(&j);
}

/* --- text --- */

const char *report_duration(int64_t ns, char *buf, size_t size)
{
	double s = (double)ns / 1e9;

	if (ns < 0)
		snprintf(buf, size, "?");
	else if (ns < 1000)
		snprintf(buf, size, "%" PRId64 "ns", ns);
	else if (ns < 1000 * 1000)
		snprintf(buf, size, "%.3gus", (double)ns / 1e3);
	else if (s < 1)
		snprintf(buf, size, "%.3gms", (double)ns / 1e6);
	else if (s < 60)
		snprintf(buf, size, "%.1fs", s);
	else if (s < 3600)
		snprintf(buf, size, "%dm%02ds", (int)(s / 60), (int)s % 60);
	else
		snprintf(buf, size, "%dh%02dm", (int)(s / 3600), (int)(s / 60) % 60);
	return buf;
}

struct text_group {
	uint32_t stack;
	uint8_t state, reason;
	uint32_t n;
	int64_t oldest; /* since */
	uint64_t goid[8];
};

static int group_by_size(const void *a, const void *b)
{
	const struct text_group *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	if (x->oldest != y->oldest)
		return x->oldest < y->oldest ? -1 : 1;
	return (x->goid[0] > y->goid[0]) - (x->goid[0] < y->goid[0]);
}

typedef VEC(struct text_group) text_groups;

static void groups_add(text_groups *v, struct map64 *by_key, const struct report *r, size_t row)
{
	const struct moment *m = r->moment;
	uint64_t key =
		(uint64_t)m->stack[row] << 16 | (uint64_t)m->state[row] << 8 | m->reason[row];
	uint32_t i = map64_get(by_key, key);
	struct text_group *g;

	if (i == UINT32_MAX) {
		map64_put(by_key, key, (uint32_t)v->n);
		g = vec_push(v);
		*g = (struct text_group){ .stack = m->stack[row],
					  .state = m->state[row],
					  .reason = m->reason[row],
					  .oldest = m->since[row] };
	} else {
		g = &v->v[i];
	}
	if (g->n < ARRAY_SIZE(g->goid)) /* NOLINT: it is there */
		g->goid[g->n] = r->world->g.v[row].goid;
	if (m->since[row] < g->oldest)
		g->oldest = m->since[row];
	g->n++;
}

/* Names from a file may hold terminal escapes: control characters are printed as '?', and odd bytes. */
void report_put_safe(FILE *out, const char *s)
{
	size_t n, len = strlen(s);

	for (; len; s += n, len -= n) {
		int32_t c = utf8_next(s, len, &n);

		if ((c == 0xfffd && n == 1) || utf8_is_control(c))
			putc('?', out);
		else
			fwrite(s, 1, n, out);
	}
}

static void text_stack(const struct world *w, uint32_t stack, FILE *out)
{
	const struct frame *f;

	for (uint32_t i = 0; (f = stacktab_frame(&w->stacks, stack, i)); i++) {
		fputs("      ", out);
		report_put_safe(out, strtab_get(&w->strings, f->func));
		if (f->file) {
			fputs("  ", out);
			report_put_safe(out, strtab_get(&w->strings, f->file));
			fprintf(out, ":%" PRIu32, f->line);
		}
		putc('\n', out);
	}
}

static void text_group(const struct report *r, const struct text_group *g, FILE *out)
{
	int64_t since = g->oldest == T_BEFORE ? 0 : g->oldest;
	char buf[32];

	fprintf(out, "\n%6" PRIu32 " %c %s", g->n, state_letter(g->state, g->reason),
		gstate_name(g->state));
	if (g->reason)
		fprintf(out, " on %s", reason_name(g->reason));
	fprintf(out, ", %s%s%s  g", g->n > 1 ? "longest " : "", g->oldest < 0 ? "over " : "",
		report_duration(r->moment->time - since, buf, sizeof(buf)));
	for (uint32_t i = 0; i < g->n && i < ARRAY_SIZE(g->goid); i++)
		fprintf(out, " %" PRIu64, g->goid[i]);
	fputs(g->n > ARRAY_SIZE(g->goid) ? " …\n" : "\n", out);
	text_stack(r->world, g->stack, out);
}

static void text_probes(const struct world *w, FILE *out)
{
	const struct live *l = &w->live;

	fprintf(out, "%s  cost to the program %.2f%%\n", strtab_get(&w->strings, l->exact),
		l->target_cost_pct);
	for (int i = 0; i < LIVE_PROBE_GROUPS; i++)
		if (l->probes[i].reason)
			fprintf(out, "  %-6s %-8s %s\n", strtab_get(&w->strings, l->probes[i].name),
				strtab_get(&w->strings, l->probes[i].state),
				strtab_get(&w->strings, l->probes[i].reason));
}

static void text_live(const struct report *r, FILE *out)
{
	const struct live *l = &r->world->live;

	fprintf(out,
		"pid %" PRId32 "  threads %" PRIu32 "  procs %" PRIu32 "  created %" PRIu64
		"  pass %.1fms  %.1fHz  cpu %.1f%%  unsteady %" PRIu64 "  thrown %" PRIu64 "\n",
		l->pid, l->threads, l->procs, l->created, l->pass_ms, l->pass_hz, l->cpu_pct,
		l->unsteady, l->thrown);
	if (l->paused_ns)
		fprintf(out, "samples %" PRIu64 "  paused %.1fms  longest %.2fms\n", l->samples,
			(double)l->paused_ns / 1e6, (double)l->longest_pause_ns / 1e6);
	if (l->no_samples)
		fprintf(out, "where running goroutines are is not asked: %s\n",
			strtab_get(&r->world->strings, l->no_samples));
	if (l->bpf)
		fprintf(out, "%s\n", strtab_get(&r->world->strings, l->bpf));
	if (l->exact)
		text_probes(r->world, out);
	if (!l->ended && (l->state == LIVE_STOPPED || l->state == LIVE_TRACED))
		fprintf(out, "%s\n",
			l->state == LIVE_STOPPED ? "STOPPED by a signal" : "STOPPED by a debugger");
}

/* The time of day, where the session knows it: a log may have many reports. */
static void text_clock(const struct report *r, FILE *out)
{
	char buf[64];
	struct tm tm;
	int64_t ns;
	time_t t;

	if (!r->world->wall_ns || __builtin_add_overflow(r->world->wall_ns, r->moment->time, &ns))
		return;
	t = (time_t)(ns / 1000000000);
	if (localtime_r(&t, &tm) && strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M:%S%z", &tm))
		fprintf(out, "  %s", buf);
}

static void text_head(const struct report *r, FILE *out)
{
	const struct world *w = r->world;
	const uint64_t *c = r->moment->count;
	const char *go = strtab_get(&w->strings, w->go_version);
	char buf[32];

	fprintf(out, "bingo-top  %s  ", strtab_get(&w->strings, w->source_kind));
	report_put_safe(out, strtab_get(&w->strings, w->source_name));
	if (*go)
		fprintf(out, "  %s%s", strncmp(go, "go", 2) != 0 ? "go " : "", go);
	fprintf(out, "  at %s", report_duration(r->moment->time, buf, sizeof(buf)));
	text_clock(r, out);
	putc('\n', out);
	if (w->live.pid && !w->replay)
		text_live(r, out);
	if (w->live.ended) {
		fputs("ENDED: ", out);
		report_put_safe(out, strtab_get(&w->strings, w->live.ended));
		fputc('\n', out);
	}
	fprintf(out,
		"goroutines %" PRIu64 "  running %" PRIu64 "  runnable %" PRIu64
		"  blocked %" PRIu64 "  syscall %" PRIu64 "  ended %" PRIu64 "  events %" PRIu64
		"  lost %" PRIu64 "\n",
		c[GS_RUNNING] + c[GS_RUNNABLE] + c[GS_BLOCKED] + c[GS_SYSCALL], c[GS_RUNNING],
		c[GS_RUNNABLE], c[GS_BLOCKED], c[GS_SYSCALL], c[GS_DEAD], w->progress.events,
		w->progress.lost);
	for (size_t i = 0; i < w->warning.n; i++) {
		fputs("note: ", out);
		report_put_safe(out, strtab_get(&w->strings, w->warning.v[i]));
		fputc('\n', out);
	}
}

void report_text(const struct report *r, FILE *out)
{
	struct map64 by_key = { 0 };
	text_groups v = { 0 };

	for (size_t row = 0; row < r->moment->n; row++)
		if (row_shown(r, row))
			groups_add(&v, &by_key, r, row);
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), group_by_size);
	text_head(r, out);
	report_findings_text(r, out);
	for (size_t i = 0; i < v.n; i++)
		text_group(r, &v.v[i], out);
	vec_free(&v);
	map64_free(&by_key);
}
