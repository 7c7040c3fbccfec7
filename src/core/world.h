/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model that every room speaks: the goroutine table, its timeline, and the
 * names it uses. Single-threaded, owned by the loop's thread.
 *
 * The timeline is a list of segments, each some ten thousand events long. For
 * each goroutine that did something in a segment there is one entry: its state
 * at the segment's end and its shares of time within. So the entries are the
 * keyframes (apply all of segments 0..i to know the world after segment i) and
 * the coarse level of detail at once; what lies between is asked of the history.
 * Levels above (struct coarse) stand for 16, 256 … entries of one goroutine, so
 * that a row of columns costs the same whatever span it shows.
 */
#ifndef CORE_WORLD_H
#define CORE_WORLD_H

#include "core/code.h"
#include "core/event.h"
#include "core/hash.h"
#include "core/history.h"
#include "core/intern.h"
#include "core/mem.h"
#include "core/object.h"
#include "core/shown.h"
#include "core/value.h"

enum { SHARE_RUN, SHARE_READY, SHARE_BLOCKED, SHARE_SYSCALL, SHARE_N };
#define SHARE_ONE 65535 /* the whole of a segment */
#define NO_ENTRY UINT32_MAX

/* How well it is known since when a state lasts. */
enum wait_is {
	WAIT_AT_LEAST, /* it was so before the first look */
	WAIT_SAMPLED, /* right to one interval of the sampling */
	WAIT_EXACT /* its begin was seen */
};

/* One goroutine in one segment that touched it; 48 bytes. */
struct entry {
	uint32_t g; /* row of the goroutine table */
	uint32_t prev; /* this goroutine's entry before, or NO_ENTRY */
	int64_t since; /* when the state at the segment's end began */
	uint32_t stack;
	uint32_t seg;
	uint16_t share[SHARE_N]; /* of the segment's duration, in 1/SHARE_ONE */
	uint32_t switches; /* state changes in it */
	uint8_t state, reason; /* at the segment's end */
	uint8_t how; /* enum wait_is */
	bool sampled; /* of a change in it only the interval is known in which it was */
	uint64_t waker; /* goid that last made it runnable, 0: none known */
};

/* Entries of one goroutine that follow each other, as one: what it did from t0 to t1. */
enum { COARSE_OF = 16, COARSE_LEVELS = 7 };
struct coarse {
	int64_t t0, t1;
	int64_t ns[SHARE_N]; /* with the time between the entries */
	uint32_t
		child; /* the newest of COARSE_OF below: entries at level 0, else of the level below */
	uint32_t prev; /* of the same level, NO_ENTRY: none */
	uint32_t entry; /* the newest entry in it */
	bool sampled; /* not all that is in it is known to the moment */
};

/* The newest of each level of one goroutine, NO_ENTRY: none. */
struct ladder {
	uint32_t top[COARSE_LEVELS];
};

struct segment {
	int64_t t0, t1;
	uint64_t first_entry; /* into world.entry */
	uint32_t n_entries;
	uint64_t n_events;
};

/* What stays true of a goroutine whatever the time looked at. */
struct goroutine {
	uint64_t goid;
	int64_t t_create; /* T_BEFORE: before the session */
	int64_t t_end; /* T_NEVER while it lives */
	uint64_t creator; /* goid, 0: the runtime, or not known */
	uint32_t create_stack;
	uint32_t start_stack; /* entry function: the last frame counts */
	uint32_t labels; /* string id: "key=value,…" */
	uint32_t last_entry;
	int64_t accounted; /* ns[] is complete up to here */
	int64_t ns[SHARE_N];
	uint32_t switches;
	uint32_t first_stack; /* state when first met, for those of before the session */
	int64_t first_since; /* T_BEFORE: not known */
	uint8_t first_state, first_reason;
	bool system;
	bool once_system; /* in world.system_row */
	bool forgotten; /* nobody's row any more, see world_forget() */
	bool finalizer; /* the runtime's own unless it runs a finalizer or cleanup of the program */
	uint32_t n_entries; /* of closed segments */
};

/* How goroutines came to be, and what they are called; the same for many of them. */
struct origin {
	uint32_t create_stack, start_stack, labels;
};

/* What lists and filters ask of every row; close together, since they ask for a million. */
struct row_key {
	uint64_t goid;
	uint32_t origin; /* into world.origin */
	bool system;
};

