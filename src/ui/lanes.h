/* SPDX-License-Identifier: Apache-2.0 */
/* Timelines as rows of columns; what the timeline pane and the strip share. */
#ifndef UI_LANES_H
#define UI_LANES_H

#include "analysis/story.h"
#include "ui/cell.h"
#include "ui/view.h"

/*
 * One goroutine's states over a span, a column each: from its story where that
 * covers the span (story may be NULL), else from the timeline's entries. Of a
 * live process, what is known to the moment is bold, what was sampled is not.
 */
void lane_draw(const struct region *r, const struct world *w, uint32_t row,
	       const struct story *story, struct time_span span);

/* How many goroutines ran in each column, against the most that ever did. */
struct activity {
	VEC(float) seg; /* running at once, on the average, in each segment */
	float most;
};

void activity_draw(struct activity *a, const struct region *r, const struct world *w,
		   struct time_span span);
void activity_release(struct activity *a);

/* GC and stop-the-world as a line of marks. */
void bands_draw(const struct region *r, const struct world *w, struct time_span span);

/* The column of a time; outside of the span it is below 0 or at least width. */
int span_column(struct time_span span, int width, int64_t t);
int64_t span_time(struct time_span span, int width, int column);

#endif
