/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program's DWARF, versions 4 and 5: which unit and which function's entry an
 * address belongs to. Units are indexed by their ranges, functions of a unit when
 * it is first asked for; nothing is read whole. Where sections are compressed,
 * those that are needed are unpacked, the others never. Single-threaded; touches
 * nothing of the image but its bytes, so it may be opened on a thread of its own.
 */
#ifndef TARGET_DWINFO_H
#define TARGET_DWINFO_H

#include <elfutils/libdw.h>

#include "core/err.h"
#include "target/image.h"

struct dwinfo;

/* img outlives it. -ENOENT: no DWARF is in it (err says so); -EBADMSG: damaged; -E2BIG: beyond all measure. */
int dwinfo_open(struct dwinfo **out, const struct image *img, struct err *err);
void dwinfo_free(struct dwinfo *d); /* NULL ok */

Dwarf *dwinfo_dwarf(struct dwinfo *d);
/* The DW_TAG_subprogram of a Go unit that covers the file's own address va; false: none. */
bool dwinfo_func(struct dwinfo *d, uint64_t va, Dwarf_Die *func);
/* Bytes unpacked, and units and functions indexed so far. */
struct dwinfo_stats {
	size_t bytes, units, funcs;
};
void dwinfo_stats(const struct dwinfo *d, struct dwinfo_stats *s);

/*
 * The next entry beside die, false at the end. As dwarf_siblingof(), but never
 * backwards, so that a chain in a damaged file comes to an end.
 */
bool dwinfo_next(Dwarf_Die *die);
/* An attribute, also of the abstract entry that die is an instance of. */
bool dwinfo_attr(Dwarf_Die *die, unsigned name, Dwarf_Attribute *attr);
/* A constant attribute's value; false: there is none. */
bool dwinfo_number(Dwarf_Die *die, unsigned name, uint64_t *v);
/* Name as the file has it, the abstract entry's for an instance; "" none. */
const char *dwinfo_name(Dwarf_Die *die);

#endif
