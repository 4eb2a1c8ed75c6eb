/* SPDX-License-Identifier: ISC */
/* check_ctl_watch.c - what has changed, on a screen and in a pipe. */
#include "config.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "ctl/delta.h"
#include "ctl/screen.h"
#include "fake_server.h"
#include "kmemctl.h"
#include "tests/unit/unit.h"

static const struct {
	const char *last, *now, *want; /* two seconds between them */
} deltas[] = {
	{ "null", "{\"a\":1}", "{\"a\":1}" },
	{ "{\"a\":1}", "{\"a\":1}", "{\"a\":1}" },
	{ "{\"a\":1}", "{\"a\":3}", "{\"a\":\"3  +2 (+1/s)\"}" },
	{ "{\"a\":4096}", "{\"a\":1024}", "{\"a\":\"1024  -3072 (-1536/s)\"}" },
	{ "{\"a\":1}", "{\"a\":2}", "{\"a\":\"2  +1 (+0.5/s)\"}" },
	{ "{\"a\":85.9}", "{\"a\":86.0}", "{\"a\":\"86.0  +0.1 (+0.05/s)\"}" },
	{ "{\"a\":85.1}", "{\"a\":0.5}", "{\"a\":\"0.5  -84.6 (-42.3/s)\"}" },
	{ "{\"a\":1.5}", "{\"a\":2.5}", "{\"a\":\"2.5  +1 (+0.5/s)\"}" },
	{ "{\"a\":\"x\"}", "{\"a\":\"y\"}", "{\"a\":\"y\"}" },
	{ "{\"a\":\"1\"}", "{\"a\":2}", "{\"a\":2}" },
	{ "{\"b\":1}", "{\"a\":2}", "{\"a\":2}" },
	{ "[1,2]", "[1,4,9]", "[1,\"4  +2 (+1/s)\",9]" },
	{ "5", "7", "\"7  +2 (+1/s)\"" },
	{ "{\"a\":{\"b\":[1]}}", "{\"a\":{\"b\":[3]}}",
	    "{\"a\":{\"b\":[\"3  +2 (+1/s)\"]}}" },
	/* another process: nothing that could be compared */
	{ "{\"pid\":7,\"used\":1}", "{\"pid\":8,\"used\":3}",
	    "{\"pid\":8,\"used\":3}" },
	/* the order has changed */
	{ "[{\"site\":\"x\",\"n\":1},{\"site\":\"y\",\"n\":2}]",
	    "[{\"site\":\"y\",\"n\":4},{\"site\":\"x\",\"n\":1}]",
	    "[{\"site\":\"y\",\"n\":\"4  +2 (+1/s)\"},"
	    "{\"site\":\"x\",\"n\":1}]" },
	{ "[-9223372036854775808]", "[9223372036854775807]",
	    "[9223372036854775807]" },
	{ "{}", "[1]", "[1]" },
	{ "[1]", "{\"a\":1}", "{\"a\":1}" },
};

