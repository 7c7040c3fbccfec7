/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/keys.h"
#include "ui/pane.h"

#define LIST CTX_PANE(PANE_LIST)
#define DETAIL CTX_PANE(PANE_DETAIL)
#define TIMELINE CTX_PANE(PANE_TIMELINE)
#define SOURCE CTX_PANE(PANE_SOURCE)
#define FINDINGS CTX_PANE(PANE_FINDINGS)
#define GRAPH CTX_PANE(PANE_GRAPH)
#define FLAME CTX_PANE(PANE_FLAME)
#define VARS CTX_PANE(PANE_VARS)

#define MOVE(act, name, keys, help) \
	{ \
		act, CTX_ANY, name, NULL, NULL, keys, NULL, help \
	}
#define EDIT(act, name, keys, help) \
	{ \
		act, CTX_PROMPT, name, NULL, NULL, keys, NULL, help \
	}

const struct key_binding key_table[] = {
	{ ACT_HELP, CTX_ANY, "help", NULL, NULL, "? F1", "Help",
	  "this list of keys; / looks for a word in it" },

	{ ACT_OPEN, LIST, "open", NULL, NULL, "Enter", "Open",
	  "open the goroutine, or unfold the group" },
	{ ACT_OPEN, DETAIL, "open", NULL, NULL, "Enter", "Go",
	  "go to the goroutine or the place on this line" },
	{ ACT_OPEN, TIMELINE, "open", NULL, NULL, "Enter", "Open", "open the goroutine" },
	{ ACT_OPEN, FINDINGS | GRAPH, "open", NULL, NULL, "Enter", "Open", "open the goroutine" },
	{ ACT_OPEN, FLAME, "open", NULL, NULL, "Enter", "Zoom",
	  "zoom into the call; Esc goes back out" },
	{ ACT_PROFILE, FLAME, "profile", "on-cpu or off-cpu", NULL, "c", "CPU",
	  "time on CPU, or time off it by reason: ready, blocked, in system calls" },
	{ ACT_SCOPE, FLAME, "scope", "all, group or goroutine", NULL, "s", "Scope",
	  "whose time: of all that pass the filter, of the chosen goroutine's group, of itself" },
	{ ACT_SPLIT, FLAME, "split", "none, creator, labels or goroutine", NULL, "t F5", "Split",
	  "part the time by who created the goroutines, by their labels, or by goroutine" },
	{ ACT_OPEN, VARS, "open", NULL, NULL, "Enter", "Open",
	  "show the value's parts, or hide them" },
	{ ACT_MUTE, FINDINGS, "mute", NULL, NULL, "a", "Mute",
	  "mute the finding: it is not counted any more; again: it is" },
	{ ACT_WHY, FINDINGS, "why", NULL, NULL, "W", "Why", "why the finding is not surer" },
	{ ACT_BACK, CTX_ANY, "back", NULL, NULL, "Esc Backspace", NULL,
	  "back: undo what is nearest, an open goroutine, a search, the filter; while loading, "
	  "stop" },

	{ ACT_FRAME_OUT, DETAIL | VARS | SOURCE, "frame-out", NULL, NULL, ")", "Frame",
	  "to the frame that called this one; detail, source and variables go along" },
	{ ACT_FRAME_IN, DETAIL | VARS | SOURCE, "frame-in", NULL, NULL, "(", "Frame",
	  "to the frame that this one called" },
	{ ACT_CODE, DETAIL | VARS | SOURCE, "disassembly", NULL, NULL, "D", "Disasm",
	  "the frame's instructions in place of its source, or the source again; where there is "
	  "no source they are there by themselves" },

	{ ACT_FILTER, LIST | TIMELINE, "filter", "pattern", "filter", "/ \\ F4", "Filter",
	  "show only what matches a regular expression, while you type; a leading ! turns it "
	  "round" },
	{ ACT_FILTER, CTX_ANY, "filter", "pattern", "filter", "\\ F4", NULL,
	  "show only goroutines that match a regular expression" },
	{ ACT_SEARCH, DETAIL | SOURCE | VARS, "search", "pattern", "search", "/ F3", "Search",
	  "look for a regular expression in this text" },
	{ ACT_SEARCH, FLAME, "search", "pattern", "search", "/ F3", "Search",
	  "look for functions, and tell their share of the time" },
	{ ACT_SEARCH, LIST, "search", "pattern", "search", "F3", NULL,
	  "look for a regular expression in the list" },
	{ ACT_SEARCH_NEXT, LIST | DETAIL | SOURCE | VARS | FLAME, "search-next", NULL, NULL, "n",
	  NULL, "next match of the search" },
	{ ACT_SEARCH_PREV, LIST | DETAIL | SOURCE | VARS | FLAME, "search-previous", NULL, NULL,
	  "N", NULL, "previous match of the search" },

	{ ACT_SORT, LIST, "sort", "column", NULL, "s > F6", "Sort", "sort by the next column" },
	{ ACT_SORT_PREV, LIST, "sort-previous", NULL, NULL, "<", NULL,
	  "sort by the column before" },
	{ ACT_SORT_INVERT, LIST, "sort-invert", NULL, NULL, "I", NULL, "turn the order round" },
	{ ACT_GROUP, LIST, "group", "stack, flat or creator", NULL, "t F5", "Tree",
	  "group by equal stack, not at all, or by who created them" },
	{ ACT_FOLD_ALL, LIST, "fold-all", NULL, NULL, "*", NULL, "fold or unfold all groups" },
	{ ACT_FOLLOW, LIST, "follow", NULL, NULL, "F", NULL,
	  "keep the chosen goroutine in sight when the order changes" },
	{ ACT_SYSTEM, CTX_ANY, "system", NULL, NULL, "H", NULL,
	  "show or hide the runtime's own goroutines" },
	{ ACT_GOROUTINE, CTX_ANY, "goroutine", "id", "goroutine", "", NULL,
	  "choose a goroutine by its id" },

	{ ACT_PAUSE, CTX_ANY, "pause", NULL, NULL, "Space Z", "Pause",
	  "freeze the view while what is read or recorded goes on; in a whole recording, play it" },
	{ ACT_STEP_BACK, CTX_ANY, "step-back", NULL, NULL, ",", "Step",
	  "a step back in time: one column of the timeline" },
	{ ACT_STEP_ON, CTX_ANY, "step-on", NULL, NULL, ".", "Step", "a step on in time" },
	{ ACT_GOTO, CTX_ANY, "goto", "time", "go to", "b", "Goto",
	  "go to a time: 1.5s, 12:03:10, -200ms from here, 37%, begin, end" },
	{ ACT_EVENT_PREV, CTX_ANY, "event-previous", NULL, NULL, "[", "Event",
	  "to the previous event of the chosen goroutine" },
	{ ACT_EVENT_NEXT, CTX_ANY, "event-next", NULL, NULL, "]", "Event",
	  "to the next event of the chosen goroutine" },
	{ ACT_END, CTX_ANY, "end", NULL, NULL, "L", NULL, "to the newest state, and stay with it" },
	{ ACT_ZOOM_IN, CTX_ANY, "zoom-in", NULL, NULL, "+ =", "Zoom",
	  "show less time, in more detail" },
	{ ACT_ZOOM_OUT, CTX_ANY, "zoom-out", NULL, NULL, "-", "Zoom", "show more time" },
	{ ACT_ZOOM_ALL, CTX_ANY, "zoom-all", NULL, NULL, "0", NULL, "show all of the time" },
	{ ACT_ZOOM_UNDO, CTX_ANY, "zoom-undo", NULL, NULL, "u", NULL, "undo the last zoom" },

	{ ACT_PANE_NEXT, CTX_ANY, "pane-next", NULL, NULL, "Tab", "Pane", "to the next pane" },
	{ ACT_PANE_PREV, CTX_ANY, "pane-previous", NULL, NULL, "BackTab", NULL,
	  "to the pane before" },
	{ ACT_PANE, CTX_ANY, "pane", "name or number", "pane", "1 2 3 4 5 6 f", NULL,
	  "to the pane of that number or letter" },
	{ ACT_MAXIMISE, CTX_ANY, "maximise", NULL, NULL, "z", "Max",
	  "give the pane the whole screen, or take it back" },

	{ ACT_COPY, CTX_ANY, "copy", NULL, NULL, "y", NULL, "copy what is selected" },
	{ ACT_COPY_ALL, CTX_ANY, "copy-all", NULL, NULL, "Y", NULL,
	  "copy the whole stack or text" },
	{ ACT_EDIT, CTX_ANY, "edit", NULL, NULL, "e", NULL,
	  "open the chosen frame's source line in $VISUAL or $EDITOR" },
	{ ACT_WARNINGS, CTX_ANY, "warnings", NULL, NULL, "!", NULL,
	  "read what is missing or damaged in what is shown" },
	{ ACT_MOUSE, CTX_ANY, "mouse", NULL, NULL, "M", NULL,
	  "mouse on or off; off, the terminal selects text by it" },
	{ ACT_PALETTE, CTX_ANY, "palette", "action", "", ":", NULL,
	  "run any action by its name; Tab completes" },

	MOVE(ACT_UP, "up", "k Up", "up one line"),
	MOVE(ACT_DOWN, "down", "j Down", "down one line"),
	{ ACT_LEFT, LIST, "left", NULL, NULL, "h Left", NULL, "fold the group" },
	{ ACT_LEFT, TIMELINE, "left", NULL, NULL, "h Left", NULL, "one column back in time" },
	{ ACT_LEFT, DETAIL | SOURCE, "left", NULL, NULL, "h Left", NULL, "scroll to the left" },
	{ ACT_LEFT, GRAPH, "left", NULL, NULL, "h Left", "Fold",
	  "fold the branch, or go up to its stem" },
	{ ACT_LEFT, FINDINGS, "left", NULL, NULL, "h Left", NULL,
	  "choose the finding's goroutine before" },
	{ ACT_LEFT, FLAME, "left", NULL, NULL, "h Left", NULL, "to the call on the left" },
	{ ACT_RIGHT, FLAME, "right", NULL, NULL, "l Right", NULL, "to the call on the right" },
	{ ACT_LEFT, VARS, "left", NULL, NULL, "h Left", "Close",
	  "hide the value's parts, or go to what it is a part of" },
	{ ACT_RIGHT, VARS, "right", NULL, NULL, "l Right", NULL, "show the value's parts" },
	{ ACT_RIGHT, GRAPH, "right", NULL, NULL, "l Right", "Fold",
	  "unfold the branch, or go into it" },
	{ ACT_RIGHT, FINDINGS, "right", NULL, NULL, "l Right", NULL,
	  "choose the finding's next goroutine" },
	{ ACT_RIGHT, LIST, "right", NULL, NULL, "l Right", NULL, "unfold the group" },
	{ ACT_RIGHT, TIMELINE, "right", NULL, NULL, "l Right", NULL, "one column on in time" },
	{ ACT_RIGHT, DETAIL | SOURCE, "right", NULL, NULL, "l Right", NULL, "scroll to the right" },
	MOVE(ACT_PAGE_UP, "page-up", "PgUp ^B", "up one page"),
	MOVE(ACT_PAGE_DOWN, "page-down", "PgDn ^F", "down one page"),
	MOVE(ACT_HALF_UP, "half-up", "^U", "up half a page"),
	MOVE(ACT_HALF_DOWN, "half-down", "^D", "down half a page"),
	MOVE(ACT_TOP, "top", "gg Home", "to the first line"),
	MOVE(ACT_BOTTOM, "bottom", "G End", "to the last line"),

	{ ACT_REDRAW, CTX_ANY, "redraw", NULL, NULL, "^L", NULL, "paint the whole screen anew" },
	{ ACT_SUSPEND, CTX_ANY, "suspend", NULL, NULL, "^Z", NULL,
	  "back to the shell; fg returns" },
	{ ACT_CLOSE, CTX_ANY, "close", NULL, NULL, "q", "Quit", "close the help, else quit" },
	{ ACT_QUIT, CTX_ANY, "quit", NULL, NULL, "Q F10 ^C", NULL, "quit" },

	EDIT(ACT_ACCEPT, "accept", "Enter", "take the line"),
	EDIT(ACT_CANCEL, "cancel", "Esc ^C ^G", "leave it as it was"),
	EDIT(ACT_COMPLETE, "complete", "Tab", "complete the word"),
	EDIT(ACT_HISTORY_PREV, "history-previous", "Up ^P", "what was typed before"),
	EDIT(ACT_HISTORY_NEXT, "history-next", "Down ^N", "what was typed after it"),
	EDIT(ACT_LEFT, "cursor-left", "Left ^B", "one character to the left"),
	EDIT(ACT_RIGHT, "cursor-right", "Right ^F", "one character to the right"),
	EDIT(ACT_TOP, "cursor-home", "Home ^A", "to the line's begin"),
	EDIT(ACT_BOTTOM, "cursor-end", "End ^E", "to the line's end"),
	EDIT(ACT_ERASE, "erase", "Backspace", "erase the character before the cursor"),
	EDIT(ACT_ERASE_NEXT, "erase-next", "Delete ^D", "erase the character at the cursor"),
	EDIT(ACT_ERASE_WORD, "erase-word", "^W", "erase the word before the cursor"),
	EDIT(ACT_ERASE_ALL, "erase-all", "^U", "erase all of it"),

	{ ACT_FILTER, CTX_HELP, "help-find", "text", "find", "/", "Find",
	  "show only the lines that have a word" },
	{ ACT_BACK, CTX_HELP, "help-close", NULL, NULL, "Esc q Backspace ? F1", "Close",
	  "close the help" },
	{ ACT_NONE, 0, NULL, NULL, NULL, NULL, NULL, NULL },
};
