/* SPDX-License-Identifier: Apache-2.0 */
#include "target/vars.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	AT_GO_DICT_INDEX = 0x2906,
	AT_GO_CLOSURE_OFFSET = 0x2907,
	CHAIN_MOST = 64, /* of inlined calls */
	DEPTH_MOST = 64, /* of blocks */
	ENTRIES_MOST = 1 << 16, /* of a function */
	VARS_MOST = 4096,
	STACK_MOST = 16, /* of an expression's machine */
	SIZE_MOST = 1 << 20, /* of a value in pieces */
	DICT_MOST = 4096,
	PIECES_MOST = 64,
	CODE_MOST = 4 << 20,
	SETTLED_MOST = 1024, /* pairs with one place */
	CALLER_MOST = 1024, /* bytes of a caller's frame */
	CALL_BYTES = 96, /* of code before a call, in which its arguments are made */
	FRAME_MOST = 16 << 20,
	REG_WORK_MOST =
		1 << 20 /* entries of lists, bytes of code looked at for registers of a frame */
};

/* A piece of the stack that a variable has. */
struct place {
	uint64_t lo, hi;
	uint64_t at; /* offset of lo in the variable */
	size_t var; /* index in out; SIZE_MAX: of one that is not declared yet */
	Dwarf_Die die;
};

struct reader {
	struct target *t;
	struct dwinfo *dw;
	struct gotypes *ts;
	struct valmem *vm;
	const struct varframe *f;
	uint64_t va, own_va; /* of varframe.pc, .own_pc */
	uint64_t dict; /* what .dict points to, 0: not known */
	int left; /* entries that may still be looked at */
	bool regs; /* registers may be taken: what is evaluated holds at va */
	int64_t reg_work; /* that is left */
	govars *out;
	VEC(struct place) place;
	Dwarf_Die func; /* as compiled */
	VEC(uint8_t) code; /* its bytes, once they are needed */
};

/* Does a function's name as DWARF has it ("main.F[go.shape.int]") mean the same as in a stack ("main.F[...]")? */
static bool vars_same_func(const char *dwarf, const char *stack)
{
	while (*dwarf && *dwarf == *stack) {
		if (*dwarf == '[' && !strncmp(stack, "[...]", 5)) {
			int depth = 0;

			do {
				depth += (*dwarf == '[') - (*dwarf == ']');
				dwarf++;
			} while (*dwarf && depth);
			stack += 5;
			continue;
		}
		dwarf++;
		stack++;
	}
	return *dwarf == *stack;
}

/* --- where it is --- */

enum loc_kind { LOC_NONE, LOC_MEMORY, LOC_VALUE, LOC_BYTES };

struct loc {
	enum loc_kind kind;
	uint64_t v; /* address, or value */
	const void *bytes;
	size_t len;
};

struct machine {
	struct reader *r;
	uint64_t stack[STACK_MOST];
	size_t n;
	bool bad;
};

static void push(struct machine *m, uint64_t v)
{
	if (m->n == STACK_MOST)
		m->bad = true;
	else
		m->stack[m->n++] = v;
}

static uint64_t pop(struct machine *m)
{
	if (!m->n) {
		m->bad = true;
		return 0;
	}
	return m->stack[--m->n];
}

static void run_arithmetic(struct machine *m, const Dwarf_Op *op)
{
	uint64_t b;

	switch (op->atom) {
	case DW_OP_plus:
		b = pop(m);
		push(m, pop(m) + b);
		break;
	case DW_OP_minus:
		b = pop(m);
		push(m, pop(m) - b);
		break;
	case DW_OP_plus_uconst:
		push(m, pop(m) + op->number);
		break;
	case DW_OP_deref:
		if (!valmem_word(m->r->vm, pop(m), &b))
			m->bad = true;
		push(m, b);
		break;
	default:
		m->bad = true;
	}
}

