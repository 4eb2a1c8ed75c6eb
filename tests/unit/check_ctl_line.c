/* SPDX-License-Identifier: ISC */
/* check_ctl_line.c - lines, words, aliases, escaping and options of kmemctl. */
#include "config.h"

#include <check.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "ctl/alias.h"
#include "ctl/escape.h"
#include "ctl/line.h"
#include "ctl/options.h"
#include "tests/unit/unit.h"

#define WORDS 4

static const struct {
	const char *text;
	const char *words[WORDS + 1];
} splits[] = {
	{ "", { NULL } },
	{ "  \t \r\n", { NULL } },
	{ "core.shmmem", { "core.shmmem" } },
	{ " cfg.get core\tmemlog\n", { "cfg.get", "core", "memlog" } },
	{ "a\r\n", { "a" } },
	{ "core.echo \"a b\" 'c  d'", { "core.echo", "a b", "c  d" } },
	{ "a\"b c\"d", { "ab cd" } },
	{ "\"\" ''", { "", "" } },
	{ "a\\ b \\\"", { "a b", "\"" } },
	{ "\"a\\\"b\" \"\\\\\" \"\\n\"", { "a\"b", "\\", "\\n" } },
	{ "'a\\'", { "a\\" } },
	{ "# all of it", { NULL } },
	{ "a #b c", { "a" } },
	{ "a#b \\#c '#'", { "a#b", "#c", "#" } },
	{ "a b c d", { "a", "b", "c", "d" } },
};

START_TEST(a_line_is_cut_at_blanks_outside_of_quotes)
{
	const char *why;
	struct line *line;
	size_t i;

	ck_assert_int_eq(line_split(splits[_i].text, &line, &why), 0);
	for (i = 0; splits[_i].words[i] != NULL; i++) {
		ck_assert_uint_lt(i, line->count);
		ck_assert_str_eq(line->words[i], splits[_i].words[i]);
	}
	ck_assert_uint_eq(line->count, i);
	line_free(&line);
	ck_assert_ptr_null(line);
	line_free(&line);
}
END_TEST

static const char *const bad_lines[] = { "a 'b", "a \"b", "'", "a \"b\\\"",
	"\"\\", "a \\" };

START_TEST(a_line_that_does_not_end_is_refused_with_a_reason)
{
	const char *why = NULL;
	struct line *line;

	ck_assert_int_eq(line_split(bad_lines[_i], &line, &why), -KM_EINVAL);
	ck_assert_ptr_null(line);
	ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(random_lines_never_need_more_room_than_they_have)
{
	static const char letters[] = "a \\\"'#\t";
	char text[24];
	struct line *line;
	const char *why;

	srandom(1);
	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)random() % (sizeof(text) - 1);

		for (size_t i = 0; i < len; i++)
			text[i] = letters[random() % 7];
		text[len] = '\0';
		if (line_split(text, &line, &why) != 0)
			continue;
		ck_assert_uint_le(line->count, len / 2 + 1);
		line_free(&line);
	}
}
END_TEST

