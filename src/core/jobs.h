/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work off the loop's thread. The program gives libuv's pool; tests and scripts
 * give one that runs at once.
 */
#ifndef CORE_JOBS_H
#define CORE_JOBS_H

struct jobs {
	/*
	 * Calls work(arg) on a worker thread, then done(arg) on the loop's
	 * thread, also at the program's end. done may be NULL.
	 */
	void (*submit)(struct jobs *j, void (*work)(void *arg), void (*done)(void *arg), void *arg);
};

static inline void jobs_submit(struct jobs *j, void (*work)(void *arg), void (*done)(void *arg),
			       void *arg)
{
	j->submit(j, work, done, arg);
}

#endif
