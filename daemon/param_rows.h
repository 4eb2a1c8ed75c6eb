/* SPDX-License-Identifier: ISC */
/* param_rows.h - the rows of param.h, nothing else. */
#ifndef KMEMD_PARAM_ROWS_H
#define KMEMD_PARAM_ROWS_H
/*
 * X(id, name, type, min, max, default number, default text, choices, unit,
 *     when, help)
 *
 * min and max of a string are its length.  choices of a string: the words it
 * may be, with | between, NULL for any.  The units "address" and "mode" also
 * say how the number is written: hexadecimal, and octal.
 * Names and meanings are Kamailio's where it has them.
 */
#include "daemon/param_default.h"

#define PARAM_FACILITIES                                                       \
	"auth|authpriv|cron|daemon|ftp|kern|lpr|mail|news|syslog|user|uucp|"   \
	"local0|local1|local2|local3|local4|local5|local6|local7"

/* clang-format off */
#define PARAM_ROWS(X) \
	X(DEBUG, "debug", PARAM_INT, -5, 9, \
	    2, NULL, NULL, "level", PARAM_AT_ONCE, \
	    "messages of level <= debug are written") \
	X(MEMLOG, "memlog", PARAM_INT, -5, 9, \
	    4, NULL, NULL, "level", PARAM_AT_ONCE, \
	    "level at which status dumps are written") \
	X(MEMDBG, "memdbg", PARAM_INT, -5, 9, \
	    PARAM_DEFAULT_MEMDBG, NULL, NULL, "level", PARAM_AT_ONCE, \
	    "level at which each allocation call is written") \
	X(MEM_SUMMARY, "mem_summary", PARAM_INT, 0, 31, \
	    12, NULL, NULL, "bits", PARAM_AT_ONCE, \
	    "status dumps: 1 pkg, 2 shm, 4 pkg sums, 8 shm sums, 16 short") \
	X(MEM_SAFETY, "mem_safety", PARAM_INT, 0, 1, \
	    1, NULL, NULL, "", PARAM_AT_ONCE, \
	    "misuse of a block: 1 report it and go on, 0 abort for a core") \
	X(MEM_JOIN, "mem_join", PARAM_INT, 0, 1, \
	    1, NULL, NULL, "", PARAM_AT_ONCE, \
	    "1: join a freed fragment with its free neighbours") \
	X(MEM_STATUS_MODE, "mem_status_mode", PARAM_INT, 0, 1, \
	    0, NULL, NULL, "", PARAM_AT_ONCE, \
	    "status dumps show 0: used blocks, 1: free ones too") \
	X(LOG_FACILITY, "log_facility", PARAM_STRING, 1, 15, \
	    0, "daemon", PARAM_FACILITIES, "", PARAM_AT_ONCE, \
	    "facility of messages sent to syslog") \
	X(USER, "user", PARAM_STRING, 0, 255, \
	    0, "", NULL, "", PARAM_AT_START, \
	    "user to run as, name or number (empty: no change)") \
	X(GROUP, "group", PARAM_STRING, 0, 255, \
	    0, "", NULL, "", PARAM_AT_START, \
	    "group to run as, name or number (empty: that of user)") \
	X(WORKERS, "workers", PARAM_INT, 0, PARAM_WORKERS_MAX, \
	    4, NULL, NULL, "processes", PARAM_AT_START, \
	    "number of worker processes (also: children)") \
	X(SHM_MEM_SIZE, "shm_mem_size", PARAM_INT, 1, 262144, \
	    64, NULL, NULL, "MB", PARAM_AT_START, \
	    "size of the chunk, memory shared by all processes") \
	X(SHM_MAX_MEM_SIZE, "shm_max_mem_size", PARAM_INT, 0, 262144, \
	    0, NULL, NULL, "MB", PARAM_AT_START, \
	    "size up to which the chunk grows when it is full " \
	    "(0: shm_mem_size)") \
	X(SHM_TAKEOVER, "shm_takeover", PARAM_BOOL, 0, 1, \
	    1, NULL, NULL, "", PARAM_AT_START, \
	    "go on with the chunk that programs hold of an earlier kmemd") \
	X(SHM_TRIM_S, "shm_trim_s", PARAM_INT, 0, 86400, \
	    60, NULL, NULL, "s", PARAM_AT_ONCE, \
	    "free memory of the chunk goes back to the system after as long " \
	    "(0: never)") \
	X(PKG_MEM_SIZE, "pkg_mem_size", PARAM_INT, 1, 65536, \
	    8, NULL, NULL, "MB", PARAM_AT_START, \
	    "size of the pkg pool of each process") \
	X(SHM_MANAGER, "shm_manager", PARAM_STRING, 1, 15, \
	    0, PARAM_DEFAULT_MANAGER, PARAM_MANAGERS, "", PARAM_AT_START, \
	    "manager of the shm pool") \
	X(PKG_MANAGER, "pkg_manager", PARAM_STRING, 1, 15, \
	    0, PARAM_DEFAULT_MANAGER, PARAM_MANAGERS, "", PARAM_AT_START, \
	    "manager of the pkg pools") \
	X(MEM_GUARD, "mem_guard", PARAM_BOOL, 0, 1, \
	    0, NULL, NULL, "", PARAM_AT_START, \
	    "slab: a guard behind each block (qm always has them)") \
	X(SHM_BACKEND, "shm_backend", PARAM_STRING, 1, 15, \
	    0, "memfd", "memfd|sysv", "", PARAM_AT_START, \
	    "what the chunk is made of") \
	X(SHM_BASE, "shm_base", PARAM_INT, 0x10000, 0x7fffffff0000, \
	    PARAM_DEFAULT_SHM_BASE, NULL, NULL, "address", PARAM_AT_START, \
	    "where every process maps the chunk") \
	X(PKG_BASE, "pkg_base", PARAM_INT, 0x10000, 0x7fffffff0000, \
	    PARAM_DEFAULT_PKG_BASE, NULL, NULL, "address", PARAM_AT_START, \
	    "where every process maps its pkg pool") \
	X(SHM_FORCE_ALLOC, "shm_force_alloc", PARAM_BOOL, 0, 1, \
	    0, NULL, NULL, "", PARAM_AT_START, \
	    "touch every page of the chunk at start") \
	X(MLOCK_PAGES, "mlock_pages", PARAM_BOOL, 0, 1, \
	    0, NULL, NULL, "", PARAM_AT_START, \
	    "lock the pages of all processes in memory") \
	X(DISABLE_CORE_DUMP, "disable_core_dump", PARAM_BOOL, 0, 1, \
	    0, NULL, NULL, "", PARAM_AT_START, \
	    "forbid core files") \
	X(PIDFILE, "pidfile", PARAM_STRING, 0, 1023, \
	    0, "", NULL, "", PARAM_AT_START, \
	    "file that holds the pid and a lock (empty: none)") \
	X(MODULE_PATH, "module_path", PARAM_STRING, 1, 1023, \
	    0, KMEMD_MODDIR, NULL, "", PARAM_AT_START, \
	    "folders in which modules are searched, with colons between") \
	X(RPC_SOCKET, "rpc_socket", PARAM_STRING, 1, 107, \
	    0, KMEMD_RUNDIR "/kmemd.sock", NULL, "", PARAM_AT_START, \
	    "socket that answers kmemctl") \
	X(RPC_SOCKET_MODE, "rpc_socket_mode", PARAM_INT, 0, 0777, \
	    0660, NULL, NULL, "mode", PARAM_AT_START, \
	    "permissions of rpc_socket, octal") \
	X(RPC_SOCKET_GROUP, "rpc_socket_group", PARAM_STRING, 0, 255, \
	    0, "", NULL, "", PARAM_AT_START, \
	    "group of rpc_socket, name or number (empty: that of group)") \
	X(RPC_READ_USERS, "rpc_read_users", PARAM_STRING, 0, 1023, \
	    0, "*", NULL, "", PARAM_AT_START, \
	    "users that may look at sums: names, numbers, or *") \
	X(RPC_READ_GROUPS, "rpc_read_groups", PARAM_STRING, 0, 1023, \
	    0, "", NULL, "", PARAM_AT_START, \
	    "groups that may look at sums: names, numbers, or *") \
	X(RPC_DUMP_USERS, "rpc_dump_users", PARAM_STRING, 0, 1023, \
	    0, "", NULL, "", PARAM_AT_START, \
	    "users that may look at every block: names, numbers, or *") \
	X(RPC_DUMP_GROUPS, "rpc_dump_groups", PARAM_STRING, 0, 1023, \
	    0, "", NULL, "", PARAM_AT_START, \
	    "groups that may look at every block: names, numbers, or *") \
	X(RPC_ADMIN_USERS, "rpc_admin_users", PARAM_STRING, 0, 1023, \
	    0, "", NULL, "", PARAM_AT_START, \
	    "users that may change something: names, numbers, or *") \
	X(RPC_ADMIN_GROUPS, "rpc_admin_groups", PARAM_STRING, 0, 1023, \
	    0, "", NULL, "", PARAM_AT_START, \
	    "groups that may change something: names, numbers, or *") \
	X(ATTACH_SOCKET, "attach_socket", PARAM_STRING, 0, 107, \
	    0, KMEMD_RUNDIR "/attach.sock", NULL, "", PARAM_AT_START, \
	    "socket at which programs attach to the chunk (empty: none)") \
	X(ATTACH_SOCKET_MODE, "attach_socket_mode", PARAM_INT, 0, 0777, \
	    0660, NULL, NULL, "mode", PARAM_AT_START, \
	    "permissions of attach_socket, octal") \
	X(ATTACH_SOCKET_GROUP, "attach_socket_group", PARAM_STRING, 0, 255, \
	    0, "", NULL, "", PARAM_AT_START, \
	    "group of attach_socket, name or number (empty: that of group)") \
	X(ATTACH_USERS, "attach_users", PARAM_STRING, 0, 1023, \
	    0, "*", NULL, "", PARAM_AT_START, \
	    "users whose programs may attach: names, numbers, or *") \
	X(ATTACH_GROUPS, "attach_groups", PARAM_STRING, 0, 1023, \
	    0, "", NULL, "", PARAM_AT_START, \
	    "groups whose programs may attach: names, numbers, or *") \
	X(ATTACH_PROGRAMS, "attach_programs", PARAM_INT, 0, 4000, \
	    1024, NULL, NULL, "programs", PARAM_AT_START, \
	    "attached at once") \
	X(ATTACH_PROGRAMS_PER_UID, "attach_programs_per_uid", PARAM_INT, 0, 4000, \
	    512, NULL, NULL, "programs", PARAM_AT_START, \
	    "the same, of one user") \
	X(ATTACH_TIMEOUT_MS, "attach_timeout_ms", PARAM_INT, 1, 3600000, \
	    5000, NULL, NULL, "ms", PARAM_AT_START, \
	    "for a program that has connected to say what it wants") \
	X(RESTART_BACKOFF_MIN_MS, "restart_backoff_min_ms", PARAM_INT, 1, 3600000, \
	    100, NULL, NULL, "ms", PARAM_AT_START, \
	    "wait before a dead worker is replaced") \
	X(RESTART_BACKOFF_MAX_MS, "restart_backoff_max_ms", PARAM_INT, 1, 3600000, \
	    10000, NULL, NULL, "ms", PARAM_AT_START, \
	    "the wait doubles up to this while it keeps dying") \
	X(READY_TIMEOUT_MS, "ready_timeout_ms", PARAM_INT, 1, 3600000, \
	    30000, NULL, NULL, "ms", PARAM_AT_START, \
	    "for a worker to report that it is ready") \
	X(STOP_TIMEOUT_MS, "stop_timeout_ms", PARAM_INT, 1, 3600000, \
	    5000, NULL, NULL, "ms", PARAM_AT_START, \
	    "for workers to stop before they are killed") \
	X(RPC_CONNECTIONS, "rpc_connections", PARAM_INT, 1, 65535, \
	    512, NULL, NULL, "connections", PARAM_AT_START, \
	    "open at once on rpc_socket") \
	X(RPC_CONNECTIONS_PER_UID, "rpc_connections_per_uid", PARAM_INT, 1, 65535, \
	    256, NULL, NULL, "connections", PARAM_AT_START, \
	    "the same, of one user") \
	X(RPC_REQUEST_SIZE, "rpc_request_size", PARAM_INT, 1024, 0x40000000, \
	    262144, NULL, NULL, "bytes", PARAM_AT_START, \
	    "of one request or batch") \
	X(RPC_REPLY_SIZE, "rpc_reply_size", PARAM_INT, 1024, 0x40000000, \
	    8388608, NULL, NULL, "bytes", PARAM_AT_START, \
	    "of one reply or all replies of a batch") \
	X(RPC_DEPTH, "rpc_depth", PARAM_INT, 2, 1024, \
	    32, NULL, NULL, "levels", PARAM_AT_START, \
	    "nesting of arrays and objects in a request") \
	X(RPC_BATCH, "rpc_batch", PARAM_INT, 1, 65535, \
	    100, NULL, NULL, "requests", PARAM_AT_START, \
	    "requests in one batch, or running for one connection") \
	X(RPC_VALUES, "rpc_values", PARAM_INT, 16, 0x1000000, \
	    10000, NULL, NULL, "values", PARAM_AT_START, \
	    "JSON values in one request or batch") \
	X(RPC_OUTPUT_QUEUE, "rpc_output_queue", PARAM_INT, 1024, 0x40000000, \
	    262144, NULL, NULL, "bytes", PARAM_AT_START, \
	    "replies not read by a client before it is not read either") \
	X(RPC_OUTPUT_TOTAL, "rpc_output_total", PARAM_INT, 65536, 0x1000000000, \
	    67108864, NULL, NULL, "bytes", PARAM_AT_START, \
	    "replies that wait for all clients together") \
	X(RPC_IDLE_MS, "rpc_idle_ms", PARAM_INT, 1, 0x7fffffff, \
	    600000, NULL, NULL, "ms", PARAM_AT_START, \
	    "without a byte from a client before it is closed") \
	X(RPC_PARTIAL_MS, "rpc_partial_ms", PARAM_INT, 1, 3600000, \
	    30000, NULL, NULL, "ms", PARAM_AT_START, \
	    "for a client to complete a request or take some of a reply")
/* clang-format on */

/* X(alias, id): other names that Kamailio has for a parameter. */
#define PARAM_ALIASES(X) X("children", WORKERS)

/*
 * X(id, member): the first rows, whose values for each process are a struct
 * km_tune, member by member.
 */
#define PARAM_TUNED(X)                                                         \
	X(DEBUG, debug)                                                        \
	X(MEMLOG, memlog)                                                      \
	X(MEMDBG, memdbg)                                                      \
	X(MEM_SUMMARY, mem_summary)                                            \
	X(MEM_SAFETY, mem_safety)                                              \
	X(MEM_JOIN, mem_join)                                                  \
	X(MEM_STATUS_MODE, mem_status_mode)

#endif