START_TEST(a_number_that_has_changed_says_by_how_much)
{
	static const struct delta_how how = { .seconds = 2 };
	struct json_object *last = json_tokener_parse(deltas[_i].last);
	struct json_object *now = json_tokener_parse(deltas[_i].now);
	struct json_object *got = delta_of(now, last, &how);

	ck_assert_str_eq(
	    json_object_to_json_string_ext(
		got, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    deltas[_i].want);
	json_object_put(got);
	json_object_put(now);
	json_object_put(last);
}
END_TEST

START_TEST(sizes_change_in_units)
{
	static const struct delta_how how = { .seconds = 2, .human = true };
	struct json_object *last = json_tokener_parse("{\"used\":1048576}");
	struct json_object *now = json_tokener_parse("{\"used\":2097152}");
	struct json_object *got = delta_of(now, last, &how);
	struct json_object *used;

	json_object_object_get_ex(got, "used", &used);
	ck_assert_str_eq(
	    json_object_get_string(used), "2.0M  +1.0M (+512.0K/s)");
	json_object_put(got);
	json_object_put(now);
	json_object_put(last);
}
END_TEST

static const struct {
	const char *line;
	unsigned rows;
} widths[] = {
	{ "", 1 },
	{ "0123456789", 1 },
	{ "0123456789a", 2 },
	{ "\t12", 1 },
	{ "\t123", 2 },
	{ "1234567\t12", 1 },
	{ "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 1 },
	{ "\033[36mabcde\033[m: 789", 1 },
};

START_TEST(a_line_takes_the_rows_that_a_terminal_gives_it)
{
	ck_assert_uint_eq(
	    screen_rows(widths[_i].line, strlen(widths[_i].line), 10),
	    widths[_i].rows);
}
END_TEST

START_TEST(what_does_not_fit_on_a_screen_is_counted)
{
	char *got = NULL, text[256] = "";
	size_t size;
	FILE *out;

	for (int n = 1; n <= 30; n++) { /* a stream without a size: 24 rows */
		char line[16];

		snprintf(line, sizeof(line), "%d\n", n);
		strncat(text, line, sizeof(text) - strlen(text) - 1);
		out = open_memstream(&got, &size);
		screen_show(out, text);
		fclose(out);
		if (n <= 23)
			ck_assert_ptr_null(strstr(got, "more"));
		else
			ck_has(got, "\n22\n... ");
		free(got);
	}
	out = open_memstream(&got, &size);
	screen_show(out, text);
	fclose(out);
	ck_has(got, "... 8 more lines\n");
	free(got);
}
END_TEST

/* --- the real one --- */

START_TEST(watch_prints_blocks_in_a_pipe)
{
	const char *at;

	kmemctl_run(ARGV(W("watch"), W("-n"), W("0.01"), W("t.count"), W("-5"),
	    W("-c"), W("3")));
	ck_assert_str_eq(kmemctl_got.err, "");
	ck_assert_int_eq(kmemctl_got.status, 0);
	ck_has(
	    kmemctl_got.out, " t.count -5, every 0.01 s\n{\n\tn: 100\n}\n\n");
	ck_has(kmemctl_got.out, "{\n\tn: 200  +100 (+");
	at = strstr(kmemctl_got.out, "{\n\tn: 300  +100 (+");
	ck_assert_ptr_nonnull(at);
	ck_assert_str_eq(at + strlen(at) - 4, "\n}\n\n");
	ck_assert_ptr_null(strchr(kmemctl_got.out, '\033'));
}
END_TEST

START_TEST(watch_gives_plain_results_to_programs)
{
	kmemctl_run(ARGV(W("--json"), W("watch"), W("t.count"), W("-n"),
	    W("0.01"), W("-c"), W("2")));
	ck_assert_str_eq(kmemctl_got.out, "{\"n\":100}\n{\"n\":200}\n");
	ck_assert_int_eq(kmemctl_got.status, 0);
	kmemctl_run(ARGV(W("-f%v\\n"), W("watch"), W("t.count"), W("-n"),
	    W("0.01"), W("-c"), W("2")));
	ck_assert_str_eq(kmemctl_got.out, "300\n400\n");
}
END_TEST

START_TEST(watch_joins_the_pages_of_a_result)
{
	kmemctl_run(
	    ARGV(W("--json"), W("watch"), W("t.pages"), W("-c"), W("1")));
	ck_assert_str_eq(
	    kmemctl_got.out, "{\"pid\":7,\"blocks\":[10,11,20,21,30,31]}\n");
	ck_assert_str_eq(kmemctl_got.err, "");
}
END_TEST

static const struct {
	const char *words[6];
	int status;
	const char *says;
} ends[] = {
	{ { "t.fail" }, 1, "t.fail: no process 99" },
	{ { "-n", "1" }, 2, "there is no method to watch" },
	{ { "t.count", "-n", "0" }, 2, "-n is for seconds" },
	{ { "t.count", "-n", "x" }, 2, "-n is for seconds" },
	{ { "t.count", "-n" }, 2, "-n is for seconds" },
	{ { "t.count", "-c", "0" }, 2, "-c is for a number" },
	{ { "t.count", "i:x" }, 2, "i:x is no whole number" },
	{ { "" }, 2, "cannot be a method's name" },
	{ { "t.last", "-n", "0.01" }, 3, "" },
	{ { "t.silent" }, 4, "no answer in time" },
};

START_TEST(watch_ends_at_an_error_with_its_status)
{
	char words[6][16];
	char *argv[10] = { W("kmemctl"), W("--timeout"), W("0.5"), W("watch") };

	for (int i = 0; i < 6 && ends[_i].words[i] != NULL; i++) {
		snprintf(words[i], sizeof(words[i]), "%s", ends[_i].words[i]);
		argv[i + 4] = words[i];
	}
	kmemctl_run(argv);
	ck_has(kmemctl_got.err, ends[_i].says);
	ck_assert_int_eq(kmemctl_got.status, ends[_i].status);
}
END_TEST

static bool out_has(const char *part)
{
	kmemctl_read(
	    kmemctl_here.out, kmemctl_got.out, sizeof(kmemctl_got.out));
	return strstr(kmemctl_got.out, part) != NULL;
}

static pid_t start(char **argv)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		kmemctl_redirect(
		    1, kmemctl_here.out, O_WRONLY | O_CREAT | O_TRUNC);
		kmemctl_redirect(
		    2, kmemctl_here.err, O_WRONLY | O_CREAT | O_TRUNC);
		kmemctl_exec(argv);
	}
	return pid;
}