static const struct {
	const char *word, *json;
} values[] = {
	{ "5", "5" },
	{ "-5", "-5" },
	{ "007", "7" },
	{ "0", "0" },
	{ "9223372036854775807", "9223372036854775807" },
	{ "-9223372036854775808", "-9223372036854775808" },
	{ "i:5", "5" },
	{ "i:-12", "-12" },
	{ "s:123", "\"123\"" },
	{ "s:", "\"\"" },
	{ "s:s:x", "\"s:x\"" },
	{ "", "\"\"" },
	{ "-", "\"-\"" },
	{ "+5", "\"+5\"" },
	{ "5.5", "\"5.5\"" },
	{ "0x10", "\"0x10\"" },
	{ "1e3", "\"1e3\"" },
	{ "5 ", "\"5 \"" },
	{ "mb", "\"mb\"" },
	{ "sip:a@b", "\"sip:a@b\"" },
	{ "gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"" },
};

START_TEST(a_whole_number_is_an_integer_and_all_else_a_string)
{
	struct json_object *value;

	ck_assert_int_eq(line_value(values[_i].word, &value), 0);
	ck_assert_str_eq(json_object_to_json_string_ext(
			     value, JSON_C_TO_STRING_NOSLASHESCAPE),
	    values[_i].json);
	json_object_put(value);
}
END_TEST

static const struct {
	const char *word;
	int rc;
} bad_values[] = {
	{ "9223372036854775808", -KM_ERANGE },
	{ "-9223372036854775809", -KM_ERANGE },
	{ "i:99999999999999999999999", -KM_ERANGE }, { "i:", -KM_EINVAL },
	{ "i:x", -KM_EINVAL }, { "i:5x", -KM_EINVAL }, { "i:-", -KM_EINVAL },
	{ "\xff", -KM_EINVAL }, { "s:a\xc3", -KM_EINVAL },
	{ "\xc0\xaf", -KM_EINVAL },	    /* not the shortest form */
	{ "\xed\xa0\x80", -KM_EINVAL },	    /* a surrogate */
	{ "\xf4\x90\x80\x80", -KM_EINVAL }, /* above U+10FFFF */
};

START_TEST(a_number_beyond_64_bits_or_a_broken_word_is_refused)
{
	struct json_object *value;

	ck_assert_int_eq(
	    line_value(bad_values[_i].word, &value), bad_values[_i].rc);
	ck_assert_ptr_null(value);
}
END_TEST

static const struct {
	const char *name;
	size_t arguments;
	const char *method;
} aliases[] = {
	{ "help", 0, "system.listMethods" },
	{ "help", 1, "system.methodHelp" },
	{ "ls", 0, "system.listMethods" },
	{ "ps", 0, "core.psx" },
	{ "version", 0, "core.version" },
	{ "exit", 0, NULL },
	{ "quit", 0, NULL },
};

START_TEST(a_short_word_stands_for_a_method)
{
	const struct alias *alias =
	    alias_find(aliases[_i].name, aliases[_i].arguments);

	ck_assert_ptr_nonnull(alias);
	ck_assert_pstr_eq(alias->method, aliases[_i].method);
}
END_TEST

START_TEST(a_methods_own_name_is_no_alias)
{
	ck_assert_ptr_null(alias_find("core.psx", 0));
	ck_assert_ptr_null(alias_find("", 0));
}
END_TEST

static const struct {
	enum escape how;
	const char *text, *want;
} escapes[] = {
	{ ESCAPE_LINE, "plain \xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7 ~",
	    "plain \xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7 ~" },
	{ ESCAPE_LINE, "a\nb\tc\rd", "a\\nb\\tc\\x0dd" },
	{ ESCAPE_TEXT, "a\nb\tc\rd", "a\nb\tc\\x0dd" },
	{ ESCAPE_LINE, "\033[2J\x7f\a", "\\x1b[2J\\x7f\\x07" },
	{ ESCAPE_TEXT, "\033[2J", "\\x1b[2J" },
	{ ESCAPE_LINE,
	    "\xc2\x9b"
	    "1m",
	    "\\xc2\\x9b1m" }, /* C1: a CSI */
	{ ESCAPE_LINE, "\xff\xc3", "\\xff\\xc3" },
	{ ESCAPE_LINE, "\"\\", "\"\\" },
	{ ESCAPE_JSON, "\"\\/\n\t\r\033\x7f",
	    "\\\"\\\\/\\n\\t\\u000d\\u001b"
	    "\\u007f" },
	{ ESCAPE_JSON, "\xc2\x9b\xff\xc3\xa9", "\\u009b\\ufffd\xc3\xa9" },
	{ ESCAPE_LINE, "", "" },
};

START_TEST(control_characters_and_bad_bytes_are_escaped)
{
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	escape_put(
	    out, escapes[_i].how, escapes[_i].text, strlen(escapes[_i].text));
	fclose(out);
	ck_assert_str_eq(got, escapes[_i].want);
	free(got);
}
END_TEST

START_TEST(no_byte_can_reach_a_terminal_unescaped)
{
	char *got = NULL, text[] = "a?b";
	size_t size;

	for (int c = 0; c < 256; c++) {
		FILE *out = open_memstream(&got, &size);

		text[1] = (char)c;
		escape_put(out, ESCAPE_LINE, text, 3);
		fclose(out);
		for (size_t i = 0; i < size; i++)
			ck_assert(got[i] >= 0x20 && got[i] < 0x7f);
		free(got);
	}
}
END_TEST

/* Options borrow their words: kept here, for argv ends with the statement. */
static int parse(struct options *options, char **argv)
{
	static char words[8][32];
	static char *kept[9];
	int argc = 0;

	for (; argv[argc] != NULL; argc++) {
		ck_assert_int_lt(argc, 8);
		snprintf(words[argc], sizeof(words[0]), "%s", argv[argc]);
		kept[argc] = words[argc];
	}
	kept[argc] = NULL;
	return options_parse(argc, kept, options);
}

#define PARSE(options, ...)                                                    \
	parse(options, (char *[]){ (char[]){ "kmemctl" }, __VA_ARGS__, NULL })

START_TEST(without_options_there_are_defaults)
{
	struct options options;

	unsetenv("KMEMD_SOCK");
	ck_assert_int_eq(PARSE(&options, NULL), 0);
	ck_assert_str_eq(options.socket, KMEMD_RUNDIR "/kmemd.sock");
	ck_assert_int_eq(options.timeout_ms, 10000);
	ck_assert_int_eq(options.style.form, WRITER_TEXT);
	ck_assert_uint_eq(options.count, 0);
	ck_assert_ptr_null(options.show);
}
END_TEST

START_TEST(the_socket_is_the_options_then_the_environments)
{
	struct options options;

	setenv("KMEMD_SOCK", "/env", 1);
	ck_assert_int_eq(PARSE(&options, NULL), 0);
	ck_assert_str_eq(options.socket, "/env");
	ck_assert_int_eq(PARSE(&options, (char[]){ "-s/opt" }), 0);
	ck_assert_str_eq(options.socket, "/opt");
	setenv("KMEMD_SOCK", "", 1);
	ck_assert_int_eq(PARSE(&options, NULL), 0);
	ck_assert_str_eq(options.socket, KMEMD_RUNDIR "/kmemd.sock");
	unsetenv("KMEMD_SOCK");
}
END_TEST

START_TEST(options_end_at_the_method)
{
	struct options options;

	ck_assert_int_eq(
	    PARSE(&options, (char[]){ "--json" }, (char[]){ "--timeout=0.5" },
		(char[]){ "core.echo" }, (char[]){ "-5" }, (char[]){ "-s" }),
	    0);
	ck_assert_int_eq(options.style.form, WRITER_JSON);
	ck_assert_int_eq(options.timeout_ms, 500);
	ck_assert_uint_eq(options.count, 3);
	ck_assert_str_eq(options.words[0], "core.echo");
	ck_assert_str_eq(options.words[1], "-5");
	ck_assert_str_eq(options.words[2], "-s");
}
END_TEST

START_TEST(h_is_human_before_a_method_and_help_alone)
{
	struct options options;

	ck_assert_int_eq(
	    PARSE(&options, (char[]){ "-h" }, (char[]){ "core.shmmem" }), 0);
	ck_assert(options.style.human);
	ck_assert_ptr_null(options.show);
	ck_assert_int_eq(PARSE(&options, (char[]){ "-hk" }), 0);
	ck_assert_ptr_nonnull(options.show);
	ck_assert_int_eq(PARSE(&options, (char[]){ "--human" }), 0);
	ck_assert(options.style.human);
	ck_assert_ptr_null(options.show);
}
END_TEST

static const char *const bad_options[] = { "-x", "--nosuch", "-s", "--timeout",
	"--timeout=0", "--timeout=-1", "--timeout=x", "--timeout=5x",
	"--timeout=", "--timeout=1e9", "--timeout=nan", "--json=1", "-5", "-f",
	"-f%", "-f%n", "-f\\", "-f\\x", "--format=" };

START_TEST(a_wrong_option_is_refused)
{
	struct options options;
	char option[32];

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	strncpy(option, bad_options[_i], sizeof(option) - 1);
	option[sizeof(option) - 1] = '\0';
	ck_assert_int_eq(PARSE(&options, option), -KM_EINVAL);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

int main(void)
{
	Suite *suite = suite_create("ctl_line");
	TCase *tc = tcase_create("ctl_line");

	tcase_add_loop_test(
	    tc, a_line_is_cut_at_blanks_outside_of_quotes, 0, COUNT(splits));
	tcase_add_loop_test(tc,
	    a_line_that_does_not_end_is_refused_with_a_reason, 0,
	    COUNT(bad_lines));
	tcase_add_test(tc, random_lines_never_need_more_room_than_they_have);
	tcase_add_loop_test(tc,
	    a_whole_number_is_an_integer_and_all_else_a_string, 0,
	    COUNT(values));
	tcase_add_loop_test(tc,
	    a_number_beyond_64_bits_or_a_broken_word_is_refused, 0,
	    COUNT(bad_values));
	tcase_add_loop_test(
	    tc, a_short_word_stands_for_a_method, 0, COUNT(aliases));
	tcase_add_test(tc, a_methods_own_name_is_no_alias);
	tcase_add_loop_test(tc, control_characters_and_bad_bytes_are_escaped, 0,
	    COUNT(escapes));
	tcase_add_test(tc, no_byte_can_reach_a_terminal_unescaped);
	tcase_add_test(tc, without_options_there_are_defaults);
	tcase_add_test(tc, the_socket_is_the_options_then_the_environments);
	tcase_add_test(tc, options_end_at_the_method);
	tcase_add_test(tc, h_is_human_before_a_method_and_help_alone);
	tcase_add_loop_test(
	    tc, a_wrong_option_is_refused, 0, COUNT(bad_options));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
