# SPDX-License-Identifier: ISC
# libkmemd.la is the whole daemon but main(), so that tests link it.
noinst_LTLIBRARIES += %D%/libkmemd.la
%C%_libkmemd_la_CFLAGS = $(AM_CFLAGS) $(LIBEVENT_CFLAGS) $(JSONC_CFLAGS) \
	$(CONFUSE_CFLAGS)
%C%_libkmemd_la_LIBADD = $(LIBEVENT_LIBS) $(JSONC_LIBS) $(CONFUSE_LIBS)
%C%_libkmemd_la_SOURCES = \
	%D%/conf.c %D%/conf.h \
	%D%/conf_text.c %D%/conf_text.h \
	%D%/group.c %D%/group.h \
	%D%/daemonize.c %D%/daemonize.h \
	%D%/logsink.c %D%/logsink.h \
	%D%/modhost.c %D%/modhost.h \
	%D%/options.c %D%/options.h \
	%D%/pidfile.c %D%/pidfile.h \
	%D%/privs.c %D%/privs.h \
	%D%/title.c %D%/title.h \
	%D%/module.h \
	%D%/modpath.c %D%/modpath.h \
	%D%/modvar.c %D%/modvar.h \
	%D%/param.c %D%/param.h \
	%D%/param_default.h \
	%D%/param_rows.h \
	%D%/param_text.c %D%/param_text.h

# What a module is, for those who write one: #include "daemon/module.h".
kmemdaemonincludedir = $(includedir)/kmem/daemon
kmemdaemoninclude_HEADERS = %D%/module.h

# Modules use the libkmem that is in kmemd: all of it is linked, called by
# kmemd itself or not, and its names are exported.
sbin_PROGRAMS += %D%/kmemd
%C%_kmemd_SOURCES = %D%/main.c
%C%_kmemd_LDFLAGS = $(AM_LDFLAGS) -export-dynamic \
	-Wl,--whole-archive,libclient/.libs/libkmemcore.a,--no-whole-archive
%C%_kmemd_LDADD = %D%/libkmemd.la rpc/librpc.la libclient/libkmembase.la
EXTRA_%C%_kmemd_DEPENDENCIES = libclient/libkmemcore.la

# Processes: the supervisor, its workers, their memory.
%C%_libkmemd_la_SOURCES += \
	%D%/attach_admit.c %D%/attach_admit.h \
	%D%/attach_link.c %D%/attach_link.h \
	%D%/attach_peer.c %D%/attach_peer.h \
	%D%/attach_serve.c %D%/attach_serve.h \
	%D%/chan.c %D%/chan.h \
	%D%/chunk.c %D%/chunk.h \
	%D%/jobs.c %D%/jobs.h \
	%D%/found.c %D%/found.h \
	%D%/observers.c %D%/observers.h \
	%D%/handed.c %D%/handed.h \
	%D%/strays.c %D%/strays.h \
	%D%/takeover.c %D%/takeover.h \
	%D%/phases.c %D%/phases.h \
	%D%/pkgpool.c %D%/pkgpool.h \
	%D%/pkgread.c %D%/pkgread.h \
	%D%/proc.c %D%/proc.h \
	%D%/roots.c %D%/roots.h \
	%D%/reason.c %D%/reason.h \
	%D%/roles.c %D%/roles.h \
	%D%/reexec.c %D%/reexec.h \
	%D%/report.c %D%/report.h \
	%D%/rpcserve.c %D%/rpcserve.h \
	%D%/scan.c %D%/scan.h \
	%D%/service.c %D%/service.h \
	%D%/signals.c %D%/signals.h \
	%D%/summary.c %D%/summary.h \
	%D%/super.c %D%/super.h \
	%D%/super_orphans.c %D%/super_orphans.h \
	%D%/super_worker.c %D%/super_worker.h \
	%D%/worker.c %D%/worker.h

# Methods: a file for each name space.
%C%_libkmemd_la_SOURCES += \
	%D%/methods/cfg.c %D%/methods/cfg.h \
	%D%/methods/cfg_delayed.c \
	%D%/methods/cfg_set.c \
	%D%/methods/cfg_var.c %D%/methods/cfg_var.h \
	%D%/methods/core.c \
	%D%/methods/ctl.c \
	%D%/methods/dump.c %D%/methods/dump.h \
	%D%/methods/json.h \
	%D%/methods/lock.c \
	%D%/methods/look.c %D%/methods/look.h \
	%D%/methods/mem.c \
	%D%/methods/mem_check.c \
	%D%/methods/mem_find.c \
	%D%/methods/mem_methods.h \
	%D%/methods/mem_top.c \
	%D%/methods/methods.c %D%/methods/methods.h \
	%D%/methods/mod.c \
	%D%/methods/orphans.c %D%/methods/orphans.h \
	%D%/methods/pkg.c \
	%D%/methods/pools.c %D%/methods/pools.h \
	%D%/methods/reap.c \
	%D%/methods/roots.c \
	%D%/methods/rpc.c \
	%D%/methods/shm.c \
	%D%/methods/system.c \
	%D%/methods/tally.c %D%/methods/tally.h

include daemon/modules/local.mk
