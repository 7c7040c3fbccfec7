/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the fields of the runtime's structs lie: `lay->g.goid` is the byte
 * offset of runtime.g.goid, `lay->g.size` the struct's size, -1 what this
 * version of Go does not have.
 */
#ifndef TARGET_LAYOUT_H
#define TARGET_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "target/buildinfo.h"
#include "target/image.h"

/* clang-format off */
struct golayout_fields {
#define STRUCT(member, type) struct { int32_t size;
#define FIELD(member, path) int32_t member;
#define END(member) } member;
#include "target/layout_fields.def"
#undef STRUCT
#undef FIELD
#undef END
};

/* clang-format on */

#define LAYOUT_N (sizeof(struct golayout_fields) / sizeof(int32_t))

/* runtime/runtime2.go; GOSCAN is a bit beside the others. */
enum gstatus {
	GST_IDLE,
	GST_RUNNABLE,
	GST_RUNNING,
	GST_SYSCALL,
	GST_WAITING,
	GST_MORIBUND,
	GST_DEAD,
	GST_ENQUEUE,
	GST_COPYSTACK,
	GST_PREEMPTED,
	GST_LEAKED, /* from 1.26 on */
	GST_DEADEXTRA, /* from 1.26 on */
	GST_SCAN = 0x1000
};

enum label_form {
	LABELS_MAP, /* g.labels: *map[string]string, 1.23 and before */
	LABELS_SLICE /* g.labels: *struct{ []struct{ key, value string } }, from 1.24 on */
};

enum layout_way {
	LAYOUT_TABLE, /* of this very version */
	LAYOUT_NEWEST, /* the program is newer than the table: the newest was taken */
	LAYOUT_NEAR, /* a version without a toolchain: see golayout.note */
	LAYOUT_DWARF
};

/* The built-in table (layout_table.c, made by tests/tools/gen-layout.sh): a row for each version. */
struct layout_row {
	uint8_t minor; /* Go 1.minor */
	uint8_t arch; /* enum goarch */
	int32_t v[LAYOUT_N];
};
extern const struct layout_row layout_rows[];
extern const unsigned layout_nrows;
struct layout_reasons {
	uint8_t minor;
	uint8_t n;
	const char *const *text;
};
extern const struct layout_reasons layout_reasons[];
extern const unsigned layout_nreasons;

/* clang-format off */
struct golayout {
	/* lay->g.goid, and so on */
	union {
		struct golayout_fields f;
		struct {
#define STRUCT(member, type) struct { int32_t size;
#define FIELD(member, path) int32_t member;
#define END(member) } member;
#include "target/layout_fields.def"
#undef STRUCT
#undef FIELD
#undef END
		};
		int32_t v[LAYOUT_N];
	};
	enum goarch arch;
	enum layout_way way;
	int minor; /* of the row taken: Go 1.minor */
	char note[160]; /* what the screen's header should say; "" nothing */
	/* Facts that no struct tells. */
	enum label_form labels;
	uint32_t sema_n;	/* roots in runtime.semtable */
	uint64_t arena_base;	/* arena index = (addr - arena_base) >> arena_shift */
	uint32_t arena_shift;
	uint32_t page_shift;
	uint8_t span_in_use;	/* mspan.state of a span with objects */
	const char *const *waitreasons; /* by g.waitreason; some may be "" */
	uint32_t nwaitreasons;
};

/* clang-format on */

/*
 * Fills lay from the built-in table, for 1.19 to 1.27 and newer (the newest,
 * way LAYOUT_NEWEST). -ENOTSUP with a sentence: older, or another architecture.
 */
int layout_init(struct golayout *lay, const struct goversion *v, enum goarch arch, struct err *err);
/*
 * Reads the same from the program's own DWARF. For a worker thread: takes 50 to
 * 300 ms. Needs img->fd or img->data, and touches nothing else of img. base
 * gives what DWARF does not tell. -ENOENT: it has none.
 */
int layout_from_dwarf(struct golayout *lay, const struct image *img, const struct golayout *base,
		      struct err *err);
/* The number of fields in which a and b differ; the first few as text ("g.goid 152/160 …"). */
unsigned layout_diff(const struct golayout *a, const struct golayout *b, char *buf, size_t size);

/* The i-th field's place: the struct's Go type and the path in it, NULL for the struct's size. */
void layout_field(unsigned i, const char **type, const char **path);
/* "g.goid" of the i-th field ("g.size" of a struct); for tests and the generator. */
void layout_field_name(unsigned i, char *buf, size_t size);

/* The text of a wait reason; "" where the number is none. */
static inline const char *layout_waitreason(const struct golayout *lay, unsigned reason)
{
	return reason < lay->nwaitreasons ? lay->waitreasons[reason] : "";
}

#endif
