/* SPDX-License-Identifier: Apache-2.0 */
#include "export/pprof.h"

#include <errno.h>
#include <stdlib.h>

#include "export/gzip.h"
#include "export/labels.h"
#include "export/pbuf.h"
#include "export/stacks.h"
#include "export/words.h"

/* Fields of profile.proto, https://github.com/google/pprof/blob/main/proto/profile.proto */
enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING = 6,
	PROFILE_TIME = 9,
	PROFILE_DURATION = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_TYPE = 14,

	VALUE_TYPE = 1,
	VALUE_UNIT = 2,

	SAMPLE_LOCATION = 1,
	SAMPLE_VALUE = 2,
	SAMPLE_LABEL = 3,
	LABEL_KEY = 1,
	LABEL_STR = 2,

	MAPPING_ID = 1,
	MAPPING_FILE = 5,
	MAPPING_HAS_FUNCTIONS = 7,
	MAPPING_HAS_INLINE = 10,

	LOCATION_ID = 1,
	LOCATION_MAPPING = 2,
	LOCATION_ADDRESS = 3,
	LOCATION_LINE = 4,
	LINE_FUNCTION = 1,
	LINE_LINE = 2,

	FUNCTION_ID = 1,
	FUNCTION_NAME = 2,
	FUNCTION_SYSTEM_NAME = 3,
	FUNCTION_FILE = 4,
};

enum { V_GOROUTINES, V_CPU, V_OFF_CPU, V_CONTENTIONS, V_DELAY, V_N };

static const struct {
	const char *type, *unit;
} value_types[V_N] = {
	[V_GOROUTINES] = { "goroutines", "count" }, [V_CPU] = { "cpu", "nanoseconds" },
	[V_OFF_CPU] = { "off_cpu", "nanoseconds" }, [V_CONTENTIONS] = { "contentions", "count" },
	[V_DELAY] = { "delay", "nanoseconds" },
};

struct sample {
	uint32_t stack, labels;
	unsigned kind; /* of time; PROFILE_KINDS: none */
	int64_t value[V_N];
};

struct pprof {
	struct gzip *z;
	struct world *w;
	struct words words;
	struct pbuf p; /* what is put into the file next */
	VEC(struct sample) sample;
	struct map64 head, sample_of; /* labels and kind → number; that and stack → sample */
	uint32_t heads;

	uint32_t unknown; /* the location of stacks that are not known; 0: none was needed */
	uint32_t n_strings, n_functions, n_locations, n_prefixes;
	struct map64 string_of, function_of; /* the word's id; name and file */
	struct map64 prefix; /* frames from a leaf on that share a location: see location() */
	struct map64 location_of; /* the last of them */
	int64_t total[V_N];
};

static void put(struct pprof *x)
{
	gzip_put(x->z, x->p.b.v, x->p.b.n);
	x->p.b.n = 0;
}

/* --- strings, functions, places --- */

static uint64_t string_new(struct pprof *x, const char *s, size_t n)
{
	struct pbuf p = { 0 };

	pb_str(&p, PROFILE_STRING, s, n);
	gzip_put(x->z, p.b.v, p.b.n);
	vec_free(&p.b);
	return x->n_strings++;
}

static uint64_t string_id(struct pprof *x, uint32_t id)
{
	uint32_t known = id ? map64_get(&x->string_of, id) : 0;

	if (known != UINT32_MAX)
		return known;
	map64_put(&x->string_of, id, x->n_strings);
	return string_new(x, words_get(&x->words, id), words_len(&x->words, id));
}

/* Words of our own and parts of labels. */
static uint64_t text_id(struct pprof *x, const char *s, size_t n)
{
	return string_id(x, words_put(&x->words, s, n));
}

static uint64_t word_id(struct pprof *x, const char *s)
{
	return string_id(x, words_str(&x->words, s));
}

static uint64_t function_id(struct pprof *x, uint32_t func, uint32_t file)
{
	uint64_t key = (uint64_t)func << 32 | file, name, path;
	uint32_t id = map64_get(&x->function_of, key);
	struct pbuf p = { 0 };
	size_t at;

	if (id != UINT32_MAX)
		return id;
	id = ++x->n_functions;
	map64_put(&x->function_of, key, id);
	name = func ? string_id(x, func) : word_id(x, "[not known]");
	path = string_id(x, file);
	at = pb_open(&p, PROFILE_FUNCTION);
	pb_uint(&p, FUNCTION_ID, id);
	pb_uint(&p, FUNCTION_NAME, name);
	pb_uint(&p, FUNCTION_SYSTEM_NAME, name);
	pb_uint(&p, FUNCTION_FILE, path);
	pb_close(&p, at);
	gzip_put(x->z, p.b.v, p.b.n);
	vec_free(&p.b);
	return id;
}

