/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values in a memory of any bytes, of types that the input describes: 64 of
 * them, each with a kind, a name and others that it is made of; and pure noise in
 * their place now and then. Everything is opened, several levels deep.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/govalue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	TYPES = 0x500000,
	TYPE_SIZE = 0x100,
	TYPES_N = 64,
	NAMES = TYPES + TYPES_N * TYPE_SIZE,
	NAME_SIZE = 64,
	HEAP = 0x10000000,
	HEADER = 2 + 4 * TYPES_N,
	ROUNDS = 3,
	NODES = 400 /* that are opened; more takes long and shows nothing new */
};

static const char *const names[] = {
	"main.T",
	"time.Time",
	"time.Duration",
	"sync.Mutex",
	"sync.RWMutex",
	"sync.WaitGroup",
	"sync.Once",
	"sync.Cond",
	"atomic.Int64",
	"atomic.Value",
	"atomic.Pointer[T]",
	"errors.errorString",
	"bytes.Buffer",
	"context.cancelCtx",
	"context.timerCtx",
	"context.valueCtx",
	"context.todoCtx",
	"context.emptyCtx",
	"net.TCPConn",
	"net.TCPAddr",
	"net.IP",
	"net.UnixAddr",
	"syscall.Errno",
	"time.Location",
	"time.Month",
	"strings.Builder",
	"struct { main.a T }",
	"[]a/b.T",
	"wall",
	"ext",
	"loc",
	"state",
	"v",
	"readerCount",
	"readerWait",
	"done",
	"notify",
	"wait",
	"s",
	"buf",
	"off",
	"Context",
	"key",
	"val",
	"deadline",
	"err",
	"fd",
	"net",
	"laddr",
	"raddr",
	"IP",
	"Port",
	"Zone",
	"zone",
	"tx",
	"extend",
	"name",
	"offset",
	"Name",
	"mu",
};

struct pool {
	struct memr base;
	const uint8_t *data;
	size_t size;
	uint8_t types[TYPES_N * TYPE_SIZE];
};

static uint64_t word_at(const struct pool *p, uint64_t addr)
{
	uint64_t i = addr / 8 * 0x9e3779b97f4a7c15ull;
	uint8_t kind = p->data[(i >> 32) % p->size], v = p->data[(i >> 20) % p->size];

	switch (kind & 7) {
	case 0:
	case 1:
		return HEAP + (uint64_t)v * 0x18;
	case 2:
		return TYPES + (uint64_t)(v % TYPES_N) * TYPE_SIZE;
	case 3:
		return (uint64_t)v << (kind >> 3 & 31) << (kind >> 3 & 31);
	case 4:
		return addr + v;
	default:
		return v & 15;
	}
}

static void fill(const struct pool *p, uint64_t addr, uint8_t *to)
{
	uint64_t w = word_at(p, addr & ~7ull);
	const char *s;
	size_t n;

	if (addr >= TYPES && addr < NAMES) {
		*to = p->types[addr - TYPES];
	} else if (addr >= NAMES && addr < NAMES + ARRAY_SIZE(names) * NAME_SIZE) {
		s = names[(addr - NAMES) / NAME_SIZE];
		n = (addr - NAMES) % NAME_SIZE;
		*to = n == 0		  ? 0
		      : n == 1		  ? (uint8_t)strlen(s)
		      : n - 2 < strlen(s) ? (uint8_t)s[n - 2]
					  : 0;
	} else {
		memcpy(to, (const uint8_t *)&w + (addr & 7), 1);
	}
}

static int pool_read(struct memr *m, uint64_t addr, void *buf, size_t len)
{
	const struct pool *p = (const struct pool *)m;

	if (addr < 4096 || addr >> 47 || p->data[addr / 4096 % p->size] == 0xff)
		return -EFAULT;
	for (size_t i = 0; i < len; i++)
		fill(p, addr + i, (uint8_t *)buf + i);
	return 0;
}

static void pool_close(struct memr *m)
{
	(void)m;
}

static const struct memr_ops ops = { .read = pool_read, .close = pool_close };

static uint64_t type_addr(uint8_t i)
{
	return TYPES + (uint64_t)(i % TYPES_N) * TYPE_SIZE;
}

static uint64_t size_of(unsigned kind, uint8_t n)
{
	static const uint8_t sizes[GOKIND_N] = { 0, 1, 8,  1, 2, 4, 8,	8, 1, 2,  4,  8, 8, 4,
						 8, 8, 16, 0, 8, 8, 16, 8, 8, 24, 16, 0, 8 };

	return sizes[kind] ? sizes[kind] : n;
}

