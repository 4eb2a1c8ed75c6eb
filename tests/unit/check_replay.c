/* SPDX-License-Identifier: ISC */
/* check_replay.c - the replay module: trace, plan, pattern. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/modules/replay/pattern.h"
#include "daemon/modules/replay/plan.h"
#include "daemon/modules/replay/trace.h"

#define GOOD "M shm 7 1 64 core:main.c:main:1\n"

static struct {
	char path[64];
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
	int fd;

	memset(&t, 0, sizeof(t));
	km_log_set_writer(keep);
	strcpy(t.path, "/tmp/check_replay.XXXXXX");
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

static void write_gz(const char *text)
{
	gzFile file = gzopen(t.path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_gt(gzputs(file, text), 0);
	ck_assert_int_eq(gzclose(file), Z_OK);
}

static void read_text(const char *text)
{
	write_text(text);
	ck_assert_int_eq(trace_read(t.path, &t.trace), 0);
}

/* Reading it fails, and the log says so: "FILE:" and then `where`. */
static void fails_at(const char *where)
{
	char want[512];

	ck_assert_int_eq(trace_read(t.path, &t.trace), -KM_EINVAL);
	snprintf(want, sizeof(want), "replay: %s:%s", t.path, where);
	ck_assert_msg(strncmp(t.log, want, strlen(want)) == 0,
	    "got \"%s\", want \"%s\"", t.log, want);
	ck_assert_ptr_null(t.trace);
}

static void real_trace(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/data/sip-trace.txt.gz",
	    srcdir != NULL ? srcdir : ".");
	ck_assert_msg(trace_read(path, &t.trace) == 0, "%s", t.log);
}

START_TEST(an_operation_is_read_with_all_its_fields)
{
	const struct trace_op *op;

	read_text("# a comment\n\nM pkg 5 1 64 tm:../../a:b.c:f:7\n"
		  "F shm 6 3 0 core:x.y:g:8");
	ck_assert_uint_eq(t.trace->n_ops, 2);
	op = &t.trace->ops[0];
	ck_assert_int_eq(op->kind, TRACE_MALLOC);
	ck_assert_int_eq(op->heap, KM_PKG);
	ck_assert_uint_eq(op->id, 1);
	ck_assert_uint_eq(op->size, 64);
	ck_assert_uint_eq(op->line, 3);
	ck_assert_str_eq(t.trace->sites[op->site].mname, "tm");
	ck_assert_str_eq(t.trace->sites[op->site].file, "../../a:b.c");
	ck_assert_str_eq(t.trace->sites[op->site].func, "f");
	ck_assert_uint_eq(t.trace->sites[op->site].line, 7);
	op = &t.trace->ops[1];
	ck_assert_int_eq(op->kind, TRACE_FREE);
	ck_assert_int_eq(op->heap, KM_SHM);
	ck_assert_int_eq(t.trace->pids[op->process], 6);
	ck_assert_uint_eq(t.trace->max_id[KM_SHM], 3);
}
END_TEST

START_TEST(the_same_site_is_one)
{
	read_text("M pkg 5 1 64 a:b:c:1\nM pkg 5 2 64 a:b:c:2\n"
		  "F pkg 5 1 0 a:b:c:1\n");
	ck_assert_uint_eq(t.trace->n_sites, 2);
	ck_assert_uint_eq(t.trace->ops[0].site, t.trace->ops[2].site);
}
END_TEST

START_TEST(a_realloc_of_what_was_never_allocated_is_a_malloc)
{
	read_text("R pkg 5 1 64 a:b:c:1\nR pkg 5 1 96 a:b:c:1\n");
	ck_assert_int_eq(t.trace->ops[0].kind, TRACE_MALLOC);
	ck_assert_int_eq(t.trace->ops[1].kind, TRACE_REALLOC);
	ck_assert_uint_eq(t.trace->adopted, 1);
}
END_TEST

/* What is wrong on line 2, and where the message says that it is. */
static const struct {
	const char *line;
	const char *where;
} wrong[] = {
	{ "X shm 7 1 64 a:b:c:1", "2: operation \"X\" is none of M" },
	{ "MM shm 7 1 64 a:b:c:1", "2: operation \"MM\"" },
	{ "M heap 7 1 64 a:b:c:1", "2: heap \"heap\" is neither" },
	{ "M shm -7 2 64 a:b:c:1", "2: pid \"-7\" is not a number from 0" },
	{ "M shm 7 x 64 a:b:c:1", "2: id \"x\" is not a number from 1" },
	{ "M shm 7 0 64 a:b:c:1", "2: id \"0\" is not a number from 1" },
	{ "M shm 7 16777217 64 a:b:c:1", "2: id \"16777217\"" },
	{ "M shm 7 2 64k a:b:c:1", "2: size \"64k\" is not a number" },
	{ "M shm 7 2 99999999999999999999 a:b:c:1", "2: size \"9999" },
	{ "M shm 7 2 64 main", "2: site \"main\" is not of the form" },
	{ "M shm 7 2 64 b:c:1", "2: site \"b:c:1\"" },
	{ "M shm 7 2 64 a:b:c:", "2: site \"a:b:c:\"" },
	{ "M shm 7 2 64 a:b:c:1x", "2: site \"a:b:c:1x\"" },
	{ "M shm 7 2 64 :b:c:1", "2: site \":b:c:1\"" },
	{ "M shm 7 2 64 a::c:1", "2: site \"a::c:1\"" },
	{ "M shm 7 2 64", "2: too few fields" },
	{ "M shm 7 2 64 a:b:c:1 more", "2: too many fields" },
	{ "K pkg 8 1 7 fork", "2: id \"1\" of a fork" },
	{ "K pkg 8 - main fork", "2: size \"main\" is not a number" },
	{ "M shm 7 1 64 a:b:c:1", "2: shm block 1 is allocated a second" },
};

