/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A core dump of Linux on amd64 or arm64: the memory of a process that is over
 * and the registers of its threads. As the kernel writes it (fs/binfmt_elf.c),
 * as gcore does, whole or cut short.
 */
#ifndef TARGET_CORE_H
#define TARGET_CORE_H

#include "core/err.h"
#include "core/mem.h"
#include "target/image.h"
#include "target/mem.h"
#include "target/proc.h"
#include "target/regs.h"
#include "target/sysc.h"

enum { CORE_WORDS = 34 };

struct core_thread { /* NT_PRSTATUS */
	pid_t tid;
	bool lost; /* it stood in a signal handler, and what came before is not known */
	struct regs regs;
	struct sysc call; /* nr -1: it was in none, or that is not known */
	uint64_t word[CORE_WORDS]; /* all its registers, in the kernel's order */
	uint32_t n_word;
};

/* A PT_LOAD, or a mapping that NT_FILE tells of and the core left out. */
struct core_seg {
	uint64_t start, end;
	uint64_t off, len; /* so many bytes from start on are in the core */
	uint64_t cut; /* up to where they should be; more than len: the core is cut short */
	uint64_t file_off; /* with path: where it begins in the mapped file */
	uint32_t path; /* into maps.text; 0: no file */
	uint32_t flags; /* PF_ */
};

struct core {
	const uint8_t *data; /* the whole file; not owned */
	size_t size;
	enum goarch arch;
	pid_t pid;
	char comm[17]; /* "" not known */
	char exe[4096]; /* the path that the program was mapped from; "" not known */
	int signal; /* that ended it; 0: it was copied alive, or that is not known */
	uint64_t at_phdr, at_entry, at_execfn; /* of the auxiliary vector; 0: not known */
	VEC(struct core_thread) thread; /* ascending by tid */
	VEC(struct core_seg) seg; /* ascending, none over another */
	struct proc_maps maps; /* the same as the kernel would have told them */
	bool anonymous; /* some anonymous memory is in it, so it was not left out altogether */
	uint64_t missing; /* bytes that should be in the file and are not */
	/* goroutines of the runtime's list that are not in the core: target_open_core() counts them */
	uint32_t goroutines_lacking;
	struct memr *mem;
	const struct image *image; /* what core_back() gave */
};

/* Whether the bytes begin as a core does. */
bool core_known(const void *data, size_t len);

/*
 * data stays the caller's and outlives it. Errors: -ENOEXEC (EXIT_BADFILE) with
 * a sentence: another machine, damaged, without a segment.
 */
int core_open(struct core **out, const void *data, size_t len, const char *name, struct err *err);
void core_close(struct core *c); /* NULL ok; closes mem as well */

enum core_match {
	CORE_SAME, /* by its build id, or header and program headers */
	CORE_OTHER,
	CORE_UNSURE /* the core has not kept the page that would tell */
};
/* Whether img is the program that ran. ids: NULL, or what to print of each, "" where there is none. */
enum core_match core_compare(const struct core *c, const struct image *img, char ids[2][64]);

/* What the core left out of the program's own mappings is read from img from now on; img outlives it. */
void core_back(struct core *c, const struct image *img);

/* NULL: the core has none of that number. */
const struct core_thread *core_thread(const struct core *c, pid_t tid);

/* A general register of the thread by the number that DWARF gives it; false: it is none of them. */
bool core_reg(const struct core_thread *t, unsigned number, uint64_t *v);

/*
 * A thread that stands in a signal handler, on the stack lo … hi: from now on it
 * is where it was before, by the registers that the kernel saved there. Where
 * there are none nothing is known of it any more. Does nothing to one that stands elsewhere.
 */
void core_unsignal(struct core *c, pid_t tid, uint64_t lo, uint64_t hi);

#endif