/* abi.Type, and what follows for that kind. */
static void make_type(uint8_t *t, const uint8_t *b)
{
	unsigned kind = b[0] % (GOKIND_N + 2);
	uint64_t w[20] = { size_of(kind % GOKIND_N, b[3]) };
	int32_t name = (int32_t)(NAMES - TYPES + b[1] % ARRAY_SIZE(names) * NAME_SIZE);

	((uint8_t *)w)[20] = 4; /* named */
	((uint8_t *)w)[21] = 8;
	((uint8_t *)w)[23] = (uint8_t)kind;
	memcpy((uint8_t *)w + 40, &name, sizeof(name));
	w[6] = type_addr(b[2]);
	w[7] = type_addr(b[3]);
	w[8] = b[3] % 4;
	if (kind == GOKIND_STRUCT) { /* package, fields */
		w[6] = 0;
		w[7] = 0; /* the caller sets it */
		w[8] = 1 + b[3] % 3;
	} else if (kind == GOKIND_MAP) { /* group, hasher, sizes */
		w[10] = 8 + 8ull * b[3];
		w[11] = b[3] & 31;
		w[12] = b[2] & 31;
		w[13] = b[1];
	}
	memcpy(t, w, sizeof(w));
}

static void make_types(struct pool *p, const uint8_t *data)
{
	for (unsigned i = 0; i < TYPES_N; i++) {
		uint8_t *t = p->types + i * TYPE_SIZE;
		const uint8_t *b = data + 4 * i;
		uint64_t fields = TYPES + i * TYPE_SIZE + 160;

		make_type(t, b);
		if (t[23] != GOKIND_STRUCT)
			continue;
		memcpy(t + 56, &fields, sizeof(fields));
		for (unsigned k = 0; k < 3; k++) {
			uint64_t f[3] = { NAMES + (b[1] + b[2] * k) % ARRAY_SIZE(names) * NAME_SIZE,
					  type_addr((uint8_t)(b[2] + k * 7)), k * 8 };

			memcpy(t + 160 + k * sizeof(f), f, sizeof(f));
		}
	}
}

static void open_all(struct value_ask *ask, const struct values *v)
{
	for (size_t i = 0; i < v->v.n && ask->open.n < NODES; i++)
		if (v->v.v[i].flags & VALUE_OPENABLE && !(v->v.v[i].flags & VALUE_OPEN))
			*vec_push(&ask->open) = v->v.v[i].key;
}

static void look(struct govaluer *g, const uint8_t *data)
{
	struct value_ask ask = { 0 };
	struct values v = { 0 };

	g->ask = &ask;
	g->out = &v;
	for (int round = 0; round < ROUNDS; round++) {
		values_release(&v);
		valmem_begin(g->vm);
		g->nodes_left = NODES;
		for (unsigned i = 0; i < 8; i++)
			govalue_add(g, &(struct govalue_node){
					       .name = "x",
					       .nth = i,
					       .type = gotype_at(g->ts, type_addr(data[i])),
					       .addr = HEAP + data[i] * 8u });
		open_all(&ask, &v);
	}
	for (size_t i = 0; i < v.v.n; i++)
		if (strlen(values_at(&v, v.v.v[i].text)) > 4096)
			abort();
	value_ask_release(&ask);
	values_release(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t minors[] = { 19, 23, 24, 26, 27 };
	struct gomodule mod = { .types = TYPES, .etypes = NAMES + ARRAY_SIZE(names) * NAME_SIZE };
	struct target t = { .status = { 0 } };
	struct pool *p;
	struct valmem vm;
	struct govaluer g;

	if (size < HEADER + 16)
		return 0;
	p = calloc(1, sizeof(*p));
	p->base.ops = &ops;
	p->data = data + HEADER;
	p->size = size - HEADER;
	make_types(p, data + 2);
	t.mem = &p->base;
	t.build.version = (struct goversion){ .major = 1, .minor = minors[data[0] % 5] };
	t.mods.mod.v = &mod;
	t.mods.mod.n = 1;
	t.sym = symtab_new(&t.mods, t.mem);
	layout_init(&t.lay, &t.build.version, GOARCH_AMD64, NULL);
	valmem_init(&vm, t.mem);
	vm.reads_most = 1 << 17;
	vm.fetches_most = 1 << 12; /* of pages, which are slow to make here */
	g = (struct govaluer){ .t = &t, .vm = &vm, .ts = gotypes_new(&t, &vm, NULL) };
	look(&g, p->data);
	gotypes_free(g.ts);
	valmem_release(&vm);
	symtab_free(t.sym);
	free(p);
	return 0;
}
