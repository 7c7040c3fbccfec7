/* SPDX-License-Identifier: Apache-2.0 */
/* debug/buildinfo/buildinfo.go and cmd/link/internal/ld/data.go:buildinfo tell the two forms. */
#include "target/buildinfo.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEAD = 32, /* bytes of the header, whichever form */
	FLAG_BIG_ENDIAN = 1,
	FLAG_INLINE = 2, /* strings follow the header; from 1.18 on */
	GUARD = 16, /* bytes around the module text that are no text */
	VERSION_MAX = 4096,
	MOD_MAX = 16 << 20
};

static const char magic[] = "\xff Go buildinf:";

static const char *parse_number(const char *p, const char *end, int *v)
{
	const char *from = p;

	for (*v = 0; p < end && isdigit((unsigned char)*p) && *v < 100000; p++)
		*v = *v * 10 + (*p - '0');
	return p > from ? p : NULL;
}

static void copy_version_text(struct goversion *v, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len && i + 1 < sizeof(v->text); i++) {
		if (text[i] < ' ' || text[i] > '~')
			break;
		v->text[i] = text[i];
	}
	v->text[i] = '\0';
}

static bool begins(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && !memcmp(p, word, n);
}

int goversion_parse(struct goversion *v, const char *text, size_t len)
{
	const char *end = text + len, *p, *q;

	memset(v, 0, sizeof(*v));
	v->patch = -1;
	copy_version_text(v, text, len);
	for (p = text; p + 4 <= end; p++)
		if (p[0] == 'g' && p[1] == 'o' && isdigit((unsigned char)p[2]))
			break;
	if (p + 4 > end)
		return -EINVAL;
	q = parse_number(p + 2, end, &v->major);
	if (!q || q >= end || *q != '.' || !(q = parse_number(q + 1, end, &v->minor)))
		return -EINVAL;
	if (q < end && *q == '.' && (p = parse_number(q + 1, end, &v->patch)))
		q = p;
	else
		v->patch = -1;
	v->devel = begins(text, end, "devel") || begins(q, end, "rc") || begins(q, end, "beta") ||
		   begins(q, end, "-devel");
	return 0;
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

/* A varint's value; moves *p on. False where it does not end. */
static bool read_varint(const uint8_t **p, const uint8_t *end, uint64_t *v)
{
	*v = 0;
	for (int shift = 0; *p < end && shift < 64; shift += 7) {
		uint8_t b = *(*p)++;

		*v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return true;
	}
	return false;
}

static bool is_head(const uint8_t *p)
{
	return !memcmp(p, magic, sizeof(magic) - 1) && p[14] <= 8;
}

/* On multiples of 16, which the linker aligns it to. */
static const uint8_t *search(const uint8_t *p, uint64_t n)
{
	for (uint64_t i = 0; n >= HEAD && i <= n - HEAD; i += 16)
		if (p[i] == 0xff && is_head(p + i))
			return p + i;
	return NULL;
}

/* The header and how many bytes follow it; NULL: there is none. */
static const uint8_t *find_head(const struct image *img, uint64_t *va, uint64_t *avail)
{
	const struct image_sec *sec = image_section(img, ".go.buildinfo");
	const uint8_t *p;

	if (sec && (p = image_at_avail(img, sec->va, avail)) && *avail >= HEAD && is_head(p)) {
		*va = sec->va;
		return p;
	}
	for (size_t i = 0; i < img->seg.n; i++) {
		const struct image_seg *s = &img->seg.v[i];
		uint64_t skew = -s->va & 15;

		if ((s->flags & (PF_W | PF_X)) != PF_W || s->filesz < skew)
			continue;
		p = search(img->data + s->off + skew, s->filesz - skew);
		if (!p)
			continue;
		*va = s->va + (uint64_t)(p - (img->data + s->off));
		*avail = s->filesz - (*va - s->va);
		return p;
	}
	return NULL;
}

/* Tabs and newlines stay, all else that is no text goes. */
static char *clean_text(const char *s, size_t n)
{
	char *out = xstrndup(s, n);

	for (char *p = out; *p; p++)
		if ((unsigned char)*p < ' ' && *p != '\n' && *p != '\t')
			*p = '?';
	return out;
}

/* "key\tvalue\n" → value, tabs made spaces; "" where there is no such line. */
static char *mod_line(const char *mod, const char *key, int columns)
{
	size_t n = strlen(key);
	char *out;

	while (mod && (strncmp(mod, key, n) || mod[n] != '\t')) {
		mod = strchr(mod, '\n');
		if (mod)
			mod++;
	}
	if (!mod)
		return xstrdup("");
	mod += n + 1;
	out = xstrndup(mod, strcspn(mod, "\n"));
	for (char *p = out; (p = strchr(p, '\t')); *p = ' ')
		if (--columns == 0) {
			*p = '\0';
			break;
		}
	return out;
}

static char *mod_settings(const char *mod)
{
	VEC(char) out = { 0 };

	while (mod && *mod) {
		size_t n = strcspn(mod, "\n");

		if (n > 6 && !strncmp(mod, "build\t", 6)) {
			vec_reserve(&out, out.n + n);
			memcpy(out.v + out.n, mod + 6, n - 6);
			out.n += n - 6;
			out.v[out.n++] = '\n';
		}
		mod += n + !!mod[n];
	}
	*vec_push(&out) = '\0';
	return out.v;
}

static void set_mod(struct buildinfo *b, const char *mod, size_t n)
{
	/* Guards of 16 bytes on either side; none where there is no module text. */
	if (n > 2 * GUARD && mod[n - GUARD - 1] == '\n') {
		mod += GUARD;
		n -= 2 * GUARD;
	} else {
		n = 0;
	}
	b->mod = clean_text(mod, n);
	b->path = mod_line(b->mod, "path", 1);
	b->module = mod_line(b->mod, "mod", 2);
	b->settings = mod_settings(b->mod);
}

static void read_inline(struct buildinfo *b, const uint8_t *p, uint64_t avail)
{
	const uint8_t *end = p + avail;
	uint64_t n;

	p += HEAD;
	if (!read_varint(&p, end, &n) || n > (uint64_t)(end - p) || n > VERSION_MAX)
		return;
	goversion_parse(&b->version, (const char *)p, n);
	p += n;
	if (!read_varint(&p, end, &n) || n > (uint64_t)(end - p) || n > MOD_MAX)
		return;
	set_mod(b, (const char *)p, n);
}

/* A string whose header lies at va, from the file or else the target; malloc'd or NULL. */
static char *fetch_string(const struct image *img, struct memr *mem, uint64_t va, uint64_t max,
			  uint64_t *len)
{
	const uint8_t *head = image_at(img, va, 16), *text;
	uint64_t at, live[2];
	char *out;

	if (head && !img->pie) {
		at = load64(head);
		*len = load64(head + 8);
		text = *len <= max ? image_at(img, at, *len) : NULL;
		if (text)
			return xstrndup((const char *)text, *len);
	}
	if (!mem || memr_read(mem, va + img->bias, live, sizeof(live)) || live[1] > max)
		return NULL;
	*len = live[1];
	out = xmalloc(*len + 1);
	if (memr_read(mem, live[0], out, *len)) {
		free(out);
		return NULL;
	}
	out[*len] = '\0';
	return out;
}

/* The pointers of the old form are relocated in a PIE, so only the process has them. */
static uint64_t fetch_pointer(const struct image *img, struct memr *mem, uint64_t va,
			      const uint8_t *in_file)
{
	uint64_t v;

	if (img->pie && mem && !memr_read_u64(mem, va + img->bias, &v) && v >= img->bias)
		return v - img->bias;
	return load64(in_file);
}

static void read_pointers(struct buildinfo *b, const struct image *img, struct memr *mem,
			  const uint8_t *p, uint64_t va)
{
	uint64_t n;
	char *s = fetch_string(img, mem, fetch_pointer(img, mem, va + 16, p + 16), VERSION_MAX, &n);

	if (s)
		goversion_parse(&b->version, s, strlen(s));
	free(s);
	s = fetch_string(img, mem, fetch_pointer(img, mem, va + 24, p + 24), MOD_MAX, &n);
	if (s)
		set_mod(b, s, n);
	free(s);
}

int buildinfo_read(struct buildinfo *b, const struct image *img, struct memr *mem, struct err *err)
{
	uint64_t va = 0, avail = 0;
	const uint8_t *p = find_head(img, &va, &avail);

	memset(b, 0, sizeof(*b));
	if (p && p[14] == 8 && !(p[15] & (FLAG_INLINE | FLAG_BIG_ENDIAN)))
		read_pointers(b, img, mem, p, va);
	else if (p && (p[15] & FLAG_INLINE))
		read_inline(b, p, avail);
	if (!b->mod)
		set_mod(b, "", 0);
	if (!p)
		return err_set(err, -ENOENT, EXIT_ATTACH,
			       "the executable has no Go build information");
	return 0;
}

void buildinfo_release(struct buildinfo *b)
{
	free(b->path);
	free(b->module);
	free(b->settings);
	free(b->mod);
	memset(b, 0, sizeof(*b));
}

bool buildinfo_setting(const struct buildinfo *b, const char *key, char *buf, size_t size)
{
	const char *p = b->settings;
	size_t n = strlen(key);

	while (p && *p) {
		size_t line = strcspn(p, "\n");

		if (line > n && !strncmp(p, key, n) && p[n] == '=') {
			snprintf(buf, size, "%.*s", (int)(line - n - 1), p + n + 1);
			return true;
		}
		p += line + !!p[line];
	}
	return false;
}
