/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is over, opened from its core dump. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target/core.h"
#include "target/gsched.h"
#include "target/regs.h"
#include "target/target_priv.h"

enum {
	LISTED_MOST = 1 << 24,
	LIST_PART = 1 << 12,
	TIME_BITS = 62,
	STAMP_BITS = 61, /* runtime/mgclimit.go: 64 less limiterEventBits */
};

/* --- the program --- */

/* Nothing but a file that can be mapped: the path may come from the core. */
static bool is_file(const char *path)
{
	struct stat st;

	return path[0] == '/' && !stat(path, &st) && S_ISREG(st.st_mode) && st.st_size > 0;
}

/* As it was given to execve: what NT_FILE says is better, but need not be there. */
static void execfn(const struct core *c, char *buf, size_t size)
{
	ssize_t n = c->at_execfn ? memr_read_some(c->mem, c->at_execfn, buf, size - 1) : 0;

	buf[n > 0 ? n : 0] = '\0';
}

/* A path of the core's goes to the terminal without what a terminal would obey. */
static void say_absent(const struct target *t, const char *what, char *why, size_t size)
{
	snprintf(why, size, "its program %.200s %s", t->exe, what);
	for (char *p = why; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

/* What was found without being asked for; why says what was wrong with it. */
static void find_image(struct target *t, char *why, size_t size)
{
	struct core *c = t->core;
	char path[4096];
	struct image *img;

	snprintf(path, sizeof(path), "%s", c->exe);
	if (!path[0])
		execfn(c, path, sizeof(path));
	snprintf(t->exe, sizeof(t->exe), "%s", path[0] ? path : c->comm);
	if (t->exe[0])
		say_absent(t, "is not here", why, size);
	else
		snprintf(why, size, "it does not say what program it is of");
	if (!is_file(path) || image_open_file(&img, path, NULL))
		return;
	switch (core_compare(c, img, NULL)) {
	case CORE_SAME:
		break;
	case CORE_UNSURE:
		target_note(t, "whether the program's file is still the one that ran cannot be "
			       "told from the core");
		break;
	case CORE_OTHER:
		say_absent(t, "was replaced since by another build", why, size);
		image_close(img);
		return;
	}
	t->image = img;
}

static int take_image(struct target *t, const char *exe, const char *name, struct err *err)
{
	char ids[2][64];
	int rc = image_open_file(&t->image, exe, err);

	if (rc) {
		if (err)
			err->code = EXIT_BADFILE;
		return rc;
	}
	snprintf(t->exe, sizeof(t->exe), "%s", exe);
	if (t->image->arch != t->core->arch)
		return err_set(err, -ENOEXEC, EXIT_BADFILE, "%.200s is for %s, and %.200s is of %s",
			       exe, goarch_name(t->image->arch), name, goarch_name(t->core->arch));
	switch (core_compare(t->core, t->image, ids)) {
	case CORE_SAME:
		break;
	case CORE_UNSURE:
		target_note(t,
			    "whether --exe is the program that ran cannot be told from the core");
		break;
	case CORE_OTHER:
		return err_set(
			err, -ENOEXEC, EXIT_BADFILE,
			"%.120s is not the program of %.120s: its build id is %.40s, that in "
			"the core is %.40s; give the file that ran by --exe",
			exe, name, ids[1][0] ? ids[1] : "none", ids[0][0] ? ids[0] : "none");
	}
	return 0;
}

/* --- when --- */

static void newer(int64_t *t, uint64_t v)
{
	if (!(v >> TIME_BITS) && (int64_t)v > *t)
		*t = (int64_t)v;
}

static void newer_at(const struct target *t, int64_t *at, uint64_t addr, int32_t off)
{
	uint64_t v;

	if (off >= 0 && !memr_read_u64(t->mem, addr + (uint64_t)off, &v))
		newer(at, v);
}

/* runtime/mgclimit.go:limiterEventStamp: since when a processor is idle, and in the highest bits that it is. */
static void newer_stamp(const struct target *t, int64_t *at, uint64_t p)
{
	int32_t off = t->lay.p.limiterEvent;
	uint64_t v;

	if (off >= 0 && !memr_read_u64(t->mem, p + (uint64_t)off, &v) && v >> STAMP_BITS)
		newer(at, v & ((1ull << STAMP_BITS) - 1));
}

/* Counts as well which of them are not in the core. */
static void goroutines_newest(const struct target *t, int64_t *at)
{
	uint64_t part[LIST_PART], len, ptr;

	if (memr_read_u64(t->mem, t->glob.allglen, &len) ||
	    memr_read_u64(t->mem, t->glob.allgptr, &ptr) || len > LISTED_MOST)
		return;
	for (uint64_t i = 0; i < len; i += LIST_PART) {
		uint64_t n = len - i < LIST_PART ? len - i : (uint64_t)LIST_PART;

		if (memr_read(t->mem, ptr + 8 * i, part, 8 * n))
			return;
		for (uint64_t k = 0; k < n; k++) {
			newer_at(t, at, part[k], t->lay.g.waitsince);
			newer_at(t, at, part[k], t->lay.g.trackingStamp);
			t->core->goroutines_lacking +=
				memr_lacks(t->mem, part[k], (size_t)t->lay.g.size);
		}
	}
}

/*
 * A core does not say when it was made by the clock that the runtime reckons by.
 * It was after everything that the runtime noted: when the network was asked
 * last, when each processor was seen to change or became idle, since when goroutines wait.
 */
static int64_t newest_time(const struct target *t, const struct gsched *s)
{
	const struct golayout *lay = &t->lay;
	int64_t at = 0;

	newer_at(t, &at, t->glob.sched, lay->sched.lastpoll);
	newer_at(t, &at, t->glob.sched, lay->sched.procresizetime);
	for (size_t i = 0; i < s->p.n; i++) {
		newer_at(t, &at, s->p.v[i].addr, lay->p.sysmontick_schedwhen);
		newer_at(t, &at, s->p.v[i].addr, lay->p.sysmontick_syscallwhen);
		newer_stamp(t, &at, s->p.v[i].addr);
	}
	goroutines_newest(t, &at);
	return at;
}

/* --- threads --- */

/*
 * A program that dies by a signal sends it to all its threads
 * (runtime/signal_unix.go:sighandler), so in its core each stands in a handler.
 */
static void unsignal(const struct target *t, const struct gthread *m)
{
	uint64_t g, lo, hi;

	if (t->lay.m.gsignal < 0 ||
	    memr_read_u64(t->mem, m->addr + (uint64_t)t->lay.m.gsignal, &g) || !g ||
	    memr_read_u64(t->mem, g + (uint64_t)t->lay.g.stack_lo, &lo) ||
	    memr_read_u64(t->mem, g + (uint64_t)t->lay.g.stack_hi, &hi))
		return;
	core_unsignal(t->core, m->tid, lo, hi);
}

static void read_sched(struct target *t)
{
	struct gsched s;

	gsched_init(&s);
	if (!gsched_read(&s, t->mem, &t->lay, &t->glob))
		for (size_t i = 0; i < s.m.n; i++)
			unsignal(t, &s.m.v[i]);
	t->over_at = newest_time(t, &s);
	gsched_release(&s);
}

const struct core_thread *target_core_running(const struct target *t, uint64_t m,
					      struct regs_seen *seen)
{
	const struct core_thread *ct;
	uint64_t tid;

	if (!t->core || !m || t->lay.m.procid < 0 ||
	    memr_read_u64(t->mem, m + (uint64_t)t->lay.m.procid, &tid))
		return NULL;
	ct = core_thread(t->core, (pid_t)(uint32_t)tid);
	return ct && !ct->lost && regs_read(t->mem, &t->lay, m, &ct->regs, seen) ? ct : NULL;
}

/* --- opening --- */

static int open_parts(struct target *t, const struct target_core *in, struct err *err)
{
	char why[320] = "";
	struct err e = { 0 };
	int rc = core_open(&t->core, in->data, in->len, in->name, err);

	if (rc)
		return rc;
	t->pid = t->core->pid;
	t->mem = t->core->mem;
	t->maps = t->core->maps;
	snprintf(t->status.comm, sizeof(t->status.comm), "%s", t->core->comm);
	if (in->exe)
		rc = take_image(t, in->exe, in->name, err);
	else
		find_image(t, why, sizeof(why));
	if (!rc && t->image)
		rc = image_set_bias(t->image, &t->maps, t->core->at_phdr, &e);
	if (!rc && t->image)
		core_back(t->core, t->image);
	rc = rc ? rc : target_find_runtime(t, &(struct target_opts){ 0 }, &e);
	if (!rc) {
		if (!t->image)
			target_note(t, why);
		return 0;
	}
	if (!t->image)
		return err_set(
			err, rc, EXIT_BADFILE,
			"%.150s cannot be read alone: %s, and the core does not hold its code "
			"and tables; give the program by --exe BIN",
			in->name, why);
	if (t->core->missing)
		return err_set(err, rc, EXIT_BADFILE,
			       "%.200s is cut short: %" PRIu64
			       " MB of the program's memory are missing, "
			       "and its goroutine table with them",
			       in->name, (t->core->missing + (1 << 20) - 1) >> 20);
	return err_set(err, rc, EXIT_BADFILE, "%.150s: %.300s", in->name, e.text);
}

int target_open_core(struct target **out, const struct target_core *in, struct err *err)
{
	struct target *t = xcalloc(1, sizeof(*t));
	int rc = open_parts(t, in, err);

	*out = NULL;
	if (rc) {
		target_close(t);
		return rc;
	}
	target_finish(t);
	read_sched(t);
	*out = t;
	return 0;
}
