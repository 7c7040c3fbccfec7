/* SPDX-License-Identifier: Apache-2.0 */
/* Types of the standard library whose meaning is shown rather than their fields. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "target/govalue_impl.h"

enum {
	/* sync/mutex.go, from 1.24 on internal/sync/mutex.go */
	MUTEX_LOCKED = 1,
	MUTEX_STARVING = 4,
	MUTEX_WAITERS = 3, /* shift */
	RW_READERS_MOST = 1 << 30, /* sync/rwmutex.go:rwmutexMaxReaders */
	WG_WAITERS = 0x7fffffff, /* the bit above: it belongs to a synctest bubble */
	ZONES_MOST = 1 << 12,
	ERROR_MOST = 256
};

typedef bool known_fn(struct govaluer *g, struct gval v, int depth, struct gotext *out);

/* --- time --- */

static const int64_t UNIX_TO_INTERNAL = 62135596800; /* time/time.go */
static const int64_t WALL_TO_INTERNAL = 59453308800;

struct instant {
	int64_t unix_sec;
	uint32_t nsec;
	struct gval loc; /* of *Location */
};

static bool read_time(struct govaluer *g, struct gval v, struct instant *t)
{
	struct gval wall_f, ext_f;
	uint64_t wall, ext, sec;

	if (!gv_field(g, v, "wall", &wall_f) || !gv_field(g, v, "ext", &ext_f) ||
	    !gv_field(g, v, "loc", &t->loc) || !gv_number(g, wall_f, &wall) ||
	    !gv_number(g, ext_f, &ext))
		return false;
	t->nsec = wall & 0x3fffffff;
	sec = wall >> 63 ? (wall << 1 >> 31) + (uint64_t)WALL_TO_INTERNAL : ext;
	t->unix_sec = (int64_t)(sec - (uint64_t)UNIX_TO_INTERNAL);
	return t->nsec < 1000000000;
}

/* The index of the zone in force, by time/zoneinfo.go:lookup; false: only the location's rule for the future tells. */
static bool find_zone(struct govaluer *g, struct gval loc, int64_t sec, uint64_t *zone)
{
	struct gval tx_f, extend_f;
	uint64_t tx[3], lo = 0, hi, extend, when = 0;
	char first[8];
	uint8_t index = 0;
	uint64_t stride;

	if (!gv_field(g, loc, "tx", &tx_f) || valmem_read(g->vm, tx_f.addr, tx, sizeof(tx)) ||
	    !gv_field(g, loc, "extend", &extend_f) ||
	    !gv_string(g, extend_f, first, sizeof(first), &extend) || tx[1] > ZONES_MOST)
		return false;
	stride = gotype_elem(g->ts, tx_f.t)->size;
	hi = tx[1];
	if (!hi || stride < 9)
		return false;
	while (hi - lo > 1) { /* the last one that began */
		uint64_t mid = lo + (hi - lo) / 2;

		if (!valmem_word(g->vm, tx[0] + mid * stride, &when))
			return false;
		if (sec < (int64_t)when)
			hi = mid;
		else
			lo = mid;
	}
	if (!valmem_word(g->vm, tx[0] + lo * stride, &when) || sec < (int64_t)when ||
	    (lo + 1 == tx[1] && extend))
		return false;
	if (valmem_read(g->vm, tx[0] + lo * stride + 8, &index, 1))
		return false;
	*zone = index;
	return true;
}

/* The zone that a location keeps at hand, for the times around its making. */
static bool cached_zone(struct govaluer *g, struct gval loc, int64_t sec, struct gval *zone)
{
	struct gval f;
	uint64_t start, end;

	return gv_field(g, loc, "cacheStart", &f) && gv_number(g, f, &start) &&
	       gv_field(g, loc, "cacheEnd", &f) && gv_number(g, f, &end) && (int64_t)start <= sec &&
	       sec < (int64_t)end && gv_field(g, loc, "cacheZone", &f) && gv_deref(g, f, zone);
}

