/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records from the kernel's ring: samples, and events with a piece of the program's stack, which may hold
 * anything. The input is a function table, then records; words of theirs become addresses in text and
 * stack, so that stacks can be walked, unless their highest byte is odd. The reader is taken in by its source.
 */
#include "../../src/source/live_probe.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT = 0x400000, TEXT_SIZE = 0x10000, STACK_LO = 0x10000000, RECORDS = 64 };

static void to_text(__u64 *w)
{
	if (!(*w >> 56 & 1))
		*w = TEXT + (*w & 0x3fff);
}

static void to_stack(__u64 *w)
{
	if (!(*w >> 56 & 1))
		*w = STACK_LO + (*w & 0xff8);
}

static void shape_event(struct rec_event *r, size_t n)
{
	size_t room = n - sizeof(*r);

	r->event %= PROBE_N + 1;
	if (!(r->pad & 1))
		r->n = room ? (uint32_t)(r->n % (room + 1)) : 0;
	to_text(&r->pc);
	to_text(&r->lr);
	to_text(&r->place[0]);
	to_text(&r->place[1]);
	to_stack(&r->sp);
	to_stack(&r->bp);
	to_stack(&r->hi);
	for (size_t i = 0; i + 8 <= room; i += 8) {
		__u64 w;

		memcpy(&w, r->stack + i, 8);
		if (w >> 48 & 1)
			to_stack(&w);
		else
			to_text(&w);
		memcpy(r->stack + i, &w, 8);
	}
}

static void on_sample(struct live_probe *p, struct rec_sample *r)
{
	unwind_pc pcs[REC_FRAMES + 1];
	size_t n;

	for (uint32_t i = 0; i < r->n; i++)
		to_text(&r->pc[i]);
	to_text(&r->top[0]);
	to_text(&r->top[1]);
	n = live_sample_pcs(p->sym, r, pcs);
	if (n > REC_FRAMES + 1)
		abort();
	stackset_put(&p->stacks, pcs, n, 0);
}

/* Its kind is made one that there is; a sample may be cut short. */
static void one_record(struct live_probe *p, const uint8_t *data, size_t n)
{
	struct rec_head *h = malloc(n ? n : 1);

	memcpy(h, data, n);
	if (n >= sizeof(*h))
		h->kind %= REC_EVENT + 2;
	if (n >= sizeof(struct rec_event) && h->kind == REC_EVENT)
		shape_event((struct rec_event *)h, n);
	if (bpf_record_valid(h, n)) {
		if (h->kind == REC_EVENT)
			on_event(p, h);
		else if (h->kind == REC_SAMPLE)
			on_sample(p, (struct rec_sample *)h);
	}
	free(h);
}

static void all_records(struct live_probe *p, const uint8_t *data, size_t size)
{
	struct live_probed out = { 0 };
	struct live_batch b = { 0 };

	reasons_learn(p);
	for (int i = 0; i < RECORDS && size >= 2; i++) {
		size_t n = data[0] | (size_t)data[1] << 8;

		n = n < size - 2 ? n : size - 2;
		one_record(p, data + 2, n);
		data += 2 + n;
		size -= 2 + n;
	}
	names(p, &b, &out);
	for (size_t i = 0; i < p->event.n; i++)
		if (p->event.v[i].stack >= p->stacks.stack.n ||
		    p->event.v[i].start >= p->stacks.stack.n)
			abort();
	vec_free(&out.stack);
	vec_free(&b.line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int minors[] = { 19, 21, 23, 24, 26, 27 };
	struct gomodule m = {
		.text = TEXT, .minpc = TEXT, .etext = TEXT + TEXT_SIZE, .maxpc = TEXT + TEXT_SIZE
	};
	struct goversion v = { .major = 1 };
	struct target t = { 0 };
	struct live_probe p = { .t = &t };
	struct mem_seg seg;
	size_t cut;

	if (size < 8)
		return 0;
	v.minor = minors[data[0] % ARRAY_SIZE(minors)];
	cut = 4 + (data[2] | (size_t)data[3] << 8) % (size - 4);
	seg = (struct mem_seg){ TEXT, data + cut, size - cut };
	if (!pclntab_init(&m.tab, data + 4, cut - 4, v.minor, NULL))
		*vec_push(&t.mods.mod) = m;
	if (layout_init(&t.lay, &v, data[1] & 1 ? GOARCH_ARM64 : GOARCH_AMD64, NULL))
		abort();
	t.mem = memr_new_flat(&seg, 1);
	t.sym = p.sym = symtab_new(&t.mods, t.mem);
	stackset_init(&p.stacks);
	all_records(&p, data + cut, size - cut);
	stackset_release(&p.stacks);
	map64_free(&p.lock_of);
	vec_free(&p.lock_at);
	vec_free(&p.event);
	vec_free(&p.asked);
	symtab_free(p.sym);
	memr_close(t.mem);
	vec_free(&t.mods.mod);
	return 0;
}
