/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact events: a thread that puts probes into the target, as far as the
 * governor lets it, and reads what they tell. It ticks every 20 ms while a
 * probe is on, so that a storm is cut soon whatever the reading thread does.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bpf/calibrate.h"
#include "bpf/governor.h"
#include "bpf/probes.h"
#include "source/live_priv.h"
#include "target/probesite.h"

enum {
	MS = 1000000,
	DRAIN_MS = 20,
	TELL_MS = 500, /* how often what the governor says is told, if nothing changed */
	FRAMES_MOST = 512,
	STACKS_MOST = 1 << 17, /* distinct ones; what is more has none */
	ASKED_MOST = 1 << 16,
};

/* A hit that is told costs so much more than one that is counted, hot: a record, cold caches. */
static const double told_more = 1.4;
/* A stack to copy, which events that have one cost more, ns. */
static const double stack_ns = 250;
/* A tracepoint's program against a probe's hit, which is a trap: a switch, a system call both ways. */
static const double switch_less = 0.2, call_less = 0.22;

#define BIT(event) (1u << (event))

/* Colder ones first: what fits the budget stays. */
static const struct group {
	const char *name;
	unsigned events; /* of probes; 0: a part of the kernel's side */
	enum bpf_part part;
	double stack_ns; /* for each hit, on average */
	const char *among;
} groups[PROBE_GROUPS] = {
	{ "life", BIT(PROBE_CREATE) | BIT(PROBE_EXIT), 0, 0, NULL },
	{ "locks", BIT(PROBE_LOCK) | BIT(PROBE_SEMA), 0, 0, NULL },
	{ "switches", 0, BPF_SCHED, 0, NULL },
	{ "syscalls", 0, BPF_SYSCALLS, 0, " (others' calls among them, by a fraction)" },
	{ "sched", BIT(PROBE_RUN) | BIT(PROBE_PARK) | BIT(PROBE_READY), 0, 2 * stack_ns / 3, NULL },
};

enum { SCHED = 4 };
enum { WAITS_OTHER, WAITS_SEMA, WAITS_CHAN };

_Static_assert((int)PROBE_CREATE == PSITE_CREATE && (int)PROBE_RUN == PSITE_RUN &&
		       (int)PROBE_PARK == PSITE_PARK && (int)PROBE_READY == PSITE_READY &&
		       (int)PROBE_EXIT == PSITE_EXIT && (int)PROBE_LOCK == PSITE_LOCK &&
		       (int)PROBE_SEMA == PSITE_SEMA,
	       "the kernel's side and the sites number events alike");

struct live_probe {
	struct live_source *l;
	struct target *t;
	pthread_t thread;
	bool started, failed;
	pthread_mutex_t wait_lock;
	pthread_cond_t wake;
	bool stop;

	/* the thread's own */
	struct governor gov;
	struct calibration cal;
	uint64_t file_off[PROBE_N];
	uint64_t hits0[PROBE_GROUPS]; /* when a group was put on … */
	uint64_t ticked[PROBE_GROUPS]; /* … and at the last tick */
	uint64_t beside0[PROBE_GROUPS], beside[PROBE_GROUPS]; /* of these, what others did */
	double own[PROBE_GROUPS]; /* of its rate, what the target does itself */
	int of_gov[PROBE_GROUPS]; /* group → index in gov, -1: not there */
	char why[PROBE_GROUPS][160]; /* … and why not */
	clockid_t clock;
	int64_t told_at;
	char word_told[LIVE_PROBE_WORD];

	pthread_mutex_t lock; /* of all that follows: reading and telling, in order */
	struct probe_set *set;
	struct symtab *sym;
	struct stackset stacks;
	size_t stacks_told;
	uint64_t lost_told;
	int64_t complete; /* since when nothing is missing of what the scheduler did; T_NEVER */
	struct map64 lock_of; /* g → index of lock_at: what it stands at, not parked yet */
	VEC(uint64_t) lock_at;
	uint8_t waits_on[256]; /* of each waitReason: WAITS_… */
	VEC(struct live_exact) event; /* of this reading */
	VEC(uint64_t) asked; /* g's of which something was told since the last pass */
};

/* --- what a record says --- */

