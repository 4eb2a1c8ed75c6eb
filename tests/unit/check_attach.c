/* SPDX-License-Identifier: ISC */
/* check_attach.c - km_attach(), with a kmemd that answers what it is told. */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach_msg.h"
#include "base/err.h"
#include "count_fds.h"
#include "kmem.h"
#include "mem/pool.h"
#include "mem/segment.h"
#include "tests/unit/unit.h"

static const struct attach_names names = { "kmemd", "the program" };

static struct {
	char dir[64];
	char path[80];
	int listener;
	pthread_t thread;
	/* What it does */
	struct attach_msg reply;
	size_t reply_size; /* 0: it closes */
	int fd;
	bool is_silent;
	/* What it was told */
	struct attach_packet heard;
	int conn;
} fake;

static void setup(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *tmp = getenv("TMPDIR");

	/* A small one: valgrind has work with each page that is mapped. */
	km_pkg_init((size_t)1 << 20, NULL);
	memset(&fake, 0, sizeof(fake));
	fake.fd = fake.conn = -1;
	snprintf(fake.dir, sizeof(fake.dir), "%s/kmemd-attach.XXXXXX",
	    tmp != NULL && strlen(tmp) < 32 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(fake.dir));
	snprintf(fake.path, sizeof(fake.path), "%s/s", fake.dir);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", fake.path);
	fake.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
	    bind(fake.listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(fake.listener, 5), 0);
}

static void teardown(void)
{
	km_detach();
	if (fake.conn >= 0)
		close(fake.conn);
	close(fake.listener);
	unlink(fake.path);
	rmdir(fake.dir);
}

static void *serve(void *unused)
{
	fake.conn = accept(fake.listener, NULL, NULL);
	attach_packet_receive(fake.conn, &fake.heard);
	if (fake.is_silent)
		return NULL;
	if (fake.reply_size == 0) {
		close(fake.conn);
		fake.conn = -1;
	} else if (fake.fd >= 0 || fake.reply_size == ATTACH_SIZE) {
		attach_msg_send(fake.conn, &fake.reply, fake.fd);
	} else {
		send(fake.conn, &fake.reply, fake.reply_size, MSG_NOSIGNAL);
	}
	return NULL;
}

/* Attach to it. */
static int attach(struct km_attach_options *opt)
{
	int rc;

	opt->size = sizeof(*opt);
	opt->socket = fake.path;
	pthread_create(&fake.thread, NULL, serve, NULL);
	rc = km_attach(opt);
	pthread_join(fake.thread, NULL);
	attach_packet_close(&fake.heard);
	return rc;
}

static void why_has(const char *text)
{
	ck_assert_msg(
	    strstr(km_attach_why(), text) != NULL, "%s", km_attach_why());
}

START_TEST(hello_says_who_it_is)
{
	struct km_attach_options opt = { .desc = "somebody" };
	const struct attach_hello *hello = &fake.heard.msg.u.hello;
	char why[ATTACH_WHY_SIZE];

	ck_assert_int_eq(attach(&opt), -KM_ECLOSED);
	ck_assert_int_eq(
	    attach_msg_check(&fake.heard.msg, fake.heard.len, &names, why), 0);
	ck_assert_int_eq(fake.heard.msg.head.type, ATTACH_HELLO);
	ck_assert_int_eq(hello->pid, getpid());
	ck_assert_str_eq(hello->desc, "somebody");
	ck_assert_uint_eq(hello->flags, ATTACH_HAS_PKG | ATTACH_SHOWS_PKG);
	ck_assert_uint_eq(hello->pkg_base, (uintptr_t)pool_in_use(KM_PKG));
	opt.flags = KM_ATTACH_NO_INSPECT | KM_ATTACH_OBSERVER;
	opt.desc = NULL;
	ck_assert_int_eq(attach(&opt), -KM_ECLOSED);
	ck_assert_uint_eq(hello->flags, ATTACH_HAS_PKG | ATTACH_OBSERVES);
	ck_assert_int_gt((int)strlen(hello->desc), 0);
}
END_TEST

START_TEST(a_refusal_is_passed_on)
{
	struct km_attach_options opt = { 0 };

	attach_msg_refuse(&fake.reply, -KM_ELIMIT, "too many");
	fake.reply_size = ATTACH_SIZE;
	ck_assert_int_eq(attach(&opt), -KM_ELIMIT);
	ck_assert_str_eq(km_attach_why(), "too many");
}
END_TEST

