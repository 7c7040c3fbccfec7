/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all panes look at together: the moment, the span of time, the chosen
 * goroutine and frame, the filter. A choice made in one pane shows in all.
 * Loop's thread only.
 */
#ifndef UI_VIEW_H
#define UI_VIEW_H

#include "analysis/compare.h"
#include "analysis/detect.h"
#include "analysis/filter.h"
#include "analysis/match.h"
#include "core/jobs.h"
#include "core/world.h"
#include "ui/settings.h"

struct time_span {
	int64_t t0, t1;
};

/* A moment that can be come back to, and what was where then. */
struct view_mark {
	char letter;
	int64_t time;
	uint64_t goid; /* chosen then, 0: none */
	struct snapshot snap; /* the runtime's own goroutines are not in it */
};

enum { VIEW_MARKS = 26 }; /* a letter each */

/* How often what takes long is made anew of a world that goes on. */
struct pace {
	int64_t made; /* when it was finished, ns */
	int64_t cost; /* processor time of it */
};

struct view {
	/* the caller's, set before view_init() */
	struct world *world; /* to be read only, but for world_at() */
	struct detect *detect; /* looks at the world; may be NULL */
	struct jobs *jobs;
	const char *const *substitute; /* "A=B", ends with NULL; may be NULL */
	struct settings *set; /* what the user has set; never NULL once there are panes */
	bool live; /* the session still grows when loading is done */
	int64_t piece_ns; /* processor time that a pane may take at once for what is long; 0: all of it */

	/* read these, change them by the functions below */
	bool at_end; /* shows world->now and follows it */
	bool paused; /* was asked to stay where it is */
	int64_t time; /* of the moment shown */
	struct moment past; /* the moment shown where at_end is false … */
	bool past_made; /* … and it has been made; till then the newest is */
	struct moment
		next; /* where it takes long to go, the one in the making; past stays so long */
	bool going; /* to view.time */
	struct time_span span; /* of the timelines */
	bool span_all; /* it is the whole session, and grows with it */
	uint32_t row; /* chosen goroutine, or NO_G */
	uint32_t stack; /* the stack whose place is shown: a stack of the chosen one … */
	uint32_t frame; /* … and the frame in it, 0 the leaf */
	bool stack_own; /* it is where the goroutine is at the moment, and goes with it */
	int columns; /* of the timeline as drawn; a step is one of them */
	bool system; /* the runtime's own goroutines are shown */
	uint8_t grouping, sort; /* enum grouping, enum sort_by, of the list … */
	bool invert; /* … and whether its order is turned round */
	struct filter *filter; /* NULL: none */

	/*
	 * Stamps: each grows when its part changes. A pane keeps those that its
	 * cached rows were made from.
	 */
	uint64_t moment_stamp; /* moment, world */
	uint64_t rows_stamp; /* what the moment says of any row: time alone does not make it grow */
	uint64_t keep_stamp; /* filter, system; view_keep() */
	uint64_t choice_stamp; /* row, stack, frame */
	uint64_t
		frame_stamp; /* frame, as somebody chose it: not where a new stack brought another */
	uint64_t span_stamp;

	bool answered; /* a worker answered a pane: what is drawn is stale; the frame clears it */
	bool ready; /* what took longer than a frame is there: somebody may wait for it; likewise */
	/* pieces of what is in the making are of the world as it is: it must stay so; see ui_held() */
	bool held;

	/* what handlers ask for beside their effects */
	char status[256]; /* message to show; "" none */
	bool status_bad;
	char *copy; /* EFF_COPY: text for the clipboard */
	char *edit_file; /* EFF_EDIT: file and line for the editor */
	uint32_t edit_line;

	VEC(struct view_mark) mark; /* in order of time */
	char marked; /* letter of the mark set or gone to last, 0: none; others compare with it */
	uint64_t mark_stamp; /* grows with the marks */
	struct {
		char letter; /* of the mark whose snapshot is in the making, 0: of none */
		struct snapshot_maker maker;
		bool *keep;
	} marking;
	uint64_t world_marks; /* the world's marks, as they were taken last */

	/* the view's own */
	VEC(struct time_span) undo;
	bool *keep;
	size_t keep_n, keep_cap;
	uint64_t keep_made;
	size_t keep_matched;
	uint64_t world_seen, rows_seen;
	uint32_t forgets_seen;
};

void view_init(struct view *v);
void view_release(struct view *v);

/* Notes that the world grew; call after each drain. Returns whether anything shown changed. */
bool view_refresh(struct view *v);

/* For the view's own files: the moment is another one. */
void view_moment_changed(struct view *v);

/* The moment shown; valid until the view's time or the world changes. */
const struct moment *view_moment(const struct view *v);

