/* SPDX-License-Identifier: Apache-2.0 */
#include "target/objects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/gather.h"

enum {
	SUDOGS_MOST = 1 << 21, /* some 150 MB */
	SEMTABLE = 251, /* runtime/sema.go:semTabSize */
	TYPE_NAME = 256,
	TFLAG_EXTRA_STAR = 2, /* internal/abi/type.go */
};

/* runtime.sudog: a goroutine in a queue. */
struct gsudog {
	uint64_t addr;
	uint64_t g, next, prev, elem, waitlink, c;
	uint32_t wait; /* of a channel: its wait in objects.wait; UINT32_MAX: none yet */
	uint16_t at; /* place in the list of a select */
	bool select;
};

struct next_sudog {
	uint64_t addr;
	uint64_t g; /* whose it should be; 0: anybody's */
	uint16_t at;
};

struct objects_scratch {
	struct gather *gather;
	scan_waiters g;
	VEC(struct gsudog) sudog;
	VEC(struct next_sudog) next, todo;
	VEC(uint64_t) addr;
	VEC(uint8_t) bytes;
	VEC(bool) ok;
	struct map64 by_sudog, by_obj, by_type;
};

void objects_init(struct objects *o)
{
	memset(o, 0, sizeof(*o));
	strtab_init(&o->names);
	o->scratch = xcalloc(1, sizeof(*o->scratch));
	o->scratch->gather = gather_new();
}

void objects_release(struct objects *o)
{
	struct objects_scratch *x = o->scratch;

	vec_free(&o->obj);
	vec_free(&o->wait);
	strtab_release(&o->names);
	if (!x)
		return;
	gather_free(x->gather);
	vec_free(&x->g);
	vec_free(&x->sudog);
	vec_free(&x->next);
	vec_free(&x->todo);
	vec_free(&x->addr);
	vec_free(&x->bytes);
	vec_free(&x->ok);
	map64_free(&x->by_sudog);
	map64_free(&x->by_obj);
	map64_free(&x->by_type);
	free(x);
	o->scratch = NULL;
}

/* --- reading --- */

static uint64_t word(const uint8_t *b, int32_t off)
{
	uint64_t v = 0;

	if (off >= 0)
		memcpy(&v, b + off, sizeof(v));
	return v;
}

/* Structs of size at each of scratch.addr; then they are in bytes, and ok says which. */
static int read_all(struct objects_scratch *x, struct memr *mem, size_t size)
{
	vec_reserve(&x->bytes, x->addr.n * size + 1);
	vec_reserve(&x->ok, x->addr.n + 1);
	return gather_read(x->gather, mem, x->addr.v, x->addr.n, size, x->bytes.v, x->ok.v);
}

static struct gsudog sudog_parse(const struct golayout *lay, uint64_t addr, const uint8_t *b)
{
	return (struct gsudog){
		.addr = addr,
		.g = word(b, lay->sudog.g),
		.next = word(b, lay->sudog.next),
		.prev = word(b, lay->sudog.prev),
		.elem = word(b, lay->sudog.elem),
		.waitlink = word(b, lay->sudog.waitlink),
		.c = word(b, lay->sudog.c),
		.wait = UINT32_MAX,
		.select = lay->sudog.isSelect >= 0 && b[lay->sudog.isSelect],
	};
}

static void want_sudog(struct objects_scratch *x, uint64_t addr, uint64_t g, uint16_t at)
{
	if (!addr || addr % 8 || x->sudog.n + x->next.n >= SUDOGS_MOST ||
	    map64_get(&x->by_sudog, addr) != UINT32_MAX)
		return;
	map64_put(&x->by_sudog, addr, 0); /* not twice */
	*vec_push(&x->next) = (struct next_sudog){ addr, g, at };
}

/* Reads those that are wanted, until follow() wants no more. */
static int read_sudogs(struct objects *o, struct target *t,
		       void (*follow)(struct objects_scratch *x, const struct gsudog *s))
{
	struct objects_scratch *x = o->scratch;
	size_t size = (size_t)t->lay.sudog.size;
	int rc;

	while (x->next.n) {
		x->todo.n = x->addr.n = 0;
		for (size_t i = 0; i < x->next.n; i++) {
			*vec_push(&x->todo) = x->next.v[i];
			*vec_push(&x->addr) = x->next.v[i].addr;
		}
		x->next.n = 0;
		rc = read_all(x, t->mem, size);
		if (rc)
			return rc;
		for (size_t i = 0; i < x->todo.n; i++) {
			struct next_sudog want = x->todo.v[i];
			struct gsudog s = sudog_parse(&t->lay, want.addr, x->bytes.v + i * size);

			if (!x->ok.v[i] || (want.g && s.g != want.g)) {
				o->left_out++;
				continue;
			}
			s.at = want.at;
			map64_put(&x->by_sudog, want.addr, (uint32_t)x->sudog.n);
			*vec_push(&x->sudog) = s;
			follow(x, &x->sudog.v[x->sudog.n - 1]);
		}
	}
	return 0;
}