START_TEST(a_kmemd_of_another_layout_is_named)
{
	struct km_attach_options opt = { 0 };

	attach_msg_init(&fake.reply, ATTACH_WELCOME);
	fake.reply.head.layout_hash = 0xabcd1234;
	fake.reply_size = ATTACH_SIZE;
	ck_assert_int_eq(attach(&opt), -KM_EABI);
	why_has("kmemd has pools of ABI 1, layout abcd1234; this program has");
}
END_TEST

START_TEST(an_answer_that_is_none_is_refused)
{
	struct km_attach_options opt = { 0 };
	int before = count_fds();

	fake.reply_size = 7;
	ck_assert_int_eq(attach(&opt), -KM_EPROTO);
	why_has("a message of 7 bytes");
	close(fake.conn);
	attach_msg_init(&fake.reply, ATTACH_LEAVE);
	fake.reply_size = ATTACH_SIZE;
	ck_assert_int_eq(attach(&opt), -KM_EPROTO);
	why_has("answers with a LEAVE");
	close(fake.conn);
	attach_msg_init(&fake.reply, ATTACH_WELCOME);
	ck_assert_int_eq(attach(&opt), -KM_EPROTO);
	why_has("has 0 descriptors");
	close(fake.conn);
	fake.conn = -1;
	ck_assert_int_eq(count_fds(), before);
}
END_TEST

START_TEST(who_does_not_answer_is_not_waited_for)
{
	struct km_attach_options opt = { .timeout_ms = 50 };

	fake.is_silent = true;
	ck_assert_int_eq(attach(&opt), -KM_ETIMEOUT);
}
END_TEST

static void *nothing(void *unused)
{
	return NULL;
}

/* The stack of the next thread is there: it takes no place that is free. */
static void make_stack(void)
{
	pthread_create(&fake.thread, NULL, nothing, NULL);
	pthread_join(fake.thread, NULL);
}

/* A memfd of what kmemd would hand out. */
static void *make_chunk(size_t size)
{
	struct pool_options opt = { .kind = KM_SHM,
		.manager = "slab",
		.name = "shm",
		.n_slots = 16,
		.size = size };
	struct attach_welcome *welcome = &fake.reply.u.welcome;
	struct km_pool *pool;
	void *map;

	make_stack();
	fake.fd = memfd_create("chunk", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(fake.fd, (off_t)size), 0);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fake.fd, 0);
	ck_assert_int_eq(pool_create(map, &opt, &pool), 0);
	attach_msg_init(&fake.reply, ATTACH_WELCOME);
	*welcome = (struct attach_welcome){ .backend = SEGMENT_MEMFD,
		.base = (uintptr_t)map,
		.size = size,
		.slot = 3,
		.generation = pool->generation };
	fake.reply_size = ATTACH_SIZE;
	return map;
}

START_TEST(a_taken_address_is_said_with_its_mapping)
{
	struct km_attach_options opt = { 0 };

	make_chunk((size_t)4 << 20);
	ck_assert_int_eq(attach(&opt), -KM_EADDR);
	why_has("memfd:chunk");
	ck_assert_ptr_null(pool_in_use(KM_SHM));
	close(fake.fd);
}
END_TEST

START_TEST(a_welcome_is_followed)
{
	struct km_attach_options opt = { 0 };
	size_t size = (size_t)4 << 20;
	void *map = make_chunk(size);

	munmap(map, size);
	ck_assert_int_eq(attach(&opt), 0);
	ck_assert_ptr_eq(pool_in_use(KM_SHM), map);
	ck_assert_uint_eq(pool_slot_in_use(KM_SHM), 3);
	ck_assert_int_eq(km_attach(&opt), -KM_EEXIST);
	ck_assert_int_eq(km_detach(), 0);
	ck_assert_int_eq(km_detach(), -KM_EREADY);
	ck_assert_ptr_null(pool_in_use(KM_SHM));
	ck_assert_int_eq(attach_packet_receive(fake.conn, &fake.heard), 0);
	ck_assert_int_eq(fake.heard.msg.head.type, ATTACH_LEAVE);
	close(fake.fd);
}
END_TEST