static uint32_t event_stack(struct live_probe *p, const struct rec_event *r)
{
	struct unwind_regs regs = {
		.pc = r->pc, .sp = r->sp, .bp = r->bp, .lr = r->lr, .exact = r->event == PROBE_PARK
	};
	struct unwind_mem mem = { .addr = r->sp, .data = r->stack, .len = r->n, .hi = r->hi };
	unwind_pc pcs[FRAMES_MOST];
	struct unwind_out out;
	uint32_t flags;

	if (!r->n || p->stacks.stack.n > STACKS_MOST)
		return 0;
	unwind_walk(p->sym, p->t->lay.arch, &regs, &mem, pcs, FRAMES_MOST, &out);
	if (r->event == PROBE_READY && out.n > 1) /* systemstack() itself */
		memmove(pcs, pcs + 1, --out.n * sizeof(*pcs));
	flags = out.end == UNWIND_LOST ? STACK_LOST : out.end == UNWIND_TOP ? 0 : STACK_CUT;
	return stackset_put(&p->stacks, pcs, out.n, flags);
}

/* The lock that it came to before it parks: gopark itself knows only the runtime's. */
static void stands_at(struct live_probe *p, const struct rec_event *r)
{
	uint32_t i = map64_get(&p->lock_of, r->g);

	if (i == UINT32_MAX) {
		i = (uint32_t)p->lock_at.n;
		map64_put(&p->lock_of, r->g, i);
		*vec_push(&p->lock_at) = 0;
	}
	p->lock_at.v[i] = r->object;
}

static void reasons_learn(struct live_probe *p)
{
	const struct golayout *lay = &p->t->lay;

	for (uint32_t i = 0; i < lay->nwaitreasons && i < ARRAY_SIZE(p->waits_on); i++) {
		const char *s = layout_waitreason(lay, i);

		if (!strcmp(s, "semacquire") ||
		    (!strncmp(s, "sync.", 5) && strcmp(s, "sync.Cond.Wait") != 0))
			p->waits_on[i] = WAITS_SEMA;
		else if (!strcmp(s, "chan send") || !strcmp(s, "chan receive"))
			p->waits_on[i] = WAITS_CHAN;
	}
}

/* A channel's operation parks with the channel's own lock (runtime/chan.go). */
static uint64_t object_of(struct live_probe *p, const struct rec_event *r)
{
	uint32_t i = map64_get(&p->lock_of, r->g);
	int32_t lock = p->t->lay.hchan.lock;
	uint64_t at = 0;

	if (i != UINT32_MAX) {
		at = p->lock_at.v[i];
		p->lock_at.v[i] = 0;
	}
	switch (p->waits_on[r->reason & 0xff]) {
	case WAITS_SEMA:
		return at;
	case WAITS_CHAN:
		return r->object && lock >= 0 ? r->object - (uint64_t)lock : 0;
	default:
		return 0;
	}
}

static void on_event(void *arg, const struct rec_head *head)
{
	const struct rec_event *r = (const struct rec_event *)head;
	struct live_probe *p = arg;
	struct live_exact *e;

	if (r->event == PROBE_LOCK || r->event == PROBE_SEMA) {
		stands_at(p, r);
		return;
	}
	if (!head->goid)
		return;
	e = vec_push(&p->event);
	*e = (struct live_exact){ .time = (int64_t)head->time,
				  .goid = head->goid,
				  .peer = r->peer,
				  .tid = head->tid,
				  .event = (uint8_t)r->event,
				  .reason = (uint8_t)r->reason };
	if (r->event == PROBE_CREATE) {
		e->stack = stackset_place(&p->stacks, r->place[0], false);
		e->start = stackset_start(&p->stacks, p->sym, p->t->mem, r->place[1]);
	} else {
		e->stack = event_stack(p, r);
	}
	if (r->event == PROBE_PARK)
		e->object = object_of(p, r);
	if (p->asked.n < ASKED_MOST)
		*vec_push(&p->asked) = r->g;
}

