/* SPDX-License-Identifier: ISC */
/* check_ctl_view.c - what results look like: golden text and JSON. */
#include "config.h"

#include <check.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ctl/view.h"
#include "ctl/writer.h"
#include "tests/unit/unit.h"

#define PAGES 4

struct golden {
	const char *name;
	const char *pages[PAGES + 1];
	const char *text;
	const char *json; /* NULL: the pages as they are, a line each */
};

static const struct golden goldens[] = {
	{ "core.shmmem",
	    { "{\"total\":33554432,\"free\":30817888,\"used\":2512248,"
	      "\"real_used\":2736544,\"max_used\":2736544,\"fragments\":1}" },
	    "{\n"
	    "\ttotal: 33554432\n"
	    "\tfree: 30817888\n"
	    "\tused: 2512248\n"
	    "\treal_used: 2736544\n"
	    "\tmax_used: 2736544\n"
	    "\tfragments: 1\n"
	    "}\n" },
	{ "pkg.stats",
	    { "[{\"entry\":0,\"pid\":5694,\"desc\":\"supervisor\"},"
	      "{\"entry\":1,\"pid\":5695,\"desc\":\"worker 1\"}]" },
	    "{\n"
	    "\tentry: 0\n"
	    "\tpid: 5694\n"
	    "\tdesc: supervisor\n"
	    "}\n"
	    "{\n"
	    "\tentry: 1\n"
	    "\tpid: 5695\n"
	    "\tdesc: worker 1\n"
	    "}\n" },
	{ "mod.stats",
	    { "{\"core\":{\"main(12)\":48,\"Total\":48},\"tm\":{\"Total\":0}"
	      "}" },
	    "{\n"
	    "\tcore: {\n"
	    "\t\tmain(12): 48\n"
	    "\t\tTotal: 48\n"
	    "\t}\n"
	    "\ttm: {\n"
	    "\t\tTotal: 0\n"
	    "\t}\n"
	    "}\n" },
	{ "core.echo", { "[\"a b\",5,-7,true,null,1.50]" },
	    "a b\n5\n-7\ntrue\nnull\n1.50\n" },
	{ "a bare string", { "\"pong\"" }, "pong\n" },
	{ "a bare number", { "-9223372036854775808" },
	    "-9223372036854775808\n" },
	{ "a number beyond int64", { "18446744073709551615" },
	    "18446744073709551615\n" },
	{ "null", { "null" }, "ok\n" },
	{ "a help text keeps its lines", { "\"one\\n\\ttwo\"" },
	    "one\n\ttwo\n" },
	{ "nothing in it", { "{}" }, "{\n}\n" },
	{ "no entries", { "[]" }, "" },
	{ "an array under a key",
	    { "{\"pids\":[1,2],\"none\":[],\"no\":{},\"last\":3}" },
	    "{\n"
	    "\tpids: {\n"
	    "\t\t1\n"
	    "\t\t2\n"
	    "\t}\n"
	    "\tnone: {\n"
	    "\t}\n"
	    "\tno: {\n"
	    "\t}\n"
	    "\tlast: 3\n"
	    "}\n" },
	{ "structs and arrays in an array under a key",
	    { "{\"blocks\":[{\"size\":8,\"site\":{\"line\":3}},[4,[5]]]}" },
	    "{\n"
	    "\tblocks: {\n"
	    "\t\t{\n"
	    "\t\t\tsize: 8\n"
	    "\t\t\tsite: {\n"
	    "\t\t\t\tline: 3\n"
	    "\t\t\t}\n"
	    "\t\t}\n"
	    "\t\t{\n"
	    "\t\t\t4\n"
	    "\t\t\t{\n"
	    "\t\t\t\t5\n"
	    "\t\t\t}\n"
	    "\t\t}\n"
	    "\t}\n"
	    "}\n" },
	{ "arrays in an array at the top", { "[[1,2],{\"a\":1},3]" },
	    "{\n\t1\n\t2\n}\n{\n\ta: 1\n}\n3\n" },
	{ "hostile bytes",
	    { "{\"desc\":\"\\u001b[2J\\r\\n}\\u0000x\\u009b\","
	      "\"k\\n\\u0007\":\"\\\"\\\\/\"}" },
	    "{\n"
	    "\tdesc: \\x1b[2J\\x0d\\n}\\x00x\\xc2\\x9b\n"
	    "\tk\\n\\x07: \"\\/\n"
	    "}\n",
	    "{\"desc\":\"\\u001b[2J\\u000d\\n}\\u0000x\\u009b\","
	    "\"k\\n\\u0007\":\"\\\"\\\\/\"}\n" },
	{ "pages are one struct",
	    { "{\"pid\":7,\"blocks\":[1,2],\"next\":\"a\"}",
		"{\"pid\":7,\"blocks\":[3],\"next\":\"b\"}",
		"{\"pid\":7,\"blocks\":[4],\"sums\":[5],\"next\":null}" },
	    "{\n"
	    "\tpid: 7\n"
	    "\tblocks: {\n"
	    "\t\t1\n\t\t2\n\t\t3\n\t\t4\n"
	    "\t}\n"
	    "\tsums: {\n"
	    "\t\t5\n"
	    "\t}\n"
	    "}\n" },
	{ "an array may still be empty on the first page",
	    { "{\"blocks\":[],\"sums\":[],\"next\":1}",
		"{\"blocks\":[1],\"sums\":[],\"next\":2}",
		"{\"blocks\":[2],\"sums\":[],\"size\":9,\"next\":null}" },
	    "{\n"
	    "\tblocks: {\n\t\t1\n\t\t2\n\t}\n"
	    "\tsums: {\n\t}\n"
	    "\tsize: 9\n"
	    "}\n" },
	{ "a page with next null is a plain struct",
	    { "{\"next\":null,\"a\":1}" }, "{\n\ta: 1\n}\n" },
	{ "next deeper down means nothing",
	    { "{\"a\":{\"next\":\"x\"},\"b\":[{\"next\":1}]}" },
	    "{\n"
	    "\ta: {\n\t\tnext: x\n\t}\n"
	    "\tb: {\n\t\t{\n\t\t\tnext: 1\n\t\t}\n\t}\n"
	    "}\n" },
	{ "a page that is no struct ends the one before",
	    { "{\"a\":[1],\"next\":\"x\"}", "5" },
	    "{\n\ta: {\n\t\t1\n\t}\n}\n5\n" },
};

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void show_pages(struct writer *writer, const char *const *pages)
{
	struct view *view;

	ck_assert_int_eq(view_new(writer, &view), 0);
	for (; *pages != NULL; pages++) {
		struct json_object *page = json_tokener_parse(*pages);

		ck_assert(page != NULL || strcmp(*pages, "null") == 0);
		ck_assert_int_eq(view_page(view, page), 0);
		json_object_put(page);
	}
	view_free(&view);
	ck_assert_ptr_null(view);
}

