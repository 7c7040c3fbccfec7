/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the live source: shared by live*.c alone. */
#ifndef SOURCE_LIVE_PRIV_H
#define SOURCE_LIVE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/evlog.h"
#include "core/hash.h"
#include "source/live.h"
#include "target/cgroup.h"
#include "target/objects.h"
#include "target/regs.h"
#include "target/scan.h"
#include "target/sysc.h"

/* A stack that is new in a batch. */
struct live_stack {
	uint32_t first, n; /* lines of the batch */
};

struct live_thread {
	pid_t tid;
	uint64_t goid;
	int32_t p; /* -1: none */
	int32_t syscall, fd; /* -1: none, not known */
	uint32_t tick;
	uint8_t state; /* enum gstate */
	bool seen; /* in this pass */
};

struct live_facts {
	struct scan_stats stats;
	uint64_t created;
	uint32_t threads, procs;
	double pass_hz, cpu_pct;
	enum live_state state;
	struct cgroup_stat quota;
	bool gc_on;
};

/* What stopping threads has brought and cost so far. */
struct live_pauses {
	uint64_t samples;
	int64_t ns, longest;
};

/* Where a running goroutine was; the stack is all lines of the batch. */
struct live_sample {
	int64_t time; /* CLOCK_MONOTONIC */
	uint64_t goid; /* 0: nothing was seen */
	pid_t tid;
	int32_t p; /* -1: not known */
	struct live_pauses pauses;
	char off[128]; /* why there are none; "" there are */
};

/* A sample, as the loop has it. */
enum { LIVE_RECENT = 64 };
struct live_recent {
	uint64_t goid;
	int64_t time; /* CLOCK_MONOTONIC */
	uint32_t stack;
};

/* A thread was on CPU, as the kernel tells. */
struct live_cpu_sample {
	int64_t time;
	uint64_t goid;
	uint32_t tid;
	uint32_t stack; /* id of the scan's */
};

/* Sums of a goroutine and of a thread since the batch before; see struct rec_sum. */
struct live_load {
	uint64_t goid;
	uint64_t runq_ns, runq_most_ns, runq_n, syscalls, syscall_ns;
	struct rec_syscall slow; /* the longest call; ns 0: none */
};

struct live_thread_load {
	uint32_t tid, waker_tid;
	uint64_t cpu_ns, runq_ns, runq_most_ns, waker_goid;
};

struct live_kernel {
	VEC(struct live_cpu_sample) sample;
	VEC(struct live_load) load;
	VEC(struct live_thread_load) thread;
	uint64_t lost; /* records, in this batch */
	uint64_t runtime; /* samples of no goroutine */
	char word[96]; /* with told: what is off */
	uint32_t hz;
	bool told;
};

/* An event of a goroutine, as a probe told it. */
struct live_exact {
	int64_t time; /* CLOCK_MONOTONIC */
	uint64_t goid, peer, object;
	uint32_t tid;
	uint32_t stack, start; /* ids of the prober's own stacks */
	uint8_t event; /* enum probe_event; not PROBE_LOCK, PROBE_SEMA */
	uint8_t reason; /* g.waitreason */
};

/* What is known of a row by probes. */
struct live_exact_row {
	int64_t at; /* of what they told last, CLOCK_MONOTONIC; T_BEFORE: nothing */
	bool passed; /* a pass told of it as well: it will tell of its end */
	uint8_t missed; /* passes that should have and did not */
};

enum { PROBE_GROUPS = LIVE_PROBE_GROUPS, LIVE_PROBE_WORD = 96 };

struct live_probe_group {
	const char *name, *state;
	double rate, share;
	char reason[160];
};

/* What of the probes is on, and what they cost. */
struct live_probe_state {
	char word[LIVE_PROBE_WORD];
	double cost_pct;
	struct live_probe_group group[PROBE_GROUPS];
};