static void run_op(struct machine *m, Dwarf_Attribute *attr, const Dwarf_Op *op)
{
	Dwarf_Attribute at;
	Dwarf_Addr a;

	switch (op->atom) {
	case DW_OP_addr:
		push(m, op->number + (m->r->t->image ? m->r->t->image->bias : 0));
		break;
	case DW_OP_addrx:
		if (dwarf_getlocation_attr(attr, op, &at) || dwarf_formaddr(&at, &a))
			m->bad = true;
		else
			push(m, a + (m->r->t->image ? m->r->t->image->bias : 0));
		break;
	case DW_OP_call_frame_cfa:
		push(m, m->r->f->cfa);
		break;
	case DW_OP_fbreg: /* the frame base of all Go functions is the CFA */
		push(m, m->r->f->cfa + op->number);
		break;
	case DW_OP_lit0 ... DW_OP_lit31:
		push(m, op->atom - DW_OP_lit0);
		break;
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_const2u:
	case DW_OP_const2s:
	case DW_OP_const4u:
	case DW_OP_const4s:
	case DW_OP_const8u:
	case DW_OP_const8s:
	case DW_OP_constu:
	case DW_OP_consts:
		push(m, op->number);
		break;
	default:
		run_arithmetic(m, op);
	}
}

static void read_code(struct reader *r);

/* Where the entry of a location list begins that holds at va, the file's own address; 0: none. */
static uint64_t entry_start(struct reader *r, Dwarf_Attribute *attr)
{
	Dwarf_Addr base, start, end;
	Dwarf_Op *op;
	ptrdiff_t at = 0;
	size_t n;

	while (r->reg_work-- > 0) {
		at = dwarf_getlocations(attr, at, &base, &start, &end, &op, &n);
		if (at <= 0)
			break;
		if (start <= r->va && r->va < end)
			return start;
	}
	return 0;
}

/* A register of the innermost frame, if nothing there may have written it since. */
static bool reg_value(struct reader *r, Dwarf_Attribute *attr, unsigned number, uint64_t *v)
{
	uint64_t since, lo = 0;

	if (!r->regs || !r->f->leaf || r->t->lay.arch != GOARCH_AMD64 ||
	    !core_reg(r->f->leaf, number, v))
		return false;
	since = entry_start(r, attr);
	read_code(r);
	if (!since || dwarf_lowpc(&r->func, &lo) || since < lo || r->va - lo > r->code.n)
		return false;
	r->reg_work -= (int64_t)(r->va - since);
	return r->reg_work > 0 && vars_reg_kept(r->code.v, since - lo, r->va - lo, number);
}

/* One location up to the next piece; *i is left on that, or at the end. */
static struct loc run(struct reader *r, Dwarf_Attribute *attr, const Dwarf_Op *op, size_t n,
		      size_t *i)
{
	struct machine m = { .r = r };
	struct loc l = { .kind = LOC_NONE };
	Dwarf_Block block;

	for (; *i < n && op[*i].atom != DW_OP_piece; ++*i) {
		const Dwarf_Op *o = &op[*i];

		if (o->atom >= DW_OP_reg0 && o->atom <= DW_OP_reg31) {
			l = (struct loc){ .kind = LOC_VALUE };
			m.bad |= !reg_value(r, attr, o->atom - DW_OP_reg0, &l.v);
		} else if (o->atom == DW_OP_regx) {
			m.bad = true;
		} else if (o->atom == DW_OP_implicit_value) {
			if (!dwarf_getlocation_implicit_value(attr, o, &block))
				l = (struct loc){ LOC_BYTES, 0, block.data, block.length };
		} else if (o->atom == DW_OP_stack_value) {
			l = (struct loc){ .kind = LOC_VALUE, .v = pop(&m) };
		} else {
			run_op(&m, attr, o);
		}
	}
	if (m.bad)
		return (struct loc){ .kind = LOC_NONE };
	if (l.kind == LOC_NONE && m.n)
		l = (struct loc){ .kind = LOC_MEMORY, .v = pop(&m) };
	return l;
}

static void note_place(struct reader *r, Dwarf_Die *die, uint64_t addr, uint64_t len, uint64_t at,
		       size_t var)
{
	if (len && len <= SIZE_MOST && r->place.n < VARS_MOST * 4)
		*vec_push(&r->place) = (struct place){ addr, addr + len, at, var, *die };
}

/* Puts len bytes of a value together at own address to; false: they are not known. */
static bool piece_copy(struct reader *r, const struct loc *l, uint64_t to, uint64_t len)
{
	uint8_t buf[256];
	uint64_t done = 0, n;

	if (l->kind == LOC_VALUE && len <= sizeof(l->v)) {
		valmem_own_set(r->vm, to, &l->v, len);
		return true;
	}
	if (l->kind == LOC_BYTES && len <= l->len) {
		valmem_own_set(r->vm, to, l->bytes, len);
		return true;
	}
	if (l->kind != LOC_MEMORY)
		return false;
	for (; done < len; done += n) {
		n = len - done < sizeof(buf) ? len - done : sizeof(buf);
		if (valmem_read(r->vm, l->v + done, buf, n)) {
			if (!valmem_lacks(r->vm, l->v + done, n))
				return false;
			valmem_own_lack(r->vm, to + done, len - done);
			return true;
		}
		valmem_own_set(r->vm, to + done, buf, n);
	}
	return true;
}

