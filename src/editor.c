/* SPDX-License-Identifier: Apache-2.0 */
#include "editor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/mem.h"

static const int held[ARRAY_SIZE(((struct editor_signals *)0)->before)] = { SIGINT, SIGQUIT,
									    SIGTSTP };

/* How an editor is told the line, by its name. */
enum line_style { LINE_PLUS, LINE_COLON, LINE_GOTO, LINE_OPTION, LINE_OWN };

static enum line_style style_of(const char *command)
{
	static const char *const colon[] = { "hx", "helix", "subl", "zed", "zeditor" };
	static const char *const go_to[] = { "code", "codium", "code-insiders", "cursor" };
	static const char *const option[] = { "kate", "idea", "goland", "clion" };
	size_t len = strcspn(command, " ");
	char name[64];

	if (strstr(command, "{file}"))
		return LINE_OWN;
	while (len && memchr(command, '/', len)) {
		const char *slash = memchr(command, '/', len);

		len -= (size_t)(slash + 1 - command);
		command = slash + 1;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, command);
	for (size_t i = 0; i < ARRAY_SIZE(colon); i++)
		if (!strcmp(colon[i], name))
			return LINE_COLON;
	for (size_t i = 0; i < ARRAY_SIZE(go_to); i++)
		if (!strcmp(go_to[i], name))
			return LINE_GOTO;
	for (size_t i = 0; i < ARRAY_SIZE(option); i++)
		if (!strcmp(option[i], name))
			return LINE_OPTION;
	return LINE_PLUS;
}

static const char *editor_command(const char *own)
{
	const char *e = own && *own ? own : getenv("VISUAL");

	if (!e || !*e)
		e = getenv("EDITOR");
	return e && *e ? e : "vi";
}

/* {file} and {line} become a shell's words 1 and 2, whatever is in them. malloced. */
static char *own_script(const char *command)
{
	static const struct {
		const char *name, *word;
	} words[] = { { "{file}", "\"$1\"" }, { "{line}", "\"$2\"" } };
	char *script = NULL;
	size_t size;
	FILE *out = xmemstream(&script, &size);

	fputs("exec ", out);
	while (*command) {
		size_t i = 0;

		while (i < ARRAY_SIZE(words) &&
		       strncmp(command, words[i].name, strlen(words[i].name)) != 0)
			i++;
		if (i == ARRAY_SIZE(words)) {
			fputc(*command++, out);
			continue;
		}
		fputs(words[i].word, out);
		command += strlen(words[i].name);
	}
	fclose(out);
	return script;
}

static void signals_reset(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		signal(held[i], SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
}

/* The command may have arguments of its own, so a shell takes it apart; the file stays one word. */
static _Noreturn void run_child(const char *command, const char *file, uint32_t line)
{
	enum line_style style = style_of(command);
	char *script =
		style == LINE_OWN ? own_script(command) : xasprintf("exec %s \"$@\"", command);
	char *number = xasprintf("%u", line);
	char *at = style == LINE_PLUS ? xasprintf("+%u", line) : xasprintf("%s:%u", file, line);

	signals_reset();
	if (style == LINE_OWN)
		execl("/bin/sh", "sh", "-c", script, "editor", file, number, (char *)NULL);
	else if (style == LINE_OPTION)
		execl("/bin/sh", "sh", "-c", script, "editor", "--line", number, file,
		      (char *)NULL);
	else if (style == LINE_PLUS)
		execl("/bin/sh", "sh", "-c", script, "editor", at, file, (char *)NULL);
	else if (style == LINE_COLON)
		execl("/bin/sh", "sh", "-c", script, "editor", at, (char *)NULL);
	else
		execl("/bin/sh", "sh", "-c", script, "editor", "-g", at, (char *)NULL);
	_exit(127);
}

static int wait_for(pid_t pid, const char *command, struct err *err)
{
	int status;

	/* ^Z reaches the editor and us alike: we stop by its default and go on with it */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(err, -errno, EXIT_USAGE, "waiting for the editor: %s",
				       strerror(errno));
	if (WIFEXITED(status) && (WEXITSTATUS(status) == 127 || WEXITSTATUS(status) == 126))
		return err_set(err, -ENOENT, EXIT_USAGE,
			       "the editor '%s' cannot be started; set $VISUAL or $EDITOR, or "
			       "editor in the configuration",
			       command);
	if (WIFSIGNALED(status))
		return err_set(err, -EINTR, EXIT_USAGE, "the editor '%s' was ended by signal %d",
			       command, WTERMSIG(status));
	return 0;
}

void editor_signals_hold(struct editor_signals *s)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, plain = { .sa_handler = SIG_DFL };

	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		sigaction(held[i], held[i] == SIGTSTP ? &plain : &ignore, &s->before[i]);
}

void editor_signals_let(const struct editor_signals *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		sigaction(held[i], &s->before[i], NULL);
}

int editor_run(const char *own, const char *file, uint32_t line, struct err *err)
{
	struct editor_signals s;
	const char *command = editor_command(own);
	pid_t pid;
	int rc;

	if (access(file, R_OK))
		return err_set(err, -errno, EXIT_USAGE, "%s: %s", file, strerror(errno));
	editor_signals_hold(&s);
	pid = fork();
	if (!pid)
		run_child(command, file, line ? line : 1);
	rc = pid < 0 ? err_set(err, -errno, EXIT_USAGE, "starting an editor: %s", strerror(errno))
		     : wait_for(pid, command, err);
	editor_signals_let(&s);
	return rc;
}