/* What a row of a moment was before the events of a part of a segment. */
struct moment_undo {
	int64_t since;
	uint32_t row, stack;
	uint8_t state, reason, how;
};

/* All goroutines' states at one moment; arrays indexed by row. */
struct moment {
	int64_t time;
	size_t n, cap;
	int64_t *since; /* T_BEFORE: not known how long before the session */
	uint32_t *stack;
	uint8_t *state;
	uint8_t *reason;
	uint8_t *how; /* enum wait_is, of since */
	uint64_t count[GS_N]; /* system goroutines not counted */
	/* world_at()'s own: what it was made of, so that the next time is made from it */
	bool made;
	uint32_t thinned; /* world.thinned then */
	size_t back_to; /* on the way back to those entries … */
	bool goes_back; /* … if it is */
	size_t entries; /* the first so many are in it … */
	VEC(struct moment_undo) undo; /* … and these rows went on from there */
};

/* A phase of the whole program: GC, stop-the-world. */
enum band_kind { BAND_GC, BAND_STW, BAND_OTHER };
struct band {
	int64_t t0, t1; /* T_BEFORE and T_NEVER where it is open */
	uint32_t name;
	uint8_t kind;
};

/* What a source makes of one goroutine in one segment, before it is merged. */
struct seg_g {
	uint64_t goid;
	uint64_t creator;
	uint64_t waker;
	int64_t t_create; /* valid with SEGG_CREATED */
	int64_t t_end; /* valid with SEGG_ENDED */
	int64_t since;
	int64_t ns[SHARE_N];
	uint32_t stack; /* ids of the world's tables, as all below */
	uint32_t create_stack;
	uint32_t start_stack;
	uint32_t labels; /* 0: as before */
	uint32_t first_stack; /* valid with SEGG_FIRST */
	uint32_t switches;
	uint8_t state, reason; /* at the segment's end */
	uint8_t first_state, first_reason;
	uint8_t flags;
};

enum seg_g_flags {
	SEGG_CREATED =
		1 << 0, /* made in this segment: a new row, even if the goid was used before */
	SEGG_FIRST = 1 << 1, /* met for the first time without a creation: it was there before */
	SEGG_ENDED = 1 << 2,
};

/* What happened in a session as a whole; sentences are string ids. */
struct progress {
	uint64_t bytes, total; /* read so far, and in all (0: not known) */
	uint64_t events;
	uint64_t lost;
	bool whole; /* everything is in */
	bool skim; /* what is merged now is long before the end: too early for a look of the detectors */
};

/* An operating system's thread of the program (Go's M), as last told. */
struct thread {
	uint64_t tid;
	uint64_t goid; /* on it, 0: none */
	uint64_t p; /* NO_ID: none */
	int64_t since; /* time of the event */
	uint32_t syscall; /* string id: the system call that it is in */
	int32_t fd; /* that the call works on, -1: none */
	uint8_t state; /* GS_RUNNING, GS_SYSCALL, GS_BLOCKED (idle), GS_DEAD (gone) */
	/* as the kernel tells, since the session began; 0 where it is not asked */
	uint64_t cpu_ns, runq_ns,
		runq_most_ns; /* on CPU; could run and did not, in all and the longest */
	uint64_t waker_tid,
		waker_goid; /* who woke it last; a thread of another process has no goid */
};

/* What the kernel tells of one goroutine, live: sums since the session began. */
struct gload {
	uint64_t cpu_samples; /* EV_SAMPLE; each is 1 / live.sample_hz of a second on CPU */
	uint64_t runq_ns,
		runq_most_ns; /* its thread could run and did not, in all and the longest */
	uint64_t runq_n;
	uint64_t syscalls,
		syscall_ns; /* that its thread made for it, the scheduler's own as well */
	uint64_t slow_ns; /* the longest of those told one by one; 0: none */
	uint32_t slow_call; /* string id: its name */
	int32_t slow_fd; /* that it worked on, -1: none */
};

enum live_state {
	LIVE_NONE, /* no live process is shown */
	LIVE_RUNS,
	LIVE_STOPPED, /* by a signal */
	LIVE_TRACED, /* stopped by a debugger */
	LIVE_ENDED
};