struct piece {
	struct loc l;
	uint64_t len;
};

static bool same_piece(const struct piece *a, const struct piece *b)
{
	return a->len == b->len && a->l.kind == b->l.kind && a->l.v == b->l.v &&
	       a->l.kind != LOC_NONE;
}

/* The pieces of an expression; 0: they are not those of a value of that size. */
static size_t read_pieces(struct reader *r, Dwarf_Attribute *attr, const Dwarf_Op *op, size_t n,
			  uint64_t size, struct piece *out)
{
	uint64_t total = 0;
	size_t i = 0, k = 0, kept = 0;

	while (i < n && k < PIECES_MOST) {
		out[k].l = run(r, attr, op, n, &i);
		out[k].len = i == n ? size - (total < size ? total : size) : op[i].number;
		if (out[k].len > SIZE_MOST)
			return 0;
		total += out[k++].len;
		i++;
	}
	if (i < n)
		return 0;
	/* compilers up to 1.21 tell the pointer of some slices twice */
	for (i = 0; i < k; i++) {
		if (kept && total > size && same_piece(&out[kept - 1], &out[i]))
			total -= out[i].len;
		else
			out[kept++] = out[i];
	}
	return total == size ? kept : 0;
}

static void place_pieces(struct reader *r, Dwarf_Die *die, Dwarf_Attribute *attr,
			 const Dwarf_Op *op, size_t n, struct govar *v, size_t index)
{
	struct piece piece[PIECES_MOST];
	uint64_t size = v->type->size, at = 0;
	size_t good = 0, k;

	if (size > SIZE_MOST)
		return;
	k = read_pieces(r, attr, op, n, size, piece);
	v->addr = valmem_own(r->vm, size);
	for (size_t i = 0; i < k; i++) {
		if (piece[i].l.kind == LOC_MEMORY)
			note_place(r, die, piece[i].l.v, piece[i].len, at, index);
		good += piece_copy(r, &piece[i].l, v->addr + at, piece[i].len);
		at += piece[i].len;
	}
	if (good)
		v->where = good == k ? GOVAR_THERE : GOVAR_PARTLY;
}

static void place_const(struct reader *r, Dwarf_Attribute *attr, struct govar *v)
{
	struct loc l = { .kind = LOC_VALUE };
	Dwarf_Block block;
	Dwarf_Sword s;

	if (!dwarf_formblock(attr, &block))
		l = (struct loc){ LOC_BYTES, 0, block.data, block.length };
	else if (dwarf_formudata(attr, &l.v) && !dwarf_formsdata(attr, &s))
		l.v = (uint64_t)s;
	if (v->type->size > SIZE_MOST)
		return;
	v->addr = valmem_own(r->vm, v->type->size);
	if (piece_copy(r, &l, v->addr, v->type->size))
		v->where = GOVAR_THERE;
}

/* The expression that holds at va: of a list, or one for all of the function. */
static bool location(Dwarf_Attribute *attr, uint64_t va, Dwarf_Op **op, size_t *n)
{
	Dwarf_Attribute expr = *attr;

	*n = 0;
	switch (dwarf_whatform(attr)) {
	case DW_FORM_block1:
		/* Go's linker writes it in all versions, libdw wants an exprloc from version 4 on: up to 127 bytes they are the same. */
		if (!attr->valp || *attr->valp > 127)
			return false;
		expr.form = DW_FORM_exprloc;
		return !dwarf_getlocation(&expr, op, n) && *n;
	case DW_FORM_exprloc:
		return !dwarf_getlocation(attr, op, n) && *n;
	default:
		return dwarf_getlocation_addr(attr, va, op, n, 1) == 1 && *n;
	}
}

static bool is_list(Dwarf_Attribute *attr)
{
	return dwarf_whatform(attr) != DW_FORM_block1 && dwarf_whatform(attr) != DW_FORM_exprloc;
}