static struct gobj *add_object(struct objects *o, uint64_t addr, enum gobj_kind kind)
{
	map64_put(&o->scratch->by_obj, addr, (uint32_t)o->obj.n);
	*vec_push(&o->obj) = (struct gobj){ .addr = addr, .kind = (uint8_t)kind };
	return &o->obj.v[o->obj.n - 1];
}

/* --- types --- */

static const struct gomodule *types_of(const struct target *t, uint64_t type)
{
	for (size_t i = 0; i < t->mods.mod.n; i++)
		if (type >= t->mods.mod.v[i].types && type < t->mods.mod.v[i].etypes)
			return &t->mods.mod.v[i];
	return NULL;
}

/* internal/abi/type.go:Name: a byte of flags, the length as a varint, the bytes. */
static uint32_t name_read(struct objects *o, struct target *t, uint64_t at, bool star)
{
	uint8_t b[TYPE_NAME];
	ssize_t n = memr_read_some(t->mem, at, b, sizeof(b));
	size_t len, head = 2;

	if (n < 3)
		return 0;
	len = b[1] & 0x7f;
	if (b[1] & 0x80) {
		len |= (size_t)(b[2] & 0x7f) << 7;
		head = 3;
	}
	if (len > (size_t)n - head)
		len = (size_t)n - head;
	if (star && len && b[head] == '*') {
		head++;
		len--;
	}
	return strtab_put(&o->names, (const char *)b + head, len);
}

/* The name of a *runtime._type, from the module's own table; remembered. */
static uint32_t type_name(struct objects *o, struct target *t, uint64_t type)
{
	const struct gomodule *m = types_of(t, type);
	uint32_t known = map64_get(&o->scratch->by_type, type), name = 0;
	int32_t off;
	uint8_t flag;

	if (known != UINT32_MAX || !m)
		return m ? known : 0;
	if (t->lay.type.Str >= 0 && t->lay.type.TFlag >= 0 &&
	    !memr_read(t->mem, type + (uint64_t)t->lay.type.Str, &off, sizeof(off)) &&
	    !memr_read(t->mem, type + (uint64_t)t->lay.type.TFlag, &flag, sizeof(flag)) &&
	    off > 0 && (uint64_t)off < m->etypes - m->types)
		name = name_read(o, t, m->types + (uint64_t)off, flag & TFLAG_EXTRA_STAR);
	map64_put(&o->scratch->by_type, type, name);
	return name;
}

/* --- channels --- */

static void follow_select(struct objects_scratch *x, const struct gsudog *s)
{
	if (s->select && s->at < UINT16_MAX)
		want_sudog(x, s->waitlink, s->g, (uint16_t)(s->at + 1));
}

static void want_channels(struct objects *o)
{
	struct objects_scratch *x = o->scratch;

	x->addr.n = 0;
	for (size_t i = 0; i < x->sudog.n; i++) {
		uint64_t c = x->sudog.v[i].c;

		if (!c || c % 8 || map64_get(&x->by_obj, c) != UINT32_MAX)
			continue;
		add_object(o, c, GOBJ_CHAN);
		*vec_push(&x->addr) = c;
	}
}

static uint64_t goid_of(const struct objects_scratch *x, uint64_t g)
{
	size_t lo = 0, hi = x->g.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (x->g.v[mid].addr < g)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < x->g.n && x->g.v[lo].addr == g ? x->g.v[lo].goid : 0;
}

/* In the queue of a channel, from its first on. */
static void queue_take(struct objects *o, uint32_t obj, uint64_t first, enum gobj_op op)
{
	struct objects_scratch *x = o->scratch;

	for (uint64_t at = first; at;) {
		uint32_t i = map64_get(&x->by_sudog, at);
		struct gsudog *s = i < x->sudog.n ? &x->sudog.v[i] : NULL;

		if (!s || s->addr != at || s->wait != UINT32_MAX || s->c != o->obj.v[obj].addr)
			return;
		s->wait = (uint32_t)o->wait.n;
		*vec_push(&o->wait) =
			(struct gobj_wait){ goid_of(x, s->g), obj, s->at, (uint8_t)op, s->select };
		at = s->next;
	}
}

