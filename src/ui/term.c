/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/term.h"

/* curses before term.h: its macros are kept out of what the house names */
#define NCURSES_NOMACROS 1
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "core/mem.h"
#include "ui/term_crash.h"
#include "ui/theme.h"

enum { ESC_WAIT_MS = 25, DOUBLE_MS = 400, MOUSE_BYTES = 20 };

/* Codes of our own, beyond those of the library. */
enum { MOUSE_SGR = KEY_MAX + 1, MOUSE_OLD };

/* Presses, releases, the wheel, motion while a button is down; in the form without a limit. */
#define MOUSE_ON "\033[?1000h\033[?1002h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1003l\033[?1002l\033[?1000l"

static const int curses_signals[] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };

static struct {
	SCREEN *screen;
	FILE *in, *out;
	bool own_in, own_out; /* opened here */
	bool away; /* left for a while */
	bool mouse;
	struct termios modes;
	int flags, busy_flags; /* of in, as found and while it is ours */
	const struct theme *theme;
	enum depth depth;
	short pair[257][257]; /* of foreground and background, each + 1; 0: not made yet */
	int pairs;
	struct grid shown; /* what the terminal has */
	bool fresh; /* it has nothing of it */
	bool pressed; /* a mouse button is down */
	struct timespec pressed_at;
	int pressed_x, pressed_y;
} term;

int term_colors(const char *name)
{
	int rc, n;

	if (!name || !*name || setupterm(name, STDOUT_FILENO, &rc) != OK)
		return -1;
	n = tigetnum("colors");
	return n < 0 ? 0 : n;
}

/* --- taking and giving back --- */

bool term_utf8(void)
{
	/* where blocks and lines take two columns, timelines would not fit */
	return !strcmp(nl_langinfo(CODESET), "UTF-8") && wcwidth(0x2588) == 1 &&
	       wcwidth(0x2500) == 1;
}

static FILE *open_tty(const char *path)
{
	int fd = path ? open(path, O_RDWR | O_CLOEXEC | O_NOCTTY) : -1;

	return fd < 0 ? NULL : fdopen(fd, "r+");
}

/*
 * Keys come by a description of their own: the loop makes it non-blocking, and
 * what is written, and the shell after us, must not find theirs so.
 */
static FILE *open_keys(void)
{
	FILE *f = isatty(STDIN_FILENO) ? open_tty(ttyname(STDIN_FILENO)) : NULL;

	if (!f)
		f = open_tty("/dev/tty");
	return !f && isatty(STDIN_FILENO) ? stdin : f;
}

static void close_files(void)
{
	if (term.own_in)
		fclose(term.in);
	else if (term.in)
		fcntl(fileno(term.in), F_SETFL, term.flags);
	if (term.own_out)
		fclose(term.out);
	term.in = term.out = NULL;
}

static int open_files(struct err *err)
{
	term.in = open_keys();
	term.out = isatty(STDOUT_FILENO) ? stdout : open_tty("/dev/tty");
	term.own_in = term.in && term.in != stdin;
	term.own_out = term.out && term.out != stdout;
	if (term.in && term.out) {
		term.flags = fcntl(fileno(term.in), F_GETFL);
		return 0;
	}
	err_set(err, -ENOTSUP, EXIT_USAGE,
		"there is no terminal for the screen (/dev/tty: %s); --once prints a report",
		strerror(errno));
	close_files();
	return err->rc;
}

/* A terminal that is not described here is most likely one of xterm's many kin. */
static SCREEN *new_screen(void)
{
	static const char *const kin[] = { NULL, "xterm-256color", "xterm", "vt100" };
	const char *type = getenv("TERM");
	SCREEN *s = NULL;

	for (size_t i = 0; !s && i < ARRAY_SIZE(kin) && type && *type; i++)
		s = newterm((char *)kin[i], term.out, term.in);
	return s;
}

