/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/settings.h"

#define SEVERITIES "off info warning error"
#define YES_NO "yes no"

const struct setting setting_table[] = {
	{ "screen", "theme", SETTING_WORD, NULL, 0, 0, "auto",
	  "auto (light where $COLORFGBG says so, else dark), dark, light, high-contrast, mono, or "
	  "a "
	  "theme of your own",
	  false },
	{ "screen", "color", SETTING_WORD, "auto always never 16 256", 0, 0, "auto",
	  "how many colours; auto: none with $NO_COLOR or on a dumb terminal", false },
	{ "screen", "ascii", SETTING_BOOL, YES_NO, 0, 0, "no",
	  "draw with ASCII characters alone, whatever the locale can", false },
	{ "screen", "mouse", SETTING_BOOL, YES_NO, 0, 0, "yes",
	  "the mouse chooses; else the terminal selects text by it", false },
	{ "screen", "plain", SETTING_BOOL, YES_NO, 0, 0, "no",
	  "no screen but lines, for screen readers, as with --plain", false },
	{ "screen", "hyperlinks", SETTING_WORD, "never auto always", 0, 0, "never",
	  "in the plain mode, make places in sources links: where the terminal is known to have "
	  "them, or always",
	  false },
	{ "screen", "refresh", SETTING_NUMBER, NULL, 20, 60000, "50",
	  "least time between two pictures, in milliseconds; keys are shown at once", false },
	{ "screen", "history", SETTING_NUMBER, NULL, 0, 10000, "50",
	  "how many typed lines are kept for the next time; 0: none, and no file", false },

	{ "list", "columns", SETTING_COLUMNS, "g n state wait on", 0, 0, "g n state wait on",
	  "which columns, in which order, with blanks between; the place comes last", false },
	{ "list", "sort", SETTING_WORD, "count id state wait on where switches", 0, 0, "count",
	  "the column that it is sorted by at first", false },
	{ "list", "invert", SETTING_BOOL, YES_NO, 0, 0, "no", "turn that order round", false },
	{ "list", "group", SETTING_WORD, "stack flat creator", 0, 0, "stack",
	  "how goroutines are put together at first: by equal stack, not at all, by who created "
	  "them",
	  false },
	{ "list", "system", SETTING_BOOL, YES_NO, 0, 0, "no",
	  "show the runtime's own goroutines at first", false },
	{ "list", "long-wait", SETTING_SECONDS, NULL, 0, 1e6, "10",
	  "from how many seconds on a wait on a channel or lock is marked in red; 0: never",
	  false },

	{ "source", "substitute-path", SETTING_LIST, NULL, 0, 0, "",
	  "A=B: source paths that begin with A are read below B; may stand more than once", true },
	{ "source", "editor", SETTING_TEXT, NULL, 0, 0, "",
	  "the editor, by its name (vim, nano, emacs, helix, code, zed …), or a command with "
	  "{file} and {line} in it; empty: $VISUAL or $EDITOR",
	  true },
	{ "clipboard", "command", SETTING_TEXT, NULL, 0, 0, "",
	  "a command that takes what is copied on its standard input, such as wl-copy; empty: "
	  "tmux, else the terminal",
	  true },

	{ "findings", "deadlock", SETTING_WORD, SEVERITIES, 0, 0, "error",
	  "the most that this detector may say", false },
	{ "findings", "nil-channel", SETTING_WORD, SEVERITIES, 0, 0, "error", "the same", false },
	{ "findings", "leak", SETTING_WORD, SEVERITIES, 0, 0, "error", "the same", false },
	{ "findings", "starvation", SETTING_WORD, SEVERITIES, 0, 0, "error", "the same", false },
	{ "findings", "contention", SETTING_WORD, SEVERITIES, 0, 0, "error", "the same", false },
	{ "findings", "held-lock", SETTING_WORD, SEVERITIES, 0, 0, "error", "the same", false },
	{ "findings", "race", SETTING_WORD, SEVERITIES, 0, 0, "error", "the same", false },
	{ "findings", "settle", SETTING_SECONDS, NULL, 0, 1e6, "1",
	  "how long a wait must last to count, in seconds", false },
	{ "findings", "leak-age", SETTING_SECONDS, NULL, 0, 1e6, "2",
	  "the same of a goroutine that nobody can reach", false },
	{ "findings", "leak-span", SETTING_SECONDS, NULL, 0, 1e6, "60",
	  "over how many seconds a group must only grow", false },
	{ "findings", "leak-growth", SETTING_NUMBER, NULL, 1, 1e6, "16",
	  "by how many goroutines in that time", false },
	{ "findings", "starve", SETTING_SECONDS, NULL, 0, 1e6, "1",
	  "how long a goroutine is ready in vain, in seconds", false },
	{ "findings", "held", SETTING_SECONDS, NULL, 0, 1e6, "10",
	  "how long a lock's holder waits himself, in seconds", false },
	{ "findings", "queue", SETTING_NUMBER, NULL, 1, 1e6, "3",
	  "how many goroutines at one lock, on average", false },
	{ NULL, NULL, SETTING_BOOL, NULL, 0, 0, NULL, NULL, false },
};
