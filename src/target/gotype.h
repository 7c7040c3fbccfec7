/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go's types, from the program's DWARF and from the type data that the runtime
 * itself carries (internal/abi/type.go), in one description. Read when first
 * asked for, and kept. Single-threaded.
 */
#ifndef TARGET_GOTYPE_H
#define TARGET_GOTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/dwinfo.h"
#include "target/target.h"
#include "target/valmem.h"

/* internal/abi/type.go:Kind */
enum gokind {
	GOKIND_INVALID,
	GOKIND_BOOL,
	GOKIND_INT,
	GOKIND_INT8,
	GOKIND_INT16,
	GOKIND_INT32,
	GOKIND_INT64,
	GOKIND_UINT,
	GOKIND_UINT8,
	GOKIND_UINT16,
	GOKIND_UINT32,
	GOKIND_UINT64,
	GOKIND_UINTPTR,
	GOKIND_FLOAT32,
	GOKIND_FLOAT64,
	GOKIND_COMPLEX64,
	GOKIND_COMPLEX128,
	GOKIND_ARRAY,
	GOKIND_CHAN,
	GOKIND_FUNC,
	GOKIND_INTERFACE,
	GOKIND_MAP,
	GOKIND_POINTER,
	GOKIND_SLICE,
	GOKIND_STRING,
	GOKIND_STRUCT,
	GOKIND_UNSAFE_POINTER,
	GOKIND_N
};

struct gotype;

struct gofield {
	const char *name;
	const struct gotype *type;
	uint64_t off;
};

/* Where keys and elements lie in a bucket (before 1.24) or a group of slots. */
struct gomap {
	bool swiss;
	bool indirect_key, indirect_elem;
	uint64_t size; /* of a bucket, or a group */
	uint64_t keys, key_stride, elems, elem_stride;
};

struct gotype {
	const char *name; /* as %T prints it: "main.T", "*net.TCPConn" */
	uint64_t size;
	uint64_t len; /* of an array */
	uint8_t kind; /* enum gokind; GOKIND_INVALID: not known */
	uint8_t align;
	bool defined; /* has a name of its own: "main.T", and not "[]int" */
	bool eface; /* an interface without methods */
	bool shape; /* a pointer type parameter whose type is not known: what it points to is not either */
	/* private */
	uint8_t way, state;
	uint32_t nfield;
	struct gofield *field;
	const struct gotype *elem, *key;
	uint64_t ref, elem_ref, key_ref;
	uint64_t below; /* DWARF: the type that a map is made of, for its layout */
	uint64_t rtype; /* address of the runtime's own data, 0: not known */
};

struct gotypes;

/* dw may be NULL, and given later. All outlive it. */
struct gotypes *gotypes_new(struct target *t, struct valmem *vm, struct dwinfo *dw);
void gotypes_free(struct gotypes *ts); /* NULL ok */
void gotypes_set_dwarf(struct gotypes *ts, struct dwinfo *dw);

/* The type at that offset of .debug_info. Never NULL; kind GOKIND_INVALID where it is none. */
const struct gotype *gotype_at_die(struct gotypes *ts, Dwarf_Off off);
/* The type whose runtime data lie at addr. Never NULL, as above: any address may be asked for. */
const struct gotype *gotype_at(struct gotypes *ts, uint64_t addr);

/* What a pointer, slice, array, channel or map is of. Never NULL. */
const struct gotype *gotype_elem(struct gotypes *ts, const struct gotype *t);
const struct gotype *gotype_key(struct gotypes *ts, const struct gotype *t); /* of a map */
/* Fields of a struct, in order; at most GOFIELDS_MOST. */
enum { GOFIELDS_MOST = 4096 };
size_t gotype_fields(struct gotypes *ts, const struct gotype *t, const struct gofield **out);
/* A field by its name; NULL: there is none. */
const struct gofield *gotype_field(struct gotypes *ts, const struct gotype *t, const char *name);
/* false: not known. */
bool gotype_map(struct gotypes *ts, const struct gotype *t, struct gomap *m);

/* Is a value of that type what an interface's data word holds itself (internal/abi/type.go:IsDirectIface)? */
bool gotype_direct(struct gotypes *ts, const struct gotype *t);

/* A type name without the directories of import paths: "github.com/a/b.T" becomes "b.T". Returns its length. */
size_t gotype_short_name(const char *name, char *buf, size_t size);

#endif
