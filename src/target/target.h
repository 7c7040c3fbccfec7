/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Go program that runs, or its core dump, opened: everything that is needed before the first
 * scan, found without symbols where there are none. No DWARF is read here.
 */
#ifndef TARGET_TARGET_H
#define TARGET_TARGET_H

#include "core/err.h"
#include "target/buildinfo.h"
#include "target/globals.h"
#include "target/image.h"
#include "target/layout.h"
#include "target/mem.h"
#include "target/moduledata.h"
#include "target/proc.h"
#include "target/symtab.h"
#include "target/sysc.h"

struct core;
struct core_thread;
struct regs_seen;

struct target {
	pid_t pid;
	struct proc_status status; /* when it was opened */
	struct memr *mem;
	struct proc_maps maps; /* when it was opened */
	struct image *image; /* NULL: the file is not to be had, memory was enough */
	char exe[4096]; /* its path as it names it itself */
	bool exe_deleted; /* the file was deleted or replaced (upgraded) since the start */
	struct buildinfo build;
	struct gomodules mods;
	enum module_way module_way;
	struct symtab *sym; /* for the thread that scans */
	struct golayout lay;
	struct goglobals glob;
	void *own_reasons; /* private */
	struct core *core; /* NULL: it runs; else mem and maps are the core's */
	int64_t over_at; /* with core: the newest time known in it, by its CLOCK_MONOTONIC; 0: none */
	char note[256]; /* what the header should say about how far this is to be trusted; "" */
};

struct target_opts {
	bool no_symbols; /* pretend that .symtab is not there; for tests */
	bool no_file; /* take all from memory */
	bool no_process_vm; /* read by /proc/PID/mem */
};

/*
 * Opens a process; opts may be NULL. err says what is in the way, with the exit
 * code to end with: no such process, no right (and the command that mends it),
 * no Go program, 32-bit, other machine, too old a Go, a layout that does not
 * fit. -EAGAIN: it is a Go program whose runtime is not up yet (started just
 * now); ask again after some milliseconds.
 */
int target_open(struct target **out, pid_t pid, const struct target_opts *opts, struct err *err);
void target_close(struct target *t); /* NULL ok */

struct target_core {
	const void *data; /* the core; outlives the target */
	size_t len;
	const char *name; /* for messages */
	const char
		*exe; /* the program that ran, to be checked; NULL: found by the core's own word */
};
/*
 * Opens a core dump (target/core.h). err has EXIT_BADFILE, and says what is in
 * the way: damage, a program that is not here or is another, as target_open().
 */
int target_open_core(struct target **out, const struct target_core *in, struct err *err);

/* The target's CLOCK_MONOTONIC: now, or of a core dump, over_at. ns. */
int64_t target_clock(const struct target *t);
/* The system call that a thread is in, as sysc_read(). */
int target_syscall(const struct target *t, pid_t tid, struct sysc *s);

/*
 * Of a core dump: the thread of the M at m, and what of it belongs to the
 * goroutine that ran on it, as regs_read(). NULL: it ran none, or that is not known.
 */
const struct core_thread *target_core_running(const struct target *t, uint64_t m,
					      struct regs_seen *seen);

/* Is it still the process that was opened? False also for a zombie and after exec. */
bool target_alive(const struct target *t);

#endif
