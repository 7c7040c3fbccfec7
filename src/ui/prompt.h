/* SPDX-License-Identifier: Apache-2.0 */
/* A line being typed, for one action of the key table. Knows what is typed, not what it is for. */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include "core/mem.h"
#include "ui/cell.h"
#include "ui/keys.h"

enum { PROMPT_BYTES = 1024 };

struct keymap;

struct prompt {
	const struct key_binding *row; /* what is asked for; NULL: nothing is typed */
	char text[PROMPT_BYTES];
	size_t len, at; /* bytes; the cursor */
	char saved[PROMPT_BYTES]; /* what was in force before, for Esc */
	char error[256]; /* what is wrong with the text; "" nothing */
	char hint[256]; /* what it would do */

	VEC(struct typed {
		enum action action;
		char *text;
	})
	history;
	size_t most; /* lines that it may have, see prompt_keep() */
	bool typed; /* something was, since it was loaded */
	size_t back; /* lines gone back in the history; 0: the new one */
	char fresh[PROMPT_BYTES]; /* the new line, while the history is looked at */
	size_t cycle; /* of completion */
	char stem[PROMPT_BYTES]; /* what was completed */
	bool completing;
	const struct keymap *map; /* the user's keys; NULL: those of the table */
};

enum prompt_result { PROMPT_NOTHING, PROMPT_CHANGED, PROMPT_ACCEPT, PROMPT_CANCEL };

/* Candidate i for a stem: the whole line, or NULL where there is no more. */
typedef const char *prompt_candidate(void *arg, const char *stem, size_t i);

void prompt_open(struct prompt *p, const struct key_binding *row, const char *text);
/* Ends the typing; the line is remembered where keep. */
void prompt_close(struct prompt *p, bool keep);
void prompt_release(struct prompt *p);
/* Takes a key; candidate may be NULL. */
enum prompt_result prompt_key(struct prompt *p, uint32_t key, prompt_candidate *candidate,
			      void *arg);
/* How many typed lines are kept, of all prompts together; the oldest go. */
void prompt_keep(struct prompt *p, size_t most);
/* Lines "action TAB text", the oldest first, as they are kept from one time to the next; malloced. */
char *prompt_history(const struct prompt *p);
/* Adds those of such a text; what is none is passed over. */
void prompt_remember(struct prompt *p, const char *text);
/* Draws into line y, with the grid's cursor. */
void prompt_draw(const struct prompt *p, const struct region *r, int y);

#endif