START_TEST(a_chunk_that_is_none_is_refused)
{
	struct km_attach_options opt = { 0 };
	size_t size = (size_t)4 << 20;
	struct km_pool *pool = make_chunk(size);

	pool->magic = 1;
	munmap(pool, size);
	ck_assert_int_eq(attach(&opt), -KM_ECORRUPT);
	ck_assert_ptr_null(pool_in_use(KM_SHM));
	close(fake.fd);
}
END_TEST

/* Private memory that comes later does not write to what is looked at. */
START_TEST(an_observed_pool_is_not_written_to)
{
	size_t size = (size_t)4 << 20;
	struct km_pool *pool = make_chunk(size);

	pool_observe(KM_SHM, pool);
	ck_assert_int_eq(mprotect(pool, size, PROT_READ), 0);
	pool_use(KM_PKG, pool_in_use(KM_PKG), pool_slot_in_use(KM_PKG));
	for (int i = 0; i < 100; i++)
		pkg_free(pkg_malloc(100000));
	close(fake.fd);
}
END_TEST

START_TEST(an_observer_cannot_allocate)
{
	struct km_attach_options opt = { .flags = KM_ATTACH_OBSERVER };
	size_t size = (size_t)4 << 20;
	struct km_mem_info info;

	munmap(make_chunk(size), size);
	ck_assert_int_eq(attach(&opt), 0);
	ck_assert_ptr_null(shm_malloc(10));
	shm_free(fake.dir);
	shm_info(&info);
	ck_assert_uint_eq(info.total, size);
	close(fake.fd);
}
END_TEST

START_TEST(options_that_make_no_sense_are_refused)
{
	struct {
		struct km_attach_options opt;
		char more[8];
	} newer = { .opt = { .size = sizeof(newer) } };
	struct km_attach_options opt = { .size = 4 };
	char path[200];

	ck_assert_int_eq(km_attach(&opt), -KM_EINVAL);
	why_has("set it to sizeof");
	opt = (struct km_attach_options){ .size = sizeof(opt), .flags = 256 };
	ck_assert_int_eq(km_attach(&opt), -KM_EINVAL);
	why_has("unknown bits");
	opt = (struct km_attach_options){ .size = sizeof(opt), .socket = path };
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(km_attach(&opt), -KM_EINVAL);
	why_has("a socket's path has at most");
	/* A newer program: it may, as long as it wants nothing new. */
	newer.opt.socket = "/nowhere/at/all";
	ck_assert_int_eq(km_attach(&newer.opt), -KM_ENOENT);
	why_has("no kmemd listens at /nowhere/at/all");
	newer.more[3] = 1;
	ck_assert_int_eq(km_attach(&newer.opt), -KM_EINVAL);
	why_has("older than the program");
}
END_TEST

/* The environment chooses the socket, an option does so first. */
START_TEST(the_socket_is_found)
{
	struct km_attach_options opt = { .size = sizeof(opt) };

	setenv("KMEMD_ATTACH", "/from/environment", 1);
	ck_assert_int_eq(km_attach(NULL), -KM_ENOENT);
	why_has("/from/environment");
	opt.socket = "/from/option";
	ck_assert_int_eq(km_attach(&opt), -KM_ENOENT);
	why_has("/from/option");
	unsetenv("KMEMD_ATTACH");
	ck_assert_int_lt(km_attach(NULL), 0);
	why_has(KMEMD_RUNDIR "/attach.sock");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("attach");
	TCase *program = tcase_create("program");

	tcase_add_checked_fixture(program, setup, teardown);
	tcase_add_test(program, hello_says_who_it_is);
	tcase_add_test(program, a_refusal_is_passed_on);
	tcase_add_test(program, a_kmemd_of_another_layout_is_named);
	tcase_add_test(program, an_answer_that_is_none_is_refused);
	tcase_add_test(program, who_does_not_answer_is_not_waited_for);
	tcase_add_test(program, a_taken_address_is_said_with_its_mapping);
	tcase_add_test(program, a_welcome_is_followed);
	tcase_add_test(program, a_chunk_that_is_none_is_refused);
	tcase_add_test(program, an_observer_cannot_allocate);
	tcase_add_test(program, an_observed_pool_is_not_written_to);
	tcase_add_test(program, options_that_make_no_sense_are_refused);
	tcase_add_test(program, the_socket_is_found);
	suite_add_tcase(suite, program);
	return run_suite(suite);
}