/* Probes that are put on and taken off together, as the governor last said; ids of strings. */
enum { LIVE_PROBE_GROUPS = 5 };
struct live_probes {
	uint32_t name, state; /* "life"; "off", "counting", "on", "window", "cut" */
	uint32_t reason; /* a sentence */
	double rate; /* hits a second */
	double share; /* of the time that it is on */
};

/* What the header says of a live process; filled by the source. */
struct live {
	enum live_state state;
	int32_t pid;
	uint32_t
		root; /* string id: where its files are, if it has another root than we; "": it has not */
	bool stripped; /* no .symtab */
	uint32_t symbols; /* string id: "symtab", "pclntab", "dwarf": what names come from */
	uint32_t note; /* string id: a sentence on how far it is to be trusted */
	uint32_t ended; /* string id: the sentence why it is over */
	uint64_t passes;
	uint64_t looks; /* at what is waited on, also those that failed */
	uint64_t created; /* goroutines since its start, exact */
	uint64_t thrown; /* records that contradicted themselves and were left out */
	uint64_t unsteady; /* records that changed while they were read, taken as running */
	uint32_t threads, procs;
	double pass_hz; /* reached */
	double pass_ms; /* the last one, wall time */
	double cpu_pct; /* what reading costs, of one core */
	uint64_t samples; /* of where running goroutines are */
	int64_t paused_ns,
		longest_pause_ns; /* for which threads were stopped: all, and at most one */
	uint32_t no_samples; /* string id: why there are none; 0: there are */
	uint32_t
		bpf; /* string id: what of the kernel's side is off and why, a word for the header; 0: nothing */
	uint32_t sample_hz; /* of EV_SAMPLE; 0: none are taken */
	uint64_t
		samples_runtime; /* that belong to no goroutine: the scheduler's and the collector's own */
	uint32_t
		exact; /* string id: which exact events there are, a word for the header; 0: not asked */
	double target_cost_pct; /* what probes cost the program, of its own time */
	struct live_probes probes[LIVE_PROBE_GROUPS];
	int64_t past_events; /* single events are kept from here on; before it the timeline alone */
	uint64_t past_bytes, past_most; /* that the past takes, and may take */
	uint64_t unseen; /* goroutines that lived too shortly to be kept: there are too many */
};

/* What becomes of the session's recording; filled by who writes it. */
enum record_state {
	RECORD_NONE, /* nothing is recorded */
	RECORD_ON,
	RECORD_WATCHES, /* what is recorded is kept once something happens */
	RECORD_OFF, /* it ended before the session did */
};

struct record {
	enum record_state state;
	uint64_t bytes; /* of the file */
	uint64_t lost; /* events that could not be written in time */
	uint32_t text; /* string id: what is waited for, or why it ended */
};

/* A moment that somebody marked. */
struct world_mark {
	int64_t time;
	uint64_t goid; /* chosen then, 0: none */
	char letter;
};

/* Who is told all that the world is told, on the loop's thread, once it is in the world. */
struct world_tap {
	/* All but those of a look, EV_FACTS to EV_FACTS_END, of which look() is told at the end. */
	void (*event)(void *arg, const struct event *ev);
	void (*look)(void *arg);
	void *arg;
};

/* The CPU quota of the program's cgroup, as last told. */
struct quota {
	int64_t time; /* of the last numbers */
	uint64_t milli; /* thousandths of a processor, 0: none */
	uint64_t periods, throttled; /* see METRIC_PERIODS */
};

/* Time of one goroutine in the segment in the making. */
struct open_ns {
	int64_t ns[SHARE_N];
	int64_t mark;
};

const char *live_state_name(enum live_state s); /* "none", "runs", "stopped", "traced", "ended" */
int live_state_parse(const char *name); /* -1: none of them */

struct world {
	struct strtab strings;
	struct stacktab stacks;

	VEC(struct goroutine) g;
	VEC(struct row_key) key; /* of each row */
	bool rows_by_id; /* ids only grew from row to row */
	VEC(uint32_t) system_row; /* rows that are, or once were, the runtime's own; each once */
	VEC(struct origin) origin; /* each once; the first is of those of whom nothing is known */
	struct map64 origin_pair, origin_id; /* stacks → number; number and labels → origin */
	struct map64 by_goid; /* goid → latest row */
	struct map64 older; /* row → the row that had its goid before it */

