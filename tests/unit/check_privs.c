/* SPDX-License-Identifier: ISC */
/* check_privs.c - users, groups and limits. Some of it needs root. */
#include "config.h"

#include <check.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/privs.h"
#include "heard.h"
#include "tests/unit/unit.h"

#define OTHER_ID 54321 /* nobody has it */

/* AddressSanitizer makes mlockall() do nothing, successfully. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOCK_IS_FAKE 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define LOCK_IS_FAKE 1
#endif
#ifndef LOCK_IS_FAKE
#define LOCK_IS_FAKE 0
#endif

static struct privs privs;

static void setup(void)
{
	heard_start();
}

START_TEST(nothing_named_means_no_change)
{
	ck_assert_int_eq(privs_resolve("", "", &privs), 0);
	ck_assert_uint_eq(privs.uid, (uid_t)-1);
	ck_assert_uint_eq(privs.gid, (gid_t)-1);
	ck_assert_int_eq(privs_drop(&privs), 0);
}
END_TEST

START_TEST(a_user_comes_with_its_group)
{
	ck_assert_int_eq(privs_resolve("root", "", &privs), 0);
	ck_assert_uint_eq(privs.uid, 0);
	ck_assert_uint_eq(privs.gid, 0);
	ck_assert_str_eq(privs.name, "root");
}
END_TEST

START_TEST(a_number_of_a_user_gives_its_name_and_group)
{
	ck_assert_int_eq(privs_resolve("0", "", &privs), 0);
	ck_assert_uint_eq(privs.gid, 0);
	ck_assert_str_eq(privs.name, "root");
}
END_TEST

START_TEST(a_group_that_is_named_wins)
{
	ck_assert_int_eq(privs_resolve("root", "54321", &privs), 0);
	ck_assert_uint_eq(privs.uid, 0);
	ck_assert_uint_eq(privs.gid, OTHER_ID);
}
END_TEST

static const struct {
	const char *user, *group;
	const char *message;
} unknown[] = {
	{ "no-such-user", "",
	    "user \"no-such-user\": there is no such user; create it, or give "
	    "a name of /etc/passwd or a number\n" },
	{ "", "no-such-group",
	    "group \"no-such-group\": there is no such group; create it, or "
	    "give a name of /etc/group or a number\n" },
	{ "54321", "",
	    "user \"54321\" has no entry in /etc/passwd, so its group is not "
	    "known: set the parameter group\n" },
	{ "4294967295", "",
	    "user \"4294967295\": there is no such user; create it, or give a "
	    "name of /etc/passwd or a number\n" },
	{ "-1", "",
	    "user \"-1\": there is no such user; create it, or give a name of "
	    "/etc/passwd or a number\n" },
	{ "5x", "",
	    "user \"5x\": there is no such user; create it, or give a name of "
	    "/etc/passwd or a number\n" },
};

START_TEST(who_does_not_exist_is_named_with_the_remedy)
{
	ck_assert_int_eq(
	    privs_resolve(unknown[_i].user, unknown[_i].group, &privs),
	    -KM_ENOENT);
	ck_assert_str_eq(heard.text, unknown[_i].message);
}
END_TEST

START_TEST(dropping_is_for_good)
{
	uid_t r, e, s;
	gid_t groups[4];

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(privs_resolve("54321", "54322", &privs), 0);
	ck_assert_int_eq(privs_drop(&privs), 0);
	ck_assert_int_eq(getresuid(&r, &e, &s), 0);
	ck_assert_uint_eq(r, OTHER_ID);
	ck_assert_uint_eq(e, OTHER_ID);
	ck_assert_uint_eq(s, OTHER_ID);
	ck_assert_uint_eq(getegid(), OTHER_ID + 1);
	ck_assert_int_eq(getgroups(4, groups), 1);
	ck_assert_uint_eq(groups[0], OTHER_ID + 1);
	ck_assert_int_eq(setuid(0), -1);
	ck_assert_int_eq(setgid(0), -1);
}
END_TEST

START_TEST(only_root_can_become_somebody_else)
{
	if (geteuid() == 0)
		ck_assert_int_eq(setresuid(OTHER_ID, OTHER_ID, OTHER_ID), 0);
	ck_assert_int_eq(privs_resolve("54322", "54322", &privs), 0);
	ck_assert_int_eq(privs_drop(&privs), -KM_EPERM);
	ck_assert_str_eq(heard.text,
	    "cannot become group 54322: Operation not permitted; start kmemd "
	    "as root, or as that group without the parameter group\n");
}
END_TEST

START_TEST(that_it_cannot_is_known_before)
{
	bool is_root = geteuid() == 0;

	ck_assert_int_eq(privs_resolve("54322", "54322", &privs), 0);
	if (is_root) {
		ck_assert_int_eq(privs_may_drop(&privs), 0);
		ck_assert_int_eq(setresgid(OTHER_ID, OTHER_ID, OTHER_ID), 0);
		ck_assert_int_eq(setresuid(OTHER_ID, OTHER_ID, OTHER_ID), 0);
	}
	ck_assert_int_eq(privs_may_drop(&privs), -KM_EPERM);
	ck_assert_str_eq(heard.text,
	    "cannot become user 54322: Operation not permitted; start kmemd "
	    "as root, or as that user without the parameter user\n");
	heard_start();
	privs.uid = geteuid();
	ck_assert_int_eq(privs_may_drop(&privs), -KM_EPERM);
	ck_assert_ptr_nonnull(strstr(heard.text, "become group 54322: "));
	privs.gid = getegid();
	ck_assert_int_eq(privs_may_drop(&privs), 0);
}
END_TEST

START_TEST(becoming_oneself_is_no_change)
{
	char uid[16], gid[16];

	snprintf(uid, sizeof(uid), "%u", (unsigned)geteuid());
	snprintf(gid, sizeof(gid), "%u", (unsigned)getegid());
	ck_assert_int_eq(privs_resolve(uid, gid, &privs), 0);
	ck_assert_int_eq(privs_drop(&privs), 0);
}
END_TEST

START_TEST(core_files_are_forbidden_by_their_size)
{
	struct rlimit limit;

	ck_assert_int_eq(privs_forbid_core(), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
	ck_assert_uint_eq(limit.rlim_cur, 0);
	ck_assert_uint_eq(limit.rlim_max, 0);
}
END_TEST

START_TEST(core_files_are_allowed_after_a_change_of_user)
{
	struct rlimit limit;

	if (geteuid() == 0) {
		ck_assert_int_eq(privs_resolve("54321", "54321", &privs), 0);
		ck_assert_int_eq(privs_drop(&privs), 0);
	}
	ck_assert_int_eq(privs_allow_core(), 0);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
	ck_assert_uint_eq(limit.rlim_cur, limit.rlim_max);
}
END_TEST

START_TEST(memory_that_may_not_be_locked_is_an_error_with_a_remedy)
{
	const struct rlimit none = { 0, 0 };

	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(setresuid(OTHER_ID, OTHER_ID, OTHER_ID), 0);
	ck_assert_int_eq(privs_lock_memory(), -KM_EPERM);
	ck_assert_ptr_nonnull(strstr(heard.text, "LimitMEMLOCK="));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("privs");
	TCase *tc = tcase_create("privs");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, nothing_named_means_no_change);
	tcase_add_test(tc, a_user_comes_with_its_group);
	tcase_add_test(tc, a_number_of_a_user_gives_its_name_and_group);
	tcase_add_test(tc, a_group_that_is_named_wins);
	tcase_add_loop_test(tc, who_does_not_exist_is_named_with_the_remedy, 0,
	    sizeof(unknown) / sizeof(unknown[0]));
	tcase_add_test(tc, dropping_is_for_good);
	tcase_add_test(tc, only_root_can_become_somebody_else);
	tcase_add_test(tc, that_it_cannot_is_known_before);
	tcase_add_test(tc, becoming_oneself_is_no_change);
	tcase_add_test(tc, core_files_are_forbidden_by_their_size);
	tcase_add_test(tc, core_files_are_allowed_after_a_change_of_user);
	if (!LOCK_IS_FAKE)
		tcase_add_test(tc,
		    memory_that_may_not_be_locked_is_an_error_with_a_remedy);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
