/* SPDX-License-Identifier: ISC */
/* check_param.c - the table of parameters and their values. */
#include "config.h"

#include <check.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/tune.h"
#include "daemon/param.h"
#include "mem/pool.h"
#include "rpc/server.h"
#include "tests/unit/unit.h"

static void setup(void)
{
	ck_assert_int_eq(param_init(), 0);
}

/* A claim about a row, which the message names. */
#define CLAIM(id, what) ck_assert_msg(what, "%s: " #what, param_row(id)->name)

static void check_row(enum param_id id, const struct param *row)
{
	CLAIM(id, param_find(row->name) == id);
	CLAIM(id, *row->help != '\0');
	CLAIM(id, row->unit != NULL);
	CLAIM(id, row->min <= row->max);
	CLAIM(id, (row->type == PARAM_STRING) == (row->text != NULL));
	CLAIM(id, row->choices == NULL || row->type == PARAM_STRING);
	CLAIM(id, row->type < PARAM_TYPE__COUNT);
	CLAIM(id, row->when < PARAM_WHEN__COUNT);
	CLAIM(id, row->type != PARAM_STRING || row->max < PARAM_TEXT_SIZE);
	if (row->type != PARAM_STRING && row->when == PARAM_AT_ONCE)
		CLAIM(id, row->min >= INT_MIN && row->max <= INT_MAX);
}

START_TEST(every_row_is_sound)
{
	for (int id = 0; id < P__COUNT; id++)
		check_row((enum param_id)id, param_row((enum param_id)id));
}
END_TEST

/* The default is allowed, and its text means the same. */
static void check_default(enum param_id id, const struct param *row)
{
	char text[PARAM_TEXT_SIZE];

	param_default_text(id, text, sizeof(text));
	CLAIM(id, param_check_text(id, text) == 0);
	CLAIM(id, param_set_text(id, text) == 0);
	if (row->type == PARAM_STRING)
		CLAIM(id, strcmp(param_string(id), row->text) == 0);
	else
		CLAIM(id, param_int(id) == row->number);
}

START_TEST(every_default_is_allowed_and_its_text_means_the_same)
{
	for (int id = 0; id < P__COUNT; id++)
		check_default((enum param_id)id, param_row((enum param_id)id));
}
END_TEST

static void check_number(enum param_id id, const struct param *row)
{
	char text[PARAM_TEXT_SIZE];

	CLAIM(id, param_set_int(id, row->max) == 0);
	param_text(id, text, sizeof(text));
	CLAIM(id, param_set_int(id, row->min) == 0);
	CLAIM(id, param_int(id) == row->min);
	CLAIM(id, param_set_text(id, text) == 0);
	CLAIM(id, param_int(id) == row->max);
	CLAIM(id, param_set_int(id, row->min - 1) == -KM_ERANGE);
	CLAIM(id, param_set_int(id, row->max + 1) == -KM_ERANGE);
	CLAIM(id, param_set_int(id, LONG_MAX) == -KM_ERANGE);
	CLAIM(id, param_int(id) == row->max);
	CLAIM(id, param_set_string(id, "1") == -KM_EINVAL);
	CLAIM(id, *param_string(id) == '\0');
}

START_TEST(every_number_is_kept_within_its_bounds)
{
	for (int id = 0; id < P__COUNT; id++)
		if (param_row((enum param_id)id)->type != PARAM_STRING)
			check_number(
			    (enum param_id)id, param_row((enum param_id)id));
}
END_TEST

static void check_string(enum param_id id, const struct param *row)
{
	char text[PARAM_TEXT_SIZE + 1];

	CLAIM(id, param_set_int(id, 1) == -KM_EINVAL);
	memset(text, 'x', sizeof(text));
	text[row->max + 1] = '\0';
	CLAIM(id, param_set_string(id, text) == -KM_ERANGE);
	CLAIM(id, strcmp(param_string(id), row->text) == 0);
	text[row->max] = '\0';
	if (row->choices != NULL)
		return;
	CLAIM(id, param_set_string(id, text) == 0);
	CLAIM(id, strcmp(param_string(id), text) == 0);
}

START_TEST(every_string_is_kept_within_its_length)
{
	for (int id = 0; id < P__COUNT; id++)
		if (param_row((enum param_id)id)->type == PARAM_STRING)
			check_string(
			    (enum param_id)id, param_row((enum param_id)id));
}
END_TEST

