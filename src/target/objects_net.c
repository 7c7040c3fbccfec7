/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of the target: what they are, and for sockets both addresses. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/objects_priv.h"

enum {
	TCP_LISTEN = 10, /* include/net/tcp_states.h */
	FILE_MOST = 8 << 20, /* of /proc/PID/net/tcp that is read */
	FILE_PART = 64 << 10,
	UNIX_ACCEPTS = 1 << 16, /* __SO_ACCEPTCON */
	LISTENS = 1u << 31, /* beside a string id */
	/* /proc/PID/fd/N: so many at once, so many in each look, since each text is kept for ever */
	LINKS_MOST = 4096,
	LINKS_MORE = 64,
	LOOKS_APART =
		4, /* two readings of /proc/PID/net: the kernel walks all of its tables for them */
	KEPT_MOST = 1 << 17,
};

/* Appends the file to o->sockets; where it begins there. */
static size_t file_read(struct objects *o, const char *name)
{
	size_t first = o->sockets.n, most = first + FILE_MOST;
	char path[64];
	ssize_t got = 1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)o->t->pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && o->sockets.n < most && got > 0) {
		vec_reserve(&o->sockets, o->sockets.n + FILE_PART + 1);
		got = read(fd, o->sockets.v + o->sockets.n, FILE_PART);
		o->sockets.n += got > 0 ? (size_t)got : 0;
	}
	if (fd >= 0)
		close(fd);
	*vec_push(&o->sockets) = '\0';
	return first;
}

/* "0100007F:1F90"; net/ipv4/tcp_ipv4.c prints words of the machine's own order. */
static void address_text(const char *hex, bool six, char *out, size_t size)
{
	uint32_t w[4] = { 0 };
	unsigned port = 0;
	char ip[INET6_ADDRSTRLEN] = "?";
	int n = six ? sscanf(hex, "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 ":%x", &w[0],
			     &w[1], &w[2], &w[3], &port)
		    : sscanf(hex, "%8" SCNx32 ":%x", &w[0], &port);

	if (n != (six ? 5 : 2)) {
		snprintf(out, size, "?");
		return;
	}
	inet_ntop(six ? AF_INET6 : AF_INET, w, ip, sizeof(ip));
	snprintf(out, size, six ? "[%s]:%u" : "%s:%u", ip, port);
}

static const struct {
	const char *name, *proto;
	bool six;
} files[] = {
	{ "tcp", "tcp", false }, { "tcp6", "tcp", true }, { "udp", "udp", false },
	{ "udp6", "udp", true }, { "unix", NULL, false },
};

static uint64_t line_inode(const char *line, bool local)
{
	uint64_t inode;
	int n = local ? sscanf(line, "%*x: %*x %*x %*x %*x %*x %" SCNu64, &inode)
		      : sscanf(line, " %*d: %*s %*s %*x %*s %*s %*s %*u %*u %" SCNu64, &inode);

	return n == 1 ? inode : 0;
}

static uint32_t inet_text(struct objects *o, const char *proto, bool six, const char *line)
{
	char local[48], remote[48], from[64], to[64];
	unsigned state;
	bool listens;

	if (sscanf(line, " %*d: %47s %47s %x", local, remote, &state) != 3)
		return 0;
	address_text(local, six, from, sizeof(from));
	address_text(remote, six, to, sizeof(to));
	listens = state == TCP_LISTEN && !strcmp(proto, "tcp");
	if (listens)
		return objects_str(o, "%s %s", proto, from) | LISTENS;
	if (strspn(remote, "0:") == strlen(remote))
		return objects_str(o, "%s %s", proto, from);
	return objects_str(o, "%s %s -> %s", proto, from, to);
}

/* net/unix/af_unix.c:unix_seq_show: Num RefCount Protocol Flags Type St Inode Path */
static uint32_t unix_text(struct objects *o, const char *line)
{
	unsigned flags;
	int at = 0;
	uint32_t id;

	if (sscanf(line, "%*x: %*x %*x %x %*x %*x %*u%n", &flags, &at) != 1 || !at)
		return 0;
	line += at;
	line += strspn(line, " ");
	id = objects_str(o, *line ? "unix %s" : "unix", line);
	return flags & UNIX_ACCEPTS ? id | LISTENS : id;
}

/* Only finds the lines: most are of sockets of others. */
static void lines_find(struct objects *o, unsigned file)
{
	size_t at = file_read(o, files[file].name);

	while (o->sockets.v[at]) {
		size_t n = strcspn(o->sockets.v + at, "\n");
		bool more = o->sockets.v[at + n] == '\n';
		uint64_t inode;

		o->sockets.v[at + n] = '\0';
		inode = line_inode(o->sockets.v + at, !files[file].proto);
		if (inode && at < UINT32_MAX >> 3)
			map64_put(&o->inode, inode, (uint32_t)at << 3 | file);
		at += n + more;
	}
}

static void sockets_read(struct objects *o)
{
	map64_clear(&o->inode);
	o->sockets.n = 0;
	o->sockets_look = o->look;
	for (unsigned i = 0; i < ARRAY_SIZE(files); i++)
		lines_find(o, i);
}

static uint32_t socket_text(struct objects *o, uint64_t inode)
{
	uint32_t at = map64_get(&o->inode, inode);
	unsigned file = at & 7;

	if (at == UINT32_MAX)
		return 0;
	at >>= 3;
	if (!files[file].proto)
		return unix_text(o, o->sockets.v + at);
	return inet_text(o, files[file].proto, files[file].six, o->sockets.v + at);
}

/* Id of the text, with LISTENS; 0: not known yet. */
static uint32_t fd_text(struct objects *o, int fd)
{
	char path[64], link[512];
	uint64_t inode;
	uint32_t id;
	ssize_t n;

	if (!o->links || o->t->core) /* a core has numbers only */
		return 0;
	o->links--;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)o->t->pid, fd);
	n = readlink(path, link, sizeof(link) - 1);
	if (n <= 0)
		return 0;
	link[n] = '\0';
	if (sscanf(link, "socket:[%" SCNu64 "]", &inode) != 1)
		return objects_str(o, "%s", link);
	id = socket_text(o, inode);
	if (id || (o->sockets_look && o->look - o->sockets_look < LOOKS_APART))
		return id;
	sockets_read(o);
	id = socket_text(o, inode);
	return id ? id : objects_str(o, "%s", link); /* of a kind that is not listed */
}

void net_begin(struct objects *o)
{
	o->links = o->look == 1 ? LINKS_MOST : o->links + LINKS_MORE;
	o->links = o->links < LINKS_MOST ? o->links : LINKS_MOST;
}

uint32_t net_text(struct objects *o, int fd, uint64_t key, bool *listens)
{
	uint64_t at = hash_u64(key) ^ (uint64_t)fd;
	uint32_t id = map64_get(&o->fd_text, at);

	if (id == UINT32_MAX) {
		id = fd_text(o, fd);
		if (o->fd_text.n > KEPT_MOST)
			map64_clear(&o->fd_text);
		if (id)
			map64_put(&o->fd_text, at, id);
	}
	*listens = id & LISTENS;
	return id & ~LISTENS;
}