static int by_time(const void *a, const void *b)
{
	const struct live_exact *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

/* --- telling --- */

static void names(struct live_probe *p, struct live_batch *b, struct live_probed *out)
{
	for (; p->stacks_told < p->stacks.stack.n; p->stacks_told++) {
		struct live_stack *s = vec_push(&out->stack);

		s->first = (uint32_t)b->line.n;
		stackset_lines(&p->stacks, p->sym, (uint32_t)p->stacks_told, &b->line);
		s->n = (uint32_t)b->line.n - s->first;
	}
}

/* The loop is far behind, or does not run at all: what is read now nobody would ever see. */
static bool too_much(struct live_source *l)
{
	bool much;

	pthread_mutex_lock(&l->lock);
	much = l->queued > LIVE_QUEUE_MOST;
	pthread_mutex_unlock(&l->lock);
	return much;
}

/* With p->lock held: what was read so far, and with state what the governor says. */
static void send(struct live_probe *p, const struct live_probe_state *state)
{
	struct live_batch *b = batch_new(p->l);
	struct live_probed *out = b->probed = xcalloc(1, sizeof(*out));
	uint64_t lost = p->set ? probe_set_lost(p->set) : p->lost_told;

	out->lost = lost - p->lost_told;
	p->lost_told = lost;
	if (p->event.n && too_much(p->l)) {
		out->lost += p->event.n;
		p->event.n = 0;
	}
	b->time = live_clock(CLOCK_MONOTONIC);
	if (out->lost && p->complete != T_NEVER)
		p->complete = b->time;
	out->complete = p->complete;
	vec_reserve(&out->event, p->event.n);
	if (p->event.n) {
		/* Each processor's are in order; between two of them they may not be. */
		qsort(p->event.v, p->event.n, sizeof(*p->event.v), by_time);
		memcpy(out->event.v, p->event.v, p->event.n * sizeof(*p->event.v));
	}
	out->event.n = p->event.n;
	p->event.n = 0;
	names(p, b, out);
	if (state) {
		out->state = xmalloc(sizeof(*state));
		*out->state = *state;
	}
	batch_send(p->l, b);
}

/* With p->lock held. */
static void drain(struct live_probe *p)
{
	int64_t cpu = live_clock(CLOCK_THREAD_CPUTIME_ID);

	if (!p->set)
		return;
	probe_set_drain(p->set, on_event, p);
	if (p->event.n || probe_set_lost(p->set) != p->lost_told)
		send(p, NULL);
	atomic_fetch_add(&p->l->drain_ns, live_clock(CLOCK_THREAD_CPUTIME_ID) - cpu);
}

void live_probe_flush(struct live_source *l)
{
	struct live_probe *p = l->probe;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	drain(p);
	pthread_mutex_unlock(&p->lock);
}

void live_probe_ask(struct live_source *l)
{
	struct live_probe *p = l->probe;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->asked.n; i++)
		scan_ask(l->scan, p->asked.v[i]);
	p->asked.n = 0;
	pthread_mutex_unlock(&p->lock);
}

/* --- the governor's word --- */

static void state_group(const struct live_probe *p, unsigned i, struct live_probe_group *out)
{
	const struct gov_group *g = p->of_gov[i] < 0 ? NULL : &p->gov.group[p->of_gov[i]];

	out->name = groups[i].name;
	out->state = gov_state_name(g ? g->state : GOV_OFF);
	out->rate = g ? g->rate * p->own[i] : 0;
	out->share = g ? g->share : 0;
	snprintf(out->reason, sizeof(out->reason), "%s", g ? g->reason : p->why[i]);
}

static const char *state_mark(const struct live_probe *p, unsigned i)
{
	const struct gov_group *g = p->of_gov[i] < 0 ? NULL : &p->gov.group[p->of_gov[i]];

	if (g && g->state == GOV_ON)
		return "";
	return g && (g->state == GOV_WINDOW || g->state == GOV_CUT) ? "~" : "-";
}

/* "exact life locks ~sched": ~ in windows, - not now. */
static void state_word(const struct live_probe *p, char *buf, size_t size)
{
	int n = snprintf(buf, size, "exact");

	for (unsigned i = 0; i < PROBE_GROUPS && n > 0 && (size_t)n < size; i++)
		n += snprintf(buf + n, size - (size_t)n, " %s%s", state_mark(p, i), groups[i].name);
}

/* Of the program's own time, and at least of a tenth of a processor. */
static double cost_pct(const struct governor *gov)
{
	double cpu = gov->cpu_rate / 1e9,
	       least = gov->conf.budget > 0 ? gov->conf.least / gov->conf.budget : 0;

	cpu = cpu > least ? cpu : least;
	return cpu > 0 ? 100 * governor_cost(gov) / cpu : 0;
}

