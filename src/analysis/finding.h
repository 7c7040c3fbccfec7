/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the detectors found: kept from look to look under an id that is made of
 * the detector, the places in the source and the creation sites, never of
 * addresses or goroutine ids. So the same fault has the same id in the next
 * frame, in the next run, live and in replay; many goroutines with it are one
 * finding.
 */
#ifndef ANALYSIS_FINDING_H
#define ANALYSIS_FINDING_H

#include "core/world.h"

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_N };

/* recheck: the sign may pass; likely: by what was seen; proven: it cannot be otherwise. */
enum certainty { CERTAINTY_RECHECK, CERTAINTY_LIKELY, CERTAINTY_PROVEN, CERTAINTY_N };

enum { FINDING_IDS = 64, FINDING_LINES = 24, FINDINGS_MOST = 4096 };

struct finding {
	uint64_t id;
	uint32_t detector; /* index into detector_table */
	uint8_t severity, certainty;
	bool present; /* in the last look */
	bool muted;
	bool known; /* by the baseline; it is muted from the begin */
	uint32_t n; /* goroutines in all */
	VEC(uint64_t) goid; /* the first of them, FINDING_IDS at most; of a ring in its order */
	VEC(uint64_t) object; /* addresses, as many at most */
	uint32_t func, file, line; /* string ids, the place; func 0: none */
	int64_t since; /* of what is found; T_BEFORE: before the session */
	int64_t first, last; /* looks that saw it */
	uint64_t look; /* the last that saw it */
	uint32_t looks; /* one after the other that saw it */
	uint32_t proofs; /* looks that prove it, with none between that speaks against it */
	bool undecided; /* see finding_prove() */
	uint32_t prove; /* so many it takes; 0: it is proven at sight */
	char *summary; /* one sentence without a full stop */
	char *why; /* why it is not surer; "" where it is proven */
	char *advice; /* the next step */
	VEC(char *) evidence; /* sentences a person can check, FINDING_LINES at most */
};

struct baseline; /* analysis/baseline.h */

struct findings {
	const struct baseline *baseline; /* the caller's: findings that are known; NULL: none */
	VEC(struct finding) v; /* those that are gone stay, with present false */
	struct map64 by_id;
	struct finding draft; /* in the making */
	VEC(uint64_t) key; /* of it */
	uint32_t alike
		[2]; /* stacks of the goroutine told of last: many that follow have the same … */
	uint64_t alike_key; /* … and so this key; 0: none yet */
	int64_t time; /* of the look */
	uint64_t look; /* its number */
	uint64_t stamp; /* grows when what is shown of them changes */
	uint32_t count[SEVERITY_N]; /* present and not muted */
};

void findings_init(struct findings *f);
void findings_release(struct findings *f);

/* A look at that time begins: what is not found in it is gone. */
void findings_begin(struct findings *f, int64_t time);
void findings_end(struct findings *f);

/*
 * Begins a finding; what follows is told to it, and finding_done() puts it among
 * the others. Two of one look with the same id become one.
 */
struct finding *finding_new(struct findings *f, uint32_t detector, enum severity s,
			    enum certainty c);
/* One more goroutine, by its row: its place in the source and its origin make the id. */
void finding_goroutine(struct findings *f, const struct world *w, const struct moment *m,
		       uint32_t row);
/* Others with the same place and origin: counted, not looked at. */
void finding_more(struct findings *f, uint32_t n);
void finding_object(struct findings *f, uint64_t addr);
/* One more that does not: it stands now here, now there. */
void finding_member(struct findings *f, const struct world *w, const struct moment *m,
		    uint32_t row);
/* Where it stands (NULL: no change); of the first goroutine where this is not called. */
void finding_place(struct findings *f, const struct frame *at);
/*
 * The same for one that runs, or does whenever it may: its line is another one at
 * each look. So where it was made; of the main goroutine, where it is.
 */
void finding_lasting_place(struct findings *f, const struct world *w, const struct moment *m,
			   uint32_t row);
/* A word that makes the id another one. */
void finding_key(struct findings *f, const char *word);
void finding_since(struct findings *f, int64_t since);
void finding_summary(struct findings *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void finding_why(struct findings *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * What proves it must be seen in so many looks: one alone may be of a moment that
 * never was. undecided: this look, if it proves nothing, does not speak against it.
 */
void finding_prove(struct findings *f, uint32_t looks, bool undecided);
void finding_advice(struct findings *f, const char *advice);
void finding_evidence(struct findings *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * Whether words of the finding in the making will be kept, by the goroutines and
 * keys told so far: what many united before have filled need not be made.
 */
bool finding_words(struct findings *f);
void finding_done(struct findings *f);

/* The finding of that id, NULL: none. Valid until the next look. */
const struct finding *findings_get(const struct findings *f, uint64_t id);
/* Its severity stays; it is not counted any more and stands last. False: there is none. */
bool findings_mute(struct findings *f, uint64_t id, bool muted);
/* Indices into v of those present (and of the gone ones where asked), the gravest first. */
typedef VEC(uint32_t) finding_order;
void findings_order(const struct findings *f, bool gone, finding_order *out);

const char *severity_name(enum severity s); /* "info", "warning", "error" */
int severity_parse(const char *name); /* -1: none of them */
const char *certainty_name(enum certainty c);

#endif
