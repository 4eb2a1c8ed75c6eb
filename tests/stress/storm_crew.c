/* SPDX-License-Identifier: ISC */
/* storm_crew.c - kmemd and the crew are started, halted and ended. */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kmem.h"
#include "mem/pool.h"
#include "tests/stress/storm.h"

#define POLL_US 20

unsigned storm_patience_s = 60;

uint64_t storm_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

bool storm_await(bool (*is)(void *arg), void *arg)
{
	const struct timespec pause = { 0, POLL_US * 1000 };
	uint64_t end = storm_now_us() + storm_patience_s * 1000000ull;

	while (!is(arg)) {
		if (storm_now_us() > end)
			return false;
		ppoll(NULL, 0, &pause, NULL);
	}
	return true;
}

/* ---- all stand still ---------------------------------------------------- */

/* One who is starting sees the halt before it does anything. */
static bool is_still(void *arg)
{
	const struct board *board = arg;

	for (uint32_t s = 0; s < N_SEATS; s++)
		for (uint32_t h = 0; h < N_HANDS; h++)
			if (board->seat[s].pid != 0 &&
			    __atomic_load_n(&board->seat[s].hand[h],
				__ATOMIC_SEQ_CST) == HAND_AT_WORK)
				return false;
	return true;
}

bool crew_halt(struct crew *crew)
{
	__atomic_store_n(&crew->board->halt, 1, __ATOMIC_SEQ_CST);
	return storm_await(is_still, crew->board);
}

