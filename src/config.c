/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct reading {
	const struct config *c;
	struct err why; /* of the first line that is wrong */
};

/* inih's: 0 is an error, which makes it tell the line. */
static int on_pair(void *arg, const char *section, const char *name, const char *value)
{
	struct reading *r = arg;

	if (!strcmp(section, "findings"))
		return !detect_set(r->c->detect, name, value, &r->why);
	err_set(&r->why, -EINVAL, EXIT_USAGE, "there is no section [%s]", section);
	return 0;
}

static char *usual_path(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (xdg && *xdg == '/')
		return xasprintf("%s/bingo-top/config", xdg);
	return home && *home ? xasprintf("%s/.config/bingo-top/config", home) : NULL;
}

static int config_read(const struct config *c, FILE *in, const char *path, struct err *err)
{
	struct reading r = { .c = c };
	int line = ini_parse_file(in, on_pair, &r);

	if (line < 0)
		return err_set(err, -EIO, EXIT_USAGE, "cannot read %s", path);
	if (line > 0)
		return err_set(err, -EINVAL, EXIT_USAGE, "%s, line %d: %s", path, line,
			       r.why.rc ? r.why.text : "this is neither a section nor key = value");
	return 0;
}

int config_load(const struct config *c, const char *path, struct err *err)
{
	char *usual = path ? NULL : usual_path();
	const char *name = path ? path : usual;
	FILE *in = name ? fopen(name, "re") : NULL;
	int rc = 0;

	if (in) {
		rc = config_read(c, in, name, err);
		fclose(in);
	} else if (path) { /* the usual one may be another user's, as after su */
		rc = err_set(err, -errno, EXIT_USAGE, "cannot read the configuration %s: %s", name,
			     strerror(errno));
	}
	free(usual);
	return rc;
}
