/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of gotype*.c. */
#ifndef TARGET_GOTYPE_IMPL_H
#define TARGET_GOTYPE_IMPL_H

#include "core/arena.h"
#include "core/hash.h"
#include "target/gotype.h"

enum gotype_way { GOTYPE_NONE, GOTYPE_DWARF, GOTYPE_RUNTIME };
enum { GOTYPE_ELEM = 1, GOTYPE_KEY = 2, GOTYPE_FIELDS = 4 }; /* gotype.state: what was resolved */

struct gotypes {
	struct target *t;
	struct valmem *vm;
	struct dwinfo *dw;
	struct arena mem;
	struct map64 by_die, by_addr; /* → index of type */
	VEC(struct gotype *) type;
	bool swiss; /* how maps are made */
};

extern const struct gotype gotype_unknown;

/* Copies a type's name, shortened and with one spelling for all versions. */
const char *gotype_name(struct gotypes *ts, const char *name);

/* gotype_dwarf.c: fills t, whose ref is the offset; and its fields */
void gotype_dwarf_read(struct gotypes *ts, struct gotype *t);
void gotype_dwarf_fields(struct gotypes *ts, struct gotype *t);
/* Whether a map's groups hold all keys, then all elements (GOEXPERIMENT=mapsplitgroup). */
bool gotype_dwarf_split(struct gotypes *ts, const struct gotype *t);

/* gotype_runtime.c: the same, ref being the address */
void gotype_runtime_read(struct gotypes *ts, struct gotype *t);
void gotype_runtime_fields(struct gotypes *ts, struct gotype *t);
bool gotype_runtime_map(struct gotypes *ts, const struct gotype *t, struct gomap *m);

#endif