/*
 * A place of the innermost frame that stands at any instruction: is the frame made
 * already, and the argument, where only one place is told for all of the function?
 */
static bool is_early(const struct reader *r, Dwarf_Attribute *attr, const struct govar *v,
		     uint64_t addr)
{
	if (!r->f->leaf || r->f->cfa - addr > FRAME_MOST)
		return false;
	return addr < r->f->sp || (r->f->entering && !is_list(attr) && v->kind != GOVAR_LOCAL);
}

static void place_at(struct reader *r, Dwarf_Die *die, struct govar *v, size_t index)
{
	Dwarf_Attribute attr;
	Dwarf_Op *op;
	size_t n, i = 0;
	struct loc l;

	if (dwarf_attr(die, DW_AT_const_value, &attr)) {
		place_const(r, &attr, v);
		return;
	}
	if (!dwarf_attr(die, DW_AT_location, &attr) || !location(&attr, r->va, &op, &n))
		return;
	l = run(r, &attr, op, n, &i);
	if (i < n || l.kind == LOC_VALUE || l.kind == LOC_BYTES) {
		place_pieces(r, die, &attr, op, n, v, index);
	} else if (l.kind == LOC_MEMORY && is_early(r, &attr, v, l.v)) {
		v->where = GOVAR_EARLY;
	} else if (l.kind == LOC_MEMORY) {
		v->addr = l.v;
		v->where = GOVAR_THERE;
		note_place(r, die, l.v, v->type->size, 0, index);
	}
}

/* Fills addr and where. index: of v in out, as places are noted. */
static void place_var(struct reader *r, Dwarf_Die *die, struct govar *v, size_t index)
{
	v->where = GOVAR_GONE;
	r->regs = true;
	place_at(r, die, v, index);
	r->regs = false;
}

/* --- what it is --- */

/* A type parameter's type is in the dictionary that the function was called with. */
static const struct gotype *type_of(struct reader *r, Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const struct gotype *shape, *real;
	Dwarf_Die type;
	uint64_t i, addr;

	if (!dwinfo_attr(die, DW_AT_type, &attr) || !dwarf_formref_die(&attr, &type))
		return gotype_at_die(r->ts, 0);
	shape = gotype_at_die(r->ts, dwarf_dieoffset(&type));
	if (!r->dict || !dwarf_attr(&type, AT_GO_DICT_INDEX, &attr) || dwarf_formudata(&attr, &i) ||
	    i >= DICT_MOST || !valmem_word(r->vm, r->dict + i * 8, &addr))
		return shape;
	real = gotype_at(r->ts, addr);
	return real->kind == shape->kind && real->size == shape->size ? real : shape;
}

static uint8_t kind_of(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	bool result = false;

	if (dwarf_tag(die) != DW_TAG_formal_parameter)
		return dwinfo_attr(die, AT_GO_CLOSURE_OFFSET, &attr) ? GOVAR_CAPTURED : GOVAR_LOCAL;
	if (dwinfo_attr(die, DW_AT_variable_parameter, &attr))
		dwarf_formflag(&attr, &result);
	return result ? GOVAR_RESULT : GOVAR_ARG;
}

/* "&x" holds the address of x, which was moved to the heap, or is captured by reference. */
static void follow_escaped(struct reader *r, struct govar *v)
{
	uint64_t addr;

	if (*v->name != '&' || v->type->kind != GOKIND_POINTER)
		return;
	v->name++;
	v->escaped = true;
	v->type = gotype_elem(r->ts, v->type);
	if (v->where == GOVAR_EARLY)
		return;
	if (v->where == GOVAR_THERE && valmem_word(r->vm, v->addr, &addr) && addr)
		v->addr = addr;
	else if (v->where == GOVAR_THERE && valmem_lacks(r->vm, v->addr, sizeof(addr)))
		v->where = GOVAR_LACKING;
	else
		v->where = GOVAR_GONE;
}

static void add_var(struct reader *r, Dwarf_Die *die, uint16_t depth)
{
	struct govar v = { .name = dwinfo_name(die), .kind = kind_of(die), .depth = depth };
	uint64_t line = 0;
	bool later;

	/* what the compiler made up: parts of variables ("s.ptr"), ".dict", "~r0", "_" */
	if (!*v.name || strchr(v.name, '.') || *v.name == '~' || !strcmp(v.name, "_"))
		return;
	dwinfo_number(die, DW_AT_decl_line, &line);
	v.line = line <= UINT32_MAX ? (uint32_t)line : 0;
	/* what is declared on the line that it stands on, or below, does not exist yet */
	later = v.kind != GOVAR_ARG && v.kind != GOVAR_RESULT && v.line && v.line >= r->f->line;
	v.type = type_of(r, die);
	place_var(r, die, &v, later ? SIZE_MAX : r->out->n);
	follow_escaped(r, &v);
	if (!later && r->out->n < VARS_MOST)
		*vec_push(r->out) = v;
}