/* Seconds east of UTC and the zone's name; false: it is UTC, or best told in it. */
static bool read_zone(struct govaluer *g, struct gval loc_ptr, int64_t sec, int64_t *offset,
		      char *name, size_t size)
{
	struct gval loc, zone_f, f, zone;
	uint64_t zones[3], i, n;

	if (!gv_deref(g, loc_ptr, &loc))
		return false;
	if (!cached_zone(g, loc, sec, &zone)) {
		if (!gv_field(g, loc, "zone", &zone_f) ||
		    valmem_read(g->vm, zone_f.addr, zones, sizeof(zones)) || !zones[1] ||
		    !find_zone(g, loc, sec, &i) || i >= zones[1])
			return false;
		zone.t = gotype_elem(g->ts, zone_f.t);
		zone.addr = zones[0] + i * zone.t->size;
	}
	if (!gv_field(g, zone, "name", &f) || !gv_string(g, f, name, size, &n) ||
	    !gv_field(g, zone, "offset", &f) || !gv_number(g, f, &n))
		return false;
	*offset = (int64_t)n;
	return *offset || strcmp(name, "UTC");
}

static bool known_time(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	struct instant t;
	int64_t offset = 0, minutes;
	char zone[32];
	bool local;

	(void)depth;
	if (!read_time(g, v, &t))
		return false;
	local = read_zone(g, t.loc, t.unix_sec, &offset, zone, sizeof(zone));
	if (!gotext_time(out, t.unix_sec, local ? offset : 0, t.nsec))
		return false;
	if (!local) {
		gotext_str(out, " UTC");
		return true;
	}
	minutes = (offset < 0 ? -offset : offset) / 60;
	gotext_printf(out, " %c%02d%02d", offset < 0 ? '-' : '+', (int)(minutes / 60),
		      (int)(minutes % 60));
	if (*zone != '+' && *zone != '-') /* zones without a name of their own repeat the offset */
		gotext_printf(out, " %s", zone);
	return true;
}

static bool known_duration(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	uint64_t ns;

	(void)depth;
	if (v.t->kind != GOKIND_INT64 || !gv_number(g, v, &ns))
		return false;
	gotext_duration(out, (int64_t)ns);
	return true;
}

static bool known_location(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	struct gval f;
	char name[64];
	uint64_t len;

	(void)depth;
	if (!gv_field(g, v, "name", &f) || !gv_string(g, f, name, sizeof(name), &len))
		return false;
	gotext_str(out, len ? name : "UTC");
	return true;
}

static bool named(struct govaluer *g, struct gval v, const char *const *names, uint64_t first,
		  uint64_t n, struct gotext *out)
{
	uint64_t i;

	if (!gv_number(g, v, &i) || i < first || i - first >= n)
		return false;
	gotext_str(out, names[i - first]);
	return true;
}

static bool known_month(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	static const char *const months[] = { "January",   "February", "March",	   "April",
					      "May",	   "June",     "July",	   "August",
					      "September", "October",  "November", "December" };

	(void)depth;
	return named(g, v, months, 1, 12, out);
}

static bool known_weekday(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	static const char *const days[] = { "Sunday",	"Monday", "Tuesday", "Wednesday",
					    "Thursday", "Friday", "Saturday" };

	(void)depth;
	return named(g, v, days, 0, 7, out);
}

/* --- sync --- */

static bool mutex_state(struct govaluer *g, struct gval v, uint64_t *state)
{
	struct gval f;

	return gv_field(g, v, "state", &f) && gv_number(g, f, state);
}

static bool known_mutex(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	uint64_t state, waiting;

	(void)depth;
	if (!mutex_state(g, v, &state))
		return false;
	waiting = (uint32_t)state >> MUTEX_WAITERS;
	gotext_str(out, state & MUTEX_LOCKED ? "locked" : "unlocked");
	if (waiting)
		gotext_printf(out, ", %" PRIu64 " waiting", waiting);
	if (state & MUTEX_STARVING)
		gotext_str(out, ", starving");
	return true;
}

