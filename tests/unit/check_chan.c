/* SPDX-License-Identifier: ISC */
/* check_chan.c - the control channel. */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/err.h"
#include "base/log.h"
#include "base/tune.h"
#include "daemon/chan.h"
#include "tests/unit/unit.h"

static struct event_base *base;
static struct chan *ours;
static int theirs; /* the other end, as a bare descriptor */

static struct {
	int ready, desc, closed;
	char text[128];
	char log[256];
} got;

static void on_ready(void *arg, const char *text)
{
	got.ready++;
	event_base_loopbreak(base);
}

static void on_desc(void *arg, const char *text)
{
	got.desc++;
	strncpy(got.text, text, sizeof(got.text) - 1);
	event_base_loopbreak(base);
}

static void on_closed(void *arg)
{
	got.closed++;
	event_base_loopbreak(base);
}

static const struct chan_ops ops = {
	.on = { [CHAN_READY] = on_ready, [CHAN_DESC] = on_desc },
	.closed = on_closed,
};

static void keep_log(int level, const char *text)
{
	strncpy(got.log, text, sizeof(got.log) - 1);
}

static void setup(void)
{
	int fd[2];

	memset(&got, 0, sizeof(got));
	km_log_set_writer(keep_log);
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	ck_assert_int_eq(chan_pair(fd), 0);
	ck_assert_int_eq(chan_new(base, fd[0], &ops, NULL, &ours), 0);
	theirs = fd[1];
}

static void teardown(void)
{
	chan_free(&ours);
	if (theirs >= 0)
		close(theirs);
	event_base_free(base);
	libevent_global_shutdown();
}

/* All that there is to read now, one event after the other. */
static void run(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

START_TEST(a_message_calls_the_handler_of_its_type)
{
	struct chan *other;

	ck_assert_int_eq(chan_new(base, theirs, &ops, NULL, &other), 0);
	theirs = -1;
	ck_assert_int_eq(chan_send(other, CHAN_READY, NULL), 0);
	run();
	ck_assert_int_eq(got.ready, 1);
	ck_assert_int_eq(chan_send(other, CHAN_DESC, "udp receiver"), 0);
	run();
	ck_assert_str_eq(got.text, "udp receiver");
	ck_assert_int_eq(got.ready, 1);
	chan_free(&other);
}
END_TEST

START_TEST(a_long_text_is_cut)
{
	struct chan *other;
	char text[3 * CHAN_TEXT_SIZE];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(chan_new(base, theirs, &ops, NULL, &other), 0);
	theirs = -1;
	ck_assert_int_eq(chan_send(other, CHAN_DESC, text), 0);
	run();
	ck_assert_uint_eq(strlen(got.text), CHAN_TEXT_SIZE - 1);
	chan_free(&other);
}
END_TEST

START_TEST(the_end_of_the_other_side_is_told_once)
{
	close(theirs);
	theirs = -1;
	run();
	run();
	ck_assert_int_eq(got.closed, 1);
	ck_assert_int_eq(chan_send(ours, CHAN_STOP, NULL), -KM_ECLOSED);
}
END_TEST

START_TEST(messages_sent_before_the_end_still_arrive)
{
	const struct {
		uint32_t type;
		char text[CHAN_TEXT_SIZE];
	} msg = { CHAN_DESC, "last words" };

	ck_assert_int_eq(send(theirs, &msg, sizeof(msg), 0), sizeof(msg));
	close(theirs);
	theirs = -1;
	run();
	ck_assert_str_eq(got.text, "last words");
	ck_assert_int_eq(got.closed, 0);
	run();
	ck_assert_int_eq(got.closed, 1);
}
END_TEST

START_TEST(nobody_waits_for_an_end_that_does_not_read)
{
	int rc = 0;

	for (int i = 0; rc == 0; i++) {
		ck_assert_int_lt(i, 1000000);
		rc = chan_send(ours, CHAN_STOP, NULL);
	}
	ck_assert_int_eq(rc, -KM_EBUSY);
}
END_TEST

START_TEST(what_is_no_message_is_dropped_and_said)
{
	char big[512] = "";
	const struct {
		uint32_t type;
		char text[CHAN_TEXT_SIZE];
	} unknown = { CHAN_TYPE__COUNT, "" }, misplaced = { CHAN_STOP, "" };

	km_tune->debug = L_DBG;
	ck_assert_int_eq(send(theirs, "x", 1, 0), 1);
	run();
	ck_assert_ptr_nonnull(strstr(got.log, "message of 1 bytes"));
	ck_assert_int_eq(
	    send(theirs, &unknown, sizeof(unknown), 0), sizeof(unknown));
	run();
	ck_assert_ptr_nonnull(strstr(got.log, "unknown type"));
	ck_assert_int_eq(
	    send(theirs, &misplaced, sizeof(misplaced), 0), sizeof(misplaced));
	run();
	ck_assert_ptr_nonnull(strstr(got.log, "\"stop\""));
	memset(big, 0xff, sizeof(big));
	ck_assert_int_eq(send(theirs, big, sizeof(big), 0), sizeof(big));
	run();
	ck_assert_int_eq(got.ready + got.desc + got.closed, 0);
}
END_TEST

static void free_it(void *arg, const char *text)
{
	got.ready++;
	chan_free(&ours);
}

START_TEST(a_handler_may_free_the_channel)
{
	static const struct chan_ops freeing = {
		.on = { [CHAN_READY] = free_it },
	};
	struct chan *other;
	int fd[2];

	chan_free(&ours);
	ck_assert_int_eq(chan_pair(fd), 0);
	ck_assert_int_eq(chan_new(base, fd[0], &freeing, NULL, &ours), 0);
	ck_assert_int_eq(chan_new(base, fd[1], &ops, NULL, &other), 0);
	chan_send(other, CHAN_READY, NULL);
	chan_send(other, CHAN_READY, NULL);
	run();
	ck_assert_int_eq(got.ready, 1);
	ck_assert_ptr_null(ours);
	chan_free(&other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chan");
	TCase *tc = tcase_create("chan");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_message_calls_the_handler_of_its_type);
	tcase_add_test(tc, a_long_text_is_cut);
	tcase_add_test(tc, the_end_of_the_other_side_is_told_once);
	tcase_add_test(tc, messages_sent_before_the_end_still_arrive);
	tcase_add_test(tc, nobody_waits_for_an_end_that_does_not_read);
	tcase_add_test(tc, what_is_no_message_is_dropped_and_said);
	tcase_add_test(tc, a_handler_may_free_the_channel);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
