/* SPDX-License-Identifier: ISC */
/* check_options.c - the command line. */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "daemon/options.h"
#include "heard.h"
#include "tests/unit/unit.h"

#define MAX_WORDS 16

static struct options opt;

static void setup(void)
{
	heard_start();
	ck_assert_int_eq(param_init(), 0);
}

/* Parse "-n 5 ...", with spaces between the words. */
static int parse(const char *line)
{
	static char copy[512];
	static char name[] = "kmemd";
	char *argv[MAX_WORDS + 1] = { name };
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word != NULL && argc < MAX_WORDS;
	     word = strtok(NULL, " "))
		argv[argc++] = word;
	return options_parse(argc, argv, &opt);
}

START_TEST(no_option_at_all_is_a_service_with_defaults)
{
	ck_assert_int_eq(parse(""), 0);
	ck_assert_int_eq(opt.action, OPTIONS_RUN);
	ck_assert_str_eq(opt.conf_path, CONF_DEFAULT_PATH);
	ck_assert_int_eq(opt.conf_need, CONF_OPTIONAL);
	ck_assert(!opt.foreground && !opt.log_stderr);
	for (int id = 0; id < P__COUNT; id++)
		ck_assert(!opt.pinned[id]);
}
END_TEST

START_TEST(all_letters_of_the_manual_are_taken)
{
	ck_assert_int_eq(
	    parse("-f x.conf -c -D -E -m 128 -M 16 -x qm -X qm -n 3"), 0);
	ck_assert_str_eq(opt.conf_path, "x.conf");
	ck_assert_int_eq(opt.conf_need, CONF_REQUIRED);
	ck_assert_int_eq(opt.action, OPTIONS_CHECK);
	ck_assert(opt.foreground && opt.log_stderr);
	ck_assert_int_eq(param_int(P_SHM_MEM_SIZE), 128);
	ck_assert_int_eq(param_int(P_PKG_MEM_SIZE), 16);
	ck_assert_int_eq(param_int(P_WORKERS), 3);
	ck_assert_int_eq(parse("-u www -g staff -P kmemd.pid"), 0);
	ck_assert_str_eq(param_string(P_USER), "www");
	ck_assert_str_eq(param_string(P_GROUP), "staff");
	ck_assert_str_eq(param_string(P_PIDFILE), "kmemd.pid");
}
END_TEST

START_TEST(long_names_do_the_same)
{
	ck_assert_int_eq(parse("--config=x.conf --foreground --log-stderr "
			       "--shm-mem-size=128 --workers 3 --set user=www"),
	    0);
	ck_assert_str_eq(opt.conf_path, "x.conf");
	ck_assert(opt.foreground && opt.log_stderr);
	ck_assert_int_eq(param_int(P_SHM_MEM_SIZE), 128);
	ck_assert_int_eq(param_int(P_WORKERS), 3);
	ck_assert_str_eq(param_string(P_USER), "www");
}
END_TEST

START_TEST(letters_can_be_put_together)
{
	ck_assert_int_eq(parse("-DEn5"), 0);
	ck_assert(opt.foreground && opt.log_stderr);
	ck_assert_int_eq(param_int(P_WORKERS), 5);
}
END_TEST

static const struct {
	const char *line;
	enum options_action action;
} actions[] = {
	{ "-c", OPTIONS_CHECK },
	{ "--check", OPTIONS_CHECK },
	{ "-h", OPTIONS_HELP },
	{ "--help", OPTIONS_HELP },
	{ "--help-conf", OPTIONS_HELP_CONF },
	{ "-v", OPTIONS_VERSION },
	{ "--version", OPTIONS_VERSION },
};

START_TEST(an_action_is_told_to_the_caller)
{
	ck_assert_int_eq(parse(actions[_i].line), 0);
	ck_assert_int_eq(opt.action, actions[_i].action);
}
END_TEST

START_TEST(what_the_command_line_sets_is_pinned)
{
	ck_assert_int_eq(parse("-n 3 -o debug=1 -o children=6"), 0);
	ck_assert(opt.pinned[P_WORKERS] && opt.pinned[P_DEBUG]);
	ck_assert(!opt.pinned[P_SHM_MEM_SIZE]);
	ck_assert_int_eq(param_int(P_WORKERS), 6);
	ck_assert_int_eq(param_int(P_DEBUG), 1);
}
END_TEST

