/* SPDX-License-Identifier: ISC */
/* check_group.c - values of variables, for the service and for a process. */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/group.h"
#include "daemon/module.h"
#include "daemon/param.h"
#include "tests/unit/unit.h"

enum {
	SPEED,
	LIMIT,
	WORD,
	PATH,
	N_ROWS
};

static const struct param rows[N_ROWS] = {
	[SPEED] = { "speed", PARAM_INT, -5, 5, 1, NULL, NULL, "", PARAM_AT_ONCE,
	    "a number that applies at once" },
	[LIMIT] = { "limit", PARAM_INT, 0, 0x7fffffffffff, 9, NULL, NULL, "",
	    PARAM_AT_START, "a large number that does not" },
	[WORD] = { "word", PARAM_STRING, 0, 30, 0, "first", NULL, "",
	    PARAM_AT_ONCE, "a text that applies at once" },
	[PATH] = { "path", PARAM_STRING, 1, 7, 0, "/", NULL, "", PARAM_AT_START,
	    "a text that does not" },
};

static struct group *group;

static void setup(void)
{
	ck_assert_int_eq(group_new("test", rows, N_ROWS, &group), 0);
}

static void teardown(void)
{
	group_free(&group);
	ck_assert_ptr_null(group);
	ck_assert_ptr_null(group_find("test"));
}

START_TEST(a_group_and_its_variables_are_found_by_name)
{
	struct group *other;

	ck_assert_int_eq(group_new("other", NULL, 0, &other), 0);
	ck_assert_ptr_eq(group_next(NULL), group);
	ck_assert_ptr_eq(group_next(group), other);
	ck_assert_ptr_eq(group_find("other"), other);
	ck_assert_uint_eq(group_count(other), 0);
	ck_assert_uint_eq(group_index(group, "word"), WORD);
	ck_assert_uint_eq(group_index(group, "wor"), N_ROWS);
	group_free(&other);
	ck_assert_ptr_null(group_next(group));
}
END_TEST

START_TEST(values_are_defaults_at_first)
{
	char buf[8];

	ck_assert_int_eq(group_int(group, SPEED), 1);
	ck_assert_int_eq(group_int_of(group, SPEED, 0), 1);
	ck_assert_int_eq(group_int(group, LIMIT), 9);
	ck_assert_str_eq(group_string(group, WORD), "first");
	ck_assert_str_eq(group_copy_string(group, PATH, buf, 8), "/");
	ck_assert_str_eq(group_copy_string(group, WORD, buf, 3), "fi");
}
END_TEST

START_TEST(what_the_row_does_not_allow_is_not_stored)
{
	ck_assert_int_eq(group_set_int(group, SPEED, 6), -KM_ERANGE);
	ck_assert_int_eq(group_set_int(group, SPEED, -6), -KM_ERANGE);
	ck_assert_int_eq(group_set_int_of(group, SPEED, 0, 6), -KM_ERANGE);
	ck_assert_int_eq(group_set_int(group, WORD, 1), -KM_EINVAL);
	ck_assert_int_eq(group_set_string(group, SPEED, "1"), -KM_EINVAL);
	ck_assert_int_eq(group_set_string(group, PATH, "/2345678"), -KM_ERANGE);
	ck_assert_int_eq(group_set_text(group, SPEED, "x"), -KM_EINVAL);
	ck_assert_int_eq(group_int(group, SPEED), 1);
	ck_assert_int_eq(group_int_of(group, SPEED, 0), 1);
	ck_assert_str_eq(group_string(group, PATH), "/");
}
END_TEST

START_TEST(a_process_may_have_a_number_of_its_own_until_all_are_set)
{
	group_start_process(1);
	group_start_process(2);
	ck_assert_int_eq(group_set_int_of(group, SPEED, 1, -5), 0);
	ck_assert_int_eq(group_int_of(group, SPEED, 1), -5);
	ck_assert_int_eq(group_int_of(group, SPEED, 2), 1);
	ck_assert_int_eq(group_int(group, SPEED), 1);
	ck_assert_int_eq(group_set_int(group, SPEED, 4), 0);
	for (unsigned p = 0; p < 3; p++)
		ck_assert_int_eq(group_int_of(group, SPEED, p), 4);
}
END_TEST

