/* SPDX-License-Identifier: ISC */
/* trace.c - reads a trace file into memory. */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/modules/replay/trace_sites.h"
#include "daemon/modules/replay/trace.h"

#define LINE_SIZE   1024 /* bytes, newline and NUL included */
#define FIELDS	    6
#define FIRST_ROOM  4096       /* operations; doubled when full */
#define SIZE_MAX_OP (1L << 47) /* bytes; more than any address space */

enum field {
	FIELD_OP,
	FIELD_HEAP,
	FIELD_PID,
	FIELD_ID,
	FIELD_SIZE,
	FIELD_SITE,
	FIELD__COUNT
};

static const char *const field_names[] = { "operation", "heap", "pid", "id",
	"size", "site" };
_Static_assert(sizeof(field_names) / sizeof(field_names[0]) == FIELD__COUNT,
    "a name for each field");

static const char kind_letters[] = "MFRK";
_Static_assert(
    sizeof(kind_letters) - 1 == TRACE_KIND__COUNT, "a letter for each kind");

static const char *const heap_names[] = { "pkg", "shm" };
_Static_assert(
    sizeof(heap_names) / sizeof(heap_names[0]) == KM_POOL_KIND__COUNT,
    "a name for each heap");

struct reader {
	const char *path;
	uint32_t line;
	uint32_t room; /* operations that trace->ops can hold */
	gzFile file;
	struct trace *trace;
	struct trace_sites *sites;
	char buf[LINE_SIZE];
	char *fields[FIELDS];
};

