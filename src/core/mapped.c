/* SPDX-License-Identifier: Apache-2.0 */
#include "core/mapped.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static atomic_uint lost;
static uintptr_t page;

/* A page of our own over the one whose file has gone; mmap() is one system call, so a handler may. */
bool mapped_mend(const siginfo_t *info)
{
	uintptr_t at = (uintptr_t)info->si_addr;

	if (!page || info->si_code != BUS_ADRERR ||
	    mmap((void *)(at - at % page), page, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return false;
	atomic_fetch_add(&lost, 1);
	return true;
}

static void on_bus(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (mapped_mend(info))
		return;
	signal(sig, SIG_DFL);
	if (info->si_code <= 0) /* sent; a fault comes again by itself on return */
		raise(sig);
}

void mapped_guard(void)
{
	struct sigaction sa = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	page = (uintptr_t)sysconf(_SC_PAGESIZE);
	sigemptyset(&sa.sa_mask);
	sigaction(SIGBUS, &sa, NULL);
}

unsigned mapped_lost(void)
{
	return atomic_load(&lost);
}
