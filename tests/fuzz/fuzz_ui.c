/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole screen, without a terminal: any keys, text, commands of the palette, clicks and sizes, over a
 * program whose names, labels and source text are any bytes as well. The first line of the input is
 * those bytes; then each operation is a byte that says what it is, and what it needs.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/fault_world.h"
#include "analysis/detect.h"
#include "ui/ui.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 12, OPS_MOST = 160, NAMES_MOST = 400, WIDTH_MOST = 220, HEIGHT_MOST = 70 };

struct input {
	const uint8_t *at;
	size_t left;
};

struct fix {
	struct world w;
	struct detect d;
	struct jobs jobs;
	struct ui *ui;
	struct grid grid;
	int64_t time, now;
	uint32_t stack[4];
};

static uint8_t byte_of(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

/* Up to the next newline; NUL-terminated. */
static const char *text_of(struct input *in, char *buf, size_t size)
{
	size_t n = 0;

	while (in->left && n + 1 < size) {
		uint8_t c = byte_of(in);

		if (c == '\n')
			break;
		buf[n++] = (char)c;
	}
	buf[n] = '\0';
	return buf;
}

static void at_once(struct jobs *j, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
	(void)j;
	work(arg);
	if (done)
		done(arg);
}

static uint32_t stack_of(struct world *w, const char *name, uint32_t line)
{
	struct frame f[2] = { { .pc = 0x401000 + line, .line = line },
			      { .pc = 0x402000, .line = 7 } };

	f[0].func = world_str(w, name);
	f[0].file = world_str(w, "/src/main.go");
	f[1].func = world_str(w, "main.main");
	f[1].file = world_str(w, name);
	return stacktab_put(&w->stacks, f, 2);
}

static void populate(struct fix *f, const char *names)
{
	size_t n = strlen(names);

	fw_init(&f->w);
	f->w.source_name = world_str(&f->w, names);
	for (unsigned i = 0; i < 4; i++)
		f->stack[i] = stack_of(&f->w, names + n * i / 4, i * 3);
	for (uint64_t g = 2; g < ROWS; g++) {
		fw_go(&f->w, g, (int64_t)g * SEC / 10, "main.start:4");
		fw_apply(&f->w, (struct event){ .time = (int64_t)g * SEC / 10,
						.g = g,
						.kind = EV_BLOCK,
						.reason = (uint8_t)(1 + g % (R_N - 1)),
						.stack = f->stack[g % 4] });
	}
	fw_object(&f->w, 0x1000, OBJ_CHAN, OBJF_SEARCHED, 2);
	fw_wait(&f->w, 3, 0x1000, OP_SEND);
	fw_facts(&f->w, 2 * SEC);
	f->time = 3 * SEC;
	fw_until(&f->w, f->time);
	shown_put_file(&f->w.shown, "/src/main.go", names, n);
	world_close_segment(&f->w);
	f->w.progress.whole = true;
}

static void happen(struct fix *f, struct input *in)
{
	uint8_t what = byte_of(in), kind = byte_of(in);
	struct event ev = { .time = f->time += 1000000 + what * 10000, .g = 1 + what % ROWS };

	ev.kind = kind & 1 ? EV_BLOCK : EV_RUN;
	ev.reason = ev.kind == EV_BLOCK ? (uint8_t)(1 + kind % (R_N - 1)) : 0;
	ev.stack = f->stack[kind % 4];
	fw_apply(&f->w, ev);
	detect_look(&f->d, &f->w);
	ui_world_changed(f->ui);
}

static void click(struct fix *f, struct input *in)
{
	static const int far[] = { -1, -33, 9999, 99998, 0x10ffff - 33 }; /* what term.c may tell */
	uint8_t kind = byte_of(in), x = byte_of(in), y = byte_of(in);
	struct mouse m = { .kind = (enum mouse_kind)(kind % (MOUSE_WHEEL + 1)), .x = x, .y = y };

	if (kind & 0x80)
		m.x = far[x % ARRAY_SIZE(far)];
	if (kind & 0x40)
		m.y = far[y % ARRAY_SIZE(far)];
	m.wheel = m.kind == MOUSE_WHEEL ? (kind & 0x20 ? -1 : 1) : 0;
	ui_mouse(f->ui, &m);
}

static void draw(struct fix *f)
{
	ui_tick(f->ui, f->now += 100000000);
	ui_draw(f->ui, &f->grid);
	if (f->grid.cursor_x >= f->grid.w || f->grid.cursor_y >= f->grid.h)
		abort();
}

static void resize(struct fix *f, struct input *in)
{
	int w = 1 + byte_of(in) % WIDTH_MOST, h = 1 + byte_of(in) % HEIGHT_MOST;

	grid_resize(&f->grid, w, h);
	ui_resize(f->ui, w, h);
}

static void operate(struct fix *f, struct input *in)
{
	struct err err = { 0 };
	char text[256];
	uint8_t op = byte_of(in);

	switch (op) {
	case 1:
		ui_command(f->ui, text_of(in, text, sizeof(text)), &err);
		break;
	case 2:
		for (const char *c = text_of(in, text, sizeof(text)); *c; c++)
			ui_key(f->ui, (uint8_t)*c);
		break;
	case 3:
		ui_key(f->ui, UK_UP + byte_of(in) % (UK_LAST - UK_UP + 1));
		break;
	case 4:
		click(f, in);
		break;
	case 5:
		resize(f, in);
		break;
	case 6:
		draw(f);
		break;
	case 7:
		happen(f, in);
		break;
	case 8: {
		uint32_t key = byte_of(in);

		ui_key(f->ui, key << 8 | byte_of(in));
		break;
	}
	default:
		ui_key(f->ui, op);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct fix *f = xcalloc(1, sizeof(*f));
	char names[NAMES_MOST];

	populate(f, text_of(&in, names, sizeof(names)));
	detect_init(&f->d);
	detect_look(&f->d, &f->w);
	f->jobs.submit = at_once;
	grid_init(&f->grid, 80, 24, false);
	f->ui = ui_new(&(struct ui_config){ .world = &f->w,
					    .detect = &f->d,
					    .jobs = &f->jobs,
					    .live = size & 1,
					    .w = 80,
					    .h = 24 });
	for (int i = 0; i < OPS_MOST && in.left && !ui_done(f->ui); i++) {
		operate(f, &in);
		if (i % 8 == 7)
			draw(f);
	}
	draw(f);
	free(ui_history(f->ui));
	ui_free(f->ui);
	grid_release(&f->grid);
	detect_release(&f->d);
	world_release(&f->w);
	free(f);
	return 0;
}
