/* SPDX-License-Identifier: ISC */
/* check_modhost.c - loading modules, their parameters and hooks. */
#include "config.h"

#include <check.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/group.h"
#include "daemon/modhost.h"
#include "daemon/param.h"
#include "heard.h"
#include "modules/good.h"
#include "tests/unit/unit.h"

static struct modhost *module;
static struct modhost_why why;
static struct good_state state;

static void setup(void)
{
	heard_start();
	ck_assert_int_eq(param_init(), 0);
	ck_assert_int_eq(param_set_string(P_MODULE_PATH, TEST_MODDIR), 0);
}

static void teardown(void)
{
	modhost_destroy_all();
}

/* Fill state in, through the symbol that the module good has for it. */
static void look(void)
{
	void *handle = dlopen(TEST_MODDIR "/good.so", RTLD_NOW | RTLD_NOLOAD);
	void (*good_look)(struct good_state *);

	ck_assert_ptr_nonnull(handle);
	*(void **)&good_look = dlsym(handle, "good_look");
	ck_assert_ptr_nonnull(good_look);
	good_look(&state);
	dlclose(handle);
}

/* Load it, or the test fails with the reason. */
static void load(const char *name)
{
	why.text[0] = '\0';
	ck_assert_msg(
	    modhost_load(name, &why, &module) == 0, "%s: %s", name, why.text);
}

static void set(const char *name, const char *text)
{
	ck_assert_msg(modhost_param(module, name, text, &why) == 0, "%s: %s",
	    name, why.text);
}

START_TEST(a_module_is_found_in_the_path_and_says_who_it_is)
{
	load("good.so");
	ck_assert_ptr_eq(modhost_find("good"), module);
	ck_assert_str_eq(modhost_module(module)->version, "1.0");
	ck_assert_str_eq(modhost_path(module), TEST_MODDIR "/good.so");
}
END_TEST

START_TEST(the_tail_of_the_name_can_be_left_out)
{
	load("good");
	ck_assert_str_eq(modhost_path(module), TEST_MODDIR "/good.so");
}
END_TEST

START_TEST(a_name_with_a_slash_is_a_path)
{
	param_set_string(P_MODULE_PATH, "/nonexistent");
	load(TEST_MODDIR "/good.so");
	ck_assert_ptr_nonnull(modhost_find("good"));
}
END_TEST

START_TEST(all_folders_of_the_path_are_searched)
{
	param_set_string(
	    P_MODULE_PATH, "/nonexistent::" TEST_MODDIR ":/nonexistent2");
	load("good.so");
}
END_TEST

START_TEST(the_list_has_the_modules_in_the_order_of_loading)
{
	const struct modhost *m;

	ck_assert_ptr_null(modhost_next(NULL));
	load("plain.so");
	load("good.so");
	m = modhost_next(NULL);
	ck_assert_str_eq(modhost_module(m)->name, "plain");
	m = modhost_next(m);
	ck_assert_str_eq(modhost_module(m)->name, "good");
	ck_assert_ptr_null(modhost_next(m));
	ck_assert_ptr_null(modhost_find("replay"));
}
END_TEST

static const struct {
	const char *name;
	int rc;
	const char *text;
} bad_files[] = {
	{ "absent.so", -KM_ENOENT,
	    "module absent.so: not found in " TEST_MODDIR
	    "; set module_path, before this line, or give a path" },
	{ "/nonexistent/x.so", -KM_ENOENT,
	    "module /nonexistent/x.so: there is no such file" },
	{ "", -KM_EINVAL, "the name of the module is empty" },
	{ "bad_abi.so", -KM_EABI,
	    TEST_MODDIR "/bad_abi.so was built for module ABI 43, this kmemd "
			"has ABI 2: build the module again with the headers of "
			"this kmemd" },
	{ "no_exports.so", -KM_EINVAL,
	    TEST_MODDIR "/no_exports.so is no module of kmemd: it has no "
			"symbol \"exports\"" },
	{ "no_name.so", -KM_EINVAL,
	    TEST_MODDIR "/no_name.so: the descriptor names no module or "
			"version" },
	{ "core.so", -KM_EEXIST,
	    "module core: there is a cfg group of this name: the module needs "
	    "another one" },
	{ "bad_var.so", -KM_EINVAL,
	    "module bad_var: the row of variable \"odd\" is wrong: it needs a "
	    "name, a type, a place for its handle, a default within its range, "
	    "and a help text" },
};