static int start_curses(struct err *err)
{
	struct sigaction before[ARRAY_SIZE(curses_signals)];
	const char *type = getenv("TERM");

	for (size_t i = 0; i < ARRAY_SIZE(curses_signals); i++)
		sigaction(curses_signals[i], NULL, &before[i]);
	set_escdelay(ESC_WAIT_MS);
	term.screen = new_screen();
	/* signals are the program's business, not the library's */
	for (size_t i = 0; i < ARRAY_SIZE(curses_signals); i++)
		sigaction(curses_signals[i], &before[i], NULL);
	if (!term.screen)
		return err_set(
			err, -ENOTSUP, EXIT_USAGE,
			"the terminal type '%s' is not described on this machine; set TERM to "
			"one that is, such as xterm, or install ncurses-term",
			type ? type : "");
	if (!cursor_address) {
		endwin();
		delscreen(term.screen);
		term.screen = NULL;
		return err_set(err, -ENOTSUP, EXIT_USAGE,
			       "a terminal of type '%s' cannot place its cursor; --once prints a "
			       "report",
			       type);
	}
	return 0;
}

static enum depth choose_depth(enum term_color c)
{
	const char *no = getenv("NO_COLOR"), *type = getenv("TERM");
	int most = has_colors() ? max_colors : 0;

	if (c == TERM_NEVER || most < 8)
		return DEPTH_MONO;
	if (c == TERM_AUTO && ((no && *no) || (type && !strcmp(type, "dumb"))))
		return DEPTH_MONO;
	if (c == TERM_16 && most > 16)
		most = 16;
	return most >= 256 ? DEPTH_256 : most >= 16 ? DEPTH_16 : DEPTH_8;
}

static void start_colors(enum term_color c, const struct theme *theme)
{
	term.theme = theme ? theme : theme_default();
	term.depth = choose_depth(c);
	term.pairs = 0;
	memset(term.pair, 0, sizeof(term.pair));
	if (term.depth == DEPTH_MONO)
		return;
	start_color();
	use_default_colors();
}

static struct {
	char v[400];
	size_t n;
} prepared;

static int prepare_byte(int c)
{
	if (prepared.n < sizeof(prepared.v))
		prepared.v[prepared.n++] = (char)c;
	return c;
}

static void prepare(const char *capability)
{
	if (capability)
		tputs(capability, 1, prepare_byte);
}

/* What puts the terminal back, ready for when nothing else works any more. */
static void arm_crash(void)
{
	prepared.n = 0;
	if (key_mouse)
		for (const char *s = MOUSE_OFF; *s; s++)
			prepare_byte(*s);
	prepare(exit_attribute_mode);
	prepare(orig_pair);
	prepare(keypad_local);
	prepare(cursor_normal);
	if (exit_ca_mode)
		prepare(exit_ca_mode);
	else
		prepare("\r\n");
	crash_arm(fileno(term.out), prepared.v, prepared.n, &term.modes);
}

static void set_modes(void)
{
	raw();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
}

int term_open(const struct term_config *c, struct err *err)
{
	int rc = open_files(err);

	if (rc || !term.out)
		return rc;
	tcgetattr(fileno(term.out), &term.modes);
	rc = start_curses(err);
	if (rc) {
		close_files();
		return rc;
	}
	set_modes();
	start_colors(c->color, c->theme);
	arm_crash();
	mem_on_die(term_close);
	term.fresh = true;
	term_mouse(c->mouse);
	return 0;
}

void term_close(void)
{
	if (!term.screen)
		return;
	mem_on_die(NULL);
	term_mouse(false);
	curs_set(1);
	if (!term.away)
		endwin();
	tcsetattr(fileno(term.out), TCSANOW, &term.modes);
	crash_disarm();
	delscreen(term.screen);
	term.screen = NULL;
	grid_release(&term.shown);
	close_files();
}