START_TEST(what_is_wrong_is_named_with_file_and_line)
{
	char text[512];

	snprintf(text, sizeof(text), GOOD "%s\n" GOOD, wrong[_i].line);
	write_text(text);
	fails_at(wrong[_i].where);
}
END_TEST

START_TEST(a_line_that_is_too_long_is_refused)
{
	char text[2000];

	memset(text, 'x', sizeof(text));
	memcpy(text, GOOD, strlen(GOOD));
	text[sizeof(text) - 1] = '\0';
	write_text(text);
	fails_at("2: longer than 1022 bytes");
}
END_TEST

START_TEST(a_trace_without_operations_is_refused)
{
	write_text("# nothing\n");
	fails_at("2: no operation in it");
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
	unlink(t.path);
	ck_assert_int_eq(trace_read(t.path, &t.trace), -KM_ESYS);
	ck_assert_ptr_nonnull(strstr(t.log, t.path));
	ck_assert_ptr_nonnull(strstr(t.log, "No such file"));
}
END_TEST

static void write_long_gz(void)
{
	static char text[40000];
	size_t len = 0;

	for (unsigned i = 1; i <= 900; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "M shm 7 %u %u a:b:c:%u\n", i, i * 7919 % 1000, i % 91);
	write_gz(text);
}

static long file_size(void)
{
	FILE *file = fopen(t.path, "r");
	long size;

	ck_assert_ptr_nonnull(file);
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	fclose(file);
	return size;
}

/* Wherever it is cut, it is an error with a line, never a shorter trace. */
START_TEST(a_gzipped_trace_that_is_cut_is_refused)
{
	long size;

	write_long_gz();
	size = file_size();
	ck_assert_int_eq(trace_read(t.path, &t.trace), 0);
	ck_assert_uint_eq(t.trace->n_ops, 900);
	for (long at = size - 1; at > 20; at -= 61) {
		trace_free(&t.trace);
		ck_assert_int_eq(truncate(t.path, at), 0);
		ck_assert_int_eq(trace_read(t.path, &t.trace), -KM_EINVAL);
		ck_assert_msg(strstr(t.log, "damaged or cut") != NULL,
		    "cut at %ld: %s", at, t.log);
	}
}
END_TEST

START_TEST(a_gzipped_trace_with_a_wrong_checksum_is_refused)
{
	FILE *file;

	write_long_gz();
	file = fopen(t.path, "r+");
	ck_assert_ptr_nonnull(file);
	fseek(file, -8, SEEK_END);
	fputc('x', file);
	fputc('y', file);
	fclose(file);
	ck_assert_int_eq(trace_read(t.path, &t.trace), -KM_EINVAL);
	ck_assert_ptr_nonnull(strstr(t.log, "damaged or cut"));
}
END_TEST

START_TEST(the_real_trace_has_its_operations)
{
	real_trace();
	ck_assert_uint_eq(t.trace->n_ops, 148269);
	ck_assert_uint_eq(t.trace->n_sites, 235);
	ck_assert_uint_eq(t.trace->n_pids, 8);
	ck_assert_uint_eq(t.trace->adopted, 3);
	ck_assert_int_eq(t.trace->pids[t.trace->main], 25054);
	ck_assert_uint_eq(t.trace->max_id[KM_PKG], 74238);
	ck_assert_uint_eq(t.trace->max_id[KM_SHM], 72514);
}
END_TEST

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

static void add_trace_tests(TCase *tc)
{
	tcase_add_test(tc, an_operation_is_read_with_all_its_fields);
	tcase_add_test(tc, the_same_site_is_one);
	tcase_add_test(tc, a_realloc_of_what_was_never_allocated_is_a_malloc);
	tcase_add_loop_test(tc, what_is_wrong_is_named_with_file_and_line, 0,
	    sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(tc, a_line_that_is_too_long_is_refused);
	tcase_add_test(tc, a_trace_without_operations_is_refused);
	tcase_add_test(tc, a_file_that_is_not_there_is_named);
	tcase_add_test(tc, a_gzipped_trace_that_is_cut_is_refused);
	tcase_add_test(tc, a_gzipped_trace_with_a_wrong_checksum_is_refused);
	tcase_add_test(tc, the_real_trace_has_its_operations);
}

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
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	add_trace_tests(tc);
	add_plan_tests(tc);
	add_pattern_tests(tc);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