static void channel_take(struct objects *o, struct target *t, uint32_t obj, const uint8_t *b)
{
	const struct golayout *lay = &t->lay;
	struct gobj *c = &o->obj.v[obj];
	uint32_t closed;

	c->len = word(b, lay->hchan.qcount);
	c->cap = word(b, lay->hchan.dataqsiz);
	c->elemtype = word(b, lay->hchan.elemtype);
	memcpy(&closed, b + lay->hchan.closed, sizeof(closed));
	c->closed = closed;
	c->timer = word(b, lay->hchan.timer);
	c->type = type_name(o, t, c->elemtype);
	queue_take(o, obj, word(b, lay->hchan.recvq_first), GOBJ_RECV);
	queue_take(o, obj, word(b, lay->hchan.sendq_first), GOBJ_SEND);
}

static int look_channels(struct objects *o, struct target *t)
{
	struct objects_scratch *x = o->scratch;
	size_t size = (size_t)t->lay.hchan.size;
	int rc;

	for (size_t i = 0; i < x->g.n; i++)
		want_sudog(x, x->g.v[i].waiting, x->g.v[i].addr, 0);
	rc = read_sudogs(o, t, follow_select);
	if (rc)
		return rc;
	want_channels(o);
	rc = read_all(x, t->mem, size);
	for (size_t i = 0; !rc && i < x->addr.n; i++)
		if (x->ok.v[i])
			channel_take(o, t, (uint32_t)i, x->bytes.v + i * size);
	for (size_t i = 0; i < x->sudog.n; i++)
		o->left_out += x->sudog.v[i].c && x->sudog.v[i].wait == UINT32_MAX;
	return rc;
}

/* --- semaphores --- */

static void follow_treap(struct objects_scratch *x, const struct gsudog *s)
{
	want_sudog(x, s->prev, 0, 0);
	want_sudog(x, s->next, 0, 0);
	want_sudog(x, s->waitlink, 0, 0);
}

static int want_roots(struct objects_scratch *x, struct target *t)
{
	size_t size = (size_t)t->lay.semTable.size;
	uint8_t *b;
	int rc;

	if (!t->glob.addr[GLOBAL_semtable] || t->lay.semTable.size < 8 || t->lay.semaRoot.treap < 0)
		return 0;
	b = xmalloc(SEMTABLE * size);
	rc = memr_read(t->mem, t->glob.addr[GLOBAL_semtable], b, SEMTABLE * size);
	for (size_t i = 0; !rc && i < SEMTABLE; i++)
		want_sudog(x, word(b + i * size, t->lay.semaRoot.treap), 0, 0);
	free(b);
	return rc == -EFAULT ? 0 : rc;
}

/* What a semaphore is part of: bytes on both sides of it. */
static int read_around(struct objects *o, struct target *t, size_t first)
{
	struct objects_scratch *x = o->scratch;
	int rc;

	x->addr.n = 0;
	for (size_t i = first; i < o->obj.n; i++)
		*vec_push(&x->addr) = o->obj.v[i].addr - GOBJ_AROUND;
	rc = read_all(x, t->mem, 2 * GOBJ_AROUND);
	for (size_t i = 0; !rc && i < x->addr.n; i++) {
		struct gobj *s = &o->obj.v[first + i];

		s->around_known = x->ok.v[i];
		memcpy(s->around, x->bytes.v + i * sizeof(s->around), sizeof(s->around));
	}
	return rc;
}

/* A treap has a node for each address; behind it in waitlink stand those who came later. */
static int look_semaphores(struct objects *o, struct target *t)
{
	struct objects_scratch *x = o->scratch;
	size_t first = o->obj.n, from = x->sudog.n;
	int rc;

	map64_clear(&x->by_sudog); /* from 1.26 on g.waiting leads to these, too, but in no order */
	rc = want_roots(x, t);
	rc = rc ? rc : read_sudogs(o, t, follow_treap);
	for (size_t i = from; !rc && i < x->sudog.n; i++) {
		const struct gsudog *s = &x->sudog.v[i];
		uint64_t goid = goid_of(x, s->g);
		uint32_t obj = map64_get(&x->by_obj, s->elem);

		if (!goid || !s->elem || s->elem % 4) {
			o->left_out++;
			continue;
		}
		if (obj == UINT32_MAX)
			obj = (uint32_t)(add_object(o, s->elem, GOBJ_SEMA) - o->obj.v);
		*vec_push(&o->wait) = (struct gobj_wait){ goid, obj, 0, GOBJ_ACQUIRE, false };
	}
	return rc ? rc : read_around(o, t, first);
}

int objects_look(struct objects *o, struct scan *s)
{
	struct objects_scratch *x = o->scratch;
	struct target *t = scan_target(s);
	int rc;

	o->obj.n = o->wait.n = 0;
	o->left_out = 0;
	x->g.n = x->sudog.n = x->next.n = 0;
	map64_clear(&x->by_sudog);
	map64_clear(&x->by_obj);
	scan_waiting(s, &x->g);
	rc = look_channels(o, t);
	return rc ? rc : look_semaphores(o, t);
}
