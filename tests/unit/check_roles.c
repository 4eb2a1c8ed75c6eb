/* SPDX-License-Identifier: ISC */
/* check_roles.c - which role a peer has, by its user and groups. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/param.h"
#include "daemon/roles.h"
#include "heard.h"
#include "tests/unit/unit.h"

#define SOMEBODY 54321 /* no user has it */
#define NO_ROLE	 RPC_ROLE__COUNT

static void setup(void)
{
	heard_start();
	ck_assert_int_eq(param_init(), 0);
}

static void set(enum param_id id, const char *value)
{
	ck_assert_int_eq(param_set_string(id, value), 0);
}

/* The role of a peer with that gid, and one more group. */
static int role_of(uid_t uid, gid_t gid, gid_t more)
{
	const struct rpc_peer peer = { 1, uid, gid };
	const struct rpc_groups groups = { 1, &more };
	enum rpc_role role;
	int rc = roles_find(&peer, &groups, &role);

	ck_assert(rc == 0 || rc == -KM_EPERM);
	return rc == 0 ? (int)role : NO_ROLE;
}

START_TEST(by_default_root_and_the_service_are_admin_and_others_read)
{
	ck_assert_int_eq(roles_load(), 0);
	ck_assert_int_eq(role_of(0, 5, 6), RPC_ROLE_ADMIN);
	ck_assert_int_eq(role_of(geteuid(), 5, 6), RPC_ROLE_ADMIN);
	ck_assert_int_eq(role_of(SOMEBODY, 0, 0), RPC_ROLE_READ);
}
END_TEST

START_TEST(without_any_list_only_root_and_the_service_have_a_role)
{
	set(P_RPC_READ_USERS, "");
	ck_assert_int_eq(roles_load(), 0);
	ck_assert_int_eq(role_of(0, 5, 6), RPC_ROLE_ADMIN);
	ck_assert_int_eq(role_of(SOMEBODY, 0, 0), NO_ROLE);
}
END_TEST

static const struct {
	enum param_id id;
	const char *list;
	int role; /* of SOMEBODY with gid 70 and group 80 */
} lists[] = {
	{ P_RPC_READ_USERS, "54321", RPC_ROLE_READ },
	{ P_RPC_READ_GROUPS, "70", RPC_ROLE_READ },
	{ P_RPC_READ_GROUPS, "80", RPC_ROLE_READ },
	{ P_RPC_DUMP_USERS, "54321", RPC_ROLE_DUMP },
	{ P_RPC_DUMP_GROUPS, "70", RPC_ROLE_DUMP },
	{ P_RPC_DUMP_GROUPS, "80", RPC_ROLE_DUMP },
	{ P_RPC_ADMIN_USERS, "54321", RPC_ROLE_ADMIN },
	{ P_RPC_ADMIN_GROUPS, "70", RPC_ROLE_ADMIN },
	{ P_RPC_ADMIN_GROUPS, "80", RPC_ROLE_ADMIN },
	/* how a list may be written */
	{ P_RPC_DUMP_USERS, "root, 54321", RPC_ROLE_DUMP },
	{ P_RPC_DUMP_USERS, " 1\t54321,,2 ", RPC_ROLE_DUMP },
	{ P_RPC_DUMP_GROUPS, "root 1 2 3 80", RPC_ROLE_DUMP },
	{ P_RPC_DUMP_USERS, "*", RPC_ROLE_DUMP },
	{ P_RPC_DUMP_GROUPS, "1,*", RPC_ROLE_DUMP },
	/* a uid is no gid, and one number is no other */
	{ P_RPC_DUMP_USERS, "70 80", NO_ROLE },
	{ P_RPC_DUMP_GROUPS, "54321", NO_ROLE },
	{ P_RPC_DUMP_USERS, "5432 543210 root", NO_ROLE },
	{ P_RPC_DUMP_USERS, ", ", NO_ROLE },
};
#define N_LISTS ((int)(sizeof(lists) / sizeof(lists[0])))

START_TEST(a_list_gives_its_role_to_whom_it_names)
{
	set(P_RPC_READ_USERS, "");
	set(lists[_i].id, lists[_i].list);
	ck_assert_int_eq(roles_load(), 0);
	ck_assert_int_eq(role_of(SOMEBODY, 70, 80), lists[_i].role);
	ck_assert_int_eq(role_of(SOMEBODY + 1, 71, 81),
	    strchr(lists[_i].list, '*') != NULL ? lists[_i].role : NO_ROLE);
}
END_TEST

START_TEST(of_several_roles_the_highest_counts)
{
	set(P_RPC_DUMP_GROUPS, "80");
	set(P_RPC_ADMIN_GROUPS, "90");
	ck_assert_int_eq(roles_load(), 0);
	ck_assert_int_eq(role_of(SOMEBODY, 1, 2), RPC_ROLE_READ);
	ck_assert_int_eq(role_of(SOMEBODY, 1, 80), RPC_ROLE_DUMP);
	ck_assert_int_eq(role_of(SOMEBODY, 90, 80), RPC_ROLE_ADMIN);
	ck_assert_int_eq(role_of(SOMEBODY, 80, 90), RPC_ROLE_ADMIN);
}
END_TEST

START_TEST(a_name_that_does_not_exist_is_an_error_that_names_the_list)
{
	set(P_RPC_DUMP_USERS, "root no-such-user");
	ck_assert_int_eq(roles_load(), -KM_ENOENT);
	ck_assert_str_eq(heard.text,
	    "rpc_dump_users: there is no user \"no-such-user\"; create it, or "
	    "give another name, a number, or * for everybody\n");
	heard_start();
	set(P_RPC_DUMP_USERS, "");
	set(P_RPC_ADMIN_GROUPS, "-1");
	ck_assert_int_eq(roles_load(), -KM_ENOENT);
	ck_assert_ptr_nonnull(
	    strstr(heard.text, "rpc_admin_groups: there is no group \"-1\""));
}
END_TEST

START_TEST(a_list_has_room_for_all_that_a_parameter_can_name)
{
	char text[1024];
	size_t n = 0;

	while (n + 2 < sizeof(text)) {
		text[n++] = '1';
		text[n++] = ' ';
	}
	text[n - 1] = '7';
	text[n] = '\0';
	set(P_RPC_READ_USERS, "");
	set(P_RPC_DUMP_USERS, text);
	ck_assert_int_eq(roles_load(), 0);
	ck_assert_int_eq(role_of(17, 70, 80), RPC_ROLE_DUMP);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("roles");
	TCase *tc = tcase_create("roles");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(
	    tc, by_default_root_and_the_service_are_admin_and_others_read);
	tcase_add_test(
	    tc, without_any_list_only_root_and_the_service_have_a_role);
	tcase_add_loop_test(
	    tc, a_list_gives_its_role_to_whom_it_names, 0, N_LISTS);
	tcase_add_test(tc, of_several_roles_the_highest_counts);
	tcase_add_test(
	    tc, a_name_that_does_not_exist_is_an_error_that_names_the_list);
	tcase_add_test(tc, a_list_has_room_for_all_that_a_parameter_can_name);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
