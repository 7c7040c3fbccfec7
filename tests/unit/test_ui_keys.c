/* SPDX-License-Identifier: Apache-2.0 */
/* The one key table: every row is whole, no key means two things in one place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/help.h"
#include "ui/pane.h"

static const unsigned contexts[] = {
	CTX_PANE(PANE_LIST),
	CTX_PANE(PANE_DETAIL),
	CTX_PANE(PANE_TIMELINE),
	CTX_PANE(PANE_SOURCE),
	CTX_PANE(PANE_FLAME),
	CTX_PANE(PANE_CHANGES),
	CTX_PANE(PANE_FINDINGS),
	CTX_PANE(PANE_GRAPH),
	CTX_PANE(PANE_VARS),
	CTX_PANE(PANE_FINDINGS),
	CTX_PANE(PANE_GRAPH),
	CTX_SETUP,
	CTX_FILTERS,
	CTX_PROMPT,
	CTX_HELP,
};

/* Presses the keys that a word of the table stands for. */
static const struct key_binding *press(const char *word, size_t len, unsigned ctx)
{
	uint32_t key = key_parse(word, len);
	const struct key_binding *row = NULL;
	struct key_seq seq = { 0 };
	size_t used;

	if (key)
		return key_feed(&seq, key, ctx);
	for (; len; word += used, len -= used) {
		key = (uint32_t)text_get(word, len, &used);
		row = key_feed(&seq, key, ctx);
	}
	return row;
}

static void test_every_row_is_whole(void **state)
{
	(void)state;
	for (const struct key_binding *b = key_table; b->action; b++) {
		assert_true(b->ctx != 0);
		assert_true(strlen(b->name) > 1);
		assert_true(strspn(b->name, "abcdefghijklmnopqrstuvwxyz-") == strlen(b->name));
		assert_true(strlen(b->help) > 3);
		assert_true(b->help[strlen(b->help) - 1] != '.');
		/* one name, one action */
		for (const struct key_binding *o = key_table; o < b; o++)
			if (!strcmp(o->name, b->name))
				assert_int_equal(o->action, b->action);
	}
}

static void test_every_key_reaches_its_row(void **state)
{
	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(contexts); c++) {
		bool pane = !(contexts[c] & (CTX_PROMPT | CTX_HELP));
		unsigned ctx = contexts[c] | (pane ? CTX_ANY : 0);

		for (const struct key_binding *b = key_table; b->action; b++) {
			const char *w = b->keys;

			if (!(b->ctx & ctx))
				continue;
			for (size_t len; *w; w += len + (w[len] == ' ')) {
				const struct key_binding *got;

				len = strcspn(w, " ");
				got = press(w, len, ctx);
				assert_non_null(got);
				/* a pane's own row may stand before one for all */
				if (got != b)
					assert_true(b->ctx & CTX_ANY && !(got->ctx & CTX_ANY));
			}
		}
	}
}

static void test_sequences(void **state)
{
	struct key_seq seq = { 0 };
	unsigned ctx = CTX_PANE(PANE_LIST) | CTX_ANY;

	(void)state;
	assert_null(key_feed(&seq, 'g', ctx));
	assert_int_equal(seq.n, 1);
	assert_int_equal(key_feed(&seq, 'g', ctx)->action, ACT_TOP);
	assert_int_equal(seq.n, 0);
	/* a begun one that goes wrong does not swallow the key */
	assert_null(key_feed(&seq, 'g', ctx));
	assert_int_equal(key_feed(&seq, 'j', ctx)->action, ACT_DOWN);
	assert_int_equal(seq.n, 0);
	assert_null(key_feed(&seq, 0x4e16, ctx));
	assert_int_equal(seq.n, 0);
}

static void test_names(void **state)
{
	static const uint32_t keys[] = { 'j',	 'J',	 ' ',	  '^',	    UK_ENTER, UK_ESC,
					 UK_UP,	 UK_END, UK_F1,	  UK_F12,   4,	      UK_BACKTAB,
					 UK_TAB, 0x4e16, UK_PGDN, UK_DELETE };
	char buf[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *name = key_spell(buf, keys[i]);

		assert_int_equal(key_parse(name, strlen(name)), keys[i]);
	}
	assert_int_equal(key_parse("F0", 2), UK_NONE);
	assert_int_equal(key_parse("F13", 3), UK_NONE);
	assert_int_equal(key_parse("nosuch", 6), UK_NONE);
	assert_int_equal(key_parse("", 0), UK_NONE);
	assert_int_equal(key_parse("\xff", 1), UK_NONE);
	assert_int_equal(key_parse("^d", 2), UK_NONE);
}

static void test_pane_rows_go_first(void **state)
{
	(void)state;
	assert_string_equal(key_row(ACT_FILTER, CTX_PANE(PANE_LIST) | CTX_ANY)->keys, "/ \\ F4");
	assert_string_equal(key_row(ACT_FILTER, CTX_PANE(PANE_SOURCE) | CTX_ANY)->keys, "\\ F4");
	assert_int_equal(press("/", 1, CTX_PANE(PANE_SOURCE) | CTX_ANY)->action, ACT_SEARCH);
	assert_int_equal(press("/", 1, CTX_PANE(PANE_LIST) | CTX_ANY)->action, ACT_FILTER);
}

/* Help and manual lack nothing that is bound. */
static void test_help_and_manual_have_every_row(void **state)
{
	struct help h = { 0 };
	char *man = NULL;
	size_t size;
	FILE *out = open_memstream(&man, &size);

	(void)state;
	key_print_man(out);
	fclose(out);
	help_open_keys(&h, NULL, CTX_PANE(PANE_SOURCE));
	assert_string_equal(h.line.v[0].text, "Source");
	for (const struct key_binding *b = key_table; b->action; b++) {
		bool found = false;

		for (size_t i = 0; i < h.line.n; i++)
			found |= h.line.v[i].left &&
				 !strncmp(h.line.v[i].text, b->help, strlen(b->help)) &&
				 (!*b->keys || !strcmp(h.line.v[i].left, b->keys));
		assert_true(found);
		assert_true(strstr(man, b->help + 1) || strpbrk(b->help, "-^\\'\""));
	}
	help_close(&h);
	free(man);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_is_whole),
		cmocka_unit_test(test_every_key_reaches_its_row),
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_pane_rows_go_first),
		cmocka_unit_test(test_help_and_manual_have_every_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
