/* SPDX-License-Identifier: Apache-2.0 */
#include "owncost.h"

#include <time.h>

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

double own_cpu_pct(int64_t began)
{
	int64_t wall = clock_ns(CLOCK_MONOTONIC) - began;

	return wall > 0 ? 100.0 * (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / (double)wall : 0;
}
