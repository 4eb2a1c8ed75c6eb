/* SPDX-License-Identifier: ISC */
/* check_logsink.c - where lines go and how they look. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/tune.h"
#include "daemon/logsink.h"
#include "daemon/param.h"
#include "tests/unit/unit.h"

static struct {
	int read_end;
	int own_stderr;
} captured;

static void setup(void)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	captured.own_stderr = dup(STDERR_FILENO);
	captured.read_end = ends[0];
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	km_tune->debug = L_DBG;
}

static void teardown(void)
{
	logsink_close();
	dup2(captured.own_stderr, STDERR_FILENO);
	close(captured.own_stderr);
	close(captured.read_end);
}

/* What was written on standard error since the last time. */
static const char *written(void)
{
	static char buf[8192];
	ssize_t n = read(captured.read_end, buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void assert_matches(const char *text, const char *pattern)
{
	regex_t regex;

	ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	ck_assert_msg(
	    regexec(&regex, text, 0, NULL, 0) == 0, "%s: %s", pattern, text);
	regfree(&regex);
}

START_TEST(the_terminal_shows_errors_and_warnings_as_they_are)
{
	logsink_open(LOGSINK_TERMINAL);
	LM_ERR("k.conf:3: wrong");
	LM_WARN("careful");
	LM_NOTICE("not for the terminal");
	ck_assert_str_eq(written(), "k.conf:3: wrong\ncareful\n");
}
END_TEST

START_TEST(a_line_on_stderr_has_time_level_pid_and_rank)
{
	char pattern[128];

	logsink_open(LOGSINK_STDERR);
	logsink_set_rank(3);
	LM_INFO("hello");
	snprintf(pattern, sizeof(pattern),
	    "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"
	    "\\.[0-9]{3} INFO: \\[%d 3\\] hello\n$",
	    (int)getpid());
	assert_matches(written(), pattern);
}
END_TEST

START_TEST(a_text_cannot_pretend_to_be_two_lines)
{
	logsink_open(LOGSINK_TERMINAL);
	LM_ERR("one\nALERT: two\r\x1b[2J\tend");
	ck_assert_str_eq(written(), "one ALERT: two  [2J\tend\n");
}
END_TEST

START_TEST(the_longest_line_is_written_whole)
{
	char text[3000];
	const char *got;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	logsink_open(LOGSINK_STDERR);
	LM_ERR("%s", text);
	got = written();
	ck_assert_uint_gt(strlen(got), 1999);
	ck_assert_str_eq(got + strlen(got) - 5, "a...\n");
}
END_TEST

START_TEST(errors_of_the_start_go_to_the_tee_too)
{
	char buf[256] = "";
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	logsink_open(LOGSINK_STDERR);
	logsink_tee(ends[1]);
	LM_ERR("no chunk");
	LM_WARN("not that bad");
	logsink_tee(-1);
	LM_ERR("later");
	ck_assert_int_eq(read(ends[0], buf, sizeof(buf) - 1), 9);
	ck_assert_str_eq(buf, "no chunk\n");
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(a_full_standard_error_stops_nobody)
{
	fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK | O_WRONLY);
	logsink_open(LOGSINK_STDERR);
	for (int i = 0; i < 5000; i++)
		LM_ERR("line %d", i);
	ck_assert_uint_gt(strlen(written()), 0);
}
END_TEST

static const struct {
	int level, priority;
} priorities[] = {
	{ L_ALERT - 3, LOG_ALERT },
	{ L_ALERT, LOG_ALERT },
	{ L_BUG, LOG_CRIT },
	{ L_CRIT, LOG_CRIT },
	{ L_ERR, LOG_ERR },
	{ L_WARN, LOG_WARNING },
	{ L_NOTICE, LOG_NOTICE },
	{ L_INFO, LOG_INFO },
	{ L_DBG, LOG_DEBUG },
	{ L_DBG + 5, LOG_DEBUG },
};

START_TEST(levels_have_the_priorities_of_kamailio)
{
	ck_assert_int_eq(
	    logsink_priority(priorities[_i].level), priorities[_i].priority);
}
END_TEST

START_TEST(every_facility_that_the_parameter_allows_is_known)
{
	char words[] = PARAM_FACILITIES;

	for (char *word = strtok(words, "|"); word != NULL;
	     word = strtok(NULL, "|"))
		ck_assert_msg(logsink_facility(word) >= 0, "%s", word);
	ck_assert_int_eq(logsink_facility("local7"), LOG_LOCAL7);
}
END_TEST

START_TEST(a_facility_that_syslog_does_not_have_is_told)
{
	ck_assert_int_lt(logsink_facility("fax"), 0);
	ck_assert_int_lt(logsink_facility(""), 0);
}
END_TEST

/* Instead of libc's: what a line would be sent with. */
static int sent_priority;

void syslog(int priority, const char *format, ...)
{
	(void)format;
	sent_priority = priority;
}

void __syslog_chk(int priority, int flag, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...)
{
	(void)flag;
	(void)format;
	sent_priority = priority;
}

START_TEST(each_line_has_the_facility_that_the_parameter_says_then)
{
	ck_assert_int_eq(param_init(), 0);
	logsink_open(LOGSINK_SYSLOG);
	LM_ERR("one");
	ck_assert_int_eq(sent_priority, LOG_DAEMON | LOG_ERR);
	ck_assert_int_eq(param_set_string(P_LOG_FACILITY, "local5"), 0);
	LM_WARN("two");
	ck_assert_int_eq(sent_priority, LOG_LOCAL5 | LOG_WARNING);
	logsink_reopen();
	LM_WARN("three");
	ck_assert_int_eq(sent_priority, LOG_LOCAL5 | LOG_WARNING);
}
END_TEST

START_TEST(after_close_nothing_is_written)
{
	logsink_open(LOGSINK_STDERR);
	logsink_close();
	LM_ERR("nobody reads this");
	ck_assert_str_eq(written(), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("logsink");
	TCase *tc = tcase_create("logsink");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_terminal_shows_errors_and_warnings_as_they_are);
	tcase_add_test(tc, a_line_on_stderr_has_time_level_pid_and_rank);
	tcase_add_test(tc, a_text_cannot_pretend_to_be_two_lines);
	tcase_add_test(tc, the_longest_line_is_written_whole);
	tcase_add_test(tc, errors_of_the_start_go_to_the_tee_too);
	tcase_add_test(tc, a_full_standard_error_stops_nobody);
	tcase_add_loop_test(tc, levels_have_the_priorities_of_kamailio, 0,
	    sizeof(priorities) / sizeof(priorities[0]));
	tcase_add_test(tc, every_facility_that_the_parameter_allows_is_known);
	tcase_add_test(tc, a_facility_that_syslog_does_not_have_is_told);
	tcase_add_test(
	    tc, each_line_has_the_facility_that_the_parameter_says_then);
	tcase_add_test(tc, after_close_nothing_is_written);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