static void tell_state(struct live_probe *p, int64_t now)
{
	struct live_probe_state s = { .cost_pct = cost_pct(&p->gov) };

	if (p->gov.n)
		state_word(p, s.word, sizeof(s.word));
	else
		snprintf(s.word, sizeof(s.word), "%s", p->word_told);
	if (now - p->told_at < TELL_MS * (int64_t)MS && !strcmp(s.word, p->word_told))
		return;
	p->told_at = now;
	memcpy(p->word_told, s.word, sizeof(s.word));
	for (unsigned i = 0; i < PROBE_GROUPS; i++)
		state_group(p, i, &s.group[i]);
	pthread_mutex_lock(&p->lock);
	send(p, &s);
	pthread_mutex_unlock(&p->lock);
}

/* --- carrying out --- */

static unsigned group_of(const struct live_probe *p, unsigned in_gov)
{
	for (unsigned i = 0; i < PROBE_GROUPS; i++)
		if (p->of_gov[i] == (int)in_gov)
			return i;
	return 0;
}

static void set_complete(struct live_probe *p, unsigned group, bool on)
{
	if (group != SCHED)
		return;
	pthread_mutex_lock(&p->lock);
	drain(p);
	p->complete = on ? live_clock(CLOCK_MONOTONIC) : T_NEVER;
	send(p, NULL);
	pthread_mutex_unlock(&p->lock);
}

static uint64_t hits_of(const struct live_probe *p, unsigned i, uint64_t *beside)
{
	if (!groups[i].events)
		return bpf_set_hits(p->l->bpf, groups[i].part, beside);
	if (beside)
		*beside = 0;
	return probe_hits(p->set, groups[i].events);
}

/* Since it was put on. */
static uint64_t hits_since(struct live_probe *p, unsigned i)
{
	uint64_t hits;

	p->ticked[i] = hits_of(p, i, &p->beside[i]);
	hits = p->ticked[i] - p->hits0[i];
	if (hits)
		p->own[i] = 1 - (double)(p->beside[i] - p->beside0[i]) / (double)hits;
	return hits;
}

static int put_on(struct live_probe *p, unsigned i, bool told)
{
	bool was = p->gov.group[p->of_gov[i]].attached;
	int rc = 0;

	if (!was)
		p->ticked[i] = hits_of(p, i, &p->beside[i]);
	p->hits0[i] = p->ticked[i];
	p->beside0[i] = p->beside[i];
	if (!was)
		rc = groups[i].events ? probe_attach(p->set, groups[i].events, p->file_off)
				      : bpf_set_part(p->l->bpf, groups[i].part, true);
	if (rc)
		return rc;
	if (told && groups[i].events) {
		probe_tell(p->set, groups[i].events, true);
		set_complete(p, i, true);
	}
	return 0;
}

static void take_off(struct live_probe *p, unsigned i)
{
	if (!groups[i].events) {
		bpf_set_part(p->l->bpf, groups[i].part, false);
		return;
	}
	set_complete(p, i, false);
	probe_tell(p->set, groups[i].events, false);
	probe_detach(p->set, groups[i].events);
	if (!(groups[i].events & BIT(PROBE_SEMA)))
		return;
	pthread_mutex_lock(&p->lock);
	map64_clear(&p->lock_of);
	p->lock_at.n = 0;
	pthread_mutex_unlock(&p->lock);
}

static void carry_out(struct live_probe *p, unsigned in_gov, enum gov_action a)
{
	unsigned i = group_of(p, in_gov);
	char why[160] = "";
	int rc = 0;

	if (a == GOV_KEEP)
		return;
	if (a == GOV_DETACH) {
		take_off(p, i);
		governor_charge(&p->gov, in_gov, hits_of(p, i, NULL) - p->ticked[i]);
	} else {
		rc = put_on(p, i, a == GOV_ATTACH_FULL);
	}
	if (rc)
		snprintf(why, sizeof(why), "the kernel refuses the probes: %s", strerror(-rc));
	governor_done(&p->gov, in_gov, live_clock(CLOCK_MONOTONIC), !rc, why);
}

