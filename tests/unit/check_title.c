/* SPDX-License-Identifier: ISC */
/* check_title.c - what ps shows of a process. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "daemon/title.h"
#include "tests/unit/unit.h"

/* A process's strings, as the kernel lays them out: one behind the other. */
static struct {
	char strings[64];
	char beyond[8]; /* somebody else's */
	char *argv[4];
	char *env[3];
} fake;

static char **own_environ;

static void setup(void)
{
	static const char layout[] = "/bin/kmemd\0-D\0-E\0A=1\0PATH=/bin";

	own_environ = environ;
	memcpy(fake.strings, layout, sizeof(layout));
	memset(fake.beyond, '#', sizeof(fake.beyond));
	fake.argv[0] = fake.strings;
	fake.argv[1] = fake.argv[0] + strlen(fake.argv[0]) + 1;
	fake.argv[2] = fake.argv[1] + strlen(fake.argv[1]) + 1;
	fake.env[0] = fake.argv[2] + strlen(fake.argv[2]) + 1;
	fake.env[1] = fake.env[0] + strlen(fake.env[0]) + 1;
	environ = fake.env;
	ck_assert_int_eq(title_init(3, fake.argv), 0);
}

static void teardown(void)
{
	title_fini();
	environ = own_environ;
}

START_TEST(a_title_takes_the_place_of_the_arguments)
{
	title_set("kmemd", "kmemd: worker 1");
	ck_assert_str_eq(fake.strings, "kmemd: worker 1");
}
END_TEST

START_TEST(a_shorter_title_leaves_nothing_of_the_one_before)
{
	static const char zeros[16];

	title_set("kmemd", "kmemd: a long title");
	title_set("kmemd", "kmemd");
	ck_assert_str_eq(fake.strings, "kmemd");
	ck_assert_mem_eq(fake.strings + 5, zeros, sizeof(zeros));
}
END_TEST

START_TEST(a_title_that_is_too_long_is_cut_at_the_end_of_the_room)
{
	char text[200];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_uint_eq(
	    title_room(), sizeof("/bin/kmemd -D -E A=1 PATH=/bin") - 1);
	title_set("kmemd", text);
	ck_assert_uint_eq(strlen(fake.strings), title_room());
	ck_assert_mem_eq(fake.beyond, "########", 8);
}
END_TEST

START_TEST(arguments_and_environment_are_still_there)
{
	title_set("kmemd", "kmemd: something quite long, over it all");
	ck_assert_str_eq(fake.argv[0], "/bin/kmemd");
	ck_assert_str_eq(fake.argv[1], "-D");
	ck_assert_str_eq(fake.argv[2], "-E");
	ck_assert_ptr_eq(title_args(), fake.argv);
	ck_assert_ptr_null(title_args()[3]);
	ck_assert_str_eq(getenv("A"), "1");
	ck_assert_str_eq(getenv("PATH"), "/bin");
}
END_TEST

START_TEST(the_environment_can_be_changed_afterwards)
{
	ck_assert_int_eq(setenv("A", "2", 1), 0);
	ck_assert_int_eq(setenv("B", "3", 1), 0);
	title_set("kmemd", "kmemd: worker 1");
	ck_assert_str_eq(getenv("A"), "2");
	ck_assert_str_eq(getenv("B"), "3");
	ck_assert_str_eq(getenv("PATH"), "/bin");
}
END_TEST

START_TEST(the_short_name_is_cut_at_fifteen_bytes)
{
	char comm[17] = "";

	title_set("kmemd: worker 1024", "kmemd: worker 1024");
	ck_assert_int_eq(prctl(PR_GET_NAME, comm), 0);
	ck_assert_str_eq(comm, "kmemd: worker 1");
}
END_TEST

START_TEST(strings_that_do_not_follow_each_other_are_left_alone)
{
	/* The gap between the two: find_area() must stop there. */
	static char strings[] = "kmemd\0#\0-D";
	char *one = strings + 8;
	char *argv[] = { strings, one, NULL };
	char *env[] = { NULL };

	title_fini();
	environ = env;
	ck_assert_int_eq(title_init(2, argv), 0);
	title_set("kmemd", "kmemd: worker 1");
	ck_assert_str_eq(strings, "kmemd"); /* cut to the room of argv[0] */
	ck_assert_mem_eq(strings + 6, "#\0-D", 5);
	ck_assert_str_eq(argv[1], "-D");
	title_fini(); /* before argv goes */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("title");
	TCase *tc = tcase_create("title");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_title_takes_the_place_of_the_arguments);
	tcase_add_test(tc, a_shorter_title_leaves_nothing_of_the_one_before);
	tcase_add_test(
	    tc, a_title_that_is_too_long_is_cut_at_the_end_of_the_room);
	tcase_add_test(tc, arguments_and_environment_are_still_there);
	tcase_add_test(tc, the_environment_can_be_changed_afterwards);
	tcase_add_test(tc, the_short_name_is_cut_at_fifteen_bytes);
	tcase_add_test(
	    tc, strings_that_do_not_follow_each_other_are_left_alone);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