/* What the prober hands to the loop. */
struct live_probed {
	VEC(struct live_exact) event; /* in order of time */
	VEC(struct live_stack) stack; /* its ids go on from those before */
	uint64_t lost;
	int64_t complete; /* since when nothing is missing of what the scheduler did; T_NEVER: it is not so */
	struct live_probe_state *state; /* NULL: as before */
};

/* What the threads that read hand to the loop's. */
struct live_batch {
	struct live_batch *next;
	VEC(struct gchange) change;
	VEC(struct live_stack) stack; /* the scan's ids go on from those before */
	stack_lines line;
	VEC(char *) label; /* likewise */
	VEC(struct live_thread) thread; /* that changed */
	scan_goids gone; /* with restart: all that the old program had */
	struct target *header; /* first batch of a program: what it is; not owned */
	int64_t time, before; /* begin of this pass and of the one before, CLOCK_MONOTONIC */
	bool pass_end;
	bool restart; /* another program was executed: ids begin anew */
	bool over;
	bool refused; /* with over: it could never be read */
	char ended[256];
	struct live_facts facts; /* with pass_end */
	bool look_end; /* one was made, */
	struct facts *look; /* and this is what goroutines wait on; such a batch has no changes */
	uint64_t look_hash; /* facts_hash() of it */
	VEC(char *) text; /* of looks; ids go on from those before */
	struct live_sample *sample; /* NULL: none; such a batch has nothing else */
	struct live_kernel kernel;
	struct live_probed *probed; /* NULL: none; such a batch has nothing else but lines */
};

struct live_probe;

struct live_source {
	struct source source; /* first */
	struct live_config cfg;
	pid_t pid;
	char name[64];
	const char *file; /* of a core dump; NULL: a process */
	int64_t t0; /* CLOCK_MONOTONIC at time 0 */
	int64_t wall0;

	/* the reading thread's */
	struct target *t;
	struct scan *scan;
	struct objects *objects;
	size_t texts_told;
	int64_t look_next; /* when the next look is due */
	int64_t look_interval_ns;
	double look_cost_ns; /* CPU time of a look, running mean */
	struct proc_status status;
	VEC(struct live_thread) thread; /* ascending by tid */
	size_t stacks_told, labels_told;
	bool header_told;
	_Atomic int64_t pass_before; /* the prober reads it for its batches */
	double cost_ns; /* of a pass, running mean */
	unsigned quiet; /* passes in a row that found nothing changed */
	int64_t disorder; /* when the first pass found nothing that makes sense; 0: it did not */
	int64_t interval_ns; /* from one pass to the next, as wished */
	double gap_ns; /* from one pass to the next, running mean of what is reached */
	enum live_state state;
	int64_t state_checked;
	struct cgroup_cpu cgroup;
	int64_t cgroup_found; /* when it was looked for last */
	struct cgroup_stat quota;
	VEC(struct target *) old; /* names in batches may still point into them */
	struct live_regs *regs; /* NULL: threads are never stopped */
	struct bpf_set *bpf; /* NULL: off */
	bool bpf_tried;
	bool governed[BPF_PARTS]; /* parts of it that the prober puts on and takes off */
	uint64_t bpf_lost; /* told of */
	struct live_batch *bpf_batch; /* while the ring is read: what it says */
	struct map64 bpf_goid, bpf_tid; /* → index in that batch */
	int64_t bpf_cost_ns; /* of reading it since the last pass */

	struct live_probe *probe; /* NULL: no probes */
	VEC(struct live_probe *) old_probe; /* likewise */

	atomic_bool taken, cancelled;
	struct live_inspect *inspect;
	atomic_bool asked; /* for variables or code */
	atomic_llong drain_ns; /* what drain() cost since the reader last asked */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* cancelled, or the queue became shorter; drained */
	struct live_batch *head, *tail;
	size_t queued; /* changes */
	bool drained; /* the loop has taken in a first pass */
	struct facts *spare; /* memory of a look that was replaced, for the next one */

