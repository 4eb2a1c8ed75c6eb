/* SPDX-License-Identifier: ISC */
/* watch.c - a method called again and again, with what has changed. */
#include "config.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "ctl/call.h"
#include "ctl/complain.h"
#include "ctl/delta.h"
#include "ctl/interrupt.h"
#include "ctl/escape.h"
#include "ctl/screen.h"
#include "ctl/terminal.h"
#include "ctl/view.h"
#include "ctl/watch.h"
#include "ctl/words.h"
#include "ctl/writer.h"

#define SECONDS_DEFAULT 2
#define SECONDS_LEAST	0.01
#define SECONDS_MOST	86400
#define COUNT_MOST	1e9
#define USAGE		"watch METHOD [ARGUMENT...] [-n SECONDS] [-c COUNT]"

struct watch {
	struct connection *connection;
	const struct writer_style *style;
	double seconds, answers; /* between them, and how many; 0: no end */
	size_t count;
	char **words; /* the method and its arguments; the array is ours */
	struct json_object *last;
	double time, last_time; /* of the answer at hand, and that one */
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* --- what is asked --- */

static enum status bad_usage(const char *word)
{
	complain("watch", USAGE, "%s", word);
	return STATUS_USAGE;
}

static bool take_number(
    const char *word, double least, double most, double *number)
{
	char *end;

	if (word == NULL || *word == '\0')
		return false;
	*number = strtod(word, &end);
	return *end == '\0' && *number >= least && *number <= most;
}

static enum status take_words(
    struct watch *watch, size_t count, char *const *words)
{
	for (size_t i = 0; i < count; i++) {
		const char *value = i + 1 < count ? words[i + 1] : NULL;

		if (strcmp(words[i], "-n") == 0) {
			if (!take_number(value, SECONDS_LEAST, SECONDS_MOST,
				&watch->seconds))
				return bad_usage(
				    "-n is for seconds, from 0.01 to 86400");
			i++;
		} else if (strcmp(words[i], "-c") == 0) {
			if (!take_number(value, 1, COUNT_MOST, &watch->answers))
				return bad_usage("-c is for a number, from 1");
			i++;
		} else {
			watch->words[watch->count++] = words[i];
		}
	}
	return watch->count > 0 ? STATUS_OK
				: bad_usage("there is no method to watch");
}

/* --- what is shown --- */

static enum status broken(int rc)
{
	if (rc == -KM_ESYS)
		complain("watch", NULL, "cannot write the result: %m");
	else
		complain("watch", NULL, "%s", km_strerror(rc));
	return STATUS_BROKEN;
}

static bool has_deltas(const struct watch *watch)
{
	return watch->style->form == WRITER_TEXT;
}

/* When, and what. */
static void put_head(const struct watch *watch, FILE *out)
{
	time_t seconds = time(NULL);
	struct tm tm;
	char text[16] = "";

	if (localtime_r(&seconds, &tm) != NULL)
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	fputs(text, out);
	for (size_t i = 0; i < watch->count; i++) {
		fputc(' ', out);
		escape_put(
		    out, ESCAPE_LINE, watch->words[i], strlen(watch->words[i]));
	}
	fprintf(out, ", every %g s\n", watch->seconds);
}

static int put_result(
    const struct watch *watch, struct json_object *result, FILE *out)
{
	struct delta_how how = {
		.seconds = watch->time - watch->last_time,
		.human = watch->style->human,
	};
	struct json_object *shown = NULL;
	struct writer *writer;
	int rc = writer_new(watch->style, out, &writer);

	if (rc != 0)
		return rc;
	if (has_deltas(watch))
		shown = delta_of(result, watch->last, &how);
	view_value(writer, NULL, shown != NULL ? shown : result);
	rc = writer_flush(writer);
	writer_free(&writer);
	json_object_put(shown);
	return rc;
}

/* In a pipe each answer is a block, with an empty line after it. */
static int put_block(const struct watch *watch, struct json_object *result)
{
	int rc;

	if (has_deltas(watch))
		put_head(watch, stdout);
	rc = put_result(watch, result, stdout);
	if (has_deltas(watch))
		fputc('\n', stdout);
	return rc;
}

static int put_screen(const struct watch *watch, struct json_object *result)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int rc;

	if (out == NULL)
		return -KM_ENOMEM;
	put_head(watch, out);
	rc = put_result(watch, result, out);
	if (fclose(out) != 0)
		rc = -KM_ENOMEM;
	if (rc == 0)
		screen_show(stdout, text);
	free(text);
	return rc;
}

static enum status show(struct watch *watch, struct json_object *result)
{
	bool is_screen = watch->style->form != WRITER_TEMPLATE &&
			 terminal_has_sequences(stdout);
	int rc =
	    is_screen ? put_screen(watch, result) : put_block(watch, result);

	if (rc == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		rc = -KM_ESYS;
	json_object_put(watch->last);
	watch->last = result;
	watch->last_time = watch->time;
	return rc == 0 ? STATUS_OK : broken(rc);
}

/* --- again and again --- */

/* Returns STATUS_OK and *is_over for a signal, too. */
static enum status next_answer(struct watch *watch, bool *is_over)
{
	struct json_object *params, *result = NULL;
	enum status status = words_params(
	    watch->words[0], watch->count - 1, watch->words + 1, &params);

	if (status == STATUS_OK)
		status = call_result(
		    watch->connection, watch->words[0], params, &result);
	watch->time = now();
	*is_over = interrupt_take();
	if (*is_over) {
		json_object_put(result);
		return STATUS_OK;
	}
	return status == STATUS_OK ? show(watch, result) : status;
}

static enum status run(struct watch *watch)
{
	enum status status = STATUS_OK;
	bool is_over = false;

	for (double n = 1; !is_over; n++) {
		status = next_answer(watch, &is_over);
		if (status != STATUS_OK || n == watch->answers)
			break;
		if (!is_over)
			is_over =
			    interrupt_wait((int64_t)(watch->seconds * 1000));
	}
	return status;
}

enum status watch_run(struct connection *connection,
    const struct writer_style *style, size_t count, char *const *words)
{
	struct watch watch = {
		.connection = connection,
		.style = style,
		.seconds = SECONDS_DEFAULT,
		.words = calloc(count + 1, sizeof(*watch.words)),
	};
	enum status status;

	if (watch.words == NULL)
		return broken(-KM_ENOMEM);
	status = take_words(&watch, count, words);
	if (status == STATUS_OK)
		status = words_method(watch.words[0]);
	if (status == STATUS_OK)
		status = run(&watch);
	json_object_put(watch.last);
	free(watch.words);
	return status;
}
