/* SPDX-License-Identifier: ISC */
/* check_replay.c - the replay module: plan and pattern. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/modules/replay/pattern.h"
#include "daemon/modules/replay/plan.h"
#include "daemon/modules/replay/trace.h"
#include "tests/unit/unit.h"

#define GOOD "M shm 7 1 64 core:main.c:main:1\n"

static struct {
	char path[512];
	char log[4096];
	struct trace *trace;
	struct plan *plan;
} t;

static void keep(int level, const char *text)
{
	(void)level;
	strncpy(t.log, text, sizeof(t.log) - 1);
}

static void setup(void)
{
	const char *tmpdir = getenv("TMPDIR");
	int fd;

	memset(&t, 0, sizeof(t));
	km_log_set_writer(keep);
	snprintf(t.path, sizeof(t.path), "%s/check_replay.XXXXXX",
	    tmpdir != NULL ? tmpdir : P_tmpdir);
	fd = mkstemp(t.path);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void teardown(void)
{
	unlink(t.path);
	plan_free(&t.plan);
	trace_free(&t.trace);
}

static void write_text(const char *text)
{
	FILE *file = fopen(t.path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void read_text(const char *text)
{
	write_text(text);
	ck_assert_int_eq(trace_read(t.path, &t.trace), 0);
}

static void real_trace(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/data/sip-trace.txt.gz",
	    srcdir != NULL ? srcdir : ".");
	ck_assert_msg(trace_read(path, &t.trace) == 0, "%s", t.log);
}

static uint32_t rank_of(int32_t pid)
{
	for (uint32_t i = 0; i < t.trace->n_pids; i++)
		if (t.trace->pids[i] == pid)
			return t.plan->rank_of_process[i];
	return UINT32_MAX;
}

static void make_plan(uint32_t workers, uint32_t end)
{
	plan_free(&t.plan);
	ck_assert_int_eq(plan_new(t.trace, workers, end, &t.plan), 0);
}

START_TEST(prelude_and_remainder_of_the_real_trace_are_complete)
{
	uint32_t n = 0;

	real_trace();
	make_plan(4, t.trace->n_ops);
	ck_assert_uint_eq(t.plan->prelude.n, 798 + 7);
	ck_assert_uint_eq(t.plan->parts[0].n, 484);
	ck_assert_uint_eq(t.plan->parts[0].ops[0], 147785);
	for (uint32_t r = 1; r < 5; r++)
		n += t.plan->parts[r].n;
	ck_assert_uint_eq(n, 146980);
	ck_assert_uint_eq(t.plan->n_unplayable, 0);
}
END_TEST

START_TEST(the_four_sip_workers_are_alone_before_others_join)
{
	real_trace();
	make_plan(7, t.trace->n_ops);
	ck_assert_uint_eq(rank_of(25054), 0);
	ck_assert_uint_eq(rank_of(25058), 1);
	ck_assert_uint_eq(rank_of(25059), 2);
	ck_assert_uint_eq(rank_of(25060), 3);
	ck_assert_uint_eq(rank_of(25061), 4);
	ck_assert_uint_eq(rank_of(0), 5);
	ck_assert_uint_eq(rank_of(25065), 6);
	ck_assert_uint_eq(rank_of(25063), 7);
	make_plan(4, t.trace->n_ops);
	ck_assert_uint_eq(rank_of(0), 1);
	ck_assert_uint_eq(rank_of(25065), 2);
	ck_assert_uint_eq(rank_of(25063), 3);
}
END_TEST

static int is_ready(const uint32_t *pos, uint32_t rank)
{
	const struct plan_part *part = &t.plan->parts[rank];
	const struct plan_place *place;
	uint32_t after;

	if (pos[rank] == part->n)
		return 0;
	after = t.plan->places[part->ops[pos[rank]]].after;
	if (after == PLAN_NONE)
		return 1;
	place = &t.plan->places[after];
	return place->in_prelude || pos[place->rank] > place->pos;
}

/* Ranks in any order, each as far as it gets: returns what was played. */
static uint32_t simulate(void)
{
	uint32_t *pos = calloc(t.plan->n_ranks, sizeof(*pos));
	uint32_t played = 0, before;

	ck_assert_ptr_nonnull(pos);
	do {
		before = played;
		for (uint32_t r = t.plan->n_ranks - 1; r > 0; r--)
			for (; is_ready(pos, r); pos[r]++)
				played++;
	} while (played != before);
	free(pos);
	return played;
}

static const uint32_t worker_counts[] = { 1, 2, 4, 7, 12 };

START_TEST(every_deal_of_the_real_trace_can_be_played_to_the_end)
{
	real_trace();
	make_plan(worker_counts[_i], t.trace->n_ops);
	ck_assert_uint_eq(simulate(), 146980);
}
END_TEST

START_TEST(nothing_is_planned_from_the_end_on)
{
	const uint32_t ends[] = { 0, 1, 500, 10000, 148000 };

	real_trace();
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		uint32_t n;

		make_plan(4, ends[i]);
		n = t.plan->prelude.n;
		for (uint32_t r = 0; r < 5; r++)
			n += t.plan->parts[r].n;
		ck_assert_uint_eq(n, ends[i]);
	}
}
END_TEST

