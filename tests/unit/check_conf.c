/* SPDX-License-Identifier: ISC */
/* check_conf.c - the configuration file: what it sets, and what it says. */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/tune.h"
#include "daemon/conf.h"
#include "daemon/modhost.h"
#include "daemon/param.h"
#include "heard.h"
#include "tests/unit/unit.h"

static char path[] = "./check-conf-XXXXXX";

static void setup(void)
{
	int fd;

	heard_start();
	ck_assert_int_eq(param_init(), 0);
	ck_assert_int_eq(param_set_string(P_MODULE_PATH, TEST_MODDIR), 0);
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void teardown(void)
{
	modhost_destroy_all();
	unlink(path);
}

static int load_bytes(const char *bytes, size_t size, const bool *pinned)
{
	FILE *fp = fopen(path, "w");

	ck_assert_ptr_nonnull(fp);
	ck_assert_uint_eq(fwrite(bytes, 1, size, fp), size);
	fclose(fp);
	return conf_load(path, CONF_REQUIRED, pinned);
}

static int load(const char *text)
{
	return load_bytes(text, strlen(text), NULL);
}

/* The file is refused with this one line, FILE in front. */
static void assert_refused(const char *text, const char *message)
{
	char line[2048];

	ck_assert_int_eq(load(text), -KM_EINVAL);
	snprintf(line, sizeof(line), "%s:%s\n", path, message);
	ck_assert_str_eq(heard.text, line);
}

START_TEST(a_file_sets_numbers_texts_and_booleans)
{
	ck_assert_int_eq(load("# first\n"
			      "workers = 3\n"
			      "user = \"www\"\n"
			      "group = staff\n"
			      "mlock_pages = yes\n"
			      "disable_core_dump = true\n"
			      "debug=-1 memlog = 1\n"
			      "rpc_socket_mode = 0600\n"
			      "shm_base = 0x7ea000000000\n"),
	    0);
	ck_assert_int_eq(param_int(P_WORKERS), 3);
	ck_assert_str_eq(param_string(P_USER), "www");
	ck_assert_str_eq(param_string(P_GROUP), "staff");
	ck_assert_int_eq(param_int(P_MLOCK_PAGES), 1);
	ck_assert_int_eq(param_int(P_DISABLE_CORE_DUMP), 1);
	ck_assert_int_eq(km_tune->debug, -1);
	ck_assert_int_eq(km_tune->memlog, 1);
	ck_assert_int_eq(param_int(P_RPC_SOCKET_MODE), 0600);
	ck_assert_int_eq(param_int(P_SHM_BASE), 0x7ea000000000);
	ck_assert_str_eq(heard.text, "");
}
END_TEST

START_TEST(an_empty_file_is_all_defaults)
{
	ck_assert_int_eq(load(""), 0);
	ck_assert_int_eq(param_int(P_WORKERS), 4);
}
END_TEST

START_TEST(every_parameter_can_stand_in_the_file_at_its_default)
{
	char text[PARAM_TEXT_SIZE], file[16384] = "";
	size_t len = 0;

	for (int id = 0; id < P__COUNT; id++)
		len += (size_t)snprintf(file + len, sizeof(file) - len,
		    "%s = \"%s\"\n", param_row((enum param_id)id)->name,
		    param_default_text((enum param_id)id, text, sizeof(text)));
	ck_assert_uint_lt(len, sizeof(file));
	ck_assert_int_eq(load(file), 0);
	ck_assert_str_eq(heard.text, "");
}
END_TEST

START_TEST(comments_are_no_values_and_values_no_comments)
{
	ck_assert_int_eq(load("#workers = 1\n//workers = 2\n"
			      "/* workers = 3\nworkers = 4 */ workers = 5 # 6\n"
			      "user = \"a#b/*c//d\" # no\n"
			      "group = 'a#b/*c//d'\n"
			      "pidfile = /run//x.pid // yes\n"),
	    0);
	ck_assert_int_eq(param_int(P_WORKERS), 5);
	ck_assert_str_eq(param_string(P_USER), "a#b/*c//d");
	ck_assert_str_eq(param_string(P_GROUP), "a#b/*c//d");
	ck_assert_str_eq(param_string(P_PIDFILE), "/run//x.pid");
}
END_TEST

START_TEST(the_last_value_counts)
{
	ck_assert_int_eq(load("workers = 3\nchildren = 5\n"), 0);
	ck_assert_int_eq(param_int(P_WORKERS), 5);
}
END_TEST

START_TEST(what_is_pinned_is_checked_but_not_changed)
{
	static const char good[] = "workers = 3\ndebug = 1\n";
	static const char bad[] = "workers = 3000\n";
	bool pinned[P__COUNT] = { false };

	pinned[P_WORKERS] = true;
	param_set_int(P_WORKERS, 7);
	ck_assert_int_eq(load_bytes(good, sizeof(good) - 1, pinned), 0);
	ck_assert_int_eq(param_int(P_WORKERS), 7);
	ck_assert_int_eq(param_int(P_DEBUG), 1);
	ck_assert_int_eq(load_bytes(bad, sizeof(bad) - 1, pinned), -KM_EINVAL);
	ck_assert_int_eq(param_int(P_WORKERS), 7);
}
END_TEST

#define X40 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define EARLY_END(line)                                                        \
	"the file ends before \"" line "\" does: that needs its value, as in " \
	"NAME = VALUE, or its )"

static const struct mistake {
	const char *text;
	const char *message;
} mistakes[] = {
	{ "\n\nwrkers = 3\n",
	    "3: wrkers: no such parameter, did you mean workers? kmemd "
	    "--help-conf lists them" },
	{ "# x\nworkers = 3000\n",
	    "2: workers: \"3000\" is not an integer from 0 to 1024 "
	    "(processes)" },
	{ "workers = many\n",
	    "1: workers: \"many\" is not an integer from 0 to 1024 "
	    "(processes)" },
	{ "children = many\n",
	    "1: children: \"many\" is not an integer from 0 to 1024 "
	    "(processes)" },
	{ "mlock_pages = 5\n", "1: mlock_pages: \"5\" is not yes or no" },
	{ "shm_backend = \"ram\"\n",
	    "1: shm_backend: \"ram\" is not one of memfd|sysv" },
	{ "rpc_socket = \"\"\n",
	    "1: rpc_socket: \"\" is not a text of 1 to 107 bytes" },
	{ "workers 3\n", "1: missing equal sign after option 'workers'" },
	{ "workers = {1, 2}\n", "1: unexpected token '{'" },
	{ "workers += 1\n",
	    "1: attempt to append to non-list option 'workers'" },
	{ "workers =", "1: " EARLY_END("workers =") },
	{ "debug = 1\n \tworkers \r\n\n# none\n", "2: " EARLY_END("workers") },
	{ "user =\ndebug = 2\n",
	    "2: unexpected '=': user has no value of its own and took the name "
	    "\"debug\" for it (user = \"\" is empty)" },
	{ "user =\nloadmodule(\"good.so\")\n",
	    "2: unexpected '(': user has no value of its own and took the name "
	    "\"loadmodule\" for it (user = \"\" is empty)" },
	{ "user = nobody\n= 2\n", "2: unexpected token '='" },
	{ "= 2\n", "1: unexpected token '='" },
	{ "# a\n#\n// b\n//c\n/* d\n */ /**/\ndebug = 1 # e\nworkers = x\n",
	    "8: workers: \"x\" is not an integer from 0 to 1024 "
	    "(processes)" },
	{ "user = \"a\\\\\" # \"\ngroup = 'b\n\\'c' # '\nworkers = x\n",
	    "4: workers: \"x\" is not an integer from 0 to 1024 "
	    "(processes)" },
	{ "debug = 1\n\n/* workers = 3\n",
	    "3: the comment that begins here has no end" },
	{ "debug = 1\nuser = \"root\nworkers = 3\n",
	    "2: the quotation that begins here has no end" },
	{ "user = 'ro\\'ot", "1: the quotation that begins here has no end" },
	{ "loadmodule(\n\"absent.so\")\n",
	    "2: loadmodule: module absent.so: not found in " TEST_MODDIR
	    "; set module_path, before this line, or give a path" },
	{ "loadmodule()\n",
	    "1: loadmodule: needs one argument, loadmodule(\"x.so\"), and has "
	    "0" },
	{ "loadmodule(\"a\", \"b\")\n",
	    "1: loadmodule: needs one argument, loadmodule(\"x.so\"), and has "
	    "2" },
	{ "loadmodule(\"good.so\")\nloadmodule(\"good.so\")\n",
	    "2: loadmodule: module good is loaded already, from " TEST_MODDIR
	    "/good.so" },
	{ "modparam(\"good\", \"number\", 4)\n",
	    "1: modparam: module good is not loaded: put loadmodule(\"good.so"
	    "\") before this line" },
	{ "modparam(\"good\", \"number\")\n",
	    "1: modparam: needs three arguments, modparam(\"x\", \"name\", "
	    "value), and has 2" },
	{ "loadmodule(\"good.so\")\n\nmodparam(\"good\", \"number\", \"abc\")",
	    "3: modparam: module good: number: \"abc\" is not an integer" },
	{ "loadmodule(\"good.so\")\nmodparam(\"good\", \"colour\", \"red\")",
	    "2: modparam: module good has no parameter \"colour\"; it has: "
	    "number, text, gauge, motto" },
};

START_TEST(a_mistake_is_told_with_file_line_name_and_what_is_right)
{
	assert_refused(mistakes[_i].text, mistakes[_i].message);
}
END_TEST

/* libconfuse forgets what it has read of the arguments of such a function. */
void __lsan_disable(void) __attribute__((weak));

static const struct mistake unended[] = {
	{ "loadmodule(\"good.so\"\n",
	    "1: " EARLY_END("loadmodule(\"good.so\"") },
	{ "loadmodule(\n" X40 X40,
	    "2: " EARLY_END(X40 "xxxxxxxxxxxxxxxxxxxx") },
};

START_TEST(a_function_that_does_not_end_is_told_of)
{
	if (__lsan_disable != NULL)
		__lsan_disable();
	assert_refused(unended[_i].text, unended[_i].message);
}
END_TEST

START_TEST(values_that_do_not_fit_each_other_are_refused)
{
	ck_assert_int_eq(load("restart_backoff_min_ms = 5000\n"
			      "restart_backoff_max_ms = 4000\n"),
	    -KM_EINVAL);
	ck_assert_ptr_nonnull(strstr(heard.text, path));
	ck_assert_ptr_nonnull(
	    strstr(heard.text, "restart_backoff_min_ms (5000)"));
}
END_TEST

START_TEST(an_error_in_the_middle_of_a_very_long_value_stays_readable)
{
	static char text[200000];

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "workers=", 8);
	ck_assert_int_eq(load(text), -KM_EINVAL);
	ck_assert_ptr_nonnull(strstr(heard.text, "is not an integer from 0"));
}
END_TEST

