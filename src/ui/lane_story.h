/* SPDX-License-Identifier: Apache-2.0 */
/* What the chosen goroutine's story adds to its row: tasks and regions below it, arrows from and to it. */
#ifndef UI_LANE_STORY_H
#define UI_LANE_STORY_H

#include "analysis/story.h"
#include "ui/lanes.h"

enum { NEST_TASKS = 3, NEST_REGIONS = 5 }; /* lines at most; what lies deeper is on the last */

/* One task or region. */
struct nested {
	int64_t t0, t1; /* T_BEFORE: begun before what is told; T_NEVER: no end is told */
	uint64_t id; /* of the task */
	uint32_t text;
	uint8_t line;
	bool task;
};

struct nest {
	VEC(struct nested) v;
	int tasks, lines; /* tasks have the first lines, regions the others */
};

/* Of the story, which may be NULL: what lies within the span. */
void nest_make(struct nest *n, const struct story *s, uint64_t goid, struct time_span span);
void nest_release(struct nest *n);
/* One of its lines: the name in place of a goroutine's id is the caller's. */
void nest_draw(const struct nest *n, const struct region *r, const struct world *w, int line,
	       struct time_span span);

/* Who made whom runnable, or made it. */
struct arrow {
	int64_t time;
	uint64_t from, to;
};
typedef VEC(struct arrow) arrows;

enum { ARROWS_MOST = 16 };
/*
 * From and to the goroutine within the span; where they are more than ARROWS_MOST the
 * last up to t and the next after it alone.
 */
void arrows_make(arrows *out, const struct story *s, uint64_t goid, struct time_span span,
		 int64_t t);

#endif
