/* SPDX-License-Identifier: ISC */
/* check_trace.c - the calls that memdbg has written to the log. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/tune.h"
#include "mem/clock.h"
#include "mem/heap.h"
#include "mem/mem.h"
#include "mem/shm_mem.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define SIZE (4u << 20) /* bytes of each test's pool */

static struct test_pool t;

/* A loop test's number is manager * kinds + kind. */
#define N_LOOPS (test_n_managers * KM_POOL_KIND__COUNT)
#define KIND(i) ((enum km_pool_kind)((i) % KM_POOL_KIND__COUNT))

static void open_pool(int i, size_t size)
{
	test_pool_open(
	    &t, KIND(i), test_managers[i / KM_POOL_KIND__COUNT], size);
}

/* Arguments as a line of the log shows them. */
static const char *args(const void *p, size_t size)
{
	static char text[64];

	snprintf(text, sizeof(text), "%p, %zu", p, size);
	return text;
}

/*
 * Whether the log, cleared then, is this one line: the call, its caller, and
 * its result unless that is NULL.
 */
static int traced(const char *call, const char *arg, const void *result)
{
	char want[512];

	snprintf(want, sizeof(want),
	    "%s_%s(%s) called from core: " __FILE__ ": "
	    "each_call_is_traced_once_when_memdbg_is_not_above_debug",
	    heap_kind_name(t.pool->kind), call, arg);
	if (strstr(test_log_text(), want) == NULL ||
	    strchr(test_log_text(), '\n')[1] != '\0')
		return 0;
	snprintf(
	    want, sizeof(want), "returns %p, pid %d\n", result, (int)getpid());
	if (result != NULL && strstr(test_log_text(), want) == NULL)
		return 0;
	test_log_clear();
	return 1;
}

START_TEST(each_call_is_traced_once_when_memdbg_is_not_above_debug)
{
	enum km_pool_kind kind = KIND(_i);
	struct km_mem_info info;
	char freed[32];
	void *p, *q;

	open_pool(_i, SIZE);
	test_log_catch();
	p = heap_malloc(kind, 10, KM_SITE());
	p = heap_realloc(kind, p, 20, KM_SITE());
	heap_free(kind, p, KM_SITE());
	ck_assert_str_eq(test_log_text(), "");
	km_tune->memdbg = km_tune->debug;
	p = heap_malloc(kind, 123, KM_SITE());
	ck_assert(traced("malloc", "123", p));
	q = heap_realloc(kind, p, 456, KM_SITE());
	ck_assert(traced("realloc", args(p, 456), q));
	p = heap_reallocxf(kind, q, 10000, KM_SITE());
	ck_assert(traced("reallocxf", args(q, 10000), p));
	q = heap_mallocxz(kind, 77, KM_SITE());
	ck_assert(traced("mallocxz", "77", q));
	snprintf(freed, sizeof(freed), "%p", q);
	heap_free(kind, q, KM_SITE());
	ck_assert_ptr_nonnull(strstr(test_log_text(), "size 77, allocated at"));
	ck_assert(traced("free", freed, NULL));
	ck_assert_ptr_null(heap_realloc(kind, p, 0, KM_SITE()));
	ck_assert(traced("realloc", args(p, 0), NULL));
	p = heap_realloc(kind, NULL, 5, KM_SITE());
	ck_assert(traced("realloc", args(NULL, 5), p));
	heap_free(kind, NULL, KM_SITE());
	ck_assert(traced("free", "(nil)", NULL));
	heap_free(kind, p, KM_SITE());
	heap_info(kind, &info);
	ck_assert_uint_eq(info.blocks, 0);
	test_pool_close(&t);
}
END_TEST

static void allocate_in_the_writer(int level, const char *text)
{
	static int n;

	ck_assert_int_lt(n++, 3);
	heap_free(
	    t.pool->kind, heap_malloc(t.pool->kind, 10, KM_SITE()), KM_SITE());
}

/* The functions behind the macros have a faster way of their own. */
static const struct {
	void *(*malloc)(size_t size, struct km_site *site);
	void (*free)(void *p, struct km_site *site);
} public[] = {
	[KM_PKG] = { km_pkg_malloc, km_pkg_free },
	[KM_SHM] = { km_shm_malloc, km_shm_free },
};

/* As the supervisor does: the switch, then the word that all look at. */
static void trace(bool on)
{
	km_tune->memdbg = km_tune->debug + !on;
	clock_trace(clock_in_use(), on);
}

START_TEST(public_functions_are_traced_as_soon_as_memdbg_is_set)
{
	size_t n = 0;
	void *p[8];

	open_pool(_i, SIZE);
	test_log_catch();
	for (int i = 0; i < 8; i++) {
		trace(i % 2 != 0);
		p[i] = public[KIND(_i)].malloc(10, KM_SITE());
	}
	for (int i = 0; i < 8; i++) {
		trace(i % 2 != 0);
		public[KIND(_i)].free(p[i], KM_SITE());
	}
	for (const char *c = test_log_text(); (c = strchr(c, '\n')); c++)
		n++;
	ck_assert_uint_eq(n, 8);
	ck_assert_ptr_nonnull(strstr(test_log_text(), "_malloc(10) called"));
	ck_assert_ptr_nonnull(
	    strstr(test_log_text(), ": size 10, allocated at core: "));
	test_pool_close(&t);
}
END_TEST

START_TEST(a_log_writer_may_allocate)
{
	open_pool(_i, SIZE);
	km_tune->memdbg = km_tune->debug;
	km_log_set_writer(allocate_in_the_writer);
	ck_assert_ptr_nonnull(heap_malloc(KIND(_i), 10, KM_SITE()));
	ck_assert_ptr_null(heap_malloc(KIND(_i), SIZE, KM_SITE()));
	km_log_set_writer(NULL);
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace");
	TCase *tcase = tcase_create("trace");

	tcase_add_loop_test(tcase,
	    each_call_is_traced_once_when_memdbg_is_not_above_debug, 0,
	    N_LOOPS);
	tcase_add_loop_test(tcase,
	    public_functions_are_traced_as_soon_as_memdbg_is_set, 0, N_LOOPS);
	tcase_add_loop_test(tcase, a_log_writer_may_allocate, 0, N_LOOPS);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
