/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables of a frame of a goroutine that stands still, read without
 * stopping it: read, then looked whether it went on meanwhile. With DWARF by
 * their names; without it the arguments as words, and what the runtime's own type
 * data say of them. Single-threaded.
 */
#ifndef TARGET_INSPECT_H
#define TARGET_INSPECT_H

#include "core/value.h"
#include "target/stackset.h"
#include "target/target.h"

struct dwinfo;
struct inspect;

/* t outlives it. */
struct inspect *inspect_new(struct target *t);
void inspect_free(struct inspect *in); /* NULL ok */
/*
 * The program's DWARF, opened by the caller (dwinfo_open() takes a while and may be
 * done on another thread) and freed by inspect_free(). NULL: it has none, and why.
 */
void inspect_set_dwarf(struct inspect *in, struct dwinfo *dw, const char *why_not);

/*
 * Reads what ask asks for of the goroutine whose g lies at addr into out, which is
 * empty. 0, also where nothing is to be told but out->note; -ESRCH: the target is
 * gone. Works for any target memory, of a live process or a core.
 */
int inspect_read(struct inspect *in, uint64_t addr, const struct value_ask *ask,
		 struct values *out);
/* The stack as inspect_read() counts its frames, appended; *moved as in struct values. */
int inspect_stack(struct inspect *in, uint64_t addr, stack_lines *out, bool *moved);

#endif