/* n frames, the leaf first, of which all but the last were put into their callers. */
static uint64_t location_new(struct pprof *x, const struct frame *const *f, uint32_t n)
{
	uint32_t id = ++x->n_locations;
	struct pbuf p = { 0 };
	size_t at = pb_open(&p, PROFILE_LOCATION), line;

	pb_uint(&p, LOCATION_ID, id);
	pb_uint(&p, LOCATION_MAPPING, 1);
	if (f[n - 1]->pc)
		pb_uint(&p, LOCATION_ADDRESS, f[n - 1]->pc);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t function = function_id(x, f[i]->func, f[i]->file);

		line = pb_open(&p, LOCATION_LINE);
		pb_uint(&p, LINE_FUNCTION, function);
		pb_uint(&p, LINE_LINE, f[i]->line);
		pb_close(&p, line);
	}
	pb_close(&p, at);
	gzip_put(x->z, p.b.v, p.b.n);
	vec_free(&p.b);
	return id;
}

enum { INLINE_MOST = 64 };

/*
 * The location that begins at frame *i of the stack, which goes past it: a call with
 * those that the compiler put into it. Equal rows of frames are one location: each
 * beginning of such a row has a number, which with the next frame makes the next.
 */
static uint64_t location(struct pprof *x, uint32_t stack, uint32_t *i)
{
	const struct stacktab *t = &x->w->stacks;
	const struct frame *f, *row[INLINE_MOST];
	uint32_t n = 0, prefix = 0, next, id;
	bool more = true;

	while (more && n < INLINE_MOST && (f = stacktab_frame(t, stack, *i))) {
		uint64_t key = (uint64_t)prefix << 32 | (uint64_t)(f - t->frame.v);

		next = map64_get(&x->prefix, key);
		if (next == UINT32_MAX) {
			next = ++x->n_prefixes;
			map64_put(&x->prefix, key, next);
		}
		prefix = next;
		row[n++] = f;
		(*i)++;
		more = f->flags & FRAME_INLINED;
	}
	if (!n)
		return 0;
	id = map64_get(&x->location_of, prefix);
	if (id != UINT32_MAX)
		return id;
	id = (uint32_t)location_new(x, row, n);
	map64_put(&x->location_of, prefix, id);
	return id;
}

/* --- samples --- */

static struct sample *sample_of(struct pprof *x, uint32_t stack, uint32_t labels, unsigned kind)
{
	uint64_t key = (uint64_t)labels << 8 | kind;
	uint32_t head = map64_get(&x->head, key), i;

	if (head == UINT32_MAX) {
		head = x->heads++;
		map64_put(&x->head, key, head);
	}
	key = (uint64_t)head << 32 | stack;
	i = map64_get(&x->sample_of, key);
	if (i == UINT32_MAX) {
		i = (uint32_t)x->sample.n;
		map64_put(&x->sample_of, key, i);
		*vec_push(&x->sample) =
			(struct sample){ .stack = stack, .labels = labels, .kind = kind };
	}
	return &x->sample.v[i];
}

static void add(struct pprof *x, struct sample *s, int which, int64_t v)
{
	if (__builtin_add_overflow(s->value[which], v, &s->value[which]))
		s->value[which] = INT64_MAX;
	if (__builtin_add_overflow(x->total[which], v, &x->total[which]))
		x->total[which] = INT64_MAX;
}

static bool is_contention(unsigned kind)
{
	return kind == R_MUTEX || kind == R_RWMUTEX_READ || kind == R_RWMUTEX_WRITE;
}

static void add_times(struct pprof *x, const struct profile_pick *k, int which)
{
	for (size_t i = 0; i < k->sum.n; i++) {
		const struct profile_sum *sum = &k->sum.v[i];
		const struct profile_head *h = &k->head.v[sum->head];
		struct sample *s = sample_of(x, sum->stack, h->part, h->kind);

		add(x, s, which, sum->ns);
		if (which == V_CPU || !is_contention(h->kind))
			continue;
		add(x, s, V_CONTENTIONS, (int64_t)(sum->n & INT64_MAX));
		add(x, s, V_DELAY, sum->ns);
	}
}

static void add_goroutines(struct pprof *x, struct export_request *r)
{
	struct moment past = { 0 };
	const struct moment *m = &r->world->now;
	bool *keep = export_rows(r);

	if (r->t1 != T_NEVER) {
		world_at(x->w, r->t1, &past);
		m = &past;
	}
	for (uint32_t row = 0; row < m->n && row < x->w->now.n; row++) {
		unsigned kind = profile_kind_of(m->state[row], m->reason[row]);

		if (keep[row] && kind < PROFILE_KINDS)
			add(x, sample_of(x, m->stack[row], x->w->g.v[row].labels, kind),
			    V_GOROUTINES, 1);
	}
	free(keep);
	moment_release(&past);
}

static void put_label(struct pprof *x, uint64_t key, uint64_t str)
{
	size_t at = pb_open(&x->p, SAMPLE_LABEL);

	pb_uint(&x->p, LABEL_KEY, key);
	pb_uint(&x->p, LABEL_STR, str);
	pb_close(&x->p, at);
}

