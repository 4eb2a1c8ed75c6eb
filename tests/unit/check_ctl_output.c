/* SPDX-License-Identifier: ISC */
/* check_ctl_output.c - forms of output: templates, spread JSON, units, colours.
 */
#include "config.h"

#include <check.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ctl/human.h"
#include "ctl/template.h"
#include "ctl/view.h"
#include "ctl/writer.h"
#include "tests/unit/unit.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* The caller frees it. */
static char *show(const struct writer_style *style, const char *json)
{
	struct json_object *value = json_tokener_parse(json);
	struct writer *writer;
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	ck_assert(value != NULL || strcmp(json, "null") == 0);
	ck_assert_int_eq(writer_new(style, out, &writer), 0);
	view_value(writer, NULL, value);
	ck_assert_int_eq(writer_flush(writer), 0);
	writer_free(&writer);
	fclose(out);
	json_object_put(value);
	return got;
}

static void check_show(
    const struct writer_style *style, const char *json, const char *want)
{
	char *got = show(style, json);

	ck_assert_str_eq(got, want);
	free(got);
}

static const struct {
	const char *template, *json, *want;
} templates[] = {
	{ "%v\\n", "[1,2,3]", "1\n2\n3\n" },
	{ "%v,%v\\n", "[1,2,3,4]", "1,2\n3,4\n" },
	{ "%v,%v\\n", "[1,2,3]", "1,2\n3,\n" },
	{ "a=%v b=%v c=%v.", "[1]", "a=1 b= c=." },
	{ "%v", "{\"a\":1,\"b\":{\"c\":[2,\"x\"]},\"d\":true}", "12xtrue" },
	{ "<%v>\\n", "5", "<5>\n" },
	{ "%v%%\\t%v\\\\\\n", "[1,2]", "1%\t2\\\n" },
	{ "done\\n", "[1,2,3]", "done\n" },
	{ "done\\n", "null", "done\n" },
	{ "done\\n", "{}", "done\n" },
	{ "%%v", "[1,2]", "%v" },
	{ "\\\\%v", "[1,2]", "\\1\\2" },
	{ "%v\\n", "[]", "" },
	{ "%v\\n", "null", "" },
	{ "%v\\n", "[null]", "null\n" },
	{ "%v\\n", "[\"a\\u001b[2J\\n%v\"]", "a\\x1b[2J\\n%v\n" },
	{ "gr\xc3\xbc\xc3\x9f %v", "[1]", "gr\xc3\xbc\xc3\x9f 1" },
};

START_TEST(a_template_is_filled_with_each_value_in_turn)
{
	struct writer_style style = {
		.form = WRITER_TEMPLATE,
		.template = templates[_i].template,
	};
	const char *why;

	ck_assert_int_eq(template_check(style.template, &why), 0);
	check_show(&style, templates[_i].json, templates[_i].want);
}
END_TEST

START_TEST(a_template_begins_anew_with_each_result)
{
	struct writer_style style = {
		.form = WRITER_TEMPLATE,
		.template = "%v-%v\\n",
	};
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);
	struct json_object *one = json_object_new_int(1);
	struct writer *writer;

	ck_assert_int_eq(writer_new(&style, out, &writer), 0);
	view_value(writer, NULL, one);
	view_value(writer, NULL, one);
	writer_free(&writer);
	fclose(out);
	ck_assert_str_eq(got, "1-\n1-\n");
	json_object_put(one);
	free(got);
}
END_TEST

/* Whatever is typed: it is refused, or it ends and says each value once. */
START_TEST(no_template_can_hang_it)
{
	static const char letters[] = "%%vvn\\\\nt x";
	struct writer_style style = { .form = WRITER_TEMPLATE };
	char text[12];
	const char *why;
	int accepted = 0;

	srandom(1);
	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)random() % (sizeof(text) - 1);

		for (size_t i = 0; i < len; i++)
			text[i] = letters[random() % (long)strlen(letters)];
		text[len] = '\0';
		if (template_check(text, &why) != 0)
			continue;
		accepted++;
		style.template = text;
		char *got = show(&style, "[1,2,3]");
		for (char c = '1'; c <= '3'; c++)
			must((strchr(got, c) != NULL) ==
			     template_has_place(text));
		ck_assert_uint_gt(strlen(got), 0);
		free(got);
	}
	ck_assert_int_gt(accepted, 1000);
}
END_TEST

static const char *const bad_templates[] = { "", "%", "a%", "%n", "%d", "%V",
	"% v", "\\", "a\\", "\\x", "\\r", "%v\\" };

START_TEST(a_template_that_means_nothing_is_refused)
{
	const char *why = NULL;

	ck_assert_int_eq(template_check(bad_templates[_i], &why), -KM_EINVAL);
	ck_assert_ptr_nonnull(why);
}
END_TEST

