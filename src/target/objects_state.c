/* SPDX-License-Identifier: Apache-2.0 */
/* How the objects are at this moment: the state words of each kind, and checks of what they say. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/objects_priv.h"
#include "target/sysc.h"

enum {
	SYSCALLS_MOST = 64, /* /proc/PID/task/TID/syscall files read in a look */
	NAME_MOST = 200,
	FD_SYSFD = 16, /* internal/poll/fd_unix.go:FD.Sysfd */
	FD_BYTES = 24,
};

/* --- names of types --- */

static const struct gomodule *types_module(const struct objects *o, uint64_t addr)
{
	for (size_t i = 0; i < o->t->mods.mod.n; i++) {
		const struct gomodule *m = &o->t->mods.mod.v[i];

		if (addr >= m->types && addr < m->etypes)
			return m;
	}
	return NULL;
}

/* internal/abi/type.go:Name: a byte of flags, the length as a varint, the text. */
static uint32_t type_name_read(struct objects *o, uint64_t addr)
{
	const struct golayout *lay = &o->t->lay;
	const struct gomodule *m = types_module(o, addr);
	uint8_t type[128], name[NAME_MOST + 3];
	uint32_t off, len;
	ssize_t got;
	size_t at;

	if (!m || lay->type.size > (int32_t)sizeof(type) ||
	    memr_read(o->t->mem, addr, type, (size_t)lay->type.size))
		return 0;
	off = objects_u32(type, lay->type.Str);
	if (off >= m->etypes - m->types)
		return 0;
	got = memr_read_some(o->t->mem, m->types + off, name, sizeof(name));
	if (got < 3)
		return 0;
	len = name[1] & 0x7f;
	at = 2;
	if (name[1] & 0x80)
		len |= (uint32_t)name[at++] << 7;
	len = len < (size_t)got - at ? len : (uint32_t)((size_t)got - at);
	if (type[lay->type.TFlag] & 2 && len && name[at] == '*') { /* TFlagExtraStar */
		at++;
		len--;
	}
	return strtab_put(&o->text, (const char *)name + at, len);
}

static uint32_t type_name(struct objects *o, uint64_t addr)
{
	uint32_t id = map64_get(&o->type_name, addr);

	if (id != UINT32_MAX)
		return id;
	id = addr ? type_name_read(o, addr) : 0;
	map64_put(&o->type_name, addr, id);
	return id;
}

const char *objects_type(struct objects *o, uint64_t addr)
{
	return strtab_get(&o->text, type_name(o, addr));
}

/* --- each kind --- */

static bool in_data(const struct objects *o, uint64_t a)
{
	for (size_t i = 0; i < o->t->mods.mod.n; i++) {
		const struct gomodule *m = &o->t->mods.mod.v[i];

		if ((a >= m->noptrdata && a < m->enoptrdata) || (a >= m->data && a < m->edata) ||
		    (a >= m->bss && a < m->ebss) || (a >= m->noptrbss && a < m->enoptrbss))
			return true;
	}
	return false;
}

static void chan_state(struct objects *o, struct object *ob, const uint8_t *b)
{
	const struct golayout *lay = &o->t->lay;
	int64_t len = (int64_t)objects_u64(b, lay->hchan.qcount);
	int64_t cap = (int64_t)objects_u64(b, lay->hchan.dataqsiz);

	if (len < 0 || cap < len)
		return;
	ob->len = len;
	ob->cap = cap;
	if (objects_u32(b, lay->hchan.closed))
		ob->flags |= OBJF_CLOSED;
	ob->type = type_name(o, objects_u64(b, lay->hchan.elemtype));
	if (objects_u64(b, lay->hchan.timer))
		ob->flags |= OBJF_TIMER;
}

static void mutex_state(struct object *ob, uint32_t state)
{
	if (state & 1) /* mutexLocked */
		ob->flags |= OBJF_LOCKED;
}

enum { RW_READERS_MOST = 1 << 30 }; /* sync/rwmutex.go:rwmutexMaxReaders */

static void rwmutex_state(const struct golayout *lay, struct object *ob, const uint8_t *b)
{
	int32_t count = (int32_t)objects_u32(b, lay->sync_RWMutex.readerCount);
	int32_t wait = (int32_t)objects_u32(b, lay->sync_RWMutex.readerWait);

	if (count >= 0) {
		ob->len = count;
		return;
	}
	/* A writer has it, or waits until those that read when it came are done. */
	ob->len = wait > 0 && wait < RW_READERS_MOST ? wait : 0;
	ob->flags |= ob->len ? OBJF_WRITER_WAITS : OBJF_LOCKED;
}