	VEC(struct segment) seg;
	VEC(struct entry) entry;
	VEC(struct coarse) coarse;
	VEC(struct ladder) ladder;
	struct map64 ladder_of; /* row → index of ladder; of those with COARSE_OF entries */
	uint32_t thinned; /* grows when numbers of entries and segments become others */
	VEC(uint32_t)
	free_row, resting_row; /* forgotten; the latter the last time, not used again yet */
	uint32_t forgets; /* grows when rows are forgotten: their numbers come to mean others */
	int64_t ended_from; /* goroutines that ended before are not in the table any more */
	VEC(struct band) band;
	VEC(uint32_t) warning; /* sentences on what is missing */
	VEC(struct thread) thread; /* those that are gone stay */
	struct map64 by_tid; /* → index of thread */
	VEC(struct gload) load; /* of those goroutines of which there is something to tell */
	struct map64 load_of; /* row → index of load */
	struct facts facts; /* of the last whole look */
	struct facts facts_next; /* of the look that is being told */
	bool facts_same; /* it is as the one before */
	struct live live;
	struct quota quota;

	struct moment now; /* the newest state of all */
	int64_t t_end; /* the session's last time */
	int64_t wall_ns; /* wall clock at time 0, ns since 1970; 0: not known */
	int64_t time_base; /* what the source's own clock showed at time 0, ns */
	uint64_t generation; /* grows with every change: what was drawn before is stale */
	uint64_t
		row_changes; /* grows when now says something else of a row, or key does; not with time */
	struct progress progress;
	struct history *history; /* owned by the source; NULL: no past */
	struct inspector *inspector; /* owned by the source; NULL: no variables are to be had */
	struct disassembler *disassembler; /* likewise; NULL: no code is to be had */
	const struct world_tap *tap; /* owned by who set it; NULL: nobody listens */
	struct record record;
	VEC(struct world_mark) mark; /* in order of time, each letter once */
	uint64_t mark_stamp; /* grows with them */
	struct shown shown;

	uint32_t source_kind; /* string ids for the header: "trace", "live"… */
	uint32_t source_name; /* file or program */
	uint32_t
		replay; /* of a recording of the above: the file that is read; 0: it is read itself */
	uint32_t go_version; /* "go1.26" or the trace's header version */
	uint32_t build_info; /* how the program was built, as `go version -m` tells; 0: not known */

	struct map64 reason_memo; /* text << 32 | stack → enum reason */
	struct map64 system_memo; /* start stack → 0 or 1 */
	/* segment in the making by world_apply() */
	struct {
		int64_t t0;
		uint64_t first_entry;
		uint64_t n_events;
		VEC(struct open_ns) ns;
	} open;
};

void world_init(struct world *w);
void world_release(struct world *w);

/* Latest row of that goroutine, or NO_G. */
uint32_t world_find(const struct world *w, uint64_t goid);
/* The same at time t: goroutine ids come back where C threads call Go. */
uint32_t world_find_at(const struct world *w, uint64_t goid, int64_t t);

/*
 * Adds a whole segment, later than all before: t0 is at least the last one's
 * t1. The seg_g are copied. O(n), some 100 ns each.
 */
void world_merge(struct world *w, int64_t t0, int64_t t1, uint64_t n_events,
		 const struct seg_g *segg, size_t n);

/* Adds one event, in order of time; segments close by themselves. */
void world_apply(struct world *w, const struct event *ev);
/*
 * Takes facts that are finished, of session time and with ids of the world's tables,
 * in place of those it has, which f has afterwards. What the events of a look say, at once.
 */
void world_facts(struct world *w, struct facts *f);
/* Closes the open segment of world_apply(): the end of the source, or a good moment. */
void world_close_segment(struct world *w);

