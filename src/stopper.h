/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals to the program that is watched, where --allow-stop permits them. The
 * process is held by a descriptor that was opened before rights were given up: no
 * other process can get its number in between, and the filter lets no other through.
 */
#ifndef STOPPER_H
#define STOPPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "core/err.h"

struct stopper {
	int fd; /* pidfd, 0: none */
	int ms; /* a stop is ended after so long, 0: by hand */
	char why[128]; /* there is none */
	/* told when a stop has ended by itself; the caller's */
	void (*said)(void *arg, bool bad, const char *text);
	void *arg;
	bool stopped; /* by us */
	int64_t since; /* CLOCK_MONOTONIC */
	uv_timer_t timer; /* where there is a loop */
	bool timed;
};

/* Takes hold of a process; before guard_set(). Where that fails stopper_send() says why. */
void stopper_open(struct stopper *s, pid_t pid);
/* The loop on which a stop is ended; NULL takes it off again, and ends a stop. */
void stopper_loop(struct stopper *s, uv_loop_t *loop);
/* Lets a program go on that we stopped. */
void stopper_close(struct stopper *s);

/* Sends it. Returns 0, or a negative errno with err filled. */
int stopper_send(struct stopper *s, int sig, struct err *err);

#endif