static void poll_state(struct objects *o, struct object *ob, const uint8_t *b)
{
	const struct golayout *lay = &o->t->lay;
	int64_t rd = (int64_t)objects_u64(b, lay->pollDesc.rd);
	int64_t wd = (int64_t)objects_u64(b, lay->pollDesc.wd);
	uint64_t fd = objects_u64(b, lay->pollDesc.fd), seq;
	bool listens = false;

	rd = objects_u64(b, lay->pollDesc.rg) > 2 && rd > 0 ? rd : T_NEVER;
	wd = objects_u64(b, lay->pollDesc.wg) > 2 && wd > 0 ? wd : T_NEVER;
	ob->when = rd < wd ? rd : wd;
	if (fd > INT32_MAX)
		return;
	ob->fd = (int32_t)fd;
	/* it is another one after each use, up to 1.20 after each deadline as well */
	seq = lay->pollDesc.fdseq >= 0 ? objects_u64(b, lay->pollDesc.fdseq)
				       : objects_u64(b, lay->pollDesc.rseq);
	ob->text = net_text(o, ob->fd, ob->addr + (seq << 48), &listens);
	if (listens)
		ob->flags |= OBJF_LISTENS;
}

/* internal/poll's lock of a descriptor: it begins the FD, so the descriptor is near. */
static void fd_state(struct objects *o, struct object *ob, const uint8_t *b)
{
	uint32_t fd = objects_u32(b, FD_SYSFD);
	bool listens;
	uint32_t text;

	if (!ob->owner || fd > INT32_MAX)
		return;
	text = net_text(o, (int)fd, ob->addr, &listens);
	if (!text)
		return;
	ob->fd = (int32_t)fd;
	ob->text = text;
}

static uint32_t bytes_of(const struct golayout *lay, const struct object *ob)
{
	switch (ob->kind) {
	case OBJ_CHAN:
		return (uint32_t)lay->hchan.size;
	case OBJ_MUTEX:
		return (uint32_t)lay->sync_Mutex.size;
	case OBJ_RWMUTEX:
		return (uint32_t)lay->sync_RWMutex.size;
	case OBJ_WAITGROUP:
		return (uint32_t)lay->sync_WaitGroup.size;
	case OBJ_ONCE:
		return (uint32_t)lay->sync_Once.size;
	case OBJ_COND:
		return (uint32_t)lay->sync_Cond.size;
	case OBJ_POLL:
		return (uint32_t)lay->pollDesc.size;
	case OBJ_SEMA:
		return ob->owner ? FD_BYTES : 0;
	default:
		return 0;
	}
}

static void state_parse(struct objects *o, struct object *ob, const uint8_t *b)
{
	const struct golayout *lay = &o->t->lay;
	uint64_t state;

	switch (ob->kind) {
	case OBJ_CHAN:
		chan_state(o, ob, b);
		break;
	case OBJ_MUTEX:
		mutex_state(ob, objects_u32(b, lay->sync_Mutex.state));
		break;
	case OBJ_ONCE:
		mutex_state(ob, objects_u32(b, lay->sync_Once.m_state));
		break;
	case OBJ_RWMUTEX:
		rwmutex_state(lay, ob, b);
		break;
	case OBJ_WAITGROUP:
		state = objects_u64(b, lay->sync_WaitGroup.state);
		ob->len = (int32_t)(state >> 32);
		break;
	case OBJ_COND:
		b += lay->sync_Cond.notify;
		ob->len = (int32_t)(objects_u32(b, lay->notifyList.wait) -
				    objects_u32(b, lay->notifyList.notify));
		break;
	case OBJ_POLL:
		poll_state(o, ob, b);
		break;
	case OBJ_SEMA:
		fd_state(o, ob, b);
		break;
	}
}

static int words_read(struct objects *o)
{
	struct facts *f = o->out;
	struct gather *ga = &o->gather;
	int rc;

	gather_clear(ga);
	for (size_t i = 0; i < f->object.n; i++)
		gather_add(ga, f->object.v[i].addr, bytes_of(&o->t->lay, &f->object.v[i]));
	rc = gather_run(ga, o->t->mem);
	for (size_t i = 0; i < f->object.n && !rc; i++) {
		struct object *ob = &f->object.v[i];
		const uint8_t *b = gather_get(ga, i);

		if (b)
			state_parse(o, ob, b);
		if (ob->addr && in_data(o, ob->addr))
			ob->flags |= OBJF_GLOBAL;
	}
	return rc;
}

/* --- timers --- */

