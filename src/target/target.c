/* SPDX-License-Identifier: Apache-2.0 */
#include "target/target.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "target/core.h"
#include "target/target_priv.h"

void target_note(struct target *t, const char *text)
{
	size_t n = strlen(t->note);

	if (*text)
		snprintf(t->note + n, sizeof(t->note) - n, "%s%s", n ? "; " : "", text);
}

static int open_process(struct target *t, const struct target_opts *o, struct err *err)
{
	int rc = proc_status_read(&t->status, t->pid, err);

	if (rc)
		return rc;
	if (t->status.state == 'Z' || t->status.state == 'X')
		return err_set(err, -ESRCH, EXIT_GONE, "process %d has ended", (int)t->pid);
	if (t->status.kernel_thread)
		return err_set(err, -ENOEXEC, EXIT_ATTACH, "process %d is a thread of the kernel",
			       (int)t->pid);
	rc = o->no_process_vm ? memr_open_procmem(&t->mem, t->pid, err)
			      : memr_open_pid(&t->mem, t->pid, err);
	return rc ? rc : proc_maps_read(&t->maps, t->pid, err);
}

/* No file is no failure: the tables are in memory as well. */
static int open_image(struct target *t, const struct target_opts *o, struct err *err)
{
	char name[sizeof(t->exe) + 32];
	int fd, rc;

	proc_exe_path(t->pid, t->exe, sizeof(t->exe), &t->exe_deleted);
	fd = o->no_file ? -1 : proc_open_exe(t->pid, NULL);
	if (fd < 0) {
		target_note(t, "executable not readable, all is taken from memory");
		return 0;
	}
	snprintf(name, sizeof(name), "%s (process %d)", t->exe[0] ? t->exe : "the executable",
		 (int)t->pid);
	rc = image_open_fd(&t->image, fd, name, err);
	if (rc)
		return rc;
	return image_set_bias(t->image, &t->maps, proc_auxv(t->pid, AT_PHDR), err);
}

int target_find_runtime(struct target *t, const struct target_opts *o, struct err *err)
{
	int rc;

	if (t->image)
		buildinfo_read(&t->build, t->image, t->mem, NULL);
	rc = gomodules_read(&t->mods, t->mem, &t->maps, t->image, &t->build.version, &t->module_way,
			    err);
	if (rc)
		return rc;
	rc = layout_init(&t->lay, &t->build.version,
			 t->mods.mod.v[0].tab.quantum == 1 ? GOARCH_AMD64 : GOARCH_ARM64, err);
	if (rc)
		return rc;
	t->sym = symtab_new(&t->mods, t->mem);
	rc = goglobals_find(&t->glob, t->image, t->mem, &t->maps, &t->mods, t->sym, &t->lay,
			    !o->no_symbols, err);
	if (rc)
		return rc;
	return layout_check(&t->lay, &t->glob, t->mem, &t->mods, err);
}

void target_finish(struct target *t)
{
	layout_read_waitreasons(&t->lay, &t->glob, t->mem, &t->own_reasons);
	target_note(t, t->lay.note);
	if (t->build.version.guessed)
		target_note(t, "Go version guessed");
}

/* Of one that ended meanwhile anything may make no sense: then that is why. */
static int why_not_open(const struct target *t, int rc, const struct err *why, struct err *err)
{
	struct proc_status s;
	int there = proc_status_read(&s, t->pid, NULL);

	if (t->status.start_time &&
	    (there == -ESRCH || (!there && (s.start_time != t->status.start_time ||
					    s.state == 'Z' || s.state == 'X'))))
		return err_set(err, -ESRCH, EXIT_GONE, "process %d has ended", (int)t->pid);
	return err_set(err, rc, why->code, "%s", why->text);
}

int target_open(struct target **out, pid_t pid, const struct target_opts *opts, struct err *err)
{
	static const struct target_opts none;
	const struct target_opts *o = opts ? opts : &none;
	struct target *t = xcalloc(1, sizeof(*t));
	struct err why = { 0 };
	int rc;

	*out = NULL;
	t->pid = pid;
	rc = open_process(t, o, &why) ?: open_image(t, o, &why) ?: target_find_runtime(t, o, &why);
	if (rc) {
		rc = why_not_open(t, rc, &why, err);
		target_close(t);
		return rc;
	}
	target_finish(t);
	*out = t;
	return 0;
}

void target_close(struct target *t)
{
	if (!t)
		return;
	symtab_free(t->sym);
	gomodules_release(&t->mods);
	buildinfo_release(&t->build);
	image_close(t->image);
	if (t->core) { /* has them */
		core_close(t->core);
	} else {
		proc_maps_release(&t->maps);
		memr_close(t->mem);
	}
	free(t->own_reasons);
	free(t);
}

bool target_alive(const struct target *t)
{
	struct proc_status s;

	return !proc_status_read(&s, t->pid, NULL) && s.start_time == t->status.start_time &&
	       s.exec_mark == t->status.exec_mark && s.state != 'Z' && s.state != 'X';
}

int64_t target_clock(const struct target *t)
{
	struct timespec ts;

	if (t->core)
		return t->over_at;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int target_syscall(const struct target *t, pid_t tid, struct sysc *s)
{
	const struct core_thread *c;

	if (!t->core)
		return sysc_read(s, t->pid, tid);
	c = t->core->arch == GOARCH_HOST ? core_thread(t->core, tid) : NULL;
	if (!c)
		return -ESRCH;
	*s = c->call;
	return 0;
}
