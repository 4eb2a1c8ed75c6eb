/* SPDX-License-Identifier: ISC */
/* check_misuse.c - wrong pointers and overwritten blocks, under qm. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/tune.h"
#include "mem/mem.h"
#include "mem/qm.h"
#include "mem/shm_mem.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define SIZE (1u << 20) /* bytes of each test's pool */

static struct test_pool t;

static struct qm_frag *frag_of(void *p)
{
	return (struct qm_frag *)((char *)p - sizeof(struct qm_frag));
}

static void open_pkg(void)
{
	test_pool_open(&t, KM_PKG, "qm", SIZE);
	test_log_catch();
}

static int line_has(const char *text)
{
	return strstr(test_log_text(), text) != NULL;
}

static int line_has_place(const char *before, const char *func, int line)
{
	char place[512];

	snprintf(place, sizeof(place), "%s core: %s: %s(%d)", before, __FILE__,
	    func, line);
	return line_has(place);
}

START_TEST(double_free_names_both_sites)
{
	char *p, here[256];

	open_pkg();
	p = pkg_malloc(40);
	pkg_malloc(1); /* so that p is not joined with the rest */
	pkg_free(p);
	snprintf(here, sizeof(here), "freed at core: %s: %s(%d)", __FILE__,
	    __func__, __LINE__ - 2);
	pkg_free(p);
	ck_assert(line_has("BUG: pkg_free("));
	ck_assert(line_has("block is free already: size 40, allocated at"));
	ck_assert(line_has(here));
	snprintf(here, sizeof(here), "pid %d\n", (int)getpid());
	ck_assert(line_has(here));
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

/* Which is the usual case: its neighbours are free as well. */
START_TEST(double_free_of_a_joined_block_names_both_sites)
{
	char *a, *b;

	open_pkg();
	a = pkg_malloc(40);
	b = pkg_malloc(50);
	pkg_free(a);
	pkg_free(b);
	pkg_free(b);
	ck_assert(line_has("block is free already: size 50, allocated at"));
	ck_assert(line_has_place("allocated at", __func__, __LINE__ - 5));
	ck_assert(line_has_place("freed at", __func__, __LINE__ - 4));
	test_log_clear();
	pkg_free(a);
	ck_assert(line_has("block is free already: size 40, allocated at"));
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(a_realloc_of_a_free_block_is_refused)
{
	char *p;

	open_pkg();
	p = pkg_malloc(40);
	pkg_malloc(1);
	pkg_free(p);
	errno = 0;
	ck_assert_ptr_null(pkg_realloc(p, 100));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert(line_has("BUG: pkg_realloc("));
	ck_assert(line_has("block is free already: size 40"));
	ck_assert(line_has_place("freed at", __func__, __LINE__ - 6));
	test_log_clear();
	/* Reported once, and not freed because it could not be resized. */
	ck_assert_ptr_null(pkg_reallocxf(p, 100));
	ck_assert(line_has("BUG: pkg_reallocxf("));
	ck_assert_str_eq(strchr(test_log_text(), '\n'), "\n");
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(an_overrun_is_found_at_free_and_the_block_is_left_alone)
{
	char *p;

	open_pkg();
	p = pkg_malloc(32);
	memset(p, 'x', 40);
	pkg_free(p);
	ck_assert(line_has("tail of block was overwritten: size 32"));
	ck_assert(line_has("found at byte 32: 78 78 78 78 78 78 78 78 ed "
			   "ef cd ab"));
	ck_assert_uint_eq(frag_of(p)->u.is_free, 0);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(one_byte_too_many_is_found_whatever_the_size)
{
	char *p;

	open_pkg();
	for (size_t size = 0; size < 70; size++) {
		p = pkg_malloc(size);
		p[size] = 'x';
		test_log_clear();
		pkg_free(p);
		ck_assert(line_has("tail of block was overwritten"));
		p = pkg_realloc(pkg_malloc(size + 10), size + 1);
		p[size + 1] = 'x';
		test_log_clear();
		pkg_free(p);
		ck_assert(line_has("tail of block was overwritten"));
	}
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(an_underrun_is_found_at_free)
{
	char *p;

	open_pkg();
	pkg_malloc(32);
	p = pkg_malloc(32);
	memset(p - 8, 'x', 8);
	pkg_free(p);
	ck_assert(line_has("head of block was overwritten"));
	test_pool_close(&t);
}
END_TEST

START_TEST(an_overrun_of_the_block_before_is_no_crash)
{
	char *a, *b, *c;

	open_pkg();
	a = pkg_malloc(32);
	b = pkg_malloc(32);
	c = pkg_malloc(32);
	memset(a, 'x', 32 + sizeof(struct qm_frag_end) + 40);
	pkg_free(c);
	pkg_free(b);
	pkg_free(a);
	ck_assert(line_has("head of block was overwritten"));
	ck_assert(line_has("tail of block was overwritten"));
	test_pool_close(&t);
}
END_TEST

START_TEST(a_damaged_head_names_the_block_before_it)
{
	char *a, *b;

	open_pkg();
	a = pkg_malloc(20);
	b = pkg_malloc(32);
	/* To the last word of the head of b: its site is still there. */
	memset(a + 20, 'x', 12 + sizeof(struct qm_frag_end));
	memset(b - 8, 'y', 8);
	pkg_free(b);
	ck_assert(line_has("head of block was overwritten: size 32"));
	ck_assert(line_has_place("allocated at", __func__, __LINE__ - 6));
	ck_assert(line_has("found at byte -16: 02 00"));
	ck_assert(line_has("79 79 79 79 79 79 79 79 \"........yyyyyyyy\""));
	ck_assert(line_has("of size 20, allocated at"));
	ck_assert(line_has("whose tail was overwritten too"));
	test_pool_close(&t);
}
END_TEST

/* A stray write, not a run: the guard of the head is good. */
START_TEST(a_head_with_sizes_that_make_no_sense_is_damaged)
{
	char *a, *b;

	open_pkg();
	a = pkg_malloc(20);
	b = pkg_malloc(20);
	frag_of(a)->requested = SIZE_MAX - 8;
	pkg_free(a);
	ck_assert(line_has("head of block was overwritten"));
	test_log_clear();
	frag_of(b)->size += SIZE;
	ck_assert_ptr_null(pkg_realloc(b, 30));
	ck_assert(line_has("head of block was overwritten"));
	test_pool_close(&t);
}
END_TEST

START_TEST(pointers_that_are_no_blocks_are_refused)
{
	static char elsewhere[64];
	struct test_pool shm;
	char *p, *q;

	open_pkg();
	test_pool_open(&shm, KM_SHM, "qm", SIZE);
	p = pkg_malloc(100);
	q = shm_malloc(100);
	pkg_free(elsewhere);
	ck_assert(line_has("pointer is not in this pool"));
	pkg_free(p + 16);
	pkg_free(p + 1);
	ck_assert(line_has("pointer is no block"));
	pkg_free(q);
	ck_assert(line_has("pointer is of the shm pool: size 100, allocated"));
	ck_assert(line_has_place("allocated at", __func__, __LINE__ - 8));
	shm_free(p);
	ck_assert(line_has("pointer is of the pkg pool: size 100, allocated"));
	errno = 0;
	ck_assert_ptr_null(pkg_realloc(p + 16, 200));
	ck_assert_int_eq(errno, EINVAL);
	test_pool_is_valid(&t);
	test_pool_is_valid(&shm);
	test_pool_close(&shm);
	test_pool_close(&t);
}
END_TEST

/* ---- what follows: report and leak, or abort ----------------------------- */

static void overrun(void)
{
	char *p = pkg_malloc(32);

	p[32] = 'x';
	pkg_free(p);
}

static void underrun(void)
{
	char *p = pkg_malloc(32);

	p[-1] = 'x';
	pkg_free(p);
}

static void free_twice(void)
{
	void *p = pkg_malloc(32);

	pkg_free(p);
	pkg_free(p);
}

static void free_inside(void)
{
	pkg_free((char *)pkg_malloc(32) + 16);
}

static void free_from_shm(void)
{
	struct test_pool shm;

	test_pool_open(&shm, KM_SHM, "qm", SIZE);
	pkg_free(shm_malloc(32));
	test_pool_close(&shm);
}

static void resize_free(void)
{
	void *p = pkg_malloc(32);

	pkg_free(p);
	ck_assert_ptr_null(pkg_realloc(p, 64));
}

static void (*const misuses[])(void) = {
	overrun,
	underrun,
	free_twice,
	free_inside,
	free_from_shm,
	resize_free,
};
#define N_MISUSES ((int)(sizeof(misuses) / sizeof(misuses[0])))

START_TEST(with_mem_safety_0_misuse_aborts_for_a_core)
{
	open_pkg();
	km_tune->mem_safety = 0;
	misuses[_i]();
}
END_TEST

START_TEST(with_mem_safety_1_the_process_goes_on)
{
	void *p;

	open_pkg();
	misuses[_i]();
	ck_assert(line_has("BUG: BUG: pkg_"));
	p = pkg_malloc(100);
	ck_assert_ptr_nonnull(p);
	pkg_free(p);
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("misuse");
	TCase *tcase = tcase_create("misuse");

	tcase_add_test(tcase, double_free_names_both_sites);
	tcase_add_test(tcase, double_free_of_a_joined_block_names_both_sites);
	tcase_add_test(tcase, a_realloc_of_a_free_block_is_refused);
	tcase_add_test(
	    tcase, an_overrun_is_found_at_free_and_the_block_is_left_alone);
	tcase_add_test(tcase, one_byte_too_many_is_found_whatever_the_size);
	tcase_add_test(tcase, an_underrun_is_found_at_free);
	tcase_add_test(tcase, an_overrun_of_the_block_before_is_no_crash);
	tcase_add_test(tcase, a_damaged_head_names_the_block_before_it);
	tcase_add_test(tcase, a_head_with_sizes_that_make_no_sense_is_damaged);
	tcase_add_test(tcase, pointers_that_are_no_blocks_are_refused);
	tcase_add_loop_test_raise_signal(tcase,
	    with_mem_safety_0_misuse_aborts_for_a_core, SIGABRT, 0, N_MISUSES);
	tcase_add_loop_test(
	    tcase, with_mem_safety_1_the_process_goes_on, 0, N_MISUSES);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