void term_leave(void)
{
	bool mouse = term.mouse;

	if (!term.screen || term.away)
		return;
	term_mouse(false);
	term.mouse = mouse;
	curs_set(1);
	endwin();
	tcsetattr(fileno(term.out), TCSANOW, &term.modes);
	crash_disarm();
	term.busy_flags = fcntl(fileno(term.in), F_GETFL);
	fcntl(fileno(term.in), F_SETFL, term.flags);
	term.away = true;
}

void term_enter(void)
{
	if (!term.screen || !term.away)
		return;
	term.away = false;
	fcntl(fileno(term.in), F_SETFL, term.busy_flags);
	tcgetattr(fileno(term.out), &term.modes);
	reset_prog_mode();
	set_modes();
	arm_crash();
	if (term.mouse) {
		term.mouse = false;
		term_mouse(true);
	}
	term_redraw();
}

void term_suspend(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL }, before;

	term_leave();
	sigaction(SIGTSTP, &plain, &before);
	kill(0, SIGTSTP);
	sigaction(SIGTSTP, &before, NULL);
	term_enter();
}

/* --- showing --- */

void term_size(int *w, int *h)
{
	struct winsize ws = { 0 };

	*w = COLS;
	*h = LINES;
	if (!ioctl(fileno(term.out), TIOCGWINSZ, &ws) && ws.ws_col && ws.ws_row) {
		*w = ws.ws_col;
		*h = ws.ws_row;
	}
	if (*w != COLS || *h != LINES) {
		resizeterm(*h, *w);
		term_redraw();
	}
}

void term_redraw(void)
{
	term.fresh = true;
}

void term_colors_set(enum term_color color, const struct theme *theme)
{
	if (!term.screen)
		return;
	start_colors(color, theme);
	term_redraw();
}

static short pair_of(int fg, int bg)
{
	short *p = &term.pair[fg + 1][bg + 1];

	if (fg < 0 && bg < 0)
		return 0;
	if (!*p && term.pairs + 1 < COLOR_PAIRS &&
	    init_extended_pair(term.pairs + 1, fg, bg) != ERR)
		*p = (short)++term.pairs;
	return *p;
}

static attr_t attr_of(unsigned attr)
{
	return (attr & ATTR_BOLD ? A_BOLD : 0) | (attr & ATTR_UNDERLINE ? A_UNDERLINE : 0) |
	       (attr & ATTR_REVERSE ? A_REVERSE : 0);
}

/* The characters of a cell; what the C library counts otherwise would shift the line. */
static void cell_chars(const struct cell *c, wchar_t out[GLYPH_CP + 2])
{
	int n = 0;

	if (c->cp[0] >= 0x80 && wcwidth((wchar_t)c->cp[0]) != c->width) {
		wmemcpy(out, c->width == 2 ? L"??" : L"?", c->width + 1u);
		return;
	}
	out[n++] = (wchar_t)c->cp[0];
	for (int i = 1; i < GLYPH_CP && c->cp[i]; i++)
		if (wcwidth((wchar_t)c->cp[i]) == 0)
			out[n++] = (wchar_t)c->cp[i];
	out[n] = L'\0';
}

static void put_cell(int y, int x, const struct cell *c)
{
	struct look l = theme_look(term.theme, term.depth, c->role, c->attr);
	wchar_t chars[GLYPH_CP + 2];
	short pair = term.depth == DEPTH_MONO ? 0 : pair_of(l.fg, l.bg);
	cchar_t cc[2];
	int n = 1;

	cell_chars(c, chars);
	if (chars[0] == L'?' && chars[1] == L'?') {
		setcchar(&cc[1], L"?", attr_of(l.attr), pair, NULL);
		chars[1] = L'\0';
		n = 2;
	}
	setcchar(&cc[0], chars, attr_of(l.attr), pair, NULL);
	mvadd_wchnstr(y, x, cc, n);
}

/* Cells beyond the combining marks' end are not looked at, so bytes can be compared. */
static bool same_cell(const struct cell *a, const struct cell *b)
{
	return a->width == b->width && a->role == b->role && a->attr == b->attr &&
	       !memcmp(a->cp, b->cp, sizeof(a->cp));
}