/* Does what may be a dictionary hold the types of all type parameters? */
static bool dict_fits(struct reader *r, Dwarf_Die *scope, uint64_t dict)
{
	Dwarf_Attribute attr;
	Dwarf_Die die;
	uint64_t i, addr;
	int n = 0;

	if (!dict || dict & 7 || dwarf_child(scope, &die))
		return false;
	do {
		const struct gotype *shape, *real;

		if (dwarf_tag(&die) != DW_TAG_typedef || !dwarf_attr(&die, AT_GO_DICT_INDEX, &attr))
			continue;
		shape = gotype_at_die(r->ts, dwarf_dieoffset(&die));
		if (dwarf_formudata(&attr, &i) || i >= DICT_MOST ||
		    !valmem_word(r->vm, dict + i * 8, &addr))
			return false;
		real = gotype_at(r->ts, addr);
		if (real->kind == GOKIND_INVALID || real->kind != shape->kind ||
		    real->size != shape->size)
			return false;
		n++;
	} while (--r->left > 0 && dwinfo_next(&die));
	return n > 0;
}

/* The argument .dict, where it is kept. */
static bool dict_by_var(struct reader *r, Dwarf_Die *scope)
{
	struct govar v = { 0 };
	uint64_t dict = 0;
	Dwarf_Die die;

	if (dwarf_child(scope, &die))
		return false;
	do {
		if (dwarf_tag(&die) != DW_TAG_formal_parameter ||
		    strcmp(dwinfo_name(&die), ".dict"))
			continue;
		v.type = type_of(r, &die);
		place_var(r, &die, &v, SIZE_MAX);
		if (v.where == GOVAR_THERE && v.type->size == 8 &&
		    valmem_word(r->vm, v.addr, &dict) && dict_fits(r, scope, dict))
			r->dict = dict;
		break;
	} while (--r->left > 0 && dwinfo_next(&die));
	return r->dict;
}

/* It mostly is not; but the caller's code has its address: lea dict(%rip), %rax (or %rbx, %rcx) before the call. */
static void dict_by_caller(struct reader *r, Dwarf_Die *scope)
{
	uint8_t code[CALL_BYTES];
	uint64_t from = r->f->ret - sizeof(code);

	if (!r->f->ret || r->t->lay.arch != GOARCH_AMD64 ||
	    valmem_read(r->vm, from, code, sizeof(code)))
		return;
	for (size_t i = sizeof(code) - 7; i-- > 0 && !r->dict;) {
		uint64_t addr;
		int32_t off;

		if (code[i] != 0x48 || code[i + 1] != 0x8d || (code[i + 2] & 0xe7) != 0x05)
			continue;
		memcpy(&off, code + i + 3, sizeof(off));
		addr = from + i + 7 + (uint64_t)(int64_t)off;
		if (dict_fits(r, scope, addr))
			r->dict = addr;
	}
}

/* Or it has it in its frame, as what a go statement runs; one that fits, not several. */
static void dict_by_frame(struct reader *r, Dwarf_Die *scope)
{
	uint64_t end = r->f->caller_end, found = 0, v;

	if (end - r->f->cfa > CALLER_MOST)
		end = r->f->cfa + CALLER_MOST;
	for (uint64_t at = r->f->cfa; at < end; at += 8) {
		if (!valmem_word(r->vm, at, &v) || v == found || !dict_fits(r, scope, v))
			continue;
		if (found)
			return;
		found = v;
	}
	r->dict = found;
}

static void add_scope(struct reader *r, Dwarf_Die *scope, uint16_t depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MOST || dwarf_child(scope, &die))
		return;
	do {
		switch (dwarf_tag(&die)) {
		case DW_TAG_formal_parameter:
		case DW_TAG_variable:
			add_var(r, &die, depth);
			break;
		case DW_TAG_lexical_block:
			if (dwarf_haspc(&die, r->own_va) > 0)
				add_scope(r, &die, depth + 1);
			break;
		default:
			break;
		}
	} while (--r->left > 0 && dwinfo_next(&die));
}

