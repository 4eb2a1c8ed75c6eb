/* SPDX-License-Identifier: ISC */
/* service.c - kmemd as a list of phases. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/attach_serve.h"
#include "daemon/chunk.h"
#include "daemon/conf.h"
#include "daemon/daemonize.h"
#include "daemon/handed.h"
#include "daemon/logsink.h"
#include "daemon/modhost.h"
#include "daemon/options.h"
#include "daemon/param.h"
#include "daemon/phases.h"
#include "daemon/pidfile.h"
#include "daemon/pkgpool.h"
#include "daemon/privs.h"
#include "daemon/proc.h"
#include "daemon/reexec.h"
#include "daemon/roles.h"
#include "daemon/rpcserve.h"
#include "daemon/service.h"
#include "daemon/summary.h"
#include "daemon/super.h"
#include "daemon/title.h"
#include "mem/private.h"

static struct {
	struct phases phases;
	struct options options;
	struct privs privs;
	gid_t rpc_gid, attach_gid; /* of the sockets */
	int argc;
	char **argv;
	int exit_status; /* when the start goes no further */
} service = { .exit_status = OPTIONS_EXIT_FAILED };

static int start_title(void)
{
	handed_init();
	private_deny();
	logsink_open(LOGSINK_TERMINAL);
	return title_init(service.argc, service.argv);
}

static void stop_title(void)
{
	title_fini();
	logsink_close();
}

/* What is printed instead of serving. */
static void (*const printers[])(void) = {
	[OPTIONS_HELP] = options_print_help,
	[OPTIONS_HELP_CONF] = param_print_table,
	[OPTIONS_VERSION] = options_print_version,
};

static int start_options(void)
{
	enum options_action action;
	int rc;

	rc = param_init();
	if (rc == 0)
		rc =
		    options_parse(service.argc, service.argv, &service.options);
	if (rc < 0) {
		service.exit_status = options_exit_status(rc);
		return rc;
	}
	action = service.options.action;
	if (action == OPTIONS_RUN || action == OPTIONS_CHECK)
		return 0;
	printers[action]();
	service.exit_status = OPTIONS_EXIT_OK;
	return PHASE_DONE;
}

/* Of a socket: the group of this name, or the service's. */
static int find_gid(enum param_id id, gid_t *gid)
{
	*gid = service.privs.gid;
	return param_string(id)[0] != '\0' ? privs_group(param_string(id), gid)
					   : 0;
}

/* User and groups are part of it: a name that does not exist is found here. */
static int start_conf(void)
{
	const struct options *opt = &service.options;
	int rc;

	rc = conf_load(opt->conf_path, opt->conf_need, opt->pinned);
	if (rc == 0)
		rc = privs_resolve(param_string(P_USER), param_string(P_GROUP),
		    &service.privs);
	if (rc == 0)
		rc = find_gid(P_RPC_SOCKET_GROUP, &service.rpc_gid);
	if (rc == 0)
		rc = find_gid(P_ATTACH_SOCKET_GROUP, &service.attach_gid);
	if (rc == 0)
		rc = roles_load();
	/* Who only checks may be anybody. */
	if (rc == 0 && opt->action != OPTIONS_CHECK)
		rc = privs_may_drop(&service.privs);
	if (rc < 0) {
		modhost_destroy_all();
		return rc;
	}
	if (opt->action != OPTIONS_CHECK)
		return 0;
	if (access(opt->conf_path, F_OK) == 0)
		printf("%s: configuration is good\n", opt->conf_path);
	else
		printf(
		    "%s is not there: the defaults are good\n", opt->conf_path);
	service.exit_status = OPTIONS_EXIT_OK;
	return PHASE_DONE;
}

/* A daemon goes to the root directory. */
static int check_paths(void)
{
	static const enum param_id paths[] = { P_PIDFILE, P_RPC_SOCKET,
		P_ATTACH_SOCKET };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const char *path = param_string(paths[i]);

		if (path[0] == '\0' || path[0] == '/')
			continue;
		LM_ERR("%s: \"%s\" does not begin with /, which is possible "
		       "only in the foreground (-D)",
		    param_row(paths[i])->name, path);
		return -KM_EINVAL;
	}
	return 0;
}

static int start_background(void)
{
	int role;

	if (service.options.foreground || handed_by_ourselves())
		return 0;
	if (check_paths() < 0)
		return -KM_EINVAL;
	role = daemonize_fork();
	if (role != DAEMONIZE_PARENT)
		return role < 0 ? role : 0;
	service.exit_status = daemonize_wait();
	return PHASE_DONE;
}

/* Errors of the start are shown to whoever waits for it as well. */
static int start_log(void)
{
	const struct options *opt = &service.options;

	logsink_open(opt->log_stderr ? LOGSINK_STDERR : LOGSINK_SYSLOG);
	if (!opt->foreground)
		logsink_tee(daemonize_fd());
	else if (!opt->log_stderr)
		logsink_tee(STDERR_FILENO);
	return 0;
}

