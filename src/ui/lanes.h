/* SPDX-License-Identifier: Apache-2.0 */
/* Timelines as rows of columns; what the timeline pane and the strip share. */
#ifndef UI_LANES_H
#define UI_LANES_H

#include "analysis/story.h"
#include "ui/cell.h"
#include "ui/view.h"

/*
 * One goroutine's states over a span, a column each: from its story where that
 * covers the span (story may be NULL), else from the timeline's entries, and what it
 * is at the moment m. Of a live process, what is known to the moment is bold, what
 * was sampled is not.
 */
void lane_draw(const struct region *r, const struct world *w, uint32_t row,
	       const struct story *story, const struct moment *m, struct time_span span);
/* Whether the story is one that lane_draw() draws. */
bool lane_tells(const struct story *story, struct time_span span);

/* The same of many goroutines in one row: what they did on the average. */
void lane_draw_many(const struct region *r, const struct world *w, const uint32_t *row, size_t n,
		    struct time_span span);

/* Bands that follow each other, as far as they reach together. */
struct band_block {
	int64_t t0, t1;
	uint8_t kinds; /* bit of each */
};

/* How many goroutines ran in each column, against the most that ever did; and the bands. */
struct activity {
	VEC(float) seg; /* running at once, on the average, in each segment */
	VEC(struct band_block) block;
	float most;
	uint32_t thinned; /* world.thinned when seg was made */
};

void activity_release(struct activity *a);

/* Findings, named: with the detector's name where there is room, and marks by their letters. */
void signs_draw(const struct region *r, const struct view *v, struct time_span span, bool named);
/* Whether there is one within the span. */
bool signs_any(const struct view *v, struct time_span span);

/* The span's begin and end, the moment between them, GC and pauses; and signs, where asked. */
void axis_draw(struct activity *a, const struct region *r, const struct view *v, bool signs);
/* The whole session as a line: how much ran when, where the span lies in it, and the moment. */
void session_draw(struct activity *a, const struct region *r, const struct view *v);

/* The column of a time; outside of the span it is below 0 or at least width. */
int span_column(struct time_span span, int width, int64_t t);
int64_t span_time(struct time_span span, int width, int column);

#endif