/* --- which function --- */

/* The inlined call within scope that covers pc. */
static bool inlined_in(struct reader *r, Dwarf_Die *scope, Dwarf_Die *out, int depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MOST || dwarf_child(scope, &die))
		return false;
	do {
		int tag = dwarf_tag(&die);

		if (tag == DW_TAG_inlined_subroutine && dwarf_haspc(&die, r->va) > 0) {
			*out = die;
			return true;
		}
		if (tag == DW_TAG_lexical_block && inlined_in(r, &die, out, depth + 1))
			return true;
	} while (--r->left > 0 && dwinfo_next(&die));
	return false;
}

static bool find_scope(struct reader *r, Dwarf_Die *scope)
{
	Dwarf_Die chain[CHAIN_MOST];
	uint32_t n = 1, at = r->f->inlined;

	if (!dwinfo_func(r->dw, r->va, &chain[0]))
		return false;
	if (at) {
		while (n < CHAIN_MOST && inlined_in(r, &chain[n - 1], &chain[n], 0))
			n++;
		if (at >= n || !vars_same_func(dwinfo_name(&chain[at]), r->f->func))
			for (at = 1; at < n; at++)
				if (vars_same_func(dwinfo_name(&chain[at]), r->f->func))
					break;
		if (at >= n)
			return false;
	}
	*scope = chain[at];
	r->func = chain[0];
	return true;
}

/* --- places that several have --- */

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->lo > y->lo) - (x->lo < y->lo);
}

static void read_code(struct reader *r)
{
	Dwarf_Addr lo, hi;
	uint64_t bias = r->t->image ? r->t->image->bias : 0;

	if (r->code.cap || dwarf_lowpc(&r->func, &lo) || dwarf_highpc(&r->func, &hi) || hi <= lo ||
	    hi - lo > CODE_MOST)
		return;
	vec_reserve(&r->code, hi - lo);
	if (!valmem_read(r->vm, lo + bias, r->code.v, hi - lo))
		r->code.n = hi - lo;
}

/* Does an instruction end before code[end] that stores a register at disp(%rsp)? amd64. */
static bool stores_at(const uint8_t *code, size_t end, int64_t disp)
{
	int32_t d = (int32_t)disp;

	if (end >= 4 && disp >= -128 && disp < 128 && code[end - 1] == (uint8_t)disp &&
	    code[end - 2] == 0x24 && (code[end - 3] & 0xc7) == 0x44)
		return code[end - 4] == 0x89 || code[end - 4] == 0x11 || code[end - 4] == 0x88;
	return end >= 7 && !memcmp(code + end - 4, &d, sizeof(d)) && code[end - 5] == 0x24 &&
	       (code[end - 6] & 0xc7) == 0x84 &&
	       (code[end - 7] == 0x89 || code[end - 7] == 0x11 || code[end - 7] == 0x88);
}

/* Has the variable the piece p in that expression as well? */
static bool has_piece(struct reader *r, Dwarf_Attribute *attr, const Dwarf_Op *op, size_t n,
		      const struct place *p)
{
	uint64_t at = 0;

	for (size_t i = 0; i < n && at <= p->at; i++) {
		struct loc l = run(r, attr, op, n, &i);

		if (at == p->at)
			return l.kind == LOC_MEMORY && l.v == p->lo;
		at += i < n ? op[i].number : 0;
	}
	return false;
}

/* Since which instruction (the file's own address) it has been there; 0: not known, or for all of the function. */
static uint64_t there_since(struct reader *r, struct place *p)
{
	Dwarf_Addr base, start, end, since = 0;
	Dwarf_Attribute attr;
	Dwarf_Op *op;
	ptrdiff_t at = 0;
	size_t n;
	uint64_t last = 0;

	if (!dwarf_attr(&p->die, DW_AT_location, &attr) || !is_list(&attr))
		return 0;
	for (int i = 0; i < ENTRIES_MOST; i++) { /* a list is in the order of addresses */
		at = dwarf_getlocations(&attr, at, &base, &start, &end, &op, &n);
		if (at <= 0)
			break;
		if (start == end)
			continue;
		if (!has_piece(r, &attr, op, n, p))
			since = 0;
		else if (!since || last != start)
			since = start;
		last = end;
		if (start <= r->va && r->va < end)
			return since;
	}
	return 0;
}

