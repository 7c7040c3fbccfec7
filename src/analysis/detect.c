/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/detect_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/groups.h"
#include "core/clock.h"

#define MS 1000000ll
#define SECOND (1000 * MS)

enum { PAUSE_EVERY = 256 };
#define SHARE 0.004 /* of a core that looks may cost, where the facts stay the same */

const struct detector detector_table[DETECT_N] = {
	[DETECT_DEADLOCK] = { "deadlock", "goroutines that wait for each other, or for nobody left",
			      detect_deadlocks },
	[DETECT_NIL_CHANNEL] = { "nil-channel",
				 "a nil channel or an empty select: nobody can end that",
				 detect_nil_channels },
	[DETECT_LEAK] = { "leak", "goroutines that nobody can wake, groups that only grow",
			  detect_leaks },
	[DETECT_STARVATION] = { "starvation", "ready to run for long and not run",
				detect_starvation },
	[DETECT_CONTENTION] = { "contention", "locks and channels with a queue",
				detect_contention },
	[DETECT_HELD] = { "held-lock", "a lock whose holder waits itself", detect_held },
	[DETECT_RACE] = { "race", "a hint where the race detector is worth running", detect_races },
};

void detect_init(struct detect *d)
{
	memset(d, 0, sizeof(*d));
	d->conf = (struct detect_config){
		.every = 250 * MS,
		.settle = SECOND,
		.leak_age = 2 * SECOND,
		.leak_span = 60 * SECOND,
		.leak_growth = 16,
		.starve = SECOND,
		.held = 10 * SECOND,
		.queue = 3,
	};
	for (int i = 0; i < DETECT_N; i++)
		d->conf.severity[i] = SEVERITY_ERROR;
	graph_init(&d->graph);
	findings_init(&d->findings);
	d->looked = d->grown = T_BEFORE;
}

void detect_release(struct detect *d)
{
	graph_release(&d->graph);
	findings_release(&d->findings);
	vec_free(&d->busy);
	map64_free(&d->busy_at);
	vec_free(&d->growth);
	vec_free(&d->growth_of);
	vec_free(&d->keys);
}

/* --- configuration --- */

static int set_seconds(int64_t *out, const char *key, const char *value, struct err *err)
{
	char *end;
	double s = strtod(value, &end);

	if (end == value || *end || !(s >= 0 && s <= 1e6))
		return err_set(err, -EINVAL, EXIT_USAGE, "%s takes seconds, not '%s'", key, value);
	*out = (int64_t)(s * 1e9);
	return 0;
}

static int set_count(uint32_t *out, const char *key, const char *value, struct err *err)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (end == value || *end || n < 1 || n > 1000000)
		return err_set(err, -EINVAL, EXIT_USAGE, "%s takes a number from 1 on, not '%s'",
			       key, value);
	*out = (uint32_t)n;
	return 0;
}