START_TEST(what_is_no_module_is_refused_with_its_remedy)
{
	ck_assert_int_eq(
	    modhost_load(bad_files[_i].name, &why, &module), bad_files[_i].rc);
	ck_assert_str_eq(why.text, bad_files[_i].text);
	ck_assert_ptr_null(modhost_next(NULL));
}
END_TEST

START_TEST(a_file_that_is_no_shared_object_is_refused)
{
	char path[] = "./check-modhost-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "no ELF\n", 7), 7);
	close(fd);
	ck_assert_int_eq(modhost_load(path, &why, &module), -KM_EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, path));
	unlink(path);
}
END_TEST

START_TEST(a_module_is_loaded_once)
{
	load("good.so");
	ck_assert_int_eq(modhost_load("good", &why, &module), -KM_EEXIST);
	ck_assert_str_eq(why.text,
	    "module good is loaded already, from " TEST_MODDIR "/good.so");
}
END_TEST

START_TEST(a_parameter_not_set_keeps_its_default)
{
	load("good.so");
	look();
	ck_assert_int_eq(state.number, 5);
	ck_assert_str_eq(state.text, "default");
}
END_TEST

START_TEST(parameters_are_set_by_their_type)
{
	char text[] = "first";

	load("good.so");
	set("number", "-12");
	set("text", text);
	text[0] = 'x'; /* the module has a copy */
	look();
	ck_assert_int_eq(state.number, -12);
	ck_assert_str_eq(state.text, "first");
	set("text", "second");
	look();
	ck_assert_str_eq(state.text, "second");
}
END_TEST

static const struct {
	const char *name, *text;
	int rc;
	const char *why;
} bad_values[] = {
	{ "number", "abc", -KM_EINVAL,
	    "module good: number: \"abc\" is not an integer" },
	{ "number", "12abc", -KM_EINVAL,
	    "module good: number: \"12abc\" is not an integer" },
	{ "number", "", -KM_EINVAL,
	    "module good: number: \"\" is not an integer" },
	{ "number", " 1", -KM_EINVAL,
	    "module good: number: \" 1\" is not an integer" },
	{ "number", "2147483648", -KM_ERANGE,
	    "module good: number: 2147483648 is not an integer from "
	    "-2147483648 to 2147483647" },
	{ "nmber", "1", -KM_ENOENT,
	    "module good has no parameter \"nmber\"; it has: number, text, "
	    "gauge, motto" },
	{ "gauge", "10", -KM_ERANGE,
	    "module good: gauge: \"10\" is not an integer from -3 to 9" },
	{ "gauge", "ten", -KM_EINVAL,
	    "module good: gauge: \"ten\" is not an integer from -3 to 9" },
	{ "motto", "", -KM_ERANGE,
	    "module good: motto: \"\" is not a text of 1 to 10 bytes" },
};

START_TEST(a_wrong_parameter_is_refused_and_changes_nothing)
{
	load("good.so");
	ck_assert_int_eq(modhost_param(module, bad_values[_i].name,
			     bad_values[_i].text, &why),
	    bad_values[_i].rc);
	ck_assert_str_eq(why.text, bad_values[_i].why);
	look();
	ck_assert_int_eq(state.number, 5);
}
END_TEST

START_TEST(modparam_sets_what_a_variable_starts_with)
{
	char buf[GOOD_MOTTO_SIZE];

	load("good.so");
	look();
	ck_assert_int_eq(km_var_int(state.gauge), 2);
	set("gauge", "-3");
	set("motto", "ten bytes.");
	ck_assert_int_eq(km_var_int(state.gauge), -3);
	ck_assert_str_eq(
	    km_var_string(state.motto, buf, sizeof(buf)), "ten bytes.");
	ck_assert_str_eq(km_var_string(state.motto, buf, 4), "ten");
	ck_assert_str_eq(km_var_string(state.gauge, buf, sizeof(buf)), "");
	ck_assert_int_eq(km_var_int(state.motto), 0);
}
END_TEST

START_TEST(every_module_has_a_group_of_its_name_while_it_is_loaded)
{
	load("plain.so");
	load("good.so");
	ck_assert_uint_eq(group_count(group_find("plain")), 0);
	ck_assert_uint_eq(group_count(group_find("good")), 2);
	ck_assert_str_eq(group_name(group_next(group_find("plain"))), "good");
	modhost_destroy_all();
	ck_assert_ptr_null(group_find("good"));
	ck_assert_ptr_null(group_next(group_find("core")));
}
END_TEST

