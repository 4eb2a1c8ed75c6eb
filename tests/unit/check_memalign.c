/* SPDX-License-Identifier: ISC */
/* check_memalign.c - aligned blocks, under every manager and in both pools. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/tune.h"
#include "mem/heap.h"
#include "mem/manager.h"
#include "mem/mem.h"
#include "mem/shm_mem.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define MB   ((size_t)1 << 20)
#define SIZE (32 * MB) /* bytes of each test's pool */

static struct test_pool t;

/* A loop test's number is manager * kinds + kind. */
#define N_LOOPS (test_n_managers * KM_POOL_KIND__COUNT)
#define KIND(i) ((enum km_pool_kind)((i) % KM_POOL_KIND__COUNT))

static const size_t sizes[] = { 0, 1, 17, 100, 4000, 4096, 5000, 32768, 40000,
	300000 };
#define N_SIZES (sizeof(sizes) / sizeof(sizes[0]))

static void open_pool(int i)
{
	test_pool_open(
	    &t, KIND(i), test_managers[i / KM_POOL_KIND__COUNT], SIZE);
	test_log_catch();
}

static void close_pool(void)
{
	const struct manager *manager = manager_at(t.pool->manager);
	struct km_mem_info info;

	if (manager->trim != NULL)
		manager->trim(t.pool);
	test_pool_is_valid(&t);
	heap_info(t.pool->kind, &info);
	ck_assert_uint_eq(info.used, 0);
	ck_assert_uint_eq(info.fragments, 1);
	test_pool_close(&t);
}

static char *get(size_t align, size_t size)
{
	return heap_memalign(t.pool->kind, align, size, KM_SITE());
}

static void put(void *p)
{
	heap_free(t.pool->kind, p, KM_SITE());
}

static size_t used(void)
{
	struct km_mem_info info;

	heap_info(t.pool->kind, &info);
	return info.used;
}

static bool holds(const char *p, char c, size_t size)
{
	size_t i = 0;

	while (i < size && p[i] == c)
		i++;
	return i == size;
}

/* Aligned, of its own, and counted as requested; others lie between. */
START_TEST(a_block_lies_where_it_was_asked_for)
{
	size_t before, size;
	char *p[N_SIZES], *other[N_SIZES];

	open_pool(_i);
	for (size_t align = 1; align <= MB; align *= 2) {
		for (size_t i = 0; i < N_SIZES; i++) {
			size = sizes[i] > 0 ? sizes[i] : 1;
			before = used();
			p[i] = get(align, sizes[i]);
			ck_assert_ptr_nonnull(p[i]);
			ck_assert_uint_eq((uintptr_t)p[i] % align, 0);
			ck_assert_uint_eq(used(), before + size);
			memset(p[i], (int)i, size);
			other[i] = heap_malloc(t.pool->kind, 50, KM_SITE());
			memset(other[i], 0xff, 50);
			test_pool_is_valid(&t);
		}
		for (size_t i = 0; i < N_SIZES; i++) {
			ck_assert(holds(p[i], (char)i, sizes[i]));
			put(p[i]);
			put(other[i]);
		}
	}
	ck_assert_str_eq(test_log_text(), "");
	close_pool();
}
END_TEST

START_TEST(it_is_resized_like_any_other)
{
	char *p, *q;

	open_pool(_i);
	for (size_t align = 32; align <= MB; align *= 4) {
		for (size_t i = 0; i < N_SIZES; i++) {
			p = get(align, 100);
			memset(p, 'a', 100);
			q = heap_realloc(
			    t.pool->kind, p, sizes[i] + 1, KM_SITE());
			ck_assert_ptr_nonnull(q);
			ck_assert(
			    holds(q, 'a', sizes[i] < 100 ? sizes[i] : 100));
			ck_assert_uint_eq(used(), sizes[i] + 1);
			test_pool_is_valid(&t);
			put(q);
		}
	}
	close_pool();
}
END_TEST

START_TEST(a_pool_can_be_filled_with_them)
{
	static char *p[600000];
	/* Half a million of the smallest are for a fast machine. */
	size_t n, bad = 0, least = test_scaled(2) > 1 ? 64 : 4096;

	open_pool(_i);
	for (size_t align = least; align <= MB; align *= 8) {
		for (n = 0; (p[n] = get(align, align)) != NULL; n++)
			bad += (uintptr_t)p[n] % align != 0;
		ck_assert_uint_eq(bad, 0);
		ck_assert_uint_ge(n * align * 8, SIZE);
		test_pool_is_valid(&t);
		while (n > 0)
			put(p[--n]);
	}
	close_pool();
}
END_TEST

START_TEST(what_is_no_power_of_two_is_refused_with_a_line)
{
	static const size_t aligns[] = { 0, 3, 24, 48, SIZE_MAX };

	open_pool(_i);
	for (size_t i = 0; i < sizeof(aligns) / sizeof(aligns[0]); i++) {
		errno = 0;
		ck_assert_ptr_null(get(aligns[i], 10));
		ck_assert_int_eq(errno, EINVAL);
		ck_assert_ptr_nonnull(
		    strstr(test_log_text(), " is no power of two"));
		ck_assert_ptr_nonnull(
		    strstr(test_log_text(), "check_memalign.c: get("));
		test_log_clear();
	}
	close_pool();
}
END_TEST

START_TEST(what_no_pool_can_hold_is_refused_with_enomem)
{
	static const size_t aligns[] = { 32, 4096, MB, SIZE * 2,
		(size_t)1 << 63 };

	open_pool(_i);
	for (size_t i = 0; i < sizeof(aligns) / sizeof(aligns[0]); i++) {
		errno = 0;
		ck_assert_ptr_null(get(aligns[i], SIZE_MAX));
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert_ptr_null(get(aligns[i], SIZE));
		/* Of that, no multiple lies in the pool, wherever it is. */
		if (aligns[i] == (size_t)1 << 63)
			ck_assert_ptr_null(get(aligns[i], 1));
		test_pool_is_valid(&t);
	}
	close_pool();
}
END_TEST

START_TEST(the_call_is_traced_as_it_was_made)
{
	char want[64];
	void *p;

	open_pool(_i);
	km_tune->memdbg = km_tune->debug;
	p = KIND(_i) == KM_PKG ? pkg_memalign(256, 0) : shm_memalign(256, 0);
	snprintf(want, sizeof(want),
	    "%s_memalign(256, 0) called from core: ", heap_kind_name(KIND(_i)));
	ck_assert_ptr_nonnull(strstr(test_log_text(), want));
	snprintf(want, sizeof(want), "returns %p, pid %d\n", p, (int)getpid());
	ck_assert_ptr_nonnull(strstr(test_log_text(), want));
	put(p);
	close_pool();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memalign");
	TCase *tcase = tcase_create("memalign");

	tcase_add_loop_test(
	    tcase, a_block_lies_where_it_was_asked_for, 0, N_LOOPS);
	tcase_add_loop_test(tcase, it_is_resized_like_any_other, 0, N_LOOPS);
	tcase_add_loop_test(tcase, a_pool_can_be_filled_with_them, 0, N_LOOPS);
	tcase_add_loop_test(
	    tcase, what_is_no_power_of_two_is_refused_with_a_line, 0, N_LOOPS);
	tcase_add_loop_test(
	    tcase, what_no_pool_can_hold_is_refused_with_enomem, 0, N_LOOPS);
	tcase_add_loop_test(
	    tcase, the_call_is_traced_as_it_was_made, 0, N_LOOPS);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