START_TEST(operations_on_one_shm_block_follow_each_other)
{
	read_text("K pkg 8 - 7 fork\nK pkg 9 - 7 fork\n"
		  "M shm 8 1 64 a:b:c:1\nM pkg 8 1 64 a:b:c:1\n"
		  "R shm 9 1 96 a:b:c:1\nF pkg 9 1 0 a:b:c:1\n"
		  "F shm 8 1 0 a:b:c:1\n");
	make_plan(2, t.trace->n_ops);
	ck_assert_uint_eq(t.plan->places[2].after, PLAN_NONE);
	ck_assert_uint_eq(t.plan->places[4].after, 2);
	ck_assert_uint_eq(t.plan->places[5].after, PLAN_NONE);
	ck_assert_uint_eq(t.plan->places[6].after, 4);
}
END_TEST

/* Main frees, between two forks, what a child has allocated. */
START_TEST(main_waits_with_what_depends_on_its_children)
{
	read_text("M shm 7 1 64 a:b:c:1\nK pkg 8 - 7 fork\n"
		  "M shm 8 2 64 a:b:c:1\nF shm 7 2 0 a:b:c:1\n"
		  "F shm 7 1 0 a:b:c:1\nK pkg 9 - 7 fork\n");
	make_plan(2, t.trace->n_ops);
	ck_assert_uint_eq(t.plan->prelude.n, 4);
	ck_assert_uint_eq(t.plan->parts[0].n, 1);
	ck_assert_uint_eq(t.plan->parts[0].ops[0], 3);
}
END_TEST

START_TEST(workers_never_wait_for_what_main_does_last)
{
	read_text("K pkg 8 - 7 fork\nM shm 7 1 64 a:b:c:1\n"
		  "R shm 8 1 96 a:b:c:1\nF shm 8 1 0 a:b:c:1\n");
	make_plan(1, t.trace->n_ops);
	ck_assert_uint_eq(t.plan->n_unplayable, 2);
	ck_assert_uint_eq(t.plan->parts[1].n, 0);
	ck_assert_uint_eq(t.plan->parts[0].n, 1);
}
END_TEST

START_TEST(a_plan_needs_a_worker)
{
	read_text(GOOD);
	ck_assert_int_eq(plan_new(t.trace, 0, 1, &t.plan), -KM_EINVAL);
	ck_assert_ptr_null(t.plan);
}
END_TEST

START_TEST(the_pattern_finds_every_flipped_bit_and_its_place)
{
	unsigned char block[67];

	for (size_t size = 0; size <= sizeof(block); size++) {
		pattern_fill(block, 5, size);
		ck_assert_uint_eq(pattern_check(block, 5, size, size), size);
		for (size_t i = 0; i < size; i++) {
			block[i] ^= 0x10;
			ck_assert_uint_eq(
			    pattern_check(block, 5, size, size), i);
			block[i] ^= 0x10;
		}
	}
}
END_TEST

START_TEST(the_pattern_stays_within_the_block)
{
	char block[32];

	for (size_t size = 0; size < sizeof(block); size++) {
		memset(block, '#', sizeof(block));
		pattern_fill(block, 9, size);
		for (size_t i = size; i < sizeof(block); i++)
			ck_assert_int_eq(block[i], '#');
	}
}
END_TEST

START_TEST(blocks_of_other_id_or_size_look_different)
{
	char block[64];

	pattern_fill(block, 5, sizeof(block));
	ck_assert_uint_lt(pattern_check(block, 6, 64, 64), 64);
	ck_assert_uint_lt(pattern_check(block, 5, 65, 64), 64);
	ck_assert_uint_eq(pattern_check(block, 5, 64, 33), 33);
}
END_TEST

static void add_plan_tests(TCase *tc)
{
	tcase_add_test(
	    tc, prelude_and_remainder_of_the_real_trace_are_complete);
	tcase_add_test(tc, the_four_sip_workers_are_alone_before_others_join);
	tcase_add_loop_test(tc,
	    every_deal_of_the_real_trace_can_be_played_to_the_end, 0,
	    sizeof(worker_counts) / sizeof(worker_counts[0]));
	tcase_add_test(tc, nothing_is_planned_from_the_end_on);
	tcase_add_test(tc, operations_on_one_shm_block_follow_each_other);
	tcase_add_test(tc, main_waits_with_what_depends_on_its_children);
	tcase_add_test(tc, workers_never_wait_for_what_main_does_last);
	tcase_add_test(tc, a_plan_needs_a_worker);
}

static void add_pattern_tests(TCase *tc)
{
	tcase_add_test(tc, the_pattern_finds_every_flipped_bit_and_its_place);
	tcase_add_test(tc, the_pattern_stays_within_the_block);
	tcase_add_test(tc, blocks_of_other_id_or_size_look_different);
}

int main(void)
{
	Suite *suite = suite_create("replay");
	TCase *tc = tcase_create("replay");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	add_plan_tests(tc);
	add_pattern_tests(tc);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