START_TEST(modules_are_loaded_and_set_while_the_file_is_read)
{
	ck_assert_int_eq(
	    load("module_path = \"" TEST_MODDIR "\"\n"
		 "loadmodule(\"plain.so\")\n"
		 "loadmodule(\"good.so\")\n"
		 "modparam(\"good\", \"number\", 7)\n"
		 "modparam(\"good\", \"number\", \"8\")\n"
		 "modparam(\"good\", \"text\", \"a # b, \\\"c\\\"\")\n"),
	    0);
	ck_assert_str_eq(heard.text, "");
	ck_assert_ptr_nonnull(modhost_find("plain"));
	ck_assert_ptr_nonnull(modhost_find("good"));
	ck_assert_int_eq(
	    *(int *)modhost_module(modhost_find("good"))->params[0].where, 8);
	ck_assert_str_eq(*(const char **)modhost_module(modhost_find("good"))
			      ->params[1]
			      .where,
	    "a # b, \"c\"");
}
END_TEST

START_TEST(a_default_file_may_be_missing_but_a_named_one_may_not)
{
	ck_assert_int_eq(
	    conf_load("./check-conf-absent", CONF_OPTIONAL, NULL), 0);
	ck_assert_str_eq(heard.text, "");
	ck_assert_int_eq(
	    conf_load("./check-conf-absent", CONF_REQUIRED, NULL), -KM_ENOENT);
	ck_assert_str_eq(heard.text,
	    "./check-conf-absent: cannot read the configuration: "
	    "No such file or directory\n");
}
END_TEST