/* A signal ends it wherever it is: between two answers, or before one. */
START_TEST(a_signal_ends_a_watch_without_an_error)
{
	static const char *const methods[] = { "t.count", "t.once" };
	time_t end = time(NULL) + KMEMCTL_DEADLINE_S;
	char method[16];
	pid_t pid;

	snprintf(method, sizeof(method), "%s", methods[_i]);
	fclose(fopen(kmemctl_here.out, "w"));
	pid = start(ARGV(W("--timeout"), W("50"), W("watch"), method, W("-n"),
	    _i == 0 ? W("50") : W("0.01")));
	while (!out_has("n: "))
		ck_assert_msg(time(NULL) < end && poll(NULL, 0, 5) == 0,
		    "it shows nothing");
	kill(pid, SIGINT);
	kmemctl_wait(pid);
	kmemctl_read(
	    kmemctl_here.err, kmemctl_got.err, sizeof(kmemctl_got.err));
	ck_assert_str_eq(kmemctl_got.err, "");
	ck_assert_int_eq(kmemctl_got.status, 0);
	ck_assert_int_lt(time(NULL), end);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ctl_watch");
	TCase *parts = tcase_create("parts");
	TCase *tc = tcase_create("watch");

	tcase_add_loop_test(parts, a_number_that_has_changed_says_by_how_much,
	    0, COUNT(deltas));
	tcase_add_test(parts, sizes_change_in_units);
	tcase_add_loop_test(parts,
	    a_line_takes_the_rows_that_a_terminal_gives_it, 0, COUNT(widths));
	tcase_add_test(parts, what_does_not_fit_on_a_screen_is_counted);
	suite_add_tcase(suite, parts);
	tcase_set_timeout(tc, 4 * KMEMCTL_DEADLINE_S);
	tcase_add_checked_fixture(tc, kmemctl_setup, kmemctl_teardown);
	tcase_add_test(tc, watch_prints_blocks_in_a_pipe);
	tcase_add_test(tc, watch_gives_plain_results_to_programs);
	tcase_add_test(tc, watch_joins_the_pages_of_a_result);
	tcase_add_loop_test(
	    tc, watch_ends_at_an_error_with_its_status, 0, COUNT(ends));
	tcase_add_loop_test(tc, a_signal_ends_a_watch_without_an_error, 0, 2);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