static bool put_row(const struct grid *g, int y, int w)
{
	const struct cell *new = &g->cell[(size_t)y * (size_t)g->w];
	struct cell *old = &term.shown.cell[(size_t)y * (size_t)g->w];
	bool changed = false;

	for (int x = 0; x < w; x++) {
		if (!term.fresh && same_cell(&new[x], &old[x]))
			continue;
		/* a half of a wide one is drawn with its other half */
		if (new[x].width && x + new[x].width <= w)
			put_cell(y, x, &new[x]);
		old[x] = new[x];
		changed = true;
	}
	return changed;
}

static bool put_cursor(const struct grid *g)
{
	bool changed = term.fresh || g->cursor_x != term.shown.cursor_x ||
		       g->cursor_y != term.shown.cursor_y;
	bool visible = g->cursor_x >= 0 && g->cursor_x < COLS && g->cursor_y < LINES;

	term.shown.cursor_x = g->cursor_x;
	term.shown.cursor_y = g->cursor_y;
	if (changed)
		curs_set(visible);
	if (visible)
		move(g->cursor_y, g->cursor_x);
	return changed;
}

void term_show(const struct grid *g)
{
	int w = g->w < COLS ? g->w : COLS, h = g->h < LINES ? g->h : LINES;
	bool changed = false;

	if (!term.screen || term.away)
		return;
	if (term.shown.w != g->w || term.shown.h != g->h) {
		grid_resize(&term.shown, g->w, g->h);
		term.fresh = true;
	}
	if (term.fresh) {
		erase();
		clearok(curscr, TRUE);
	}
	for (int y = 0; y < h; y++)
		changed |= put_row(g, y, w);
	changed |= put_cursor(g);
	term.fresh = false;
	if (changed)
		refresh();
}

/* --- keys and the mouse --- */

int term_fd(void)
{
	return fileno(term.in);
}

int term_out_fd(void)
{
	return fileno(term.out);
}

