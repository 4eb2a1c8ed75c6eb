/* SPDX-License-Identifier: ISC */
/* check_rpc_frame.c - bytes into JSON texts, and what is none. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "rpc/frame.h"
#include "rpc/limits.h"
#include "tests/unit/unit.h"

#define LOG_SIZE 8192

static struct {
	struct rpc_limits limits;
	struct frame frame;
	char log[LOG_SIZE]; /* each text and a bar; "!bad" or "!limit" */
	unsigned events;
} t;

static void setup(void)
{
	memset(&t, 0, sizeof(t));
	limits_fill(&t.limits, NULL);
	frame_init(&t.frame, &t.limits);
}

static void teardown(void)
{
	frame_fini(&t.frame);
}

static void restart(void)
{
	teardown();
	frame_init(&t.frame, &t.limits);
	t.log[0] = '\0';
	t.events = 0;
}

static void note(const struct frame_out *out)
{
	size_t len = strlen(t.log);
	int n = 0;

	if (out->event == FRAME_TEXT)
		n = snprintf(t.log + len, LOG_SIZE - len, "%.*s|",
		    (int)out->text.len, out->text.text);
	else if (out->event == FRAME_BAD)
		n = snprintf(t.log + len, LOG_SIZE - len, "!bad|");
	else if (out->event == FRAME_LIMIT)
		n = snprintf(t.log + len, LOG_SIZE - len, "!%s|", out->limit);
	ck_assert_uint_lt((size_t)n, LOG_SIZE - len);
	t.events += out->event != FRAME_MORE;
}

static void feed(const char *bytes, size_t len)
{
	struct frame_out out;

	while (len > 0) {
		size_t used = frame_feed(&t.frame, bytes, len, &out);

		ck_assert_uint_le(used, len);
		ck_assert(used > 0 || out.event != FRAME_MORE);
		note(&out);
		bytes += used;
		len -= used;
	}
}

static void end(void)
{
	struct frame_out out;

	frame_end(&t.frame, &out);
	note(&out);
	ck_assert(!scan_has_begun(&t.frame.scan));
}

static const char *read_stream(const char *text)
{
	restart();
	feed(text, strlen(text));
	end();
	return t.log;
}

/* --- streams --- */

static const struct {
	const char *stream, *log;
} streams[] = {
	{ "", "" },
	{ " \r\n\t\n", "" },
	{ "{}\n[]\n", "{}|[]|" },
	{ "{}[]\"\"{}", "{}|[]|\"\"|{}|" },
	{ "1 2\n3", "1|2|3|" },
	{ "1{}-2.5e+3[]0", "1|{}|-2.5e+3|[]|0|" },
	{ "true false null", "true|false|null|" },
	{ "truefalse\"x\"null", "true|false|\"x\"|null|" },
	{ "  {\n \"a\" :\t[ 1 , 2 ]\r\n}  ", "{\n \"a\" :\t[ 1 , 2 ]\r\n}|" },
	{ "\"\\\"]}\\\\\"[\"[\"]", "\"\\\"]}\\\\\"|[\"[\"]|" },
	{ "{bad}\n{}\n", "!bad|{}|" },
	{ "{bad} {} []\n{}", "!bad|{}|" },
	{ "[1}\n\n[2]\n", "!bad|[2]|" },
	{ "\"a\n[1]\n", "!bad|[1]|" },
	{ "}\n]\n,\n1", "!bad|!bad|!bad|1|" },
	{ "[1,2", "!bad|" },
	{ "tru", "!bad|" },
	{ "1.", "!bad|" },
	{ "{} [", "{}|!bad|" },
	{ "!!! no newline", "!bad|" },
};
#define N_STREAMS ((int)(sizeof(streams) / sizeof(streams[0])))

START_TEST(a_stream_of_texts_is_cut_where_each_ends)
{
	ck_assert_str_eq(read_stream(streams[_i].stream), streams[_i].log);
}
END_TEST

START_TEST(it_is_cut_the_same_wherever_the_bytes_are_divided)
{
	const char *stream = streams[_i].stream;
	size_t len = strlen(stream);

	for (size_t cut = 0; cut <= len; cut++) {
		restart();
		feed(stream, cut);
		feed(stream + cut, len - cut);
		end();
		ck_assert_str_eq(t.log, streams[_i].log);
	}
	restart();
	for (size_t i = 0; i < len; i++)
		feed(stream + i, 1);
	end();
	ck_assert_str_eq(t.log, streams[_i].log);
}
END_TEST