/* --- what is shown --- */

/*
 * Sets the filter ("" or "!": none). Returns 0, or a negative errno with err filled;
 * then the filter stays as it was.
 */
int view_set_filter(struct view *v, const char *pattern, struct err *err);
void view_set_system(struct view *v, bool on);
/*
 * For each row of the moment whether filter and view.system let it pass; NULL:
 * all do. *matched (may be NULL): how many alive ones pass.
 */
const bool *view_keep(struct view *v, size_t *matched);

/* Chooses a goroutine, and its own stack's leaf. NO_G: none. */
void view_choose(struct view *v, uint32_t row);
/* Chooses a place in a stack: what the source pane shows. */
void view_choose_frame(struct view *v, uint32_t stack, uint32_t frame);
/* One frame out (dir 1) or in (-1) in the same stack; tells where there is none. Returns effects. */
unsigned view_step_frame(struct view *v, int dir);
/* First frame of a stack in the program's own code, see stack_place(); 0 where there is none. */
uint32_t view_user_frame(const struct world *w, uint32_t stack);

/* Notes that so much processor time was spent on it, and whether it is finished. */
void pace_add(struct pace *p, int64_t ns, bool done);
/*
 * Whether what is there will do for now: more data come in, and it was made not long ago. What
 * nobody asked for takes a twentieth of a processor at most.
 */
bool view_may_wait(const struct view *v, const struct pace *p);

/* --- time --- */

/*
 * Goes to a time (clamped) and stays there. Where that takes long, view_work() goes on with it.
 * Returns 0 or the history's error, told as status.
 */
int view_goto(struct view *v, int64_t t);
/*
 * Goes on with what takes longer than a frame, for view.piece_ns. Returns whether there is
 * more to do.
 */
bool view_work(struct view *v);
/* To the end of it: then view_moment() is that of view.time. */
void view_arrive(struct view *v);
/* Goes to the newest state and follows it. */
void view_goto_end(struct view *v);
/* Stays where it is, or goes on. */
void view_pause(struct view *v, bool on);
/* One column of a timeline on (dir 1) or back (-1), at least one ns. */
int view_step(struct view *v, int dir);
/* To the chosen goroutine's next (dir 1) or previous (-1) event; tells where there is none. */
int view_step_event(struct view *v, int dir);
/*
 * Reads "12:03:10.5" (wall clock), "-200ms" and "+1s" (from the moment shown),
 * "37%", "begin", "end", "1.5s" (since the begin). Returns 0, or -EINVAL with err filled.
 */
int view_parse_time(const struct view *v, const char *s, int64_t *t, struct err *err);

/* The session's first and last time. */
struct time_span view_session(const struct view *v);
/* Sets the span of the timelines, clamped to the session; the old one can be had back. */
void view_set_span(struct view *v, int64_t t0, int64_t t1);
/* In (num < den) or out around the moment shown. */
void view_zoom(struct view *v, int num, int den);
void view_zoom_all(struct view *v);
/* Returns false where there is nothing to undo. */
bool view_zoom_undo(struct view *v);
/* Moves the span so that t is within; no undo step. */
void view_span_follow(struct view *v, int64_t t);

/* --- marks and findings --- */

/*
 * Marks the moment shown and the goroutine chosen, under a letter (0: the first that
 * is free); where a mark is at this very time it is taken away. Returns effects.
 */
unsigned view_mark(struct view *v, char letter);
/* Of a mark that takes long: a piece of it, returns whether there is more; and all of it. */
bool view_mark_work(struct view *v);
void view_mark_finish(struct view *v);
/* Goes to the mark of that letter; 0: to the one before the moment shown, round the end. */
unsigned view_mark_jump(struct view *v, char letter);
/* The mark of that letter, NULL: none. Valid until marks change. */
const struct view_mark *view_mark_get(const struct view *v, char letter);
/* Goes to the next (dir 1) or previous finding in time, and chooses its first goroutine. */
unsigned view_step_finding(struct view *v, int dir);
/* Those of a recording that was read are the view's from then on. */
void view_marks_take(struct view *v);
/* The time at which a finding stands in timelines. */
int64_t view_finding_time(const struct finding *f);

/* --- asking --- */

/* Each returns the effects to hand on, see pane.h. */
unsigned view_say(struct view *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * What a pane looks for (search: the pane's) becomes text, a regular expression. False: it is empty, or no
 * expression, which is complained of; the search stays.
 */
bool view_look_for(struct view *v, struct match **search, const char *text);
unsigned view_complain(struct view *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The text is copied; hostile bytes are made visible before they reach a terminal. */
unsigned view_ask_copy(struct view *v, const char *text);
unsigned view_ask_edit(struct view *v, const char *file, uint32_t line);

#endif
