/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/keys.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "core/mem.h"

#define CTRL(c) ((c)&31)
#define F(n) (K_F1 + (n)-1)

const struct binding bindings[] = {
	{ ACT_HELP, "help", CTX_ALL, { '?', F(1) }, "Help", "this help; / in it searches" },
	{ ACT_FILTER,
	  "filter",
	  CTX_ALL,
	  { '/', '\\', F(4) },
	  "Filter",
	  "filter by a regular expression (PCRE2) while typing; ! inverts" },
	{ ACT_DOWN, "down", CTX_ALL, { 'j', K_DOWN }, NULL, "one line down" },
	{ ACT_UP, "up", CTX_ALL, { 'k', K_UP }, NULL, "one line up" },
	{ ACT_LEFT, "left", CTX_ALL, { 'h', K_LEFT }, NULL, "earlier by a column of the timeline" },
	{ ACT_RIGHT,
	  "right",
	  CTX_ALL,
	  { 'l', K_RIGHT },
	  NULL,
	  "later by a column of the timeline" },
	{ ACT_PAGE_DOWN, "page-down", CTX_ALL, { K_PGDN, CTRL('f') }, NULL, "one page down" },
	{ ACT_PAGE_UP, "page-up", CTX_ALL, { K_PGUP, CTRL('b') }, NULL, "one page up" },
	{ ACT_HALF_DOWN, "half-down", CTX_ALL, { CTRL('d') }, NULL, "half a page down" },
	{ ACT_HALF_UP, "half-up", CTX_ALL, { CTRL('u') }, NULL, "half a page up" },
	{ ACT_TOP, "top", CTX_ALL, { 'g', K_HOME }, NULL, "to the first line" },
	{ ACT_BOTTOM, "bottom", CTX_ALL, { 'G', K_END }, NULL, "to the last line" },
	{ ACT_OPEN,
	  "open",
	  CTX_ALL,
	  { K_ENTER },
	  "Open",
	  "open: a group's goroutines, a goroutine's story, who created or woke it" },
	{ ACT_BACK,
	  "back",
	  CTX_ALL,
	  { K_ESC, K_BACKSPACE },
	  "Back",
	  "back to where you came from; while loading: stop loading" },
	{ ACT_SORT, "sort", CTX_LIST, { 's', F(6) }, "Sort", "sort by the next column" },
	{ ACT_SORT_PREV,
	  "sort-previous",
	  CTX_LIST,
	  { '<' },
	  NULL,
	  "sort by the column to the left" },
	{ ACT_SORT_NEXT, "sort-next", CTX_LIST, { '>' }, NULL, "sort by the column to the right" },
	{ ACT_INVERT, "invert", CTX_LIST, { 'I' }, NULL, "turn the order round" },
	{ ACT_GROUPING,
	  "group",
	  CTX_LIST,
	  { 't', F(5) },
	  "Group",
	  "group by stack, none, or by where they were created" },
	{ ACT_SYSTEM,
	  "system",
	  CTX_ALL,
	  { 'H' },
	  NULL,
	  "show or hide the runtime's own goroutines" },
	{ ACT_FOLLOW,
	  "follow",
	  CTX_LIST,
	  { 'F' },
	  NULL,
	  "keep the selected goroutine in view when the order changes" },
	{ ACT_PAUSE,
	  "pause",
	  CTX_ALL,
	  { ' ', 'Z' },
	  "Pause",
	  "freeze the view at this time, or go on" },
	{ ACT_STEP_BACK, "step-back", CTX_ALL, { ',' }, "Step", "a step back in time" },
	{ ACT_STEP_ON, "step-on", CTX_ALL, { '.' }, NULL, "a step on in time" },
	{ ACT_GOTO,
	  "goto",
	  CTX_ALL,
	  { 'b' },
	  "Time",
	  "go to a time: 1.5s, 20ms, -200ms (from here), 37%, 12:03:10, end" },
	{ ACT_EVENT_PREV,
	  "event-previous",
	  CTX_ALL,
	  { '[' },
	  "Event",
	  "the selected goroutine's event before this time" },
	{ ACT_EVENT_NEXT,
	  "event-next",
	  CTX_ALL,
	  { ']' },
	  NULL,
	  "the selected goroutine's event after this time" },
	{ ACT_LATEST, "latest", CTX_ALL, { 'L' }, "End", "to the latest time" },
	{ ACT_ZOOM_IN, "zoom-in", CTX_ALL, { '+', '=' }, "Zoom", "a shorter stretch of time" },
	{ ACT_ZOOM_OUT, "zoom-out", CTX_ALL, { '-' }, NULL, "a longer stretch of time" },
	{ ACT_ZOOM_ALL, "zoom-all", CTX_ALL, { '0' }, NULL, "the whole of it" },
	{ ACT_ZOOM_UNDO,
	  "zoom-undo",
	  CTX_ALL,
	  { 'u' },
	  NULL,
	  "the stretch of time before the last zoom" },
	{ ACT_PANE_NEXT, "pane-next", CTX_ALL, { K_TAB }, "Pane", "the next pane" },
	{ ACT_PANE_PREV, "pane-previous", CTX_ALL, { K_BACKTAB }, NULL, "the pane before" },
	{ ACT_PANE_1, "pane-list", CTX_ALL, { '1' }, NULL, "the list of goroutines" },
	{ ACT_PANE_2, "pane-detail", CTX_ALL, { '2' }, NULL, "the selected goroutine" },
	{ ACT_PANE_3, "pane-source", CTX_ALL, { '3' }, NULL, "the source" },
	{ ACT_PANE_4, "pane-timeline", CTX_ALL, { '4' }, NULL, "the timeline" },
	{ ACT_MAXIMISE,
	  "maximise",
	  CTX_ALL,
	  { 'z' },
	  NULL,
	  "give the pane the whole screen, or take it back" },
	{ ACT_MOUSE,
	  "mouse",
	  CTX_ALL,
	  { 'M' },
	  NULL,
	  "mouse on or off (off: the terminal selects text)" },
	{ ACT_COMMAND, "command", CTX_ALL, { ':' }, NULL, "type an action's name; Tab completes" },
	{ ACT_QUIT, "quit", CTX_ALL, { 'q', 'Q', F(10), CTRL('c') }, "Quit", "quit" },
};