/*
 * Two variables in one place: names for one value, or one that is dead and one
 * that has been put there since, of which DWARF does not tell. Only one store to
 * the place in the whole function: one value. Else who came later with a store has it.
 */
static void settle(struct reader *r, struct place *p, struct place *q)
{
	uint64_t ps = there_since(r, p), qs = there_since(r, q), lo = 0;
	struct place *later = ps > qs ? p : q, *earlier = ps > qs ? q : p;
	int64_t disp = (int64_t)(p->lo - r->f->sp);
	size_t stores = 0, end;

	read_code(r);
	if (ps && qs && p->lo == q->lo && p->hi == q->hi && r->code.n &&
	    r->t->lay.arch == GOARCH_AMD64 && !dwarf_lowpc(&r->func, &lo)) {
		for (size_t i = 0; i <= r->code.n; i++)
			stores += stores_at(r->code.v, i, disp);
		end = (ps > qs ? ps : qs) - lo;
		if (stores == 1)
			return;
		if (ps != qs && end <= r->code.n && stores_at(r->code.v, end, disp)) {
			if (earlier->var != SIZE_MAX)
				r->out->v[earlier->var].where = GOVAR_GONE;
			return;
		}
	}
	if (earlier->var != SIZE_MAX)
		r->out->v[earlier->var].where = GOVAR_SHARED;
	if (later->var != SIZE_MAX)
		r->out->v[later->var].where = GOVAR_SHARED;
}

static void find_shared(struct reader *r)
{
	int left = SETTLED_MOST;

	if (r->place.n)
		qsort(r->place.v, r->place.n, sizeof(*r->place.v), by_place);
	for (size_t i = 0; i < r->place.n; i++)
		for (size_t k = i + 1; k < r->place.n && r->place.v[k].lo < r->place.v[i].hi; k++)
			if (r->place.v[k].var != r->place.v[i].var && left-- > 0)
				settle(r, &r->place.v[i], &r->place.v[k]);
	vec_free(&r->code);
}

/* --- all of them --- */

static int by_declaration(const void *a, const void *b)
{
	const struct govar *x = a, *y = b;
	int xl = x->kind == GOVAR_LOCAL || x->kind == GOVAR_CAPTURED,
	    yl = y->kind == GOVAR_LOCAL || y->kind == GOVAR_CAPTURED;

	if (xl != yl)
		return xl - yl;
	if (xl && x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->depth != y->depth)
		return x->depth - y->depth;
	return xl ? strcmp(x->name, y->name) : 0;
}

/* glibc's qsort is not stable where memory is short: arguments keep their order by a merge of our own. */
static void sort_vars(struct govar *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct govar x = v[i];
		size_t at = i;

		for (; at && by_declaration(&v[at - 1], &x) > 0; at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

static void find_shadowed(struct govar *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n && !v[i].shadowed; k++)
			v[i].shadowed = v[k].depth > v[i].depth && !strcmp(v[i].name, v[k].name);
}

int vars_read(struct target *t, struct dwinfo *dw, struct gotypes *ts, struct valmem *vm,
	      const struct varframe *f, govars *out)
{
	struct reader r = { .t = t,
			    .dw = dw,
			    .ts = ts,
			    .vm = vm,
			    .f = f,
			    .va = f->pc - (t->image ? t->image->bias : 0),
			    .own_va = f->own_pc - (t->image ? t->image->bias : 0),
			    .left = ENTRIES_MOST,
			    .reg_work = REG_WORK_MOST };
	govars mine = { 0 };
	Dwarf_Die scope;

	r.out = &mine;
	if (!find_scope(&r, &scope))
		return -ENOENT;
	if (strchr(dwinfo_name(&scope), '[') && !dict_by_var(&r, &scope) && !f->inlined) {
		dict_by_caller(&r, &scope);
		if (!r.dict && f->caller_end > f->cfa)
			dict_by_frame(&r, &scope);
	}
	add_scope(&r, &scope, 0);
	find_shared(&r);
	sort_vars(mine.v, mine.n);
	find_shadowed(mine.v, mine.n);
	vec_reserve(out, out->n + mine.n);
	if (mine.n)
		memcpy(out->v + out->n, mine.v, mine.n * sizeof(*mine.v));
	out->n += mine.n;
	vec_free(&mine);
	vec_free(&r.place);
	return 0;
}