static uint32_t function_key(wint_t c)
{
	static const struct {
		int curses;
		uint32_t key;
	} map[] = {
		{ KEY_UP, UK_UP },
		{ KEY_DOWN, UK_DOWN },
		{ KEY_LEFT, UK_LEFT },
		{ KEY_RIGHT, UK_RIGHT },
		{ KEY_PPAGE, UK_PGUP },
		{ KEY_NPAGE, UK_PGDN },
		{ KEY_HOME, UK_HOME },
		{ KEY_END, UK_END },
		{ KEY_BTAB, UK_BACKTAB },
		{ KEY_DC, UK_DELETE },
		{ KEY_IC, UK_INSERT },
		{ KEY_ENTER, UK_ENTER },
		{ KEY_SLEFT, UK_SHIFT_LEFT },
		{ KEY_SRIGHT, UK_SHIFT_RIGHT },
		{ KEY_SR, UK_SHIFT_UP },
		{ KEY_SF, UK_SHIFT_DOWN },
		{ KEY_A1, UK_HOME },
		{ KEY_A3, UK_PGUP },
		{ KEY_C1, UK_END },
		{ KEY_C3, UK_PGDN },
		{ KEY_BACKSPACE, UK_BACKSPACE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		if ((wint_t)map[i].curses == c)
			return map[i].key;
	if (c >= KEY_F(1) && c <= KEY_F(12))
		return UK_F1 + (c - KEY_F(1));
	return UK_NONE;
}

static uint32_t plain_key(wint_t c)
{
	if (c == '\n' || c == '\r')
		return UK_ENTER;
	if (c == 8)
		return UK_BACKSPACE;
	return c < 0x110000 ? c : UK_NONE;
}

/* The second press in one place within a moment; the library would wait to tell. */
static bool is_double(int x, int y)
{
	struct timespec now;
	long ms;
	bool same = x == term.pressed_x && y == term.pressed_y;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (now.tv_sec - term.pressed_at.tv_sec) * 1000 +
	     (now.tv_nsec - term.pressed_at.tv_nsec) / 1000000;
	term.pressed_at = now;
	term.pressed_x = x;
	term.pressed_y = y;
	if (!same || ms >= DOUBLE_MS)
		return false;
	term.pressed_at.tv_sec = 0; /* a third one begins anew */
	return true;
}

/* Buttons as the terminal numbers them: 0 the left one, 64 and 65 the wheel, 32 added while moving. */
static bool mouse_event(struct mouse *m, int button, int x, int y, bool released)
{
	bool moving = button & 32;

	button &= ~(4 | 8 | 16 | 32); /* shift, meta, control */
	*m = (struct mouse){ .x = x, .y = y };
	if (button == 64 || button == 65) {
		m->kind = MOUSE_WHEEL;
		m->wheel = button == 64 ? -1 : 1;
		return !released;
	}
	if (released || button == 3) {
		m->kind = MOUSE_RELEASE;
		return term.pressed && !(term.pressed = false);
	}
	if (button)
		return false;
	if (moving)
		m->kind = MOUSE_DRAG;
	else
		m->kind = is_double(x, y) ? MOUSE_DOUBLE : MOUSE_PRESS;
	term.pressed = true;
	return true;
}

/* What follows the first bytes of a mouse report; the rest of it may still be on its way. */
static bool read_mouse(struct mouse *m, bool sgr)
{
	int v[3] = { 0 }, n = 0;
	wint_t c = 0;

	timeout(ESC_WAIT_MS);
	if (!sgr)
		for (; n < 3 && get_wch(&c) == OK; n++)
			v[n] = (int)c - 32;
	for (int i = 0; sgr && i < MOUSE_BYTES && get_wch(&c) == OK && c != 'M' && c != 'm'; i++)
		if (c == ';' && n < 2)
			n++;
		else if (c >= '0' && c <= '9' && v[n] < 10000)
			v[n] = v[n] * 10 + (int)(c - '0');
	timeout(0);
	if (sgr ? n != 2 || (c != 'M' && c != 'm') : n != 3)
		return false;
	return mouse_event(m, v[0], v[1] - 1, v[2] - 1, c == 'm');
}

/* Nothing to read: or never again? */
static bool hung_up(void)
{
	struct pollfd p = { .fd = fileno(term.in), .events = POLLIN };
	int waiting = 0;

	if (poll(&p, 1, 0) <= 0)
		return false;
	if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return p.revents & POLLIN && (ioctl(p.fd, FIONREAD, &waiting) < 0 || !waiting);
}

enum term_event term_next(uint32_t *key, struct mouse *m)
{
	wint_t c;
	int rc;

	if (!term.screen || term.away)
		return TERM_NOTHING;
	for (;;) {
		rc = get_wch(&c);
		if (rc == ERR)
			return hung_up() ? TERM_HANGUP : TERM_NOTHING;
		if (rc == KEY_CODE_YES && (c == MOUSE_SGR || c == MOUSE_OLD)) {
			if (read_mouse(m, c == MOUSE_SGR))
				return TERM_MOUSE;
			continue;
		}
		*key = rc == KEY_CODE_YES ? function_key(c) : plain_key(c);
		if (*key != UK_NONE)
			return TERM_KEY;
	}
}

/*
 * Reports are asked for and read here: the library makes one event of a press and
 * a release that come together, and loses the press.
 */
void term_mouse(bool on)
{
	if (!term.screen || on == term.mouse)
		return;
	term.mouse = on;
	if (!key_mouse)
		return;
	define_key("\033[<", on ? MOUSE_SGR : 0);
	define_key("\033[M", on ? MOUSE_OLD : 0);
	putp(on ? MOUSE_ON : MOUSE_OFF);
	fflush(term.out);
}