static int start_pidfile(void)
{
	return pidfile_open(
	    param_string(P_PIDFILE), service.privs.uid, service.privs.gid);
}

static int start_chunk(void)
{
	return chunk_open(service.privs.uid, service.privs.gid);
}

static int start_pkg(void)
{
	int rc = proc_init((unsigned)param_int(P_WORKERS));

	if (rc < 0)
		return rc;
	proc_set_launched(proc_at(0), getpid(), "kmemd supervisor");
	proc_at(0)->slot = chunk_slot();
	rc = pkgpool_open(proc_at(0), service.privs.uid, service.privs.gid);
	if (rc < 0)
		proc_fini();
	return rc;
}

/* After the modules: what is left, they have lost. */
static void stop_pkg(void)
{
	summary_log();
	pkgpool_close();
	proc_fini();
}

static void leave_pkg(void)
{
	pkgpool_leave();
	proc_fini();
}

/* A module that failed has run in part: destroy of those before it is due. */
static int start_modules(void)
{
	int rc = modhost_init_all();

	if (rc < 0)
		modhost_destroy_all();
	return rc;
}

static int start_rpc(void)
{
	return rpcserve_open(super_base(), service.privs.uid, service.rpc_gid);
}

/*
 * For each worker: its channel, pidfd and pool, and the pool of the next one.
 * For each program: its connection, pidfd and memory.
 */
static size_t files_needed(void)
{
	return 64 + (size_t)param_int(P_RPC_CONNECTIONS) +
	       4 * (size_t)param_int(P_WORKERS) +
	       3 * (size_t)param_int(P_ATTACH_PROGRAMS);
}

/* Who is in a chunk that was taken over needs descriptors at once. */
static int start_attach(void)
{
	int rc = privs_allow_files(files_needed());

	if (rc == 0)
		rc = attach_serve_open(
		    super_base(), service.privs.uid, service.attach_gid);
	if (rc == 0 && param_string(P_ATTACH_SOCKET)[0] != '\0')
		chunk_adopt();
	return rc;
}

/* Changing the user resets what is allowed for core files: it comes before. */
static int start_privileges(void)
{
	int rc;

	if (param_int(P_MLOCK_PAGES))
		privs_allow_lock();
	rc = privs_drop(&service.privs);
	if (rc == 0)
		rc = param_int(P_DISABLE_CORE_DUMP) ? privs_forbid_core()
						    : privs_allow_core();
	if (rc == 0 && param_int(P_MLOCK_PAGES))
		rc = privs_lock_memory();
	return rc;
}

/*
 * A worker leaves, from the last row up: first the event loop is made its own
 * (super_unshare), so that closing things does not reach into the parent's.
 */
static const struct phase table[] = {
	{ "title", start_title, stop_title },
	{ "options", start_options },
	{ "conf", start_conf, modhost_destroy_all },
	{ "background", start_background },
	{ "log", start_log },
	{ "pidfile", start_pidfile, pidfile_close, pidfile_close },
	{ "chunk", start_chunk, chunk_close, chunk_leave },
	{ "pkg pool", start_pkg, stop_pkg, leave_pkg },
	{ "supervisor", super_init, super_fini, super_leave },
	{ "modules", start_modules, modhost_destroy_all },
	{ "attach socket", start_attach, attach_serve_close,
	    attach_serve_leave },
	{ "rpc socket", start_rpc, rpcserve_close, rpcserve_leave },
	{ "privileges", start_privileges, NULL, super_unshare },
	{ "workers", super_start_workers },
	{ NULL },
};

static enum daemonize_stderr keep_stderr(void)
{
	return service.options.log_stderr ? DAEMONIZE_KEEP_STDERR
					  : DAEMONIZE_DROP_STDERR;
}

static void announce(void)
{
	proc_at(0)->state = PROC_READY;
	title_set("kmemd", "kmemd: supervisor");
	logsink_tee(-1);
	daemonize_ready(keep_stderr());
	LM_NOTICE("kmemd " PACKAGE_VERSION " is ready: %ld workers, "
		  "shm %ld MB, pkg %ld MB, %s",
	    param_int(P_WORKERS), param_int(P_SHM_MEM_SIZE),
	    param_int(P_PKG_MEM_SIZE), param_string(P_RPC_SOCKET));
}

int service_run(int argc, char **argv)
{
	service.phases.table = table;
	service.argc = argc;
	service.argv = argv;
	reexec_init(argc, argv);
	if (phases_start(&service.phases) != 0)
		return service.exit_status;
	announce();
	super_loop();
	if (reexec_is_wanted())
		chunk_keep();
	LM_NOTICE("kmemd stops%s%s", reexec_is_wanted() ? ", to run " : "",
	    reexec_is_wanted() ? reexec_path() : "");
	phases_stop(&service.phases);
	if (!reexec_is_wanted())
		return OPTIONS_EXIT_OK;
	reexec_now();
	return OPTIONS_EXIT_FAILED;
}

void service_leave(void)
{
	phases_leave(&service.phases);
}

void service_settle(void)
{
	logsink_tee(-1);
	daemonize_settle(keep_stderr());
}
