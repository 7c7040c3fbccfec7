/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of a goroutine dump: what runtime/traceback.go prints (a panic, SIGQUIT, the profile
 * goroutine?debug=2), and the counted form that runtime/pprof prints for debug=1.
 */
#ifndef SOURCE_DUMPTEXT_LINE_H
#define SOURCE_DUMPTEXT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the file, not ended by NUL. */
struct dspan {
	const char *s;
	size_t n;
};

/* "goroutine 18 gp=0xc000 m=0 mp=0xa5 [chan send, 12 minutes, locked to thread]:" */
struct dhead {
	uint64_t goid;
	struct dspan state; /* without the remarks "(scan)", "(leaked)", "(durable)" */
	struct dspan labels; /* what stands in the braces, as it is; n 0: none */
	uint64_t minutes; /* 0: not told */
	uint64_t bubble; /* of testing/synctest; 0: none */
	bool locked, leaked;
};

enum dline_kind {
	DL_OTHER,
	DL_BLANK,
	DL_HEAD,
	DL_CALL, /* text: the function */
	DL_PLACE, /* text: the file; number: the line; pc */
	DL_CREATED, /* text: the function that has the go statement; number: the goroutine, 0: not told */
	DL_ELIDED, /* frames are left out there */
	DL_AWAY, /* the goroutine runs on another thread: no stack */
	DL_ANCESTOR, /* what follows is of the goroutine that made it */
	DL_NO_GO, /* a frame of no Go code; pc */
	DL_TOTAL, /* debug=1 begins; number: how many goroutines it counts */
	DL_RECORD, /* debug=1: number goroutines; pc: of their leaf */
	DL_LABELS, /* debug=1: text: their labels, as JSON */
	DL_FRAME, /* debug=1: pc; text: the function, or n 0; file: with number */
	DL_DIED /* "panic: …", "fatal error: …", "SIGQUIT: quit": text is the whole line */
};

struct dline {
	enum dline_kind kind;
	struct dhead head;
	struct dspan text, file;
	uint64_t number, pc;
	bool inlined; /* DL_CALL: "(...)" */
};

/* What one line, without its end, says. */
struct dline dline_parse(struct dspan l);
/* The same for a header alone; at: where it may begin behind what a log puts before each line. */
bool dline_head(struct dspan l, size_t at, struct dhead *h);

/*
 * Labels as the model has them, "key=value,key=value", from what stands in a
 * header's braces or, json, in debug=1. out has room for n + 1; returns the length.
 */
size_t dline_labels(struct dspan l, bool json, char *out);

#endif
