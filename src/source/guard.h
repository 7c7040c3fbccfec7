/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program may still do once its target or file is open: all else is
 * given up, so that whoever takes it over by way of a hostile target or file
 * gains little. Nothing here is needed for the program to work: what the kernel
 * or a missing library refuses is left, and told.
 */
#ifndef SOURCE_GUARD_H
#define SOURCE_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

/* Sanitizers look for leaks with ptrace, at the end: there it is not filtered. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GUARD_ANY_PTRACE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GUARD_ANY_PTRACE 1
#endif
#endif

/* What is still to be done. */
struct guard_needs {
	bool live; /* another process is read */
	bool ptrace; /* its threads are stopped */
	bool bpf; /* programs and probes are put on and taken off */
	bool admin; /* which takes CAP_SYS_ADMIN */
	bool files; /* files are written that are not open yet */
	int signal_fd; /* a pidfd by which signals are sent to the target, 0: none */
	pid_t child; /* the command that we started and will end, 0: none */
	bool tree; /* and all that it has started */
};

enum guard_part {
	GUARD_CAPS, /* capabilities(7): only what is needed stays, and no child inherits any */
	GUARD_BOUND, /* nor can it come by one: the bounding set is empty */
	GUARD_PRIVS, /* no_new_privs: nor by executing a set-user-ID program */
	GUARD_FILTER, /* seccomp(2): writing to other processes, programs, sockets and the like are refused */
	GUARD_PARTS
};

struct guard_state {
	struct {
		bool on;
		char text[160]; /* what stays, or why it is not on */
	} part[GUARD_PARTS];
};

/*
 * Gives up for good what is not needed. To be called once, before any thread
 * is made: threads inherit it. s may be NULL.
 */
void guard_set(const struct guard_needs *n, struct guard_state *s);

/* The same in a child that ends at once: what guard_set() would do here. */
void guard_try(const struct guard_needs *n, struct guard_state *s);

/* In a child that executes programs for the user: they run with no capability, else as always. */
void guard_child(void);

#endif