const size_t n_bindings = ARRAY_SIZE(bindings);

static const struct {
	int key;
	const char *name;
} names[] = {
	{ K_TAB, "Tab" },	  { K_ENTER, "Enter" },
	{ K_ESC, "Esc" },	  { K_BACKSPACE, "Backspace" },
	{ K_UP, "Up" },		  { K_DOWN, "Down" },
	{ K_LEFT, "Left" },	  { K_RIGHT, "Right" },
	{ K_PGUP, "PgUp" },	  { K_PGDN, "PgDn" },
	{ K_HOME, "Home" },	  { K_END, "End" },
	{ K_BACKTAB, "BackTab" }, { K_DELETE, "Delete" },
	{ ' ', "Space" },
};

enum action key_action(int key, int context)
{
	for (size_t i = 0; i < n_bindings; i++) {
		if (!(bindings[i].context & context))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(bindings[i].key) && bindings[i].key[k]; k++)
			if (bindings[i].key[k] == key)
				return bindings[i].action;
	}
	return ACT_NONE;
}

const struct binding *binding_named(const char *name)
{
	for (size_t i = 0; i < n_bindings; i++)
		if (!strcmp(bindings[i].name, name))
			return &bindings[i];
	return NULL;
}

const char *key_name(int key, char *buf, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].key == key)
			return names[i].name;
	if (key >= K_F1 && key <= K_F10)
		snprintf(buf, size, "F%d", key - K_F1 + 1);
	else if (key > 0 && key < 32)
		snprintf(buf, size, "^%c", key + '@');
	else
		snprintf(buf, size, "%c", key);
	return buf;
}

int key_parse(const char *name)
{
	utf8proc_int32_t ch;
	size_t len = strlen(name);
	int f;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i].name, name))
			return names[i].key;
	if (len == 2 && *name == '^')
		return CTRL(name[1]);
	if (len > 1 && sscanf(name, "F%d", &f) == 1 && f >= 1 && f <= 10)
		return F(f);
	if (utf8proc_iterate((const utf8proc_uint8_t *)name, (utf8proc_ssize_t)len, &ch) ==
		    (utf8proc_ssize_t)len &&
	    len)
		return ch;
	return K_NONE;
}