/* --- what is JSON --- */

static const char *const good[] = { "0", "-0", "10", "-1.5", "1e5", "1E-05",
	"0.0e+0", "123456789012345678901234567890", "\"\"", "\" \"",
	"\"\\u00e9\\uD83D\\uDE00\\b\\f\\n\\r\\t\\/\\\\\\\"\"", "\"\x7f\"",
	"\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\"",
	"\"\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"", "[]",
	"{}", "[ ]", "{ }", "[[],{}]", "{\"\":{\"\":[]},\"\":0}",
	"[true,false,null]" };

START_TEST(what_the_standard_calls_json_is_taken_and_json_c_agrees)
{
	struct json_tokener *tok = json_tokener_new();
	char expected[256];

	snprintf(expected, sizeof(expected), "%s|", good[_i]);
	ck_assert_str_eq(read_stream(good[_i]), expected);
	json_object_put(
	    json_tokener_parse_ex(tok, good[_i], (int)strlen(good[_i]) + 1));
	ck_assert_int_eq(json_tokener_get_error(tok), json_tokener_success);
	json_tokener_free(tok);
}
END_TEST

static const char *const bad[] = { "NaN", "Infinity", "-Infinity", "True",
	"nul", "nulL", "01", "-", "+1", ".5", "1.", "1.e1", "1e", "1e+",
	"[0x1]", "-01", "[1.5.5]", "'a'", "\"\t\"", "\"\\x\"", "\"\\u12g4\"",
	"\"\\'\"", "\"\x80\"", "\"\xc0\xaf\"", "\"\xc1\xbf\"",
	"\"\xe0\x9f\xbf\"", "\"\xed\xa0\x80\"", "\"\xf0\x8f\xbf\xbf\"",
	"\"\xf4\x90\x80\x80\"", "\"\xf5\x80\x80\x80\"", "\"\xff\"",
	"\"\xe2\x82\"", "[1,]", "[,1]", "[1 2]", "[1}", "{1:2}", "{\"a\"}",
	"{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{,}", "[:]", "// x",
	"/* x */ 1", "\xef\xbb\xbf[]", "[\"a\" \"b\"]", "[-]", "[1-2]",
	"[0 0]" };

START_TEST(what_it_does_not_is_one_error_and_the_next_line_is_read)
{
	char stream[256];

	snprintf(stream, sizeof(stream), "%s x\n[\"next\"]\n", bad[_i]);
	ck_assert_msg(strcmp(read_stream(stream), "!bad|[\"next\"]|") == 0,
	    "%s gave %s", bad[_i], t.log);
}
END_TEST

START_TEST(a_nul_byte_is_an_error_and_ends_nothing)
{
	feed("[1,\0 2]\n[3]\n", 12);
	feed("\"a\0b\"\n\0\n4\n", 10);
	ck_assert_str_eq(t.log, "!bad|[3]|!bad|!bad|4|");
}
END_TEST

START_TEST(the_reason_says_where_and_what_was_expected)
{
	struct frame_out out;

	frame_feed(&t.frame, "  {\"a\" 1}", 9, &out);
	ck_assert_int_eq(out.event, FRAME_BAD);
	ck_assert_str_eq(out.reason, "at byte 6 of the request, expected ':'");
}
END_TEST

/* --- limits --- */

START_TEST(a_text_at_its_size_limit_is_taken_and_one_byte_more_is_not)
{
	t.limits.request_size = 10;
	ck_assert_str_eq(read_stream("[\"123456\"]\n{}"), "[\"123456\"]|{}|");
	ck_assert_str_eq(
	    read_stream("[\"1234567\"]\n{}"), "!rpc_request_size|{}|");
	restart();
	for (const char *p = "[\"1234567\"]\n{}"; *p != '\0'; p++)
		feed(p, 1);
	ck_assert_str_eq(t.log, "!rpc_request_size|{}|");
}
END_TEST

START_TEST(space_between_texts_counts_for_nothing)
{
	t.limits.request_size = 4;
	ck_assert_str_eq(
	    read_stream("                 [ 1]          [2 ]  "), "[ 1]|[2 ]|");
	ck_assert(!frame_is_partial(&t.frame));
}
END_TEST