static void put_labels(struct pprof *x, const struct sample *s)
{
	const char *text = strtab_get(&x->w->strings, s->labels);
	struct label l;

	if (s->kind != PROFILE_CPU)
		put_label(x, word_id(x, "reason"), word_id(x, profile_kind_name(s->kind)));
	while (label_next(&text, &l))
		put_label(x, text_id(x, l.key, l.key_len), text_id(x, l.value, l.value_len));
}

static void put_stack(struct pprof *x, uint32_t stack)
{
	static const struct frame nothing;
	const struct frame *f = &nothing;
	uint32_t depth = stacktab_depth(&x->w->stacks, stack);
	size_t at = pb_open(&x->p, SAMPLE_LOCATION);

	for (uint32_t i = 0; i < depth;)
		pb_varint(&x->p, location(x, stack, &i));
	if (!depth && !x->unknown)
		x->unknown = (uint32_t)location_new(x, &f, 1);
	if (!depth)
		pb_varint(&x->p, x->unknown);
	pb_close(&x->p, at);
}

static void put_sample(struct pprof *x, const struct sample *s)
{
	size_t at = pb_open(&x->p, PROFILE_SAMPLE), in;

	put_stack(x, s->stack);
	in = pb_open(&x->p, SAMPLE_VALUE);
	for (int i = 0; i < V_N; i++)
		pb_varint(&x->p, (uint64_t)s->value[i]);
	pb_close(&x->p, in);
	put_labels(x, s);
	pb_close(&x->p, at);
	put(x);
}

/* --- what it is of --- */

static void put_type(struct pprof *x, uint32_t field, int which)
{
	uint64_t type = word_id(x, value_types[which].type),
		 unit = word_id(x, value_types[which].unit);
	size_t at = pb_open(&x->p, field);

	pb_uint(&x->p, VALUE_TYPE, type);
	pb_uint(&x->p, VALUE_UNIT, unit);
	pb_close(&x->p, at);
	put(x);
}

static void put_mapping(struct pprof *x)
{
	uint64_t name = string_id(x, x->w->source_name);
	size_t at = pb_open(&x->p, PROFILE_MAPPING);

	pb_uint(&x->p, MAPPING_ID, 1);
	pb_uint(&x->p, MAPPING_FILE, name);
	for (uint32_t i = MAPPING_HAS_FUNCTIONS; i <= MAPPING_HAS_INLINE; i++)
		pb_uint(&x->p, i, 1);
	pb_close(&x->p, at);
	put(x);
}

static void put_head(struct pprof *x)
{
	string_new(x, "", 0);
	for (int i = 0; i < V_N; i++)
		put_type(x, PROFILE_SAMPLE_TYPE, i);
	put_mapping(x);
}

static void put_end(struct pprof *x, const struct export_request *r)
{
	const struct world *w = x->w;
	int64_t began, t0 = r->t0 < 0 ? 0 : r->t0, t1 = r->t1 < w->t_end ? r->t1 : w->t_end;
	int shown = x->total[V_CPU] ? V_CPU : x->total[V_OFF_CPU] ? V_OFF_CPU : V_GOROUTINES;
	uint64_t comment = r->note ? word_id(x, r->note) : 0;

	put_type(x, PROFILE_PERIOD_TYPE, V_CPU);
	pb_int(&x->p, PROFILE_PERIOD,
	       w->live.sample_hz ? 1000000000 / w->live.sample_hz : PROFILE_TRACE_NS);
	if (w->wall_ns && !__builtin_add_overflow(w->wall_ns, t0, &began))
		pb_int(&x->p, PROFILE_TIME, began);
	pb_int(&x->p, PROFILE_DURATION, t1 > t0 ? t1 - t0 : 0);
	if (comment)
		pb_uint(&x->p, PROFILE_COMMENT, comment);
	pb_uint(&x->p, PROFILE_DEFAULT_TYPE, word_id(x, value_types[shown].type));
	put(x);
}

static void pprof_release(struct pprof *x)
{
	vec_free(&x->p.b);
	vec_free(&x->sample);
	map64_free(&x->head);
	map64_free(&x->sample_of);
	map64_free(&x->string_of);
	map64_free(&x->function_of);
	map64_free(&x->prefix);
	map64_free(&x->location_of);
	words_release(&x->words);
}

int pprof_export(struct export_request *r, FILE *out)
{
	struct pprof x = { .w = r->world, .z = gzip_new(out) };
	struct stacks s;

	if (!x.z)
		return -ENOMEM;
	words_init(&x.words, &r->world->strings);
	if (stacks_read(&s, r)) {
		stacks_pick(&s, r, PROFILE_ON_CPU, SPLIT_LABELS);
		add_times(&x, &s.pick, V_CPU);
		stacks_pick(&s, r, PROFILE_OFF_CPU, SPLIT_LABELS);
		add_times(&x, &s.pick, V_OFF_CPU);
	}
	stacks_release(&s);
	add_goroutines(&x, r);
	put_head(&x);
	for (size_t i = 0; i < x.sample.n && !ferror(out); i++)
		put_sample(&x, &x.sample.v[i]);
	put_end(&x, r);
	pprof_release(&x);
	return gzip_end(x.z);
}