static bool known_rwmutex(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	struct gval f;
	uint64_t count, wait;
	int64_t n;

	(void)depth;
	if (!gv_field(g, v, "readerCount", &f) || !gv_number(g, f, &count) ||
	    !gv_field(g, v, "readerWait", &f) || !gv_number(g, f, &wait))
		return false;
	n = (int64_t)count;
	if (n >= 0) {
		if (!n)
			gotext_str(out, "unlocked");
		else
			gotext_printf(out, "%" PRId64 " reader%s", n, n == 1 ? "" : "s");
		return true;
	}
	n += RW_READERS_MOST;
	if (wait)
		gotext_printf(out, "%" PRIu64 " reader%s, a writer waiting", wait,
			      wait == 1 ? "" : "s");
	else
		gotext_str(out, "write-locked");
	n -= (int64_t)wait;
	if (n > 0)
		gotext_printf(out, ", %" PRId64 " reader%s waiting", n, n == 1 ? "" : "s");
	return true;
}

static bool known_waitgroup(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	struct gval f;
	uint64_t state;

	(void)depth;
	if ((!gv_field(g, v, "state", &f) && !gv_field(g, v, "state1", &f)) ||
	    !gv_number(g, f, &state))
		return false;
	gotext_printf(out, "counter %d", (int)(int32_t)(state >> 32));
	if (state & WG_WAITERS)
		gotext_printf(out, ", %u waiting", (unsigned)(state & WG_WAITERS));
	return true;
}

static bool known_once(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	struct gval f;
	uint64_t done;

	(void)depth;
	if (!gv_field(g, v, "done", &f) || !gv_number(g, f, &done))
		return false;
	gotext_str(out, done ? "done" : "not done");
	return true;
}

static bool known_cond(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	struct gval list, f;
	uint64_t wait, notify;

	(void)depth;
	if (!gv_field(g, v, "notify", &list) || !gv_field(g, list, "wait", &f) ||
	    !gv_number(g, f, &wait) || !gv_field(g, list, "notify", &f) ||
	    !gv_number(g, f, &notify))
		return false;
	if (wait == notify)
		gotext_str(out, "nobody waiting");
	else
		gotext_printf(out, "%u waiting", (unsigned)(uint32_t)(wait - notify));
	return true;
}

static bool known_atomic_bool(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	uint64_t n;

	(void)depth;
	if (!gv_number(g, v, &n))
		return false;
	gotext_str(out, n ? "true" : "false");
	return true;
}

/* Int32, Int64, Uint32, Uint64, Uintptr, and Value, which holds an interface. */
static bool known_atomic(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	struct gval f;

	if (v.t->kind != GOKIND_STRUCT || !gv_field(g, v, "v", &f))
		return false;
	gv_text(g, f, depth, out);
	return true;
}

/* Its first field is [0]*T, which is there for the type alone. */
static bool known_atomic_pointer(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	const struct gofield *f;
	struct gval p;
	size_t n = gotype_fields(g->ts, v.t, &f);

	if (n < 2 || f[0].type->kind != GOKIND_ARRAY || !gv_field(g, v, "v", &p))
		return false;
	p.t = gotype_elem(g->ts, f[0].type);
	if (p.t->kind != GOKIND_POINTER)
		return false;
	gv_text(g, p, depth, out);
	return true;
}

/* --- errors, text --- */

/* errors.New's and fmt.Errorf's: what Error() returns. */
static bool known_message(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	char buf[ERROR_MOST];
	struct gval f;
	uint64_t len;

	(void)depth;
	if ((!gv_field(g, v, "s", &f) && !gv_field(g, v, "msg", &f)) ||
	    !gv_string(g, f, buf, sizeof(buf), &len))
		return false;
	gotext_quote(out, buf,
		     gotext_cut(buf, len < sizeof(buf) ? len : sizeof(buf) - 1, sizeof(buf) - 8));
	if (len > sizeof(buf) - 8)
		gotext_printf(out, "… (len %" PRIu64 ")", len);
	return true;
}