static uint64_t cpu_ns(const struct live_probe *p)
{
	struct timespec ts;

	if (clock_gettime(p->clock, &ts))
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Returns when to tick again. */
static int64_t tick(struct live_probe *p)
{
	int64_t now = live_clock(CLOCK_MONOTONIC);
	uint64_t hits[GOV_GROUPS] = { 0 };
	struct gov_plan plan;
	bool any = false;

	for (unsigned k = 0; k < p->gov.n; k++) {
		unsigned i = group_of(p, k);

		if (p->gov.group[k].attached)
			hits[k] = hits_since(p, i);
	}
	governor_tick(&p->gov, now, hits, cpu_ns(p), &plan);
	for (unsigned k = p->gov.n; k-- > 0;) /* what goes, goes before what comes */
		if (plan.act[k] == GOV_DETACH)
			carry_out(p, k, plan.act[k]);
	for (unsigned k = 0; k < p->gov.n; k++)
		if (plan.act[k] != GOV_DETACH)
			carry_out(p, k, plan.act[k]);
	for (unsigned k = 0; k < p->gov.n; k++)
		any |= p->gov.group[k].attached;
	pthread_mutex_lock(&p->lock);
	drain(p);
	pthread_mutex_unlock(&p->lock);
	tell_state(p, now);
	if (any && plan.next_ns > now + DRAIN_MS * (int64_t)MS)
		plan.next_ns = now + DRAIN_MS * (int64_t)MS;
	return plan.next_ns;
}

/* --- beginning --- */

static uint8_t g_in(const struct probesite *s, enum goarch arch)
{
	return s->arg[PARG_G] == psite_arg_reg(arch, 0)	  ? PROBE_G_FIRST
	       : s->arg[PARG_G] == psite_arg_reg(arch, 1) ? PROBE_G_SECOND
							  : PROBE_G_SELF;
}

struct probe_config live_probe_config(const struct target *t, const struct probesites *ps)
{
	const struct golayout *lay = &t->lay;
	struct probe_config c = {
		.g_m = (uint32_t)lay->g.m,
		.g_goid = (uint32_t)lay->g.goid,
		.g_stack_hi = (uint32_t)lay->g.stack_hi,
		.g_sched_pc = (uint32_t)lay->g.sched_pc,
		.g_sched_sp = (uint32_t)lay->g.sched_sp,
		.g_sched_bp = lay->g.sched_bp > 0 ? (uint32_t)lay->g.sched_bp : 0,
		.g_gopc = (uint32_t)lay->g.gopc,
		.g_startpc = (uint32_t)lay->g.startpc,
		.m_curg = (uint32_t)lay->m.curg,
	};

	for (unsigned e = 0; e < PROBE_N; e++) {
		c.g_in[e] = g_in(&ps->at[e], lay->arch);
		c.grows[e] = ps->at[e].skip_grow;
	}
	return c;
}

/* Why a group cannot be: the first of its places that is not there. NULL: it can. */
static const char *missing(const struct probesites *ps, unsigned events)
{
	for (unsigned e = 0; e < PROBE_N; e++)
		if (events >> e & 1 && ps->at[e].file_off == UINT64_MAX)
			return ps->at[e].why[0] ? ps->at[e].why : "its place was not found";
	return NULL;
}

/* Why a group cannot be; NULL: it can. */
static const char *cannot(const struct live_probe *p, unsigned i, const struct probesites *ps,
			  const char *no_set)
{
	if (!groups[i].events)
		return p->l->governed[groups[i].part] ? NULL
						      : "the kernel's side has no such part here";
	return no_set ? no_set : missing(ps, groups[i].events);
}

static double cost_of(const struct live_probe *p, const struct group *g)
{
	if (g->events)
		return p->cal.hit_ns * told_more + g->stack_ns;
	return p->cal.hit_ns * (g->part == BPF_SCHED ? switch_less : call_less);
}

static void add_groups(struct live_probe *p, const struct probesites *ps, const char *no_set)
{
	struct gov_conf conf = gov_conf_default();

	/* As if the program used a tenth of a processor at least: one that idles is seen as well. */
	conf.budget = p->l->cfg.budget;
	conf.least = conf.budget / 10;
	governor_init(&p->gov, &conf);
	for (unsigned i = 0; i < PROBE_GROUPS; i++) {
		const char *why = cannot(p, i, ps, no_set);
		struct gov_group_conf g = {
			.name = groups[i].name,
			.among = groups[i].among,
			.priority = (int)i,
			.cost_ns = cost_of(p, &groups[i]),
			.attach_ns = p->cal.attach_ns,
			.detach_ns = p->cal.detach_ns,
		};

		p->of_gov[i] = why ? -1 : governor_add(&p->gov, &g);
		snprintf(p->why[i], sizeof(p->why[i]), "%s", why ? why : "");
	}
	for (unsigned e = 0; e < PROBE_N; e++)
		p->file_off[e] = ps->at[e].file_off;
}

static struct probe_set *open_set(struct live_probe *p, const struct probesites *ps,
				  struct bpf_part_state *state)
{
	struct probe_config cfg = live_probe_config(p->t, ps);

	return probe_set_open(p->t->pid, &cfg, false, state);
}

/* false: nothing is to be governed, and word_told says why. */
static bool begin(struct live_probe *p)
{
	struct bpf_part_state state = { .why = BPF_NO_TARGET };
	struct probesites *ps = xcalloc(1, sizeof(*ps));
	struct target view = *p->t; /* with the thread's own symbols */
	struct probe_set *set = NULL;

	view.sym = p->sym;
	probesites_find(ps, &view);
	if (!clock_getcpuclockid(p->t->pid, &p->clock))
		set = open_set(p, ps, &state);
	calibrate(&p->cal);
	add_groups(p, ps, set ? NULL : state.sentence);
	snprintf(p->word_told, sizeof(p->word_told), "no probes: %s", bpf_why_word(state.why));
	pthread_mutex_lock(&p->lock);
	p->set = set;
	pthread_mutex_unlock(&p->lock);
	free(ps);
	return p->gov.n;
}

static void wait_until(struct live_probe *p, int64_t t)
{
	struct timespec ts = { t / 1000000000, t % 1000000000 };

	pthread_mutex_lock(&p->wait_lock);
	while (!p->stop && live_clock(CLOCK_MONOTONIC) < t)
		pthread_cond_timedwait(&p->wake, &p->wait_lock, &ts);
	pthread_mutex_unlock(&p->wait_lock);
}

static bool stopped(struct live_probe *p)
{
	bool stop;

	pthread_mutex_lock(&p->wait_lock);
	stop = p->stop;
	pthread_mutex_unlock(&p->wait_lock);
	return stop;
}

static void *probe_main(void *arg)
{
	struct live_probe *p = arg;

	if (!begin(p)) {
		tell_state(p, live_clock(CLOCK_MONOTONIC));
		return NULL;
	}
	while (!stopped(p))
		wait_until(p, tick(p));
	return NULL;
}

/* --- the reading thread's side --- */

static void thread_start(struct live_probe *p)
{
	sigset_t all, was;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	p->started = !pthread_create(&p->thread, NULL, probe_main, p);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
}

/* Without uprobe_multi each probe is a perf event, as calibrate()'s is. */
bool live_prepare_probes(void)
{
	calibrate_start();
	return !probe_can_multi();
}

void live_probe_start(struct live_source *l)
{
	struct live_probe *p;
	pthread_condattr_t attr;

	if (l->probe || l->cfg.no_bpf || l->cfg.budget <= 0)
		return;
	p = xcalloc(1, sizeof(*p));
	p->l = l;
	p->t = l->t;
	p->sym = symtab_new(&l->t->mods, l->t->mem);
	p->complete = T_NEVER;
	stackset_init(&p->stacks);
	reasons_learn(p);
	pthread_mutex_init(&p->lock, NULL);
	pthread_mutex_init(&p->wait_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->wake, &attr);
	pthread_condattr_destroy(&attr);
	l->probe = p;
	thread_start(p);
}

void live_probe_stop(struct live_source *l)
{
	struct live_probe *p = l->probe;

	if (!p || !p->started)
		return;
	pthread_mutex_lock(&p->wait_lock);
	p->stop = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->wait_lock);
	pthread_join(p->thread, NULL);
	p->started = false;
	probe_set_close(p->set);
	p->set = NULL;
}

void live_probe_free(struct live_probe *p)
{
	if (!p)
		return;
	symtab_free(p->sym);
	stackset_release(&p->stacks);
	map64_free(&p->lock_of);
	vec_free(&p->lock_at);
	vec_free(&p->event);
	vec_free(&p->asked);
	pthread_mutex_destroy(&p->lock);
	pthread_mutex_destroy(&p->wait_lock);
	pthread_cond_destroy(&p->wake);
	free(p);
}

void live_probed_free(struct live_probed *p)
{
	if (!p)
		return;
	vec_free(&p->event);
	vec_free(&p->stack);
	free(p->state);
	free(p);
}
