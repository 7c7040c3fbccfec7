/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the program's own code a stack stands. */
#include <stdlib.h>
#include <string.h>

#include "analysis/groups_priv.h"

/* How much a frame is of the program itself, by the package that its function is in. */
enum plumbing {
	PLACE_OWN, /* where one waits */
	PLACE_STD, /* of the standard library: where, if nothing else is */
	PLACE_PLUMBING /* how one waits */
};

/* The standard library's packages, by the first element of their path. */
static const char *const std_packages[] = {
	"archive",  "bufio",  "bytes",	 "cmp",	     "compress", "container", "context", "crypto",
	"database", "debug",  "embed",	 "encoding", "errors",	 "expvar",    "flag",	 "fmt",
	"go",	    "hash",   "html",	 "image",    "index",	 "io",	      "iter",	 "log",
	"maps",	    "math",   "mime",	 "net",	     "path",	 "plugin",    "reflect", "regexp",
	"slices",   "sort",   "strconv", "strings",  "structs",	 "testing",   "text",	 "time",
	"unicode",  "unique", "unsafe",	 "vendor",   "weak",
};

static int name_compare(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

static enum plumbing plumbing(const char *func)
{
	static const char *const prefix[] = { "runtime.", "sync.", "internal/", "time.Sleep",
					      "syscall.", "os.",   "net." };
	char first[16];
	size_t n = strcspn(func, "./");

	for (size_t i = 0; i < ARRAY_SIZE(prefix); i++)
		if (!strncmp(func, prefix[i], strlen(prefix[i])))
			return PLACE_PLUMBING;
	if (n >= sizeof(first))
		return PLACE_OWN;
	memcpy(first, func, n);
	first[n] = '\0';
	return bsearch(first, std_packages, ARRAY_SIZE(std_packages), sizeof(*std_packages),
		       name_compare)
		       ? PLACE_STD
		       : PLACE_OWN;
}

bool func_is_own(const char *func)
{
	return *func && plumbing(func) == PLACE_OWN;
}

static enum plumbing known_plumbing(struct groups *g, const struct world *w, uint32_t string)
{
	while (g->plumbing.n <= string)
		*vec_push(&g->plumbing) = 0;
	if (!g->plumbing.v[string])
		g->plumbing.v[string] = (uint8_t)(1 + plumbing(strtab_get(&w->strings, string)));
	return (enum plumbing)(g->plumbing.v[string] - 1);
}

uint32_t place_of(struct groups *g, const struct world *w, uint32_t stack)
{
	uint32_t best = 0;
	enum plumbing least = PLACE_PLUMBING;
	const struct frame *f;

	for (uint32_t i = 0; least != PLACE_OWN && (f = stacktab_frame(&w->stacks, stack, i));
	     i++) {
		enum plumbing p = g ? known_plumbing(g, w, f->func)
				    : plumbing(strtab_get(&w->strings, f->func));

		if (p < least) {
			least = p;
			best = i;
		}
	}
	return best;
}

const struct frame *stack_place(const struct world *w, uint32_t stack)
{
	return stacktab_frame(&w->stacks, stack, place_of(NULL, w, stack));
}
