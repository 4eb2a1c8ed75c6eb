/* SPDX-License-Identifier: ISC */
/* check_replay_trace.c - the replay module: reading a trace. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/modules/replay/trace.h"
#include "tests/unit/unit.h"

#define GOOD "M shm 7 1 64 core:main.c:main:1\n"

static struct {
	char path[512];
	char log[4096];
	struct trace *trace;
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
	char want[1024];

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

int main(void)
{
	Suite *suite = suite_create("replay trace");
	TCase *tc = tcase_create("trace");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	add_trace_tests(tc);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