static const struct {
	const char *json, *want;
} spreads[] = {
	{ "5", "5\n" },
	{ "\"a\\nb\"", "\"a\\nb\"\n" },
	{ "null", "null\n" },
	{ "{}", "{}\n" },
	{ "[]", "[]\n" },
	{ "{\"a\":1,\"b\":[2,{}],\"c\":[]}", "{\n"
					     "  \"a\": 1,\n"
					     "  \"b\": [\n"
					     "    2,\n"
					     "    {}\n"
					     "  ],\n"
					     "  \"c\": []\n"
					     "}\n" },
	{ "[[1],{\"a\":{\"b\":null}}]", "[\n"
					"  [\n"
					"    1\n"
					"  ],\n"
					"  {\n"
					"    \"a\": {\n"
					"      \"b\": null\n"
					"    }\n"
					"  }\n"
					"]\n" },
};

START_TEST(spread_json_has_a_line_for_each_member)
{
	static const struct writer_style style = { .form = WRITER_PRETTY };

	check_show(&style, spreads[_i].json, spreads[_i].want);
}
END_TEST

static const struct {
	enum human_unit unit;
	int64_t number;
	const char *want;
} numbers[] = {
	{ HUMAN_BYTES, 0, "0" },
	{ HUMAN_BYTES, 1023, "1023" },
	{ HUMAN_BYTES, 1024, "1.0K" },
	{ HUMAN_BYTES, 1536, "1.5K" },
	{ HUMAN_BYTES, 1048575, "1.0M" },
	{ HUMAN_BYTES, 1048524, "1023.9K" },
	{ HUMAN_BYTES, 67108864, "64.0M" },
	{ HUMAN_BYTES, -2048, "-2.0K" },
	{ HUMAN_BYTES, INT64_MAX, "8.0E" },
	{ HUMAN_BYTES, INT64_MIN, "-8.0E" },
	{ HUMAN_SECONDS, 0, "0s" },
	{ HUMAN_SECONDS, 59, "59s" },
	{ HUMAN_SECONDS, 60, "1m00s" },
	{ HUMAN_SECONDS, 3599, "59m59s" },
	{ HUMAN_SECONDS, 3600, "1h00m" },
	{ HUMAN_SECONDS, 86399, "23h59m" },
	{ HUMAN_SECONDS, 86400, "1d00h" },
	{ HUMAN_SECONDS, -90, "-1m30s" },
	{ HUMAN_SECONDS, INT64_MIN, "-106751991167300d15h" },
	{ HUMAN_NONE, 1048576, "1048576" },
};

START_TEST(a_number_is_shown_in_units_that_people_read)
{
	char buf[HUMAN_SIZE];

	ck_assert_str_eq(human_text(numbers[_i].unit, numbers[_i].number, buf),
	    numbers[_i].want);
}
END_TEST

#define SIZES "{\"used\":2048,\"fragments\":2048,\"desc\":\"2048\",\"age\":60}"

START_TEST(units_are_for_members_that_have_one_and_never_in_json)
{
	struct writer_style style = { .form = WRITER_TEXT, .human = true };

	check_show(&style, SIZES,
	    "{\n\tused: 2.0K\n\tfragments: 2048\n\tdesc: 2048\n"
	    "\tage: 1m00s\n}\n");
	style.form = WRITER_JSON;
	check_show(&style, SIZES, SIZES "\n");
	style.form = WRITER_TEMPLATE;
	style.template = "%v ";
	check_show(&style, SIZES, "2.0K 2048 2048 1m00s ");
}
END_TEST

START_TEST(members_of_some_structs_are_all_alike)
{
	struct writer_style style = { .form = WRITER_TEXT, .human = true };

	check_show(&style, "{\"sites\":{\"f(1)\":2048},\"n\":2048}",
	    "{\n\tsites: {\n\t\tf(1): 2.0K\n\t}\n\tn: 2048\n}\n");
	check_show(&style, "{\"sites\":[{\"n\":2048}],\"a\":[2048]}",
	    "{\n\tsites: {\n\t\t{\n\t\t\tn: 2048\n\t\t}\n\t}\n"
	    "\ta: {\n\t\t2048\n\t}\n}\n");
}
END_TEST

START_TEST(colour_is_around_keys_alone)
{
	struct writer_style style = { .form = WRITER_TEXT, .colour = true };

	check_show(&style, "{\"a\":\"b\"}", "{\n\t\033[36ma\033[m: b\n}\n");
	style.form = WRITER_PRETTY;
	check_show(
	    &style, "{\"a\":\"b\"}", "{\n  \"\033[36ma\033[m\": \"b\"\n}\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ctl_output");
	TCase *tc = tcase_create("ctl_output");

	tcase_add_loop_test(tc, a_template_is_filled_with_each_value_in_turn, 0,
	    COUNT(templates));
	tcase_add_test(tc, a_template_begins_anew_with_each_result);
	tcase_add_test(tc, no_template_can_hang_it);
	tcase_add_loop_test(tc, a_template_that_means_nothing_is_refused, 0,
	    COUNT(bad_templates));
	tcase_add_loop_test(
	    tc, spread_json_has_a_line_for_each_member, 0, COUNT(spreads));
	tcase_add_loop_test(
	    tc, a_number_is_shown_in_units_that_people_read, 0, COUNT(numbers));
	tcase_add_test(
	    tc, units_are_for_members_that_have_one_and_never_in_json);
	tcase_add_test(tc, members_of_some_structs_are_all_alike);
	tcase_add_test(tc, colour_is_around_keys_alone);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
