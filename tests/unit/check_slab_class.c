/* SPDX-License-Identifier: ISC */
/* check_slab_class.c - sizes of blocks, and how spans are cut. */
#include "config.h"

#include <check.h>
#include <stdint.h>

#include "mem/slab.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define OFFSETS 65536 /* bytes: no span is longer */

START_TEST(an_index_is_found_by_a_multiplication)
{
	size_t wrong = 0;

	slab_classes_init();
	for (unsigned i = 0; i < SLAB_N_CLASSES; i++) {
		const struct slab_class *c = &slab_class[i];
		int step = OFFSETS / test_scaled(OFFSETS) | 1;

		ck_assert_uint_eq(c->size % SLAB_GRAIN, 0);
		ck_assert_uint_le(c->n_pages * SLAB_PAGE, OFFSETS);
		for (uint64_t off = 0; off < OFFSETS; off += step) {
			uint64_t product = off * c->inverse;

			wrong += product >> 32 != off / c->size;
			wrong +=
			    ((uint32_t)product < c->bound) !=
			    (off % c->size == 0 && off / c->size < c->n_blocks);
		}
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(a_class_is_the_smallest_that_holds_a_size)
{
	slab_classes_init();
	for (size_t size = 0; size <= SLAB_MAX; size++) {
		unsigned i =
		    slab_class_of[(size + SLAB_GRAIN - 1) / SLAB_GRAIN];

		must(size <= slab_class[i].size);
		if (i > 0)
			must(size > slab_class[i - 1].size);
		must(slab_class[i].size - size <= SLAB_SLACK_MASK);
	}
}
END_TEST

START_TEST(a_span_has_tags_and_hints_for_its_blocks)
{
	slab_classes_init();
	for (unsigned i = 0; i < SLAB_N_CLASSES; i++) {
		const struct slab_class *c = &slab_class[i];

		ck_assert_uint_le(
		    c->n_blocks, c->n_units * SLAB_UNIT / sizeof(uint64_t));
		ck_assert_uint_le(c->n_units, SLAB_UNITS);
		ck_assert_uint_lt((c->n_blocks - 1u) >> c->shift, SLAB_N_HINTS);
	}
}
END_TEST

START_TEST(no_size_is_rounded_up_by_much)
{
	slab_classes_init();
	for (unsigned i = 0; i < SLAB_N_CLASSES; i++) {
		uint32_t size = slab_class[i].size;
		uint32_t below = i > 0 ? slab_class[i - 1].size : 0;

		ck_assert_uint_gt(size, below);
		/* At most 1/7 of the one below, but for the smallest. */
		ck_assert_uint_le(
		    size - below, below / 7 > SLAB_GRAIN ? below / 7 : 16);
	}
}
END_TEST

START_TEST(little_of_a_span_is_behind_its_blocks)
{
	size_t all = 0, lost = 0;

	slab_classes_init();
	for (unsigned i = 0; i < SLAB_N_CLASSES; i++) {
		const struct slab_class *c = &slab_class[i];
		size_t bytes = c->n_pages * SLAB_PAGE;

		ck_assert_uint_le(bytes % c->size, bytes / 16);
		ck_assert_uint_ge(c->n_blocks, c->size <= 8192 ? 4 : 2);
		all += bytes;
		lost += bytes % c->size;
	}
	ck_assert_uint_lt(lost * 100, all);
}
END_TEST

START_TEST(what_is_aligned_costs_little_more)
{
	slab_classes_init();
	for (unsigned i = 0; i < SLAB_N_CLASSES; i++)
		if (slab_class[i].size > 512)
			ck_assert_uint_eq(slab_class[i].size % 64, 0);
	for (size_t size = SLAB_GRAIN; size <= SLAB_MAX; size *= 2)
		ck_assert_uint_eq(
		    slab_class[slab_class_of[size / SLAB_GRAIN]].size, size);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slab_class");
	TCase *tcase = tcase_create("slab_class");

	tcase_add_test(tcase, an_index_is_found_by_a_multiplication);
	tcase_add_test(tcase, a_class_is_the_smallest_that_holds_a_size);
	tcase_add_test(tcase, a_span_has_tags_and_hints_for_its_blocks);
	tcase_add_test(tcase, no_size_is_rounded_up_by_much);
	tcase_add_test(tcase, little_of_a_span_is_behind_its_blocks);
	tcase_add_test(tcase, what_is_aligned_costs_little_more);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
