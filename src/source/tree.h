/* SPDX-License-Identifier: Apache-2.0 */
/* The processes that a process has started, and those have, as /proc tells. */
#ifndef SOURCE_TREE_H
#define SOURCE_TREE_H

#include <stdint.h>
#include <sys/types.h>

#include "core/mem.h"

enum tree_kind {
	TREE_OTHER,
	TREE_GO, /* a Go program */
	TREE_TOOLCHAIN, /* the go command, a compiler, a linker: of Go, but nobody's to look at */
};

struct tree_process {
	pid_t pid;
	uint64_t start_time, exec_mark; /* see proc_status */
	enum tree_kind kind;
	char name[64]; /* of its program's file */
};

/* A program that was looked at. */
struct tree_file {
	uint64_t dev, ino;
	enum tree_kind kind;
};

/* Zeroed is empty. */
struct tree {
	VEC(struct tree_process) process; /* parents before children */
	VEC(struct tree_file) file;
};

/*
 * Replaces the processes with those that are below root now, root itself left out;
 * zombies are as well. Takes /proc/PID/task/TID/children where the kernel has that,
 * else all of /proc.
 */
void tree_read(struct tree *t, pid_t root);
void tree_release(struct tree *t);

#endif
