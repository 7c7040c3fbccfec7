/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export/json.h"
#include "export/verdicts.h"
#include "version.h"

enum { STACKS_MOST = 8 };

const struct export_join sarif_join = {
	"{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\","
	"\"runs\":[",
	",",
	"]}\n",
};

struct sarif {
	struct json j;
	const struct export_request *r;
};

static const char *level(unsigned severity)
{
	static const char *const names[SEVERITY_N] = { "note", "warning", "error" };

	return names[severity];
}

static void put_message(struct json *j, const char *key, const char *text)
{
	jw_object(j, key);
	jw_text(j, "text", text);
	jw_end(j, '}');
}

/* --- places --- */

/* A path as a reference of RFC 3986; the caller's to free. */
static char *uri_of(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/-._~!$&'()*+,;=@";
	char *uri = xmalloc(3 * strlen(path) + sizeof("file://")), *p = uri;

	if (*path == '/')
		p = mempcpy(p, "file://", 7);
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if (strchr(plain, c)) {
			*p++ = (char)c;
			continue;
		}
		*p++ = '%';
		*p++ = "0123456789ABCDEF"[c >> 4];
		*p++ = "0123456789ABCDEF"[c & 15];
	}
	*p = '\0';
	return uri;
}

static void put_place(struct sarif *x, uint32_t file, uint32_t line)
{
	char *path = request_path(x->r, strtab_get(&x->r->world->strings, file));
	char *uri = uri_of(path);

	if (*path) {
		jw_object(&x->j, "physicalLocation");
		jw_object(&x->j, "artifactLocation");
		jw_text(&x->j, "uri", uri);
		if (*path != '/')
			jw_text(&x->j, "uriBaseId", "%SRCROOT%");
		jw_end(&x->j, '}');
		if (line) {
			jw_object(&x->j, "region");
			jw_uint(&x->j, "startLine", line);
			jw_end(&x->j, '}');
		}
		jw_end(&x->j, '}');
	}
	free(uri);
	free(path);
}

static void put_location(struct sarif *x, const char *key, uint32_t func, uint32_t file,
			 uint32_t line)
{
	const struct strtab *s = &x->r->world->strings;

	jw_object(&x->j, key);
	put_place(x, file, line);
	jw_array(&x->j, "logicalLocations");
	jw_object(&x->j, NULL);
	jw_str(&x->j, "fullyQualifiedName", strtab_get(s, func), strtab_len(s, func));
	jw_text(&x->j, "kind", "function");
	jw_end(&x->j, '}');
	jw_end(&x->j, ']');
	jw_end(&x->j, '}');
}

static void put_stack(struct sarif *x, uint64_t goid)
{
	const struct world *w = x->r->world;
	uint32_t row = world_find(w, goid), stack = row < w->now.n ? w->now.stack[row] : 0;
	const struct frame *f;
	char text[48];

	if (!stacktab_depth(&w->stacks, stack))
		return;
	snprintf(text, sizeof(text), "goroutine %" PRIu64, goid);
	jw_object(&x->j, NULL);
	put_message(&x->j, "message", text);
	jw_array(&x->j, "frames");
	for (uint32_t i = 0; (f = stacktab_frame(&w->stacks, stack, i)); i++) {
		jw_object(&x->j, NULL);
		put_location(x, "location", f->func, f->file, f->line);
		jw_end(&x->j, '}');
	}
	jw_end(&x->j, ']');
	jw_end(&x->j, '}');
}

/* --- findings --- */

static void put_text(struct sarif *x, const struct finding *f)
{
	char *text;
	size_t size;
	FILE *out = xmemstream(&text, &size);

	fprintf(out, "%s.", f->summary);
	for (size_t i = 0; i < f->evidence.n; i++)
		fprintf(out, "\n- %s", f->evidence.v[i]);
	if (*f->why)
		fprintf(out, "\nNot sure: %s", f->why);
	fprintf(out, "\nNext: %s", f->advice);
	fclose(out);
	put_message(&x->j, "message", text);
	free(text);
}

static void put_state(struct sarif *x, const struct finding *f)
{
	if (!x->r->baseline)
		return;
	jw_text(&x->j, "baselineState", f->known ? "unchanged" : "new");
	jw_array(&x->j, "suppressions");
	if (f->known) {
		jw_object(&x->j, NULL);
		jw_text(&x->j, "kind", "external");
		jw_text(&x->j, "status", "accepted");
		jw_text(&x->j, "justification", "known by the baseline");
		jw_end(&x->j, '}');
	}
	jw_end(&x->j, ']');
}

static void put_properties(struct sarif *x, const struct finding *f)
{
	jw_object(&x->j, "properties");
	jw_text(&x->j, "certainty", certainty_name((enum certainty)f->certainty));
	jw_uint(&x->j, "count", f->n);
	jw_array(&x->j, "goroutines");
	for (size_t i = 0; i < f->goid.n; i++)
		jw_uint(&x->j, NULL, f->goid.v[i]);
	jw_end(&x->j, ']');
	jw_end(&x->j, '}');
}

static void put_result(struct sarif *x, const struct finding *f)
{
	char id[20];

	snprintf(id, sizeof(id), "%016" PRIx64, f->id);
	jw_object(&x->j, NULL);
	jw_text(&x->j, "ruleId", detector_table[f->detector].name);
	jw_uint(&x->j, "ruleIndex", f->detector);
	jw_text(&x->j, "level", level(f->severity));
	put_text(x, f);
	jw_array(&x->j, "locations");
	if (f->func)
		put_location(x, NULL, f->func, f->file, f->line);
	jw_end(&x->j, ']');
	jw_object(&x->j, "partialFingerprints");
	jw_text(&x->j, "bingoTop/v1", id);
	jw_end(&x->j, '}');
	jw_array(&x->j, "stacks");
	for (size_t i = 0; i < f->goid.n && i < STACKS_MOST; i++)
		put_stack(x, f->goid.v[i]);
	jw_end(&x->j, ']');
	put_state(x, f);
	put_properties(x, f);
	jw_end(&x->j, '}');
}

static void put_driver(struct sarif *x)
{
	jw_object(&x->j, "tool");
	jw_object(&x->j, "driver");
	jw_text(&x->j, "name", "bingo-top");
	jw_text(&x->j, "version", BINGO_VERSION);
	jw_array(&x->j, "rules");
	for (int i = 0; i < DETECT_N; i++) {
		jw_object(&x->j, NULL);
		jw_text(&x->j, "id", detector_table[i].name);
		put_message(&x->j, "shortDescription", detector_table[i].about);
		jw_end(&x->j, '}');
	}
	jw_end(&x->j, ']');
	jw_end(&x->j, '}');
	jw_end(&x->j, '}');
}

int sarif_export(struct export_request *r, FILE *out)
{
	struct sarif x = { .j = { .out = out }, .r = r };
	struct report report = request_report(r);
	finding_order v = { 0 };

	report_findings(&report, &v);
	jw_object(&x.j, NULL);
	put_driver(&x);
	jw_array(&x.j, "results");
	for (size_t i = 0; i < v.n; i++)
		put_result(&x, &r->detect->findings.v.v[v.v[i]]);
	jw_end(&x.j, ']');
	jw_text(&x.j, "columnKind", "unicodeCodePoints");
	jw_end(&x.j, '}');
	vec_free(&v);
	return ferror(out) ? -EIO : 0;
}