void crew_resume(struct crew *crew)
{
	__atomic_store_n(&crew->board->halt, 0, __ATOMIC_SEQ_CST);
	syscall(
	    SYS_futex, &crew->board->halt, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* ---- processes ---------------------------------------------------------- */

/* Of a process that is about to run another program, in the storm's place. */
static pid_t fork_follower(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	return 0;
}

static pid_t run_self(const char *what, const char *seat, const char *seed)
{
	pid_t pid = fork_follower();

	if (pid == 0) {
		execl(
		    "/proc/self/exe", "storm", what, seat, seed, (char *)NULL);
		_exit(EXIT_FAILURE);
	}
	return pid;
}

void crew_spawn(struct crew *crew, uint32_t seat)
{
	struct seat *s = &crew->board->seat[seat];
	uint64_t mix = crew->seed * 1000003 + crew->n_spawned++;
	char number[16], seed[24];

	snprintf(number, sizeof(number), "%u", seat);
	snprintf(seed, sizeof(seed), "%" PRIu64, storm_random(&mix));
	crew->pid[seat] = run_self("--seat", number, seed);
	s->pid = crew->pid[seat];
}

int32_t crew_drain(void)
{
	pid_t pid = run_self("--drain", NULL, NULL);
	int status = 0;

	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? pid
									 : -1;
}

/* ---- kmemd -------------------------------------------------------------- */

/* Lines of its log, and of its workers', that have this text. */
static unsigned long count_lines(const struct crew *crew, const char *text)
{
	char line[4096];
	unsigned long n = 0;
	FILE *f;

	snprintf(line, sizeof(line), "%s/log", crew->dir);
	f = fopen(line, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, text) != NULL;
	if (f != NULL)
		fclose(f);
	return n;
}

unsigned long crew_count_bugs(const struct crew *crew)
{
	return count_lines(crew, " BUG: ");
}

static int write_conf(const struct crew *crew)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/kmemd.conf", crew->dir);
	f = fopen(path, "w");
	if (f == NULL)
		return -KM_ESYS;
	fprintf(f,
	    "workers = %u\n"
	    "rpc_socket = \"%s/rpc.sock\"\n"
	    "attach_socket = \"%s/attach.sock\"\n"
	    "pidfile = \"%s/kmemd.pid\"\n"
	    "shm_mem_size = 8\n"
	    "restart_backoff_min_ms = 1\n"
	    "restart_backoff_max_ms = 1\n"
	    "module_path = \"%s\"\n"
	    "loadmodule(\"storm_worker.so\")\n",
	    N_WORKERS, crew->dir, crew->dir, crew->dir, crew->modules);
	return fclose(f) == 0 ? 0 : -KM_ESYS;
}

/* Or kmemd has gone. */
static bool has_attached(void *arg)
{
	struct crew *crew = arg;
	struct km_attach_options opt = {
		.size = sizeof(opt),
		.flags = KM_ATTACH_OBSERVER | KM_ATTACH_NO_PKG,
	};

	if (waitpid(crew->supervisor, NULL, WNOHANG) != 0)
		crew->supervisor = -1;
	return crew->supervisor < 0 || pool_in_use(KM_SHM) != NULL ||
	       km_attach(&opt) == 0;
}

/* Before, a worker that dies is a start that fails. */
static bool is_ready(void *arg)
{
	struct crew *crew = arg;

	return crew->supervisor < 0 ||
	       count_lines(crew, " is ready: ") >= crew->n_started;
}

static void exec_kmemd(const struct crew *crew)
{
	char conf[128], log[128];
	int fd;

	snprintf(conf, sizeof(conf), "%s/kmemd.conf", crew->dir);
	snprintf(log, sizeof(log), "%s/log", crew->dir);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execl(crew->kmemd, "kmemd", "-D", "-E", "-f", conf, (char *)NULL);
	_exit(EXIT_FAILURE);
}

int crew_start_kmemd(struct crew *crew)
{
	crew->n_started++;
	crew->supervisor = fork_follower();
	if (crew->supervisor == 0)
		exec_kmemd(crew);
	return crew->supervisor > 0 && storm_await(has_attached, crew) &&
		       storm_await(is_ready, crew) && crew->supervisor > 0
		   ? 0
		   : -KM_ETIMEOUT;
}

void crew_kill_kmemd(struct crew *crew)
{
	kill(crew->supervisor, SIGKILL);
	waitpid(crew->supervisor, NULL, 0);
}

/* ---- all of it ---------------------------------------------------------- */

static int make_board(struct crew *crew)
{
	static char path[64];
	int fd = memfd_create("storm", 0);

	if (fd < 0 || ftruncate(fd, sizeof(struct board)) != 0)
		return -KM_ESYS;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
	setenv(STORM_BOARD_ENV, path, 1);
	crew->board = storm_board_map();
	return crew->board != NULL ? 0 : -KM_ESYS;
}

int crew_open(struct crew *crew)
{
	char path[128];

	snprintf(crew->dir, sizeof(crew->dir), "%s/kmem-storm.XXXXXX",
	    getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	/* What kmemd leaves behind comes to us. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (mkdtemp(crew->dir) == NULL || write_conf(crew) != 0)
		return -KM_ESYS;
	snprintf(path, sizeof(path), "%s/attach.sock", crew->dir);
	setenv("KMEMD_ATTACH", path, 1);
	if (make_board(crew) != 0)
		return -KM_ESYS;
	/* Until the judge has seen the pool. */
	crew->board->halt = 1;
	return 0;
}

static void remove_in(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static void tell_log(const struct crew *crew)
{
	char line[160];

	snprintf(
	    line, sizeof(line), "tail -n 30 %s/log | sed 's/^/# /'", crew->dir);
	fflush(stdout);
	if (system(line) != 0)
		perror("tail");
}

void crew_close(struct crew *crew, bool tell)
{
	static const char *const names[] = { "kmemd.conf", "rpc.sock",
		"attach.sock", "kmemd.pid", "log" };

	int status;
	pid_t pid;

	crew->board->quit = 1;
	crew_resume(crew);
	for (uint32_t i = 0; i < N_OUTSIDE; i++)
		if (crew->pid[i] > 0)
			kill(crew->pid[i], SIGKILL);
	if (crew->supervisor > 0) {
		kill(crew->supervisor, SIGCONT);
		kill(crew->supervisor, SIGTERM);
	}
	while ((pid = waitpid(-1, &status, 0)) > 0)
		if (pid == crew->supervisor && status != 0)
			printf("# kmemd ended with status %#x\n",
			    (unsigned)status);
	if (tell)
		tell_log(crew);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove_in(crew->dir, names[i]);
	rmdir(crew->dir);
}
