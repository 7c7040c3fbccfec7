/* SPDX-License-Identifier: Apache-2.0 */
/* The frames around the chosen one, a line each: function, place, and what stands there. */
#ifndef UI_FRAMESTRIP_H
#define UI_FRAMESTRIP_H

#include "analysis/srcfile.h"
#include "ui/cell.h"
#include "ui/view.h"

struct framestrip {
	int in, out; /* lines above, of the frames that the chosen one called; below, of its callers */
};

/* How many lines in a pane of h lines, for frame of a stack of depth frames. */
struct framestrip framestrip_make(int h, uint32_t frame, uint32_t depth);
/* Draws both in r, the first from line y0, the second at the end. */
void framestrip_draw(const struct framestrip *s, const struct view *v, struct srccache *cache,
		     const struct region *r, int y0);
/* The frame on line y, drawn in a region of h lines from y0; the chosen one where it is none of the strip's. */
uint32_t framestrip_at(const struct framestrip *s, const struct view *v, int h, int y0, int y);

#endif