START_TEST(a_value_may_be_empty_or_have_an_equal_sign)
{
	ck_assert_int_eq(parse("-o user= -o pidfile=a=b"), 0);
	ck_assert_str_eq(param_string(P_USER), "");
	ck_assert_str_eq(param_string(P_PIDFILE), "a=b");
}
END_TEST

static const struct {
	const char *line;
	int status;
	const char *message;
} mistakes[] = {
	{ "-z", OPTIONS_EXIT_USAGE,
	    "-z: no such option; kmemd --help lists the options\n" },
	{ "-Dz", OPTIONS_EXIT_USAGE,
	    "-z: no such option; kmemd --help lists the options\n" },
	{ "--zoo", OPTIONS_EXIT_USAGE,
	    "--zoo: no such option; kmemd --help lists the options\n" },
	{ "--zoo=1 -D", OPTIONS_EXIT_USAGE,
	    "--zoo=1: no such option; kmemd --help lists the options\n" },
	{ "-n", OPTIONS_EXIT_USAGE,
	    "-n: needs an argument; kmemd --help lists the options\n" },
	{ "--workers", OPTIONS_EXIT_USAGE,
	    "--workers: needs an argument; kmemd --help lists the options\n" },
	{ "--check=1", OPTIONS_EXIT_USAGE,
	    "--check=1: takes no argument; kmemd --help lists the options\n" },
	{ "-D file", OPTIONS_EXIT_USAGE,
	    "file: not an option; kmemd --help lists the options\n" },
	{ "-n x", OPTIONS_EXIT_FAILED,
	    "-n: workers: \"x\" is not an integer from 0 to 1024 "
	    "(processes)\n" },
	{ "-m 0", OPTIONS_EXIT_FAILED,
	    "-m: shm_mem_size: \"0\" is not an integer from 1 to 262144 "
	    "(MB)\n" },
	{ "-M 999999999", OPTIONS_EXIT_FAILED,
	    "-M: pkg_mem_size: \"999999999\" is not an integer from 1 to "
	    "65536 (MB)\n" },
	{ "-o mlock_pages=maybe", OPTIONS_EXIT_FAILED,
	    "-o: mlock_pages: \"maybe\" is not yes or no\n" },
	{ "-o workers", OPTIONS_EXIT_FAILED, "-o workers: needs name=value\n" },
	{ "-o =4", OPTIONS_EXIT_FAILED, "-o =4: needs name=value\n" },
	{ "-o wrkers=4", OPTIONS_EXIT_FAILED,
	    "-o wrkers=4: no such parameter, did you mean workers? kmemd "
	    "--help-conf lists them\n" },
	{ "-o workers4567890123456789012345678901234567890123456789012345678"
	  "=4",
	    OPTIONS_EXIT_FAILED,
	    "-o workers4567890123456789012345678901234567890123456789012345678"
	    "=4: no such parameter, kmemd --help-conf lists them\n" },
};

START_TEST(a_mistake_is_named_with_its_remedy_and_status)
{
	int rc = parse(mistakes[_i].line);

	ck_assert_int_lt(rc, 0);
	ck_assert_int_eq(options_exit_status(rc), mistakes[_i].status);
	ck_assert_str_eq(heard.text, mistakes[_i].message);
}
END_TEST

START_TEST(a_refused_value_changes_nothing)
{
	ck_assert_int_lt(parse("-n 2000"), 0);
	ck_assert_int_eq(param_int(P_WORKERS), 4);
	ck_assert(!opt.pinned[P_WORKERS]);
}
END_TEST

START_TEST(success_has_status_zero)
{
	ck_assert_int_eq(options_exit_status(0), OPTIONS_EXIT_OK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *tc = tcase_create("options");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, no_option_at_all_is_a_service_with_defaults);
	tcase_add_test(tc, all_letters_of_the_manual_are_taken);
	tcase_add_test(tc, long_names_do_the_same);
	tcase_add_test(tc, letters_can_be_put_together);
	tcase_add_loop_test(tc, an_action_is_told_to_the_caller, 0,
	    sizeof(actions) / sizeof(actions[0]));
	tcase_add_test(tc, what_the_command_line_sets_is_pinned);
	tcase_add_test(tc, a_value_may_be_empty_or_have_an_equal_sign);
	tcase_add_loop_test(tc, a_mistake_is_named_with_its_remedy_and_status,
	    0, sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(tc, a_refused_value_changes_nothing);
	tcase_add_test(tc, success_has_status_zero);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