/* The caller frees it. */
static char *show(enum writer_form form, const char *const *pages)
{
	struct writer_style style = { .form = form };
	struct writer *writer;
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(writer_new(&style, out, &writer), 0);
	show_pages(writer, pages);
	ck_assert_int_eq(writer_flush(writer), 0);
	writer_free(&writer);
	fclose(out);
	return got;
}

START_TEST(text_has_the_shape_that_operators_know)
{
	char *got = show(WRITER_TEXT, goldens[_i].pages);

	ck_assert_msg(strcmp(got, goldens[_i].text) == 0, "%s: got\n%swant\n%s",
	    goldens[_i].name, got, goldens[_i].text);
	free(got);
}
END_TEST

START_TEST(json_is_the_result_on_one_line_for_each_page)
{
	char *got = show(WRITER_JSON, goldens[_i].pages);
	char *want = NULL;
	size_t size;
	FILE *out = open_memstream(&want, &size);

	if (goldens[_i].json != NULL)
		fputs(goldens[_i].json, out);
	for (int i = 0; goldens[_i].json == NULL && goldens[_i].pages[i]; i++)
		fprintf(out, "%s\n", goldens[_i].pages[i]);
	fclose(out);
	ck_assert_msg(strcmp(got, want) == 0, "%s: got\n%swant\n%s",
	    goldens[_i].name, got, want);
	free(want);
	free(got);
}
END_TEST

START_TEST(the_request_for_the_next_page_is_found)
{
	struct json_object *page =
	    json_tokener_parse("{\"next\":{\"method\":\"m\"}}");
	struct json_object *last = json_tokener_parse("{\"next\":null}");
	struct json_object *array = json_tokener_parse("[\"next\"]");

	ck_assert(json_object_is_type(view_next(page), json_type_object));
	ck_assert_ptr_null(view_next(last));
	ck_assert_ptr_null(view_next(array));
	ck_assert_ptr_null(view_next(NULL));
	json_object_put(page);
	json_object_put(last);
	json_object_put(array);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	static const char *const pages[] = { "{\"a\":1}", NULL };
	static const struct writer_style style = { .form = WRITER_TEXT };
	struct writer *writer;
	FILE *out = fopen("/dev/full", "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(writer_new(&style, out, &writer), 0);
	show_pages(writer, pages);
	ck_assert_int_eq(writer_flush(writer), -KM_ESYS);
	writer_free(&writer);
	fclose(out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ctl_view");
	TCase *tc = tcase_create("ctl_view");

	tcase_add_loop_test(
	    tc, text_has_the_shape_that_operators_know, 0, COUNT(goldens));
	tcase_add_loop_test(tc, json_is_the_result_on_one_line_for_each_page, 0,
	    COUNT(goldens));
	tcase_add_test(tc, the_request_for_the_next_page_is_found);
	tcase_add_test(tc, a_full_disk_is_told);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