START_TEST(nesting_at_its_limit_is_taken_and_one_level_more_is_not)
{
	t.limits.depth = 3;
	ck_assert_str_eq(
	    read_stream("[{\"a\":[]}][[[1]]]\n"), "[{\"a\":[]}]|[[[1]]]|");
	ck_assert_str_eq(
	    read_stream("[{\"a\":[[]]}] 1\n[[[]]]\n"), "!rpc_depth|[[[]]]|");
	t.limits.depth = SCAN_DEPTH_MAX;
	restart();
	for (int i = 0; i < SCAN_DEPTH_MAX; i++)
		feed("[", 1);
	for (int i = 0; i < SCAN_DEPTH_MAX; i++)
		feed("]", 1);
	ck_assert_uint_eq(t.events, 1);
	ck_assert_int_eq(t.log[0], '[');
}
END_TEST

START_TEST(values_at_their_limit_are_taken_and_one_more_is_not)
{
	t.limits.values = 4;
	ck_assert_str_eq(read_stream("[1,{\"a\":2}]\n"), "[1,{\"a\":2}]|");
	ck_assert_str_eq(
	    read_stream("[1,{\"a\":2},3]\n[4]\n"), "!rpc_values|[4]|");
	ck_assert_str_eq(
	    read_stream("[1][2][3][4][5]"), "[1]|[2]|[3]|[4]|[5]|");
}
END_TEST

START_TEST(ten_megabytes_of_brackets_are_one_error_and_no_memory)
{
	char block[4096];

	memset(block, '[', sizeof(block));
	for (int i = 0; i < 10 * 256; i++)
		feed(block, sizeof(block));
	ck_assert_str_eq(t.log, "!rpc_depth|");
	ck_assert_uint_eq(t.frame.held_size, 0);
	ck_assert(frame_is_partial(&t.frame));
	feed("\n[]", 3);
	ck_assert_str_eq(t.log, "!rpc_depth|[]|");
}
END_TEST

START_TEST(a_string_without_end_holds_no_more_than_the_limit)
{
	char block[4096];
	size_t most = 0;

	memset(block, 'x', sizeof(block));
	feed("\"", 1);
	for (int i = 0; i < 10 * 256; i++) {
		feed(block, sizeof(block));
		if (t.frame.held_size > most)
			most = t.frame.held_size;
	}
	ck_assert_str_eq(t.log, "!rpc_request_size|");
	ck_assert_uint_le(most, 2 * t.limits.request_size);
	ck_assert_uint_eq(t.frame.held_size, 0);
}
END_TEST

START_TEST(the_memory_of_a_large_text_is_given_back_with_the_next_bytes)
{
	char block[4096];

	memset(block, 'x', sizeof(block));
	feed("\"", 1);
	for (int i = 0; i < 16; i++)
		feed(block, sizeof(block));
	ck_assert_uint_ge(t.frame.held_size, 16 * sizeof(block));
	t.log[0] = '\0';
	frame_feed(&t.frame, "\"", 1, &(struct frame_out){ 0 });
	feed("\n", 1);
	ck_assert_uint_eq(t.frame.held_size, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_frame");
	TCase *tc = tcase_create("frame");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, a_stream_of_texts_is_cut_where_each_ends, 0, N_STREAMS);
	tcase_add_loop_test(tc,
	    it_is_cut_the_same_wherever_the_bytes_are_divided, 0, N_STREAMS);
	tcase_add_loop_test(tc,
	    what_the_standard_calls_json_is_taken_and_json_c_agrees, 0,
	    (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_loop_test(tc,
	    what_it_does_not_is_one_error_and_the_next_line_is_read, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tc, a_nul_byte_is_an_error_and_ends_nothing);
	tcase_add_test(tc, the_reason_says_where_and_what_was_expected);
	tcase_add_test(
	    tc, a_text_at_its_size_limit_is_taken_and_one_byte_more_is_not);
	tcase_add_test(tc, space_between_texts_counts_for_nothing);
	tcase_add_test(
	    tc, nesting_at_its_limit_is_taken_and_one_level_more_is_not);
	tcase_add_test(tc, values_at_their_limit_are_taken_and_one_more_is_not);
	tcase_add_test(
	    tc, ten_megabytes_of_brackets_are_one_error_and_no_memory);
	tcase_add_test(tc, a_string_without_end_holds_no_more_than_the_limit);
	tcase_add_test(
	    tc, the_memory_of_a_large_text_is_given_back_with_the_next_bytes);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