	/* the loop's */
	struct evlog *log;
	size_t past; /* bytes that events and timeline may take … */
	size_t past_timeline; /* … and of them the timeline, before it is made coarser */
	struct live_batch *now; /* being drained */
	size_t at;
	int64_t last; /* time of the last event */
	uint64_t told, look_told; /* events in the log, and of looks there */
	enum { LOOK_NOT, LOOK_SAME, LOOK_WHOLE } look_log; /* how the look being told goes there */
	int64_t look_kept; /* when the last whole one in the log was; T_BEFORE: there is none */
	uint64_t look_hash; /* of that one */
	struct live_recent recent[LIVE_RECENT]; /* the last samples, as a ring */
	unsigned recent_at;
	VEC(uint32_t) stack_id, label_id, reason_id, text_id;
	VEC(uint32_t) exact_stack_id;
	VEC(struct live_exact_row) exact_row; /* of each row, as far as one is needed */
	VEC(uint32_t) unseen; /* rows that a probe told of, and no pass yet */
	int64_t complete; /* as in live_probed */
	struct live_facts facts;
	bool begun, over;
};

enum { LIVE_QUEUE_MOST = 1 << 17 }; /* changes and events that may wait for the loop */

int64_t live_clock(clockid_t id);

/* --- live.c: also of a core dump, which is one pass and one look --- */
/* Takes t. */
struct live_source *live_new(struct target *t, const struct live_config *cfg,
			     const struct source_ops *ops);
int live_drain(struct source *s, struct world *w, int64_t budget_ns, struct err *err);
void live_cancel(struct source *s);
void live_close(struct source *s);

