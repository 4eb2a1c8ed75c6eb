/* SPDX-License-Identifier: ISC */
/* check_near.c - names that are near to one that is none. */
#include "config.h"

#include <check.h>
#include <string.h>

#include "base/near.h"
#include "tests/unit/unit.h"

static const char *const names[] = { "core.ping", "core.psx", "core.shmmem",
	"mem.top", "shm.stats", "pkg.stats", "memdbg", "memlog", "debug" };

static const char *nearest(const char *name)
{
	struct near near;

	near_begin(&near, name);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		near_try(&near, names[i]);
	return near.best != NULL ? near.best : "";
}

START_TEST(a_slip_of_the_fingers_is_seen_through)
{
	ck_assert_str_eq(nearest("core.shmem"), "core.shmmem");
	ck_assert_str_eq(nearest("core.shmmmem"), "core.shmmem");
	ck_assert_str_eq(nearest("core.pong"), "core.ping");
	ck_assert_str_eq(nearest("mem.tpo"), "mem.top");
	ck_assert_str_eq(nearest("memdgb"), "memdbg");
	ck_assert_str_eq(nearest("Core_Ping"), "core.ping");
}
END_TEST

START_TEST(of_two_that_are_near_the_nearest_is_meant)
{
	ck_assert_str_eq(nearest("kg.stats"), "pkg.stats");
	ck_assert_str_eq(nearest("sh.stats"), "shm.stats");
	ck_assert_str_eq(nearest("memlg"), "memlog");
}
END_TEST

START_TEST(a_part_stands_for_the_whole)
{
	ck_assert_str_eq(nearest("core.shm"), "core.shmmem");
	ck_assert_str_eq(nearest("shmmem"), "core.shmmem");
	ck_assert_str_eq(nearest("top"), "mem.top");
}
END_TEST

START_TEST(what_is_near_to_none_has_none)
{
	char longest[64], longer[65];

	memset(longest, 'a', sizeof(longest));
	memset(longer, 'a', sizeof(longer));
	longest[63] = longer[64] = '\0';
	ck_assert_str_eq(nearest(""), "");
	ck_assert_str_eq(nearest("x"), "");
	ck_assert_str_eq(nearest("nix"), "");
	ck_assert_str_eq(nearest("system.listMethods"), "");
	ck_assert_str_eq(nearest(longest), "");
	ck_assert_str_eq(nearest(longer), "");
}
END_TEST

START_TEST(a_hint_is_the_name_then_the_rest)
{
	struct near near;
	char buf[20];

	near_begin(&near, "memtop");
	ck_assert_ptr_null(near_hint(&near, NULL, buf, sizeof(buf)));
	ck_assert_str_eq(near_hint(&near, "all", buf, sizeof(buf)), "all");
	near_try(&near, "mem.top");
	ck_assert_str_eq(
	    near_hint(&near, NULL, buf, sizeof(buf)), "did you mean mem.to");
	near_begin(&near, "tpo");
	near_try(&near, "top");
	ck_assert_str_eq(
	    near_hint(&near, "all", buf, sizeof(buf)), "did you mean top? a");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("near");
	TCase *tc = tcase_create("near");

	tcase_add_test(tc, a_slip_of_the_fingers_is_seen_through);
	tcase_add_test(tc, of_two_that_are_near_the_nearest_is_meant);
	tcase_add_test(tc, a_part_stands_for_the_whole);
	tcase_add_test(tc, what_is_near_to_none_has_none);
	tcase_add_test(tc, a_hint_is_the_name_then_the_rest);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