START_TEST(a_folder_is_no_configuration)
{
	ck_assert_int_eq(conf_load(".", CONF_REQUIRED, NULL), -KM_ESYS);
	ck_assert_str_eq(
	    heard.text, ".: cannot read the configuration: Is a directory\n");
}
END_TEST

START_TEST(a_file_that_is_no_text_or_too_large_is_refused)
{
	static char large[1024 * 1024 + 1];
	char line[128];

	ck_assert_int_eq(load_bytes("debug = 1\n\0", 11, NULL), -KM_EINVAL);
	snprintf(line, sizeof(line),
	    "%s:2: a NUL byte: this is not a text file\n", path);
	ck_assert_str_eq(heard.text, line);
	heard_start();
	memset(large, '\n', sizeof(large));
	ck_assert_int_eq(load_bytes(large, sizeof(large), NULL), -KM_ELIMIT);
	ck_assert_ptr_nonnull(strstr(heard.text, "more than 1048576 bytes"));
	ck_assert_int_eq(load_bytes(large, sizeof(large) - 1, NULL), 0);
}
END_TEST

START_TEST(random_bytes_are_refused_or_taken_but_never_crash)
{
	static const char sharp[] = "debug=(){}\"'\\\n,+#/*$ 1";
	unsigned seed = 1;
	char bytes[2048];

	for (int round = 0; round < 100; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			seed = seed * 1103515245u + 12345u;
			bytes[i] = (char)(seed >> 16);
			/* Those that mean something, in every second round. */
			if (round % 2 == 0)
				bytes[i] = sharp[(unsigned char)bytes[i] %
						 (sizeof(sharp) - 1)];
		}
		ck_assert_msg(load_bytes(bytes, sizeof(bytes), NULL) <= 0,
		    "round %d", round);
		ck_assert_int_eq(param_init(), 0);
	}
}
END_TEST