START_TEST(a_long_string_does_not_reach_its_neighbours)
{
	char text[1024];

	memset(text, 'y', 1023);
	text[1023] = '\0';
	ck_assert_int_eq(param_set_string(P_MODULE_PATH, text), 0);
	for (int id = 0; id < P__COUNT; id++)
		if (id != P_MODULE_PATH &&
		    param_row((enum param_id)id)->type == PARAM_STRING)
			ck_assert_str_eq(param_string((enum param_id)id),
			    param_row((enum param_id)id)->text);
}
END_TEST

START_TEST(a_choice_must_be_one_of_its_words)
{
	ck_assert_int_eq(param_set_string(P_SHM_BACKEND, "sysv"), 0);
	ck_assert_int_eq(param_set_string(P_SHM_BACKEND, "memfd"), 0);
	ck_assert_int_eq(param_set_string(P_SHM_BACKEND, "mem"), -KM_ERANGE);
	ck_assert_int_eq(param_set_string(P_SHM_BACKEND, "memfds"), -KM_ERANGE);
	ck_assert_int_eq(
	    param_set_string(P_SHM_BACKEND, "memfd|sysv"), -KM_ERANGE);
	ck_assert_int_eq(param_set_string(P_SHM_BACKEND, ""), -KM_ERANGE);
	ck_assert_str_eq(param_string(P_SHM_BACKEND), "memfd");
}
END_TEST

START_TEST(a_name_that_no_row_has_is_not_found)
{
	ck_assert_int_eq(param_find("wrkers"), P__COUNT);
	ck_assert_int_eq(param_find(""), P__COUNT);
}
END_TEST

START_TEST(children_is_another_name_for_workers)
{
	ck_assert_int_eq(param_find("children"), P_WORKERS);
}
END_TEST

static const struct {
	enum param_id id;
	const char *text;
	int rc;
	long value;
} texts[] = {
	{ P_WORKERS, "7", 0, 7 },
	{ P_WORKERS, "+7", 0, 7 },
	{ P_WORKERS, "010", 0, 10 },
	{ P_WORKERS, "-1", -KM_ERANGE, 4 },
	{ P_WORKERS, "99999999999999999999", -KM_ERANGE, 4 },
	{ P_WORKERS, "", -KM_EINVAL, 4 },
	{ P_WORKERS, " 7", -KM_EINVAL, 4 },
	{ P_WORKERS, "7 ", -KM_EINVAL, 4 },
	{ P_WORKERS, "-", -KM_EINVAL, 4 },
	{ P_WORKERS, "0x7", -KM_EINVAL, 4 },
	{ P_WORKERS, "seven", -KM_EINVAL, 4 },
	{ P_DEBUG, "-5", 0, -5 },
	{ P_RPC_SOCKET_MODE, "0600", 0, 0600 },
	{ P_RPC_SOCKET_MODE, "600", 0, 0600 },
	{ P_RPC_SOCKET_MODE, "688", -KM_EINVAL, 0660 },
	{ P_RPC_SOCKET_MODE, "1777", -KM_ERANGE, 0660 },
	{ P_SHM_BASE, "0x10000000", 0, 0x10000000 },
	{ P_SHM_BASE, "10000000", 0, 0x10000000 },
	{ P_SHM_BASE, "0x10000001", -KM_ERANGE, PARAM_DEFAULT_SHM_BASE },
	{ P_SHM_BASE, "0x", -KM_EINVAL, PARAM_DEFAULT_SHM_BASE },
	{ P_MLOCK_PAGES, "yes", 0, 1 },
	{ P_MLOCK_PAGES, "YES", 0, 1 },
	{ P_MLOCK_PAGES, "1", 0, 1 },
	{ P_MLOCK_PAGES, "no", 0, 0 },
	{ P_MLOCK_PAGES, "2", -KM_EINVAL, 0 },
	{ P_MLOCK_PAGES, "ye", -KM_EINVAL, 0 },
};

START_TEST(text_is_read_by_the_type_and_unit_of_its_row)
{
	ck_assert_int_eq(
	    param_check_text(texts[_i].id, texts[_i].text), texts[_i].rc);
	ck_assert_int_eq(
	    param_int(texts[_i].id), param_row(texts[_i].id)->number);
	ck_assert_int_eq(
	    param_set_text(texts[_i].id, texts[_i].text), texts[_i].rc);
	ck_assert_int_eq(param_int(texts[_i].id), texts[_i].value);
}
END_TEST