START_TEST(a_module_without_parameters_says_so)
{
	load("plain.so");
	ck_assert_int_eq(modhost_param(module, "x", "1", &why), -KM_ENOENT);
	ck_assert_str_eq(
	    why.text, "module plain has no parameters, so not \"x\"");
}
END_TEST

START_TEST(hooks_run_in_order_and_destroy_last)
{
	load("plain.so"); /* has no hooks */
	load("good.so");
	look();
	ck_assert_int_eq(modhost_init_all(), 0);
	ck_assert_int_eq(modhost_child_init_all(2, NULL), 0);
	modhost_destroy_all();
	ck_assert_str_eq(state.trace, "good-init good-child-2 good-destroy ");
	ck_assert_ptr_null(modhost_find("good"));
	ck_assert_ptr_null(modhost_next(NULL));
}
END_TEST

START_TEST(a_module_can_be_loaded_again_and_is_as_new)
{
	load("good.so");
	set("number", "9");
	set("text", "nine");
	modhost_destroy_all();
	load("good.so");
	look();
	ck_assert_int_eq(state.number, 5);
	ck_assert_str_eq(state.text, "default");
}
END_TEST

START_TEST(mod_init_that_fails_stops_the_start_and_is_named)
{
	load("bad_init.so");
	load("good.so");
	look();
	ck_assert_int_eq(modhost_init_all(), -KM_EREADY);
	ck_assert_str_eq(heard.text,
	    "module bad_init (" TEST_MODDIR "/bad_init.so): mod_init failed "
	    "(-7), the reason is above\n");
	modhost_destroy_all();
	ck_assert_str_eq(state.trace, ""); /* not started, so not destroyed */
}
END_TEST

START_TEST(child_init_that_fails_names_module_and_rank)
{
	load("bad_init.so");
	set("init_rc", "0");
	ck_assert_int_eq(modhost_init_all(), 0);
	ck_assert_int_eq(modhost_child_init_all(3, NULL), -KM_EREADY);
	ck_assert_ptr_nonnull(strstr(heard.text, "module bad_init ("));
	ck_assert_ptr_nonnull(
	    strstr(heard.text, "child_init of rank 3 failed (-8)"));
}
END_TEST

static TCase *load_case(void)
{
	TCase *tc = tcase_create("load");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_module_is_found_in_the_path_and_says_who_it_is);
	tcase_add_test(tc, the_tail_of_the_name_can_be_left_out);
	tcase_add_test(tc, a_name_with_a_slash_is_a_path);
	tcase_add_test(tc, all_folders_of_the_path_are_searched);
	tcase_add_test(tc, the_list_has_the_modules_in_the_order_of_loading);
	tcase_add_loop_test(tc, what_is_no_module_is_refused_with_its_remedy, 0,
	    sizeof(bad_files) / sizeof(bad_files[0]));
	tcase_add_test(tc, a_file_that_is_no_shared_object_is_refused);
	tcase_add_test(tc, a_module_is_loaded_once);
	return tc;
}

static TCase *use_case(void)
{
	TCase *tc = tcase_create("use");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_parameter_not_set_keeps_its_default);
	tcase_add_test(tc, parameters_are_set_by_their_type);
	tcase_add_loop_test(tc,
	    a_wrong_parameter_is_refused_and_changes_nothing, 0,
	    sizeof(bad_values) / sizeof(bad_values[0]));
	tcase_add_test(tc, modparam_sets_what_a_variable_starts_with);
	tcase_add_test(
	    tc, every_module_has_a_group_of_its_name_while_it_is_loaded);
	tcase_add_test(tc, a_module_without_parameters_says_so);
	tcase_add_test(tc, hooks_run_in_order_and_destroy_last);
	tcase_add_test(tc, a_module_can_be_loaded_again_and_is_as_new);
	tcase_add_test(tc, mod_init_that_fails_stops_the_start_and_is_named);
	tcase_add_test(tc, child_init_that_fails_names_module_and_rank);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("modhost");

	suite_add_tcase(suite, load_case());
	suite_add_tcase(suite, use_case());
	return run_suite(suite);
}