/* The line that the example has for a row, or how it begins. */
static void example_line(enum param_id id, char *buf, size_t size)
{
	const struct param *row = param_row(id);
	char text[PARAM_TEXT_SIZE];

	param_default_text(id, text, sizeof(text));
	if (strchr(text, '/') != NULL) /* depends on where it is installed */
		snprintf(buf, size, "#%s = \"/", row->name);
	else if (row->type == PARAM_STRING)
		snprintf(buf, size, "#%s = \"%s\"\n", row->name, text);
	else
		snprintf(buf, size, "#%s = %s\n", row->name, text);
}

START_TEST(the_example_shows_every_parameter_at_its_default)
{
	FILE *fp = fopen(TEST_SRCDIR "/etc/kmemd.conf", "r");
	static char file[32768] = "\n";
	char want[PARAM_TEXT_SIZE + 64] = "\n";

	ck_assert_ptr_nonnull(fp);
	ck_assert_uint_gt(fread(file + 1, 1, sizeof(file) - 2, fp), 0);
	fclose(fp);
	for (int id = 0; id < P__COUNT; id++) {
		if (id == P_MEMDBG && KMEMD_MEMDBG)
			continue;
		example_line((enum param_id)id, want + 1, sizeof(want) - 1);
		ck_assert_msg(strstr(file, want) != NULL,
		    "etc/kmemd.conf has no line %s", want + 1);
	}
}
END_TEST

START_TEST(the_example_is_good_as_it_is_and_with_all_its_lines_on)
{
	FILE *fp = fopen(TEST_SRCDIR "/etc/kmemd.conf", "r");
	FILE *out = fopen(path, "w");
	char line[1024];

	ck_assert(fp != NULL && out != NULL);
	while (fgets(line, sizeof(line), fp) != NULL)
		fputs(line[0] == '#' && line[1] != ' ' &&
			      strstr(line, " = ") != NULL
			  ? line + 1
			  : line,
		    out);
	fclose(fp);
	fclose(out);
	ck_assert_int_eq(
	    conf_load(TEST_SRCDIR "/etc/kmemd.conf", CONF_REQUIRED, NULL), 0);
	ck_assert_int_eq(conf_load(path, CONF_REQUIRED, NULL), 0);
	ck_assert_str_eq(heard.text, "");
}
END_TEST

static TCase *read_case(void)
{
	TCase *tc = tcase_create("read");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_file_sets_numbers_texts_and_booleans);
	tcase_add_test(tc, an_empty_file_is_all_defaults);
	tcase_add_test(
	    tc, every_parameter_can_stand_in_the_file_at_its_default);
	tcase_add_test(tc, comments_are_no_values_and_values_no_comments);
	tcase_add_test(tc, the_last_value_counts);
	tcase_add_test(tc, what_is_pinned_is_checked_but_not_changed);
	tcase_add_test(tc, modules_are_loaded_and_set_while_the_file_is_read);
	tcase_add_test(
	    tc, a_default_file_may_be_missing_but_a_named_one_may_not);
	tcase_add_test(tc, the_example_shows_every_parameter_at_its_default);
	tcase_add_test(
	    tc, the_example_is_good_as_it_is_and_with_all_its_lines_on);
	return tc;
}

static TCase *refuse_case(void)
{
	TCase *tc = tcase_create("refuse");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc,
	    a_mistake_is_told_with_file_line_name_and_what_is_right, 0,
	    sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_loop_test(tc, a_function_that_does_not_end_is_told_of, 0,
	    sizeof(unended) / sizeof(unended[0]));
	tcase_add_test(tc, values_that_do_not_fit_each_other_are_refused);
	tcase_add_test(
	    tc, an_error_in_the_middle_of_a_very_long_value_stays_readable);
	tcase_add_test(tc, a_file_that_is_no_text_or_too_large_is_refused);
	tcase_add_test(tc, a_folder_is_no_configuration);
	tcase_add_test(tc, random_bytes_are_refused_or_taken_but_never_crash);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("conf");

	suite_add_tcase(suite, read_case());
	suite_add_tcase(suite, refuse_case());
	return run_suite(suite);
}