START_TEST(a_range_says_what_would_be_right)
{
	char buf[PARAM_TEXT_SIZE];

	ck_assert_str_eq(param_range(P_SHM_MEM_SIZE, buf, sizeof(buf)),
	    "an integer from 1 to 262144 (MB)");
	ck_assert_str_eq(
	    param_range(P_MLOCK_PAGES, buf, sizeof(buf)), "yes or no");
	ck_assert_str_eq(
	    param_range(P_SHM_BACKEND, buf, sizeof(buf)), "one of memfd|sysv");
	ck_assert_str_eq(param_range(P_RPC_SOCKET, buf, sizeof(buf)),
	    "a text of 1 to 107 bytes");
	ck_assert_str_eq(param_range(P_USER, buf, sizeof(buf)),
	    "a text of at most 255 bytes");
	ck_assert_str_eq(param_range(P_RPC_SOCKET_MODE, buf, sizeof(buf)),
	    "an octal mode from 00 to 0777");
	ck_assert_str_eq(param_range(P_SHM_BASE, buf, sizeof(buf)),
	    "an address from 0x10000 to 0x7fffffff0000, "
	    "a multiple of 0x10000");
}
END_TEST

START_TEST(libkmem_follows_debug_and_the_other_switches)
{
	ck_assert_int_eq(param_set_int(P_DEBUG, L_DBG), 0);
	ck_assert_int_eq(km_tune->debug, L_DBG);
	ck_assert_int_eq(param_set_int(P_MEM_SUMMARY, 3), 0);
	ck_assert_int_eq(km_tune->mem_summary, 3);
	ck_assert_int_eq(param_set_int(P_MEM_STATUS_MODE, 1), 0);
	ck_assert_int_eq(km_tune->mem_status_mode, 1);
}
END_TEST

START_TEST(tracing_is_off_unless_the_build_asks_for_it)
{
	ck_assert_int_gt(param_int(P_MEMLOG), param_int(P_DEBUG));
	if (KMEMD_MEMDBG)
		ck_assert_int_le(param_int(P_MEMDBG), param_int(P_DEBUG));
	else
		ck_assert_int_gt(param_int(P_MEMDBG), param_int(P_DEBUG));
}
END_TEST

START_TEST(a_value_is_seen_by_a_process_that_was_forked_before)
{
	int ask[2], status;
	pid_t pid;
	char go;

	ck_assert_int_eq(pipe(ask), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (read(ask[0], &go, 1) != 1)
			_exit(1);
		_exit(param_int(P_WORKERS) == 9 && km_tune->debug == -3 &&
			      strcmp(param_string(P_USER), "nobody") == 0
			  ? 42
			  : 2);
	}
	ck_assert_int_eq(param_set_int(P_WORKERS, 9), 0);
	ck_assert_int_eq(param_set_int(P_DEBUG, -3), 0);
	ck_assert_int_eq(param_set_string(P_USER, "nobody"), 0);
	ck_assert_int_eq(write(ask[1], "g", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 42);
	close(ask[0]);
	close(ask[1]);
}
END_TEST

START_TEST(the_defaults_fit_each_other_at_every_size)
{
	char why[PARAM_TEXT_SIZE];

	ck_assert_int_eq(param_check_all(why, sizeof(why)), 0);
	param_set_int(P_SHM_MEM_SIZE, param_row(P_SHM_MEM_SIZE)->max);
	param_set_int(P_SHM_MAX_MEM_SIZE, param_row(P_SHM_MAX_MEM_SIZE)->max);
	param_set_int(P_PKG_MEM_SIZE, param_row(P_PKG_MEM_SIZE)->max);
	ck_assert_int_eq(param_check_all(why, sizeof(why)), 0);
}
END_TEST

START_TEST(a_chunk_that_should_shrink_is_refused)
{
	char why[PARAM_TEXT_SIZE];

	param_set_int(P_SHM_MAX_MEM_SIZE, param_int(P_SHM_MEM_SIZE));
	ck_assert_int_eq(param_check_all(why, sizeof(why)), 0);
	param_set_int(P_SHM_MAX_MEM_SIZE, param_int(P_SHM_MEM_SIZE) - 1);
	ck_assert_int_eq(param_check_all(why, sizeof(why)), -KM_EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "is below shm_mem_size"));
}
END_TEST

