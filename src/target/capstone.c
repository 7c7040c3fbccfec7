/* SPDX-License-Identifier: Apache-2.0 */
#include "target/capstone.h"

#ifdef BINGO_CAPSTONE

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

/* As the linker sees them: there where it has the library anyway, else NULL. */
#pragma weak cs_open
#pragma weak cs_close
#pragma weak cs_option
#pragma weak cs_malloc
#pragma weak cs_free
#pragma weak cs_disasm_iter

#define TEXT(x) #x
#define NUMBER(x) TEXT(x)
#define LIBRARY "libcapstone.so." NUMBER(CS_API_MAJOR)

static struct capstone lib;
static char reason[160];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void take_by_dlopen(void)
{
	void *h = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!h) {
		snprintf(reason, sizeof(reason), "%s", dlerror());
		return;
	}
	/* A pointer to data as one to a function: dlsym() is made so. */
	*(void **)&lib.close = dlsym(h, "cs_close");
	*(void **)&lib.option = dlsym(h, "cs_option");
	*(void **)&lib.malloc = dlsym(h, "cs_malloc");
	*(void **)&lib.free = dlsym(h, "cs_free");
	*(void **)&lib.disasm_iter = dlsym(h, "cs_disasm_iter");
	if (lib.close && lib.option && lib.malloc && lib.free && lib.disasm_iter)
		*(void **)&lib.open = dlsym(h, "cs_open");
	if (!lib.open)
		snprintf(reason, sizeof(reason), "%s lacks a function", LIBRARY);
}

static void load(void)
{
	lib = (struct capstone){ cs_open, cs_close, cs_option, cs_malloc, cs_free, cs_disasm_iter };
	if (!lib.open)
		take_by_dlopen();
}

const struct capstone *capstone_get(const char **why)
{
	pthread_once(&once, load);
	*why = reason;
	return lib.open ? &lib : NULL;
}

#endif