START_TEST(what_does_not_apply_at_once_is_the_same_in_all_processes)
{
	ck_assert(group_has_own(group, SPEED));
	ck_assert(!group_has_own(group, LIMIT));
	ck_assert(!group_has_own(group, WORD));
	ck_assert_int_eq(group_set_int_of(group, LIMIT, 1, 3), -KM_ENOENT);
	ck_assert_int_eq(group_set_int(group, LIMIT, 0x7fffffffffff), 0);
	ck_assert_int_eq(group_int_of(group, LIMIT, 1), 0x7fffffffffff);
}
END_TEST

START_TEST(a_replacement_begins_with_the_values_of_the_service)
{
	group_start_process(1);
	group_set_int(group, SPEED, 2);
	group_set_int_of(group, SPEED, 1, 3);
	group_start_process(1);
	ck_assert_int_eq(group_int_of(group, SPEED, 1), 2);
}
END_TEST

START_TEST(a_process_that_was_forked_before_sees_its_own)
{
	struct km_var *speed = group_var(group, SPEED);
	struct km_var *word = group_var(group, WORD);
	int ask[2], status;
	char buf[32];
	pid_t pid;

	ck_assert_int_eq(pipe(ask), 0);
	group_start_process(1);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		group_be_process(1);
		if (read(ask[0], buf, 1) != 1)
			_exit(1);
		_exit(km_var_int(speed) == -2 &&
			      strcmp(km_var_string(word, buf, 32), "new") == 0
			  ? 42
			  : 2);
	}
	group_set_int(group, SPEED, 5);
	group_set_int_of(group, SPEED, 1, -2);
	group_set_string(group, WORD, "new");
	ck_assert_int_eq(km_var_int(speed), 5);
	ck_assert_int_eq(write(ask[1], "g", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 42);
	close(ask[0]);
	close(ask[1]);
}
END_TEST

START_TEST(what_the_service_started_with_is_known_later)
{
	group_start_process(1);
	group_set_int(group, SPEED, 3);
	group_set_string(group, WORD, "start");
	group_keep_all();
	ck_assert(group_is_as_started(group, SPEED));
	group_set_int_of(group, SPEED, 1, 2);
	ck_assert(!group_is_as_started(group, SPEED));
	group_set_int_of(group, SPEED, 1, 3);
	ck_assert(group_is_as_started(group, SPEED));
	group_set_int(group, SPEED, 4);
	ck_assert(!group_is_as_started(group, SPEED));
	ck_assert_int_eq(group_start_int(group, SPEED), 3);
	ck_assert_ptr_null(group_start_string(group, SPEED));
	group_set_string(group, WORD, "later");
	ck_assert(!group_is_as_started(group, WORD));
	ck_assert_str_eq(group_start_string(group, WORD), "start");
	group_set_string(group, WORD, group_start_string(group, WORD));
	ck_assert(group_is_as_started(group, WORD));
}
END_TEST

/* Texts of one letter each, of different lengths. */
static void *store_texts(void *arg)
{
	atomic_bool *stop = arg;
	char text[31] = "";

	for (unsigned i = 0; !atomic_load(stop); i++) {
		memset(text, 'a' + (int)(i % 26), 30);
		text[1 + i % 30] = '\0';
		group_set_string(group, WORD, text);
	}
	return NULL;
}

START_TEST(a_text_is_read_whole_while_it_is_stored)
{
	atomic_bool stop = false;
	char buf[31];
	pthread_t writer;

	group_set_string(group, WORD, "a");
	ck_assert_int_eq(pthread_create(&writer, NULL, store_texts, &stop), 0);
	for (int i = 0; i < 200000; i++) {
		group_copy_string(group, WORD, buf, sizeof(buf));
		must(strlen(buf) > 0);
		must(strspn(buf, (char[]){ buf[0], '\0' }) == strlen(buf));
	}
	atomic_store(&stop, true);
	pthread_join(writer, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("group");
	TCase *tc = tcase_create("group");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_group_and_its_variables_are_found_by_name);
	tcase_add_test(tc, values_are_defaults_at_first);
	tcase_add_test(tc, what_the_row_does_not_allow_is_not_stored);
	tcase_add_test(
	    tc, a_process_may_have_a_number_of_its_own_until_all_are_set);
	tcase_add_test(
	    tc, what_does_not_apply_at_once_is_the_same_in_all_processes);
	tcase_add_test(tc, a_replacement_begins_with_the_values_of_the_service);
	tcase_add_test(tc, a_process_that_was_forked_before_sees_its_own);
	tcase_add_test(tc, what_the_service_started_with_is_known_later);
	tcase_add_test(tc, a_text_is_read_whole_while_it_is_stored);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