START_TEST(pools_that_would_overlap_are_refused)
{
	char why[PARAM_TEXT_SIZE];
	long pkg = param_int(P_PKG_BASE);

	param_set_int(P_SHM_BASE, pkg + (8L << 20));
	ck_assert_int_eq(param_check_all(why, sizeof(why)), 0);
	param_set_int(P_SHM_BASE, pkg + (8L << 20) - 0x10000);
	ck_assert_int_eq(param_check_all(why, sizeof(why)), -KM_EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "shm_base"));
	ck_assert_ptr_nonnull(strstr(why, "overlap"));
}
END_TEST

START_TEST(a_back_off_that_shrinks_is_refused)
{
	char why[PARAM_TEXT_SIZE];

	param_set_int(P_RESTART_BACKOFF_MIN_MS, 20000);
	ck_assert_int_eq(param_check_all(why, sizeof(why)), -KM_EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "restart_backoff_min_ms (20000)"));
}
END_TEST

START_TEST(the_limits_of_a_server_are_the_same_here)
{
	const struct rpc_limits *lim = &rpc_limits_default;

	ck_assert_int_eq(param_int(P_RPC_CONNECTIONS), lim->connections);
	ck_assert_int_eq(
	    param_int(P_RPC_CONNECTIONS_PER_UID), lim->connections_per_uid);
	ck_assert_uint_eq(
	    (size_t)param_int(P_RPC_REQUEST_SIZE), lim->request_size);
	ck_assert_uint_eq((size_t)param_int(P_RPC_REPLY_SIZE), lim->reply_size);
	ck_assert_int_eq(param_int(P_RPC_DEPTH), lim->depth);
	ck_assert_int_eq(param_int(P_RPC_BATCH), lim->batch);
	ck_assert_int_eq(param_int(P_RPC_VALUES), lim->values);
	ck_assert_uint_eq(
	    (size_t)param_int(P_RPC_OUTPUT_QUEUE), lim->output_queue);
	ck_assert_int_eq(param_int(P_RPC_IDLE_MS), lim->idle_ms);
	ck_assert_int_eq(param_int(P_RPC_PARTIAL_MS), lim->partial_ms);
}
END_TEST

START_TEST(every_manager_that_can_be_chosen_exists)
{
	char words[] = PARAM_MANAGERS;

	for (char *word = strtok(words, "|"); word != NULL;
	     word = strtok(NULL, "|"))
		ck_assert_msg(pool_has_manager(word), "%s", word);
}
END_TEST

START_TEST(init_again_brings_the_defaults_back)
{
	param_set_int(P_WORKERS, 9);
	param_set_string(P_USER, "x");
	ck_assert_int_eq(param_init(), 0);
	ck_assert_int_eq(param_int(P_WORKERS), 4);
	ck_assert_str_eq(param_string(P_USER), "");
}
END_TEST

static TCase *values_case(void)
{
	TCase *tc = tcase_create("values");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_long_string_does_not_reach_its_neighbours);
	tcase_add_test(tc, a_choice_must_be_one_of_its_words);
	tcase_add_test(tc, a_name_that_no_row_has_is_not_found);
	tcase_add_test(tc, children_is_another_name_for_workers);
	tcase_add_loop_test(tc, text_is_read_by_the_type_and_unit_of_its_row, 0,
	    sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(tc, a_range_says_what_would_be_right);
	tcase_add_test(tc, libkmem_follows_debug_and_the_other_switches);
	tcase_add_test(tc, tracing_is_off_unless_the_build_asks_for_it);
	tcase_add_test(tc, a_value_is_seen_by_a_process_that_was_forked_before);
	tcase_add_test(tc, the_defaults_fit_each_other_at_every_size);
	tcase_add_test(tc, a_chunk_that_should_shrink_is_refused);
	tcase_add_test(tc, pools_that_would_overlap_are_refused);
	tcase_add_test(tc, a_back_off_that_shrinks_is_refused);
	tcase_add_test(tc, the_limits_of_a_server_are_the_same_here);
	tcase_add_test(tc, every_manager_that_can_be_chosen_exists);
	tcase_add_test(tc, init_again_brings_the_defaults_back);
	return tc;
}

static TCase *rows_case(void)
{
	TCase *tc = tcase_create("rows");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, every_row_is_sound);
	tcase_add_test(
	    tc, every_default_is_allowed_and_its_text_means_the_same);
	tcase_add_test(tc, every_number_is_kept_within_its_bounds);
	tcase_add_test(tc, every_string_is_kept_within_its_length);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("param");

	suite_add_tcase(suite, rows_case());
	suite_add_tcase(suite, values_case());
	return run_suite(suite);
}