/* Say where and what. Returns -KM_EINVAL. */
static int bad(const struct reader *rd, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int bad(const struct reader *rd, const char *fmt, ...)
{
	char text[LINE_SIZE + 200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	LM_ERR("replay: %s:%u: %s", rd->path, rd->line, text);
	return -KM_EINVAL;
}

/* A decimal number from min to max, all of the field. */
static int read_number(
    const struct reader *rd, enum field field, long min, long max, long *value)
{
	const char *text = rd->fields[field];
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 ||
	    *value < min || *value > max)
		return bad(rd, "%s \"%s\" is not a number from %ld to %ld",
		    field_names[field], text, min, max);
	return 0;
}

static int read_kind(const struct reader *rd, uint8_t *kind)
{
	const char *text = rd->fields[FIELD_OP];
	const char *at = strchr(kind_letters, text[0]);

	if (text[1] != '\0' || at == NULL)
		return bad(rd,
		    "operation \"%s\" is none of M (malloc), F (free), "
		    "R (realloc), K (fork)",
		    text);
	*kind = (uint8_t)(at - kind_letters);
	return 0;
}

static int read_heap(const struct reader *rd, uint8_t *heap)
{
	for (uint8_t i = 0; i < KM_POOL_KIND__COUNT; i++) {
		if (strcmp(rd->fields[FIELD_HEAP], heap_names[i]) == 0) {
			*heap = i;
			return 0;
		}
	}
	return bad(
	    rd, "heap \"%s\" is neither pkg nor shm", rd->fields[FIELD_HEAP]);
}

/* The index of a process, added when it is new. */
static int read_process(
    const struct reader *rd, enum field field, uint32_t *process)
{
	struct trace *trace = rd->trace;
	long pid;
	int rc = read_number(rd, field, 0, INT32_MAX, &pid);

	if (rc != 0)
		return rc;
	for (uint32_t i = 0; i < trace->n_pids; i++) {
		if (trace->pids[i] == pid) {
			*process = i;
			return 0;
		}
	}
	if (trace->n_pids == TRACE_PROCESSES_MAX)
		return bad(rd, "more than %d processes", TRACE_PROCESSES_MAX);
	trace->pids[trace->n_pids] = (int32_t)pid;
	*process = trace->n_pids++;
	return 0;
}

static int read_fork(const struct reader *rd, struct trace_op *op)
{
	uint32_t parent;
	int rc;

	if (strcmp(rd->fields[FIELD_ID], "-") != 0)
		return bad(
		    rd, "id \"%s\" of a fork is not -", rd->fields[FIELD_ID]);
	rc = read_process(rd, FIELD_SIZE, &parent);
	op->id = parent;
	return rc;
}

static int read_block(const struct reader *rd, struct trace_op *op)
{
	struct trace *trace = rd->trace;
	long id, size;
	int rc = read_number(rd, FIELD_ID, 1, TRACE_ID_MAX, &id);

	if (rc != 0)
		return rc;
	rc = read_number(rd, FIELD_SIZE, 0, SIZE_MAX_OP, &size);
	if (rc != 0)
		return rc;
	op->id = (uint32_t)id;
	op->size = (size_t)size;
	if (op->id > trace->max_id[op->heap])
		trace->max_id[op->heap] = op->id;
	rc = trace_sites_add(rd->sites, rd->fields[FIELD_SITE], &op->site);
	if (rc == -KM_EINVAL)
		return bad(rd,
		    "site \"%s\" is not of the form module:file:function:line",
		    rd->fields[FIELD_SITE]);
	return rc;
}

/* Cut the line at its blanks. */
static int split(struct reader *rd)
{
	char *save = NULL;
	char *word = strtok_r(rd->buf, " \t\r\n", &save);
	int n = 0;

	for (; word != NULL && n < FIELDS; n++) {
		rd->fields[n] = word;
		word = strtok_r(NULL, " \t\r\n", &save);
	}
	if (n < FIELDS || word != NULL)
		return bad(rd, "%s fields: a line is op heap pid id size site",
		    word != NULL ? "too many" : "too few");
	return 0;
}

static int read_op(struct reader *rd, struct trace_op *op)
{
	uint32_t process;
	int rc = split(rd);

	if (rc != 0)
		return rc;
	memset(op, 0, sizeof(*op));
	op->line = rd->line;
	rc = read_kind(rd, &op->kind);
	if (rc != 0)
		return rc;
	rc = read_heap(rd, &op->heap);
	if (rc != 0)
		return rc;
	rc = read_process(rd, FIELD_PID, &process);
	if (rc != 0)
		return rc;
	op->process = (uint16_t)process;
	return op->kind == TRACE_FORK ? read_fork(rd, op) : read_block(rd, op);
}

static int make_room(struct reader *rd)
{
	struct trace *trace = rd->trace;
	struct trace_op *ops;
	uint32_t room = rd->room != 0 ? rd->room * 2 : FIRST_ROOM;

	if (trace->n_ops < rd->room)
		return 0;
	if (room > UINT32_MAX / 4)
		return bad(rd, "more than %u operations", trace->n_ops);
	ops = realloc(trace->ops, room * sizeof(*ops));
	if (ops == NULL)
		return -KM_ENOMEM;
	trace->ops = ops;
	rd->room = room;
	return 0;
}

/* What zlib found wrong; a damaged line is its consequence. */
static int check_stream(const struct reader *rd)
{
	int err;
	const char *text = gzerror(rd->file, &err);

	if (err == Z_OK || err == Z_STREAM_END)
		return 0;
	if (err == Z_ERRNO)
		text = strerror(errno);
	return bad(rd, "cannot be read on, it is damaged or cut: %s", text);
}

/* Returns 1: there is a line; 0: the end; or < 0. */
static int next_line(struct reader *rd)
{
	size_t len;
	int rc;

	rd->line++;
	if (gzgets(rd->file, rd->buf, LINE_SIZE) == NULL)
		return check_stream(rd);
	len = strlen(rd->buf);
	if (len > 0 && rd->buf[len - 1] == '\n')
		return 1;
	rc = check_stream(rd);
	if (rc != 0)
		return rc;
	if (len == LINE_SIZE - 1)
		return bad(rd, "longer than %d bytes", LINE_SIZE - 2);
	return 1;
}

static int read_all(struct reader *rd)
{
	int rc;

	while ((rc = next_line(rd)) > 0) {
		if (rd->buf[0] == '#' || rd->buf[0] == '\n')
			continue;
		rc = make_room(rd);
		if (rc != 0)
			return rc;
		rc = read_op(rd, &rd->trace->ops[rd->trace->n_ops]);
		if (rc != 0)
			return rc;
		rd->trace->n_ops++;
	}
	if (rc == 0 && rd->trace->n_ops == 0)
		return bad(rd, "no operation in it");
	return rc;
}

/* Note the blocks that are allocated; each may be so once. */
static int settle_op(struct reader *rd, struct trace_op *op, uint8_t *seen)
{
	if (op->kind == TRACE_REALLOC && !seen[op->id]) {
		op->kind = TRACE_MALLOC;
		rd->trace->adopted++;
	} else if (op->kind == TRACE_MALLOC && seen[op->id]) {
		rd->line = op->line;
		return bad(rd, "%s block %u is allocated a second time",
		    heap_names[op->heap], op->id);
	}
	if (op->kind == TRACE_MALLOC)
		seen[op->id] = 1;
	return 0;
}

static int settle_heap(struct reader *rd, enum km_pool_kind heap)
{
	struct trace *trace = rd->trace;
	uint8_t *seen = calloc(trace->max_id[heap] + 1, 1);
	int rc = 0;

	if (seen == NULL)
		return -KM_ENOMEM;
	for (uint32_t i = 0; i < trace->n_ops && rc == 0; i++) {
		struct trace_op *op = &trace->ops[i];

		if (op->heap == heap && op->kind != TRACE_FORK)
			rc = settle_op(rd, op, seen);
	}
	free(seen);
	return rc;
}

static void find_main(struct trace *trace)
{
	trace->main = trace->ops[0].process;
	for (uint32_t i = 0; i < trace->n_ops; i++) {
		if (trace->ops[i].kind == TRACE_FORK) {
			trace->main = trace->ops[i].id;
			return;
		}
	}
}

static int reader_open(struct reader *rd)
{
	rd->trace = calloc(1, sizeof(*rd->trace));
	if (rd->trace == NULL)
		return -KM_ENOMEM;
	rd->trace->pids = calloc(TRACE_PROCESSES_MAX, sizeof(int32_t));
	rd->sites = trace_sites_new();
	if (rd->trace->pids == NULL || rd->sites == NULL)
		return -KM_ENOMEM;
	rd->file = gzopen(rd->path, "re");
	if (rd->file == NULL) {
		LM_ERR("replay: cannot open %s: %m", rd->path);
		return -KM_ESYS;
	}
	return 0;
}

int trace_read(const char *path, struct trace **trace)
{
	struct reader rd = { .path = path };
	int rc = reader_open(&rd);

	if (rc == 0)
		rc = read_all(&rd);
	if (rc == 0)
		rc = settle_heap(&rd, KM_PKG);
	if (rc == 0)
		rc = settle_heap(&rd, KM_SHM);
	if (rc == -KM_ENOMEM)
		LM_ERR("replay: %s: no memory for its operations", path);
	if (rc == 0) {
		find_main(rd.trace);
		trace_sites_take(
		    rd.sites, &rd.trace->sites, &rd.trace->n_sites);
		*trace = rd.trace;
		rd.trace = NULL;
	}
	if (rd.file != NULL)
		gzclose_r(rd.file);
	trace_sites_free(&rd.sites);
	trace_free(&rd.trace);
	return rc;
}

void trace_free(struct trace **trace)
{
	struct trace *gone = *trace;

	if (gone == NULL)
		return;
	trace_sites_drop(&gone->sites, gone->n_sites);
	free(gone->pids);
	free(gone->ops);
	free(gone);
	*trace = NULL;
}
