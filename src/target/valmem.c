/* SPDX-License-Identifier: Apache-2.0 */
#include "target/valmem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { READS_MOST = 1 << 20, FETCHES_MOST = 1 << 16, OWN_MOST = 1 << 20 };

void valmem_init(struct valmem *m, struct memr *mem)
{
	*m = (struct valmem){ .mem = mem, .reads_most = READS_MOST, .fetches_most = FETCHES_MOST };
	m->data = xmalloc((size_t)VALMEM_PAGES * VALMEM_PAGE);
}

void valmem_release(struct valmem *m)
{
	free(m->data);
	vec_free(&m->own);
	vec_free(&m->known);
	m->data = NULL;
}

void valmem_begin(struct valmem *m)
{
	memset(m->page, 0, sizeof(m->page));
	m->own.n = m->known.n = 0;
	m->reads = m->fetches = m->lacked = 0;
}

static int own_read(const struct valmem *m, uint64_t addr, void *buf, size_t len)
{
	uint64_t at = addr - VALMEM_OWN;

	if (!len)
		return 0;
	if (at > m->own.n || len > m->own.n - at)
		return -EFAULT;
	for (size_t i = 0; i < len; i++)
		if (m->known.v[at + i] != VALMEM_KNOWN)
			return -ENODATA;
	memcpy(buf, m->own.v + at, len);
	return 0;
}

/* NULL: the page is not there as a whole. */
static const uint8_t *page_get(struct valmem *m, uint64_t number)
{
	size_t slot = number % VALMEM_PAGES;
	uint8_t *data = m->data + slot * VALMEM_PAGE;

	if (m->page[slot] == number + 1)
		return data;
	m->page[slot] = 0;
	if (++m->fetches > m->fetches_most ||
	    memr_read(m->mem, number * VALMEM_PAGE, data, VALMEM_PAGE))
		return NULL;
	m->page[slot] = number + 1;
	return data;
}

static int target_read(struct valmem *m, uint64_t addr, void *buf, size_t len)
{
	uint8_t *to = buf;

	while (len) {
		size_t off = addr % VALMEM_PAGE;
		size_t n = len < VALMEM_PAGE - off ? len : VALMEM_PAGE - off;
		const uint8_t *page = page_get(m, addr / VALMEM_PAGE);

		if (page)
			memcpy(to, page + off, n);
		else if (m->fetches > m->fetches_most)
			return -ENOBUFS;
		else if (memr_read(m->mem, addr, to, n))
			return -EFAULT;
		addr += n;
		to += n;
		len -= n;
	}
	return 0;
}

int valmem_read(struct valmem *m, uint64_t addr, void *buf, size_t len)
{
	int rc;

	if (++m->reads > m->reads_most)
		return -ENOBUFS;
	if (addr < VALMEM_OWN && len > VALMEM_OWN - addr)
		return -EFAULT;
	rc = addr >= VALMEM_OWN ? own_read(m, addr, buf, len) : target_read(m, addr, buf, len);
	m->lacked += rc && rc != -ENOBUFS && valmem_lacks(m, addr, len);
	return rc;
}

bool valmem_lacks(struct valmem *m, uint64_t addr, size_t len)
{
	uint64_t at = addr - VALMEM_OWN;

	if (addr < VALMEM_OWN)
		return len <= VALMEM_OWN - addr && memr_lacks(m->mem, addr, len);
	if (at > m->own.n || len > m->own.n - at)
		return false;
	for (size_t i = 0; i < len; i++)
		if (m->known.v[at + i] == VALMEM_LACKING)
			return true;
	return false;
}

uint64_t valmem_own(struct valmem *m, size_t len)
{
	uint64_t at = m->own.n;

	if (!len || len > OWN_MOST || at > OWN_MOST)
		return VALMEM_OWN + OWN_MOST * 4ull; /* nothing can be read there */
	vec_reserve(&m->own, at + len);
	vec_reserve(&m->known, at + len);
	memset(m->own.v + at, 0, len);
	memset(m->known.v + at, 0, len);
	m->own.n = m->known.n = at + len;
	return VALMEM_OWN + at;
}

void valmem_own_set(struct valmem *m, uint64_t addr, const void *data, size_t len)
{
	uint64_t at = addr - VALMEM_OWN;

	if (!len || addr < VALMEM_OWN || at > m->own.n || len > m->own.n - at)
		return;
	memcpy(m->own.v + at, data, len);
	memset(m->known.v + at, VALMEM_KNOWN, len);
}

void valmem_own_lack(struct valmem *m, uint64_t addr, size_t len)
{
	uint64_t at = addr - VALMEM_OWN;

	if (len && addr >= VALMEM_OWN && at <= m->own.n && len <= m->own.n - at)
		memset(m->known.v + at, VALMEM_LACKING, len);
}