/* Where the time of that name is, ns; -1: there is none. */
static ptrdiff_t time_named(const char *key)
{
	static const struct {
		const char *name;
		size_t at;
	} times[] = {
		{ "settle", offsetof(struct detect_config, settle) },
		{ "leak-age", offsetof(struct detect_config, leak_age) },
		{ "leak-span", offsetof(struct detect_config, leak_span) },
		{ "starve", offsetof(struct detect_config, starve) },
		{ "held", offsetof(struct detect_config, held) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		if (!strcmp(key, times[i].name))
			return (ptrdiff_t)times[i].at;
	return -1;
}

int detect_set(struct detect_config *c, const char *key, const char *value, struct err *err)
{
	ptrdiff_t time = time_named(key);

	if (time >= 0)
		return set_seconds((int64_t *)((char *)c + time), key, value, err);
	if (!strcmp(key, "leak-growth"))
		return set_count(&c->leak_growth, key, value, err);
	if (!strcmp(key, "queue"))
		return set_count(&c->queue, key, value, err);
	for (int i = 0; i < DETECT_N; i++) {
		if (strcmp(key, detector_table[i].name) != 0)
			continue;
		if (strcmp(value, "off") != 0 && severity_parse(value) < 0)
			return err_set(err, -EINVAL, EXIT_USAGE,
				       "%s takes off, info, warning or error, not '%s'", key,
				       value);
		c->severity[i] = (int8_t)severity_parse(value); /* off: -1 */
		return 0;
	}
	return err_set(err, -EINVAL, EXIT_USAGE, "there is no setting '%s' for findings", key);
}

const char *detect_get(const struct detect_config *c, const char *key, char *buf, size_t size)
{
	ptrdiff_t time = time_named(key);

	if (time >= 0) {
		snprintf(buf, size, "%.10g",
			 (double)*(const int64_t *)((const char *)c + time) / 1e9);
		return buf;
	}
	for (int i = 0; i < DETECT_N; i++)
		if (!strcmp(key, detector_table[i].name)) {
			snprintf(buf, size, "%s",
				 c->severity[i] < 0 ? "off"
						    : severity_name((enum severity)c->severity[i]));
			return buf;
		}
	if (strcmp(key, "leak-growth") != 0 && strcmp(key, "queue") != 0)
		return NULL;
	snprintf(buf, size, "%" PRIu32, *key == 'q' ? c->queue : c->leak_growth);
	return buf;
}

/* --- looking --- */

static void look_begin(struct detect *d, const struct world *w)
{
	d->world = w;
	d->moment = &w->now;
	d->facts = w->facts.time != T_BEFORE;
	d->looked = w->now.time;
	d->whole = w->progress.whole;
	d->graph.settle = w->facts.still ? 0 : d->conf.settle;
	d->spending = 0;
	d->step = 1;
	d->at = 0;
	graph_begin(&d->graph, w);
	findings_begin(&d->findings, w->now.time);
}

static void look_step(struct detect *d)
{
	unsigned i = d->step - 2;

	if (d->step == 1) {
		d->step += !graph_step(&d->graph);
		return;
	}
	d->from = d->at;
	d->at = 0;
	if (i < DETECT_N && d->conf.severity[i] >= 0)
		detector_table[i].look(d);
	if (d->at)
		return;
	if (++d->step - 2 < DETECT_N)
		return;
	findings_end(&d->findings);
	d->step = 0;
}

static void look_steps(struct detect *d)
{
	int64_t began = clock_cpu_ns();

	d->until = d->piece_ns ? began + d->piece_ns : INT64_MAX;
	do
		look_step(d);
	while (d->step && (!d->piece_ns || clock_cpu_ns() < d->until));
	d->spending += clock_cpu_ns() - began;
	if (!d->step)
		d->cost = d->spending;
}

void detect_now(struct detect *d, const struct world *w)
{
	look_begin(d, w);
	while (d->step)
		look_steps(d);
}

static int64_t interval(const struct detect *d)
{
	int64_t dear = (int64_t)((double)d->cost / SHARE);

	return d->conf.every > dear ? d->conf.every : dear;
}

static bool is_due(const struct detect *d, const struct world *w)
{
	bool live = w->live.pid;

	if (w->progress.skim && !w->progress.whole)
		return false;
	if (!live && (!w->progress.whole || d->whole))
		return false;
	return !live || d->looked == T_BEFORE || w->now.time - d->looked >= interval(d) ||
	       w->progress.whole != d->whole || !graph_fresh(&d->graph);
}

bool detect_look(struct detect *d, const struct world *w)
{
	if (!d->step && !is_due(d, w))
		return false;
	if (!d->step)
		look_begin(d, w);
	look_steps(d);
	return !d->step;
}

bool detect_pause(struct detect *d, uint32_t at, size_t cost)
{
	bool early = d->spent < PAUSE_EVERY;

	d->spent = early ? d->spent + (uint32_t)cost : 0;
	if (at == d->from || early || d->until == INT64_MAX || clock_cpu_ns() < d->until)
		return false;
	d->at = at;
	return true;
}

int64_t detect_age(const struct detect *d, uint32_t row)
{
	int64_t since = d->moment->since[row];

	return d->moment->time - (since == T_BEFORE ? 0 : since);
}

/* As the configuration allows; false: the detector is off. */
static bool detect_allows(const struct detect *d, enum detector_id id, enum severity *s)
{
	int8_t most = d->conf.severity[id];

	if (most < 0)
		return false;
	if (*s > (enum severity)most)
		*s = (enum severity)most;
	return true;
}

struct finding *detect_finding(struct detect *d, enum detector_id id, enum severity s,
			       enum certainty c)
{
	if (!detect_allows(d, id, &s))
		return NULL;
	return finding_new(&d->findings, id, s, c);
}

/* --- many alike --- */

typedef VEC(struct radix_key) rank;

/* By key, equal ones by row. */
void keys_sort(struct detect *d)
{
	size_t n = d->keys.n;
	struct likeness *sorted;
	rank r = { 0 };

	for (size_t i = 0; i < n; i++)
		*vec_push(&r) = (struct radix_key){ d->keys.v[i].row, (uint32_t)i };
	radix_sort(r.v, n);
	for (size_t i = 0; i < n; i++)
		r.v[i].key = d->keys.v[r.v[i].at].key;
	radix_sort(r.v, n);
	sorted = xmalloc((n + 1) * sizeof(*sorted));
	for (size_t i = 0; i < n; i++)
		sorted[i] = d->keys.v[r.v[i].at];
	if (n)
		memcpy(d->keys.v, sorted, n * sizeof(*sorted));
	free(sorted);
	vec_free(&r);
}

size_t keys_run(const struct detect *d, size_t i)
{
	uint64_t key = d->keys.v[i].key;

	while (i < d->keys.n && d->keys.v[i].key == key)
		i++;
	return i;
}

uint64_t row_likeness(const struct detect *d, uint32_t row)
{
	return (uint64_t)d->moment->stack[row] << 32 | d->world->g.v[row].create_stack;
}

/* --- words --- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *say_place(const struct world *w, const struct frame *f, char buf[SAY])
{
	buf[0] = '\0';
	if (f)
		snprintf(buf, SAY, "%s:%" PRIu32, base_name(strtab_get(&w->strings, f->file)),
			 f->line);
	return buf;
}

const char *entry_name(const struct world *w, uint32_t row)
{
	uint32_t stack = w->g.v[row].start_stack;
	const struct frame *f, *last = NULL;

	for (uint32_t i = 0; (f = stacktab_frame(&w->stacks, stack, i)); i++)
		last = f;
	return last ? strtab_get(&w->strings, last->func) : "";
}

const char *say_goroutine(const struct detect *d, uint32_t row, char buf[SAY])
{
	const struct world *w = d->world;
	const struct frame *f = stack_place(w, d->moment->stack[row]);
	const struct frame *made = stacktab_frame(&w->stacks, w->g.v[row].create_stack, 0);
	char place[SAY];

	if ((!f || !f->file) && made) /* it runs */
		snprintf(buf, SAY, "%" PRIu64 " (%.60s made at %.60s)", w->g.v[row].goid,
			 base_name(entry_name(w, row)), say_place(w, made, place));
	else if (!f)
		snprintf(buf, SAY, "%" PRIu64, w->g.v[row].goid);
	else
		snprintf(buf, SAY, "%" PRIu64 " (%.60s %.60s)", w->g.v[row].goid,
			 base_name(strtab_get(&w->strings, f->func)), say_place(w, f, place));
	return buf;
}

static const char *say_addr(const struct object *o, char buf[32])
{
	buf[0] = '\0';
	if (o->addr)
		snprintf(buf, 32, " 0x%" PRIx64, o->addr);
	return buf;
}

const char *say_object(const struct detect *d, const struct object *o, char buf[SAY])
{
	const struct strtab *s = &d->world->strings;
	const char *type = strtab_get(s, o->type), *text = strtab_get(s, o->text);
	char addr[32];

	say_addr(o, addr);
	switch (o->kind) {
	case OBJ_CHAN:
		if (*text)
			snprintf(buf, SAY, "channel%s of %.80s", addr, text);
		else
			snprintf(buf, SAY, "channel%s%s%.60s (%" PRId64 " of %" PRId64 ")", addr,
				 *type ? " of " : "", type, o->len, o->cap);
		break;
	case OBJ_WAITGROUP:
		snprintf(buf, SAY, "WaitGroup%s (counter %" PRId64 ")", addr, o->len);
		break;
	default:
		snprintf(buf, SAY, "%s%s%s%.80s", object_kind_name(o->kind), addr, *text ? " " : "",
			 text);
	}
	return buf;
}

const char *say_wait(enum object_kind kind, enum wait_op op)
{
	switch (op) {
	case OP_SEND:
		return "to send to";
	case OP_RECV:
		return "to receive from";
	case OP_LOCK:
		return kind == OBJ_ONCE ? "for" : "to lock";
	case OP_RLOCK:
		return "to read-lock";
	case OP_READ:
		return "to read from";
	case OP_WRITE:
		return "to write to";
	default:
		return "for";
	}
}

const char *say_time(int64_t ns, char buf[SAY])
{
	double s = (double)ns / 1e9;

	if (s < 60)
		snprintf(buf, SAY, "%.1fs", s);
	else if (s < 3600)
		snprintf(buf, SAY, "%dm%02ds", (int)(s / 60), (int)s % 60);
	else
		snprintf(buf, SAY, "%dh%02dm", (int)(s / 3600), (int)(s / 60) % 60);
	return buf;
}
