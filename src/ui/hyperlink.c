/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/hyperlink.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/srcfile.h"
#include "core/mem.h"

static const char *env(const char *name)
{
	const char *s = getenv(name);

	return s ? s : "";
}

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* "3.4" is at least 3.4, "3.10" too. */
static bool is_from(const char *version, int major, int minor)
{
	int a = 0, b = 0;

	return sscanf(version, "%d.%d", &a, &b) >= 1 && (a > major || (a == major && b >= minor));
}

/*
 * What each says of itself; a multiplexer hands them on from a version on, and hides what lies
 * behind it.
 */
bool hyperlink_known(void)
{
	static const char *const terms[] = { "xterm-kitty", "foot",	     "alacritty",
					     "wezterm",	    "xterm-ghostty", "contour" };
	static const char *const programs[] = { "iTerm.app", "WezTerm", "vscode", "ghostty",
						"Hyper" };
	const char *term = env("TERM"), *program = env("TERM_PROGRAM");

	if (*env("TMUX"))
		return !strcmp(program, "tmux") && is_from(env("TERM_PROGRAM_VERSION"), 3, 4);
	if (*env("STY") || !*term || !strcmp(term, "dumb"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(terms); i++)
		if (begins(term, terms[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (!strcmp(program, programs[i]))
			return true;
	return strtol(env("VTE_VERSION"), NULL, 10) >= 5000 ||
	       strtol(env("KONSOLE_VERSION"), NULL, 10) >= 201200 || *env("WT_SESSION") ||
	       *env("DOMTERM");
}

static void put_encoded(FILE *out, const char *s)
{
	for (; *s; s++)
		if (isascii((unsigned char)*s) &&
		    (isalnum((unsigned char)*s) || strchr("/-._~", *s)))
			fputc(*s, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*s);
}

char *hyperlink_url(const char *path, uint32_t line, const char *const *substitute)
{
	char host[256] = "", *url = NULL, *other = NULL;
	const char *at;
	size_t size;
	FILE *out;

	for (; substitute && *substitute && !other; substitute++)
		other = src_substitute(path, *substitute);
	at = other ? other : path;
	if (*at != '/') {
		free(other);
		return NULL;
	}
	gethostname(host, sizeof(host) - 1);
	out = xmemstream(&url, &size);
	fputs("file://", out);
	put_encoded(out, host);
	put_encoded(out, at);
	if (line)
		fprintf(out, "#%" PRIu32, line);
	fclose(out);
	free(other);
	return url;
}
