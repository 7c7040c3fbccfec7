/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions around the chosen frame, as the source pane shows them. */
#ifndef UI_CODEVIEW_H
#define UI_CODEVIEW_H

#include "analysis/match.h"
#include "analysis/srcfile.h"
#include "core/code.h"
#include "ui/cell.h"
#include "ui/view.h"

/* A line as shown: an instruction, or the place in the source that those after it are of. */
struct code_row {
	uint32_t insn;
	bool place;
};
typedef VEC(struct code_row) code_rows;

/* The rows of some code, in place of what is in out. */
void code_rows_make(const struct code *c, code_rows *out);
/* The row of an instruction, 0 where there is none. */
size_t code_rows_find(const code_rows *rows, size_t insn);

struct code_job;

/* Zeroed is empty; view and cache are set before the first call. */
struct codeview {
	struct view *view;
	struct srccache *cache;
	struct code_job *job; /* on its way */
	uint64_t stamp; /* view.choice_stamp of what is shown or asked for; 0: nothing */
	struct disassembler *from; /* whose answer it is */
	uint64_t pc; /* likewise */
	uint32_t func;
	struct code code;
	bool here; /* code is of that place */
	code_rows row;
	long top;
	bool moved; /* by hand: the place need not be in sight */
	int left, page;
};

void codeview_release(struct codeview *c);
/* Whether code of the chosen frame can be asked for. */
bool codeview_there(const struct view *v);
/* Draws, and asks for what is not here yet. */
void codeview_draw(struct codeview *c, const struct region *r, const struct match *search);
void codeview_scroll(struct codeview *c, long by);
void codeview_shift(struct codeview *c, int by);
/* To the next row that matches, from the top one on; false: none does. */
bool codeview_search(struct codeview *c, const struct match *m, int dir);
/* All rows as text; the caller frees it. */
char *codeview_text(const struct codeview *c);

#endif