/* When a channel's timer fires, from 1.23 on: hchan.timer leads to it. */
static int chan_timers(struct objects *o)
{
	const struct golayout *lay = &o->t->lay;
	struct gather *ga = &o->gather;
	VEC(uint32_t) of = { 0 };
	VEC(uint64_t) timer = { 0 };
	int rc = 0;

	for (size_t i = 0; i < o->out->object.n; i++) {
		const uint8_t *b = gather_get(ga, i);

		if (o->out->object.v[i].kind != OBJ_CHAN ||
		    !(o->out->object.v[i].flags & OBJF_TIMER) || !b)
			continue;
		*vec_push(&of) = (uint32_t)i;
		*vec_push(&timer) = objects_u64(b, lay->hchan.timer);
	}
	gather_clear(ga);
	for (size_t i = 0; i < timer.n; i++)
		gather_add(ga, timer.v[i], (uint32_t)lay->timer.size);
	if (timer.n)
		rc = gather_run(ga, o->t->mem);
	for (size_t i = 0; i < of.n && !rc; i++) {
		const uint8_t *b = gather_get(ga, i);
		struct object *ob = &o->out->object.v[of.v[i]];

		if (!b)
			continue;
		ob->when = (int64_t)objects_u64(b, lay->timer.when);
		ob->task_period = objects_u64(b, lay->timer.period);
		if (ob->when <= 0) /* stopped: nothing will come */
			ob->flags &= (uint16_t)~OBJF_TIMER;
		ob->when = ob->when > 0 ? ob->when : T_NEVER;
	}
	vec_free(&of);
	vec_free(&timer);
	return rc;
}

/* time.Sleep: g.timer and g.sleepWhen; up to 1.22 timer.nextwhen (runtime/time.go:timeSleep). */
static int sleeps_tell(struct objects *o)
{
	const struct golayout *lay = &o->t->lay;
	struct gather *ga = &o->gather;
	bool old = lay->g.sleepWhen < 0;
	int32_t g_end = (lay->g.timer > lay->g.sleepWhen ? lay->g.timer : lay->g.sleepWhen) + 8;
	size_t at = 0;
	int rc;

	gather_clear(ga);
	for (size_t i = 0; i < o->waits.n; i++)
		if (o->seen.v[o->waits.v[i]].wait == WK_SLEEP)
			gather_add(ga, o->seen.v[o->waits.v[i]].g.addr, (uint32_t)g_end);
	rc = ga->piece.n ? gather_run(ga, o->t->mem) : 0;
	for (size_t i = 0; i < o->waits.n && !rc; i++) {
		const struct gseen *g = &o->seen.v[o->waits.v[i]];
		uint64_t timer, when;
		struct object *ob;
		const uint8_t *b;

		if (g->wait != WK_SLEEP)
			continue;
		b = gather_get(ga, at++);
		timer = b ? objects_u64(b, lay->g.timer) : 0;
		when = b ? objects_u64(b, lay->g.sleepWhen) : 0;
		if (old && timer &&
		    memr_read_u64(o->t->mem, timer + (uint64_t)lay->timer.nextwhen, &when))
			when = 0;
		ob = facts_object(o->out, timer ? timer : g->g.addr);
		ob->kind = OBJ_TIMER;
		ob->when = (int64_t)when > 0 ? (int64_t)when : T_NEVER;
		facts_wait(o->out, g->g.goid, ob->addr, g->op, false, 0);
	}
	return rc;
}

/* --- system calls --- */

static uint32_t call_text(struct objects *o, const struct sysc *c)
{
	const char *name = sysc_name(c->nr);
	char number[24];

	if (!name) {
		snprintf(number, sizeof(number), "syscall %d", (int)c->nr);
		name = number;
	}
	if (sysc_fd(c) >= 0)
		return objects_str(o, "%s(%d, %#lx, %#lx)", name, sysc_fd(c),
				   (unsigned long)c->arg[1], (unsigned long)c->arg[2]);
	return objects_str(o, "%s(%#lx, %#lx, %#lx)", name, (unsigned long)c->arg[0],
			   (unsigned long)c->arg[1], (unsigned long)c->arg[2]);
}

static void calls_tell(struct objects *o)
{
	int budget = o->t->core ? INT_MAX : SYSCALLS_MOST;

	for (size_t i = 0; i < o->waits.n; i++) {
		struct gseen *g = &o->seen.v[o->waits.v[i]];
		const struct gthread *m;
		struct object *ob;
		struct sysc c;

		if (g->wait != WK_SYSCALL)
			continue;
		m = gsched_thread(scan_sched(o->scan), g->g.m);
		ob = facts_object(o->out, m ? m->addr : g->g.addr);
		ob->kind = OBJ_SYSCALL;
		o->out->netpoll |= m && m->incgo;
		if (!g->text && m && m->tid > 0 && budget-- > 0 &&
		    !target_syscall(o->t, m->tid, &c) && c.nr >= 0) {
			g->text = call_text(o, &c);
			g->delta = sysc_fd(&c) + 1;
		}
		ob->text = g->text;
		ob->fd = g->delta - 1;
		facts_wait(o->out, g->g.goid, ob->addr, g->op, false, 0);
	}
}

int states_tell(struct objects *o)
{
	int rc = words_read(o);

	if (!rc)
		rc = chan_timers(o);
	if (!rc)
		rc = sleeps_tell(o);
	if (!rc)
		calls_tell(o);
	return rc;
}