/* --- live_pass.c: the reading thread --- */
void live_work(struct source *src);
/* The table, once; as scan_pass(). */
int live_scan(struct live_source *l);
/* What is known of threads and processors, and that a pass is whole. */
void live_pass_end(struct live_source *l, int64_t began);
/* The source has nothing more to tell, and why. */
void live_over(struct live_source *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void batch_free(struct live_batch *b);
void look_free(struct facts *f);

/* --- live_bpf.c: the reading thread --- */
enum { BPF_DRAIN_MS = 50 };
/* Reads what the kernel's side has told, and sends it. The first call only loads it, unless it is not wanted. */
void live_bpf_drain(struct live_source *l);
/* Takes it off; another program has other offsets, so the next drain loads it anew. */
void live_bpf_stop(struct live_source *l);
/* --- live_bpf.c: the loop's thread --- */
void live_tell_kernel(struct live_source *l, struct world *w, const struct live_kernel *k);
void live_kernel_free(struct live_kernel *k);

/* --- live_probe.c: a thread of its own --- */
/* Begins, where it is wanted and has not. */
void live_probe_start(struct live_source *l);
void live_probe_stop(struct live_source *l);
void live_probe_free(struct live_probe *p); /* NULL ok */
void live_probed_free(struct live_probed *p); /* NULL ok */
/* Reading thread, before it sends what a pass found: what the probes told until now goes first. */
void live_probe_flush(struct live_source *l);
/* Reading thread, before a pass: of whom the probes told, the pass shall tell. */
void live_probe_ask(struct live_source *l);

/* --- live_exact.c: the loop's thread --- */
/* Events of probes, from at on; false: the budget is used up. */
bool live_drain_exact(struct live_source *l, struct world *w, int64_t deadline);
/*
 * What a pass says of a goroutine's state: is it news? Not what probes told already,
 * or what is older than what they told.
 */
bool live_is_news(const struct live_source *l, const struct world *w, uint32_t row,
		  const struct gchange *c, uint8_t state);
/* A pass tells of it. */
void live_exact_passed(struct live_source *l, uint32_t row);
/* After a pass that began then: who was made, and is not there, has ended. */
void live_exact_ended(struct live_source *l, struct world *w, int64_t began);
/* A change within a pass is not older than that, CLOCK_MONOTONIC. */
int64_t live_known_at(const struct live_source *l, uint32_t row);

/* --- live_look.c: the reading thread --- */
/* Where one is due, looks what goroutines wait on and sends it; its CPU time, ns. */
int64_t live_look(struct live_source *l, int64_t now);
/* Another program: nothing is known of it yet. */
void live_look_restart(struct live_source *l);

/* --- live_inspect.c: the reading thread --- */
/* Answers those who asked for variables or code since. */
void live_inspect_serve(struct live_source *l);
/* Any thread but the reading one: opens the DWARF, or waits until it is open. */
void live_inspect_prepare(struct live_source *l);
/* Another program: l->t. */
void live_inspect_restart(struct live_source *l);
/* Nobody reads any more: from now on those who ask use what was the reading thread's. */
void live_inspect_over(struct live_source *l);
/* --- live_inspect.c: the loop's thread --- */
void live_inspect_init(struct live_source *l);
void live_inspect_free(struct live_source *l);

/* --- live_regs.c: a thread of its own, told what to do by the reading thread --- */
struct live_regs;
void live_regs_start(struct live_source *l);
void live_regs_stop(struct live_source *l);
void live_regs_free(struct live_regs *r); /* NULL ok */
/* The lines of a stack that registers tell of, appended. */
void live_regs_lines(struct symtab *st, enum goarch arch, struct stackset *set,
		     const struct regs_seen *seen, stack_lines *out);
/* The number of the processor whose P lies there; -1: not known. */
int32_t live_proc_id(const struct target *t, uint64_t p);
/* After each pass: which threads run goroutines. */
void live_regs_tell(struct live_source *l);
/* Another program: l->t. */
void live_regs_restart(struct live_source *l);
/* Whether it is that thread, which may be seen as the tracer of the target. */
bool live_regs_is(const struct live_source *l, pid_t tid);
/* Nothing is traced between the two: who waits for a child must not be given its stops. */
void live_regs_hold(struct live_source *l);
void live_regs_let(struct live_source *l);

/* --- live_pass.c --- */
struct live_batch *batch_new(const struct live_source *l);
size_t batch_weight(const struct live_batch *b); /* changes and events in it */
/* Stacks and labels that the loop does not know yet. */
void batch_names(struct live_source *l, struct live_batch *b);
void batch_send(struct live_source *l, struct live_batch *b);

/* --- live_events.c --- */
/* Into the world and the log; the time of an event is never before the last one's. */
void live_tell(struct live_source *l, struct world *w, const struct event *ev);
/* So many events are missing here; 0: nothing is told. */
void live_tell_lost(struct live_source *l, struct world *w, uint64_t n);
int64_t live_time(struct live_source *l, int64_t clock);
uint32_t live_stack_id(const struct live_source *l, uint32_t id);
/* The lines of a stack, as one of the world's. */
uint32_t live_lines_intern(struct world *w, const struct stack_line *line, size_t n);
/* The same of a stack of a batch. */
uint32_t live_stack_intern(struct world *w, const struct live_batch *b, const struct live_stack *s);
uint32_t live_syscall_text(struct world *w, int64_t nr);
/* Makes events of changes, from at on; false: the budget is used up. */
bool live_drain_changes(struct live_source *l, struct world *w, int64_t deadline);
void live_learn_names(struct live_source *l, struct world *w, const struct live_batch *b);
void live_tell_pass(struct live_source *l, struct world *w, const struct live_batch *b);
/* The facts of a look, from at on; false: the budget is used up. */
bool live_drain_look(struct live_source *l, struct world *w, int64_t deadline);
void live_tell_sample(struct live_source *l, struct world *w, const struct live_batch *b);
void live_tell_restart(struct live_source *l, struct world *w, const struct live_batch *b);

#endif