void world_band(struct world *w, int64_t t0, int64_t t1, uint32_t name);
/* Ends the latest open band of that name. */
void world_band_end(struct world *w, int64_t t1, uint32_t name);
/* Adds a sentence on what is missing or wrong; equal ones once. */
void world_warn(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Interns a string; a shorthand. */
uint32_t world_str(struct world *w, const char *s);

/*
 * The reason for which a goroutine waits, from Go's own text for it ("chan
 * send", "sync") and the frames it waits in. Remembered for each pair.
 */
enum reason world_reason(struct world *w, uint32_t text, uint32_t stack);
/*
 * The two halves of world_reason(), for who must answer on another thread:
 * both are made on the loop's, reason_join() is pure.
 */
uint8_t world_text_reason(const struct world *w, uint32_t text);
enum reason world_frames_reason(const struct world *w, uint32_t stack);
enum reason reason_join(uint8_t text, enum reason frames);

/* What the kernel told of a row; NULL: nothing. */
const struct gload *world_load(const struct world *w, uint32_t row);
/* The same to add to; until the next one is made. */
struct gload *world_load_add(struct world *w, uint32_t row);
/* The thread of that id, as last told; NULL: not known. */
struct thread *world_thread(struct world *w, uint64_t tid);

/* Whether a goroutine that began in that stack's last frame is the runtime's own. */
bool world_system_stack(struct world *w, uint32_t stack);
/* Whether it is one that runs finalizers or cleanups. */
bool world_finalizer_stack(const struct world *w, uint32_t stack);
/* Whether any frame of the stack is not the runtime's. */
bool world_user_frames(const struct world *w, uint32_t stack);

/* The entry function's frame of a row; NULL where it is not known. */
const struct frame *world_entry_frame(const struct world *w, uint32_t row);

/* The share that time in a state counts for; SHARE_N: none. */
static inline unsigned gstate_share(unsigned state)
{
	static const uint8_t share[] = {
		[GS_NONE] = SHARE_N,	      [GS_RUNNING] = SHARE_RUN,
		[GS_RUNNABLE] = SHARE_READY,  [GS_BLOCKED] = SHARE_BLOCKED,
		[GS_SYSCALL] = SHARE_SYSCALL, [GS_DEAD] = SHARE_N,
	};

	return share[state];
}

/* Time spent in each state from its creation (or the session's begin) to the session's end. */
void world_totals(const struct world *w, uint32_t row, int64_t ns[SHARE_N]);

/* --- time --- */

void moment_release(struct moment *m);
/*
 * The state of all goroutines at time t (clamped to the session). Reads every
 * entry up to t (5 ns each) and asks the history for the rest of the segment.
 * Returns 0 or the history's error; then the moment is that of the last
 * segment's end before t.
 */
int world_at(struct world *w, int64_t t, struct moment *m);
/*
 * The same for so much processor time (0: to the end). Returns -EAGAIN where it has to be called
 * again; until then what is in the moment is of no time.
 */
int world_at_piece(struct world *w, int64_t t, struct moment *m, int64_t piece_ns);

/* First segment with t1 >= t; world.seg.n where there is none. */
size_t world_segment(const struct world *w, int64_t t);

/*
 * Makes the older half of the segments coarser, two at a time become one, until
 * there are no more than so many entries, or nothing is left to make coarser.
 * Segments must be closed. Some 20 ns for each entry there is. Returns the entries
 * there are then.
 */
size_t world_thin(struct world *w, size_t entries);
/*
 * Forgets those that ended before a time, with their entries: their rows are of nobody (goid 0,
 * GS_NONE) and become others' after the next time, their ids may come back. Segments must be
 * closed. Of the time before, moments tell of those alone that went on. Returns how many.
 */
size_t world_forget(struct world *w, int64_t before);
/* Bytes that the past takes here: entries, the levels above, and goroutines that have ended. */
size_t world_past_bytes(const struct world *w);
/*
 * Both, until the past takes no more than so many bytes, or nothing is left to be coarser or
 * forgotten: what takes more of the room goes first. Segments must be closed.
 */
void world_trim(struct world *w, size_t most);

/* For the world's own files: the entry is finished; in order for each goroutine. */
void timeline_add(struct world *w, uint32_t entry);

/*
 * Fills shares of time per column for one goroutine from entries alone:
 * col[i][SHARE_*] for n columns that divide t0..t1 evenly, in 1/SHARE_ONE of
 * the column. What is before its creation or after its end is 0. sampled[i]
 * (NULL: not asked) is 1 where it is not known to the moment what was when.
 * O(n log entries), wherever and however long the span is.
 */
void world_columns(const struct world *w, uint32_t row, int64_t t0, int64_t t1,
		   uint16_t (*col)[SHARE_N], uint8_t *sampled, size_t n);

#endif
