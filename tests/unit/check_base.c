/* SPDX-License-Identifier: ISC */
/* check_base.c - errors and log. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/tune.h"
#include "tests/unit/unit.h"

static struct {
	int level;
	int lines;
	char text[4096];
} got;

static void keep(int level, const char *text)
{
	got.level = level;
	got.lines++;
	strncpy(got.text, text, sizeof(got.text) - 1);
}

START_TEST(every_error_has_a_text_of_its_own)
{
	for (int i = KM_E__FIRST; i < KM_E__END; i++) {
		ck_assert_str_ne(km_strerror(i), "unknown error");
		for (int j = KM_E__FIRST; j < i; j++)
			ck_assert_str_ne(km_strerror(i), km_strerror(j));
	}
}
END_TEST

START_TEST(an_error_reads_the_same_with_either_sign)
{
	ck_assert_str_eq(km_strerror(-KM_ENOMEM), km_strerror(KM_ENOMEM));
	ck_assert_str_eq(km_strerror(0), "success");
}
END_TEST

START_TEST(an_unknown_error_is_called_so)
{
	ck_assert_str_eq(km_strerror(KM_E__END), "unknown error");
	ck_assert_str_eq(km_strerror(-KM_E__END), "unknown error");
	ck_assert_str_eq(km_strerror(KM_E__FIRST - 1), "unknown error");
	ck_assert_str_eq(km_strerror(INT_MIN), "unknown error");
	ck_assert_str_eq(km_strerror(INT_MAX), "unknown error");
}
END_TEST

START_TEST(errno_of_a_failed_allocation_reads_as_what_it_means_here)
{
	ck_assert_str_eq(km_strerror(ENOTCONN),
	    "not attached to kmemd: km_attach() comes first");
	ck_assert_str_eq(km_strerror(ENOMEM), km_strerror(-KM_ENOMEM));
	ck_assert_str_eq(km_strerror(EEXIST), km_strerror(-KM_EEXIST));
	ck_assert_ptr_nonnull(strstr(km_strerror(EROFS), "observer"));
}
END_TEST

START_TEST(any_other_errno_reads_as_libc_has_it)
{
	ck_assert_str_eq(km_strerror(EPIPE), "Broken pipe");
	ck_assert_str_eq(km_strerror(-EPIPE), "Broken pipe");
}
END_TEST

START_TEST(a_line_above_the_level_is_not_written)
{
	km_log_set_writer(keep);
	km_tune->debug = L_WARN;
	LM_NOTICE("quiet");
	ck_assert_int_eq(got.lines, 0);
	LM_WARN("loud %d", 7);
	ck_assert_int_eq(got.lines, 1);
	ck_assert_int_eq(got.level, L_WARN);
	ck_assert_str_eq(got.text, "loud 7");
}
END_TEST

START_TEST(without_a_writer_nothing_is_on)
{
	km_log_set_writer(NULL);
	ck_assert(!km_log_is_on(L_ALERT));
	LM_ERR("nobody reads this");
}
END_TEST

START_TEST(a_long_line_is_cut_and_says_so)
{
	char text[5000];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	km_log_set_writer(keep);
	LM_ERR("%s", text);
	ck_assert_uint_lt(strlen(got.text), 2000);
	ck_assert_str_eq(got.text + strlen(got.text) - 4, "a...");
}
END_TEST

START_TEST(logging_keeps_errno_and_knows_its_name)
{
	km_log_set_writer(keep);
	errno = ENOENT;
	LM_ERR("open: %m");
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_str_eq(got.text, "open: No such file or directory");
}
END_TEST

START_TEST(every_level_has_a_word)
{
	ck_assert_str_eq(km_log_level_name(-9), "ALERT");
	ck_assert_str_eq(km_log_level_name(L_ERR), "ERROR");
	ck_assert_str_eq(km_log_level_name(L_DBG), "DEBUG");
	ck_assert_str_eq(km_log_level_name(L_DBG + 9), "DEBUG");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base");
	TCase *tc = tcase_create("base");

	tcase_add_test(tc, every_error_has_a_text_of_its_own);
	tcase_add_test(tc, an_error_reads_the_same_with_either_sign);
	tcase_add_test(tc, an_unknown_error_is_called_so);
	tcase_add_test(
	    tc, errno_of_a_failed_allocation_reads_as_what_it_means_here);
	tcase_add_test(tc, any_other_errno_reads_as_libc_has_it);
	tcase_add_test(tc, a_line_above_the_level_is_not_written);
	tcase_add_test(tc, without_a_writer_nothing_is_on);
	tcase_add_test(tc, a_long_line_is_cut_and_says_so);
	tcase_add_test(tc, logging_keeps_errno_and_knows_its_name);
	tcase_add_test(tc, every_level_has_a_word);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