static bool known_errno(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	char lower[128], *p = lower;
	const char *s;
	uint64_t n;

	(void)depth;
	if (!gv_number(g, v, &n) || !n || n > 4095)
		return false;
	s = strerrordesc_np((int)n);
	gotext_printf(out, "%" PRIu64, n);
	if (!s)
		return true;
	snprintf(lower, sizeof(lower), "%s", s);
	if (*p >= 'A' && *p <= 'Z') /* as Go has it */
		*p += 'a' - 'A';
	gotext_printf(out, ", %s", lower);
	return true;
}

/* bytes.Buffer: what is unread; strings.Builder: what was written. */
static bool known_buffer(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	struct gval buf, off;
	uint64_t w[3], skip = 0, own[2];

	(void)depth;
	if (!gv_field(g, v, "buf", &buf) || buf.t->kind != GOKIND_SLICE ||
	    valmem_read(g->vm, buf.addr, w, sizeof(w)) ||
	    (gv_field(g, v, "off", &off) && !gv_number(g, off, &skip)) || skip > w[1] ||
	    w[1] > w[2])
		return false;
	own[0] = w[0] + skip;
	own[1] = w[1] - skip;
	gotext_printf(out, "len %" PRIu64, own[1]);
	if (own[1] && own[1] <= 1 << 20) {
		char text[STRING_MOST];
		size_t n = own[1] < sizeof(text) ? own[1] : sizeof(text);

		gotext_str(out, " ");
		if (valmem_read(g->vm, own[0], text, n))
			return false;
		gotext_quote(out, text, gotext_cut(text, n, n < own[1] ? n - 1 : n));
		if (own[1] > n)
			gotext_str(out, "…");
	}
	return true;
}

/* --- which --- */

static const struct {
	const char *name;
	known_fn *fn;
} table[] = {
	{ "time.Time", known_time },	      { "time.Duration", known_duration },
	{ "time.Location", known_location },  { "time.Month", known_month },
	{ "time.Weekday", known_weekday },    { "sync.Mutex", known_mutex },
	{ "sync.RWMutex", known_rwmutex },    { "sync.WaitGroup", known_waitgroup },
	{ "sync.Once", known_once },	      { "sync.Cond", known_cond },
	{ "atomic.Bool", known_atomic_bool }, { "atomic.Int32", known_atomic },
	{ "atomic.Int64", known_atomic },     { "atomic.Uint32", known_atomic },
	{ "atomic.Uint64", known_atomic },    { "atomic.Uintptr", known_atomic },
	{ "atomic.Value", known_atomic },     { "errors.errorString", known_message },
	{ "fmt.wrapError", known_message },   { "fmt.wrapErrors", known_message },
	{ "syscall.Errno", known_errno },     { "bytes.Buffer", known_buffer },
	{ "strings.Builder", known_buffer },
};

static known_fn *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].name, name))
			return table[i].fn;
	return strncmp(name, "atomic.Pointer[", 15) ? NULL : known_atomic_pointer;
}

enum known gv_known(struct govaluer *g, struct gval v, int depth, struct gotext *out)
{
	size_t before = out->n;
	enum known known = KNOWN_NOT;
	known_fn *fn;
	struct gval to;

	if (depth > KNOWN_MOST)
		return KNOWN_NOT;
	if (v.t->kind == GOKIND_POINTER) {
		if (!gotype_elem(g->ts, v.t)->defined)
			return KNOWN_NOT;
		known = gv_known_context(g, v, depth, out);
		if (known != KNOWN_NOT)
			return known;
		if (!gv_deref(g, v, &to))
			return KNOWN_NOT;
		v = to;
	} else if (!v.t->defined) {
		return KNOWN_NOT;
	}
	fn = find(v.t->name);
	if (fn && fn(g, v, depth + 1, out))
		return KNOWN_TEXT;
	if (!fn)
		known = gv_known_net(g, v, out);
	if (known == KNOWN_NOT && !fn)
		known = gv_known_context(g, v, depth, out);
	if (known == KNOWN_NOT) {
		out->n = before;
		out->buf[before] = '\0';
	}
	return known;
}
