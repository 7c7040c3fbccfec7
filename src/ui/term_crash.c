/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/term_crash.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/mapped.h"
#include "core/mem.h"

enum { CRASH_BYTES = 512, CRASH_STACK = 64 * 1024 };

static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

/* All that the handler needs, made before: it may neither allocate nor lock. */
static struct {
	int fd;
	char bytes[CRASH_BYTES];
	size_t n;
	struct termios modes;
	struct sigaction before[ARRAY_SIZE(signals)];
	volatile sig_atomic_t armed;
	_Alignas(16) char stack[CRASH_STACK];
} crash;

static void put(int fd, const char *s, size_t n)
{
	while (n) {
		ssize_t w = write(fd, s, n);

		if (w <= 0)
			return;
		s += w;
		n -= (size_t)w;
	}
}

static void say(int sig)
{
	char text[] = "bingo-top: ended by signal 00, a fault of its own; please report it with "
		      "the output of bingo-top --version\n";
	char *digits = strstr(text, "00");

	digits[0] = (char)(sig >= 10 ? '0' + sig / 10 % 10 : ' ');
	digits[1] = (char)('0' + sig % 10);
	put(STDERR_FILENO, text, sizeof(text) - 1);
}

static void on_crash(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (sig == SIGBUS && mapped_mend(info))
		return;
	if (crash.armed) {
		crash.armed = 0;
		put(crash.fd, crash.bytes, crash.n);
		tcsetattr(crash.fd, TCSANOW, &crash.modes);
		say(sig);
	}
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &crash.before[i], NULL);
	/* a fault comes again by itself on return, and who stood here before us sees it */
	if (info->si_code <= 0 || sig == SIGABRT)
		raise(sig);
}

void crash_arm(int fd, const char *bytes, size_t n, const struct termios *modes)
{
	stack_t alt = { .ss_sp = crash.stack, .ss_size = sizeof(crash.stack) };
	struct sigaction sa = { .sa_flags = SA_SIGINFO | SA_ONSTACK };

	if (n > sizeof(crash.bytes))
		n = sizeof(crash.bytes);
	crash_disarm();
	crash.fd = fd;
	memcpy(crash.bytes, bytes, n);
	crash.n = n;
	crash.modes = *modes;
	sa.sa_sigaction = on_crash;
	sigemptyset(&sa.sa_mask);
	sigaltstack(&alt, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &sa, &crash.before[i]);
	crash.armed = 1;
}

void crash_disarm(void)
{
	if (!crash.armed)
		return;
	crash.armed = 0;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &crash.before[i], NULL);
}
