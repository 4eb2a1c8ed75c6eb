# SPDX-License-Identifier: ISC
# Every test speaks TAP, and is one line here. A unit test needs nothing more
# than its line when it is one file: its source is PROGRAM.c, it links all
# rooms (LDADD below), and it is run as tests/unit/run.sh says.
unit_tests =
functional_tests =
fuzz_tests =
lint_tests =

# Flags of all programs without a _LDADD or _CPPFLAGS of their own.
AM_CPPFLAGS += $(CHECK_CFLAGS) $(LIBEVENT_CFLAGS) $(JSONC_CFLAGS)
AM_DEFAULT_SOURCE_EXT = .c
LDADD = $(unit_rooms) $(CHECK_LIBS) $(LIBEVENT_LIBS) $(JSONC_LIBS)
unit_rooms = daemon/libkmemd.la rpc/librpc.la libclient/libkmemcore.la \
	libclient/libkmembase.la

# --- unit: tests/unit/check_X.c, libcheck ---
unit_tests += %D%/unit/check_attach
unit_tests += %D%/unit/check_attach_msg
unit_tests += %D%/unit/check_cfg
unit_tests += %D%/unit/check_conf
unit_tests += %D%/unit/check_daemonize
unit_tests += %D%/unit/check_group
unit_tests += %D%/unit/check_logsink
unit_tests += %D%/unit/check_modhost
unit_tests += %D%/unit/check_options
unit_tests += %D%/unit/check_param
unit_tests += %D%/unit/check_pidfile
unit_tests += %D%/unit/check_privs
unit_tests += %D%/unit/check_takeover
unit_tests += %D%/unit/check_title
unit_tests += %D%/unit/check_base
unit_tests += %D%/unit/check_near
unit_tests += %D%/unit/check_chan
unit_tests += %D%/unit/check_heap
unit_tests += %D%/unit/check_intent
unit_tests += %D%/unit/check_lock
unit_tests += %D%/unit/check_memalign
unit_tests += %D%/unit/check_misuse
unit_tests += %D%/unit/check_oom
unit_tests += %D%/unit/check_orphans
unit_tests += %D%/unit/check_pkg_private
unit_tests += %D%/unit/check_qm
unit_tests += %D%/unit/check_root
unit_tests += %D%/unit/check_rwlock
unit_tests += %D%/unit/check_segment
unit_tests += %D%/unit/check_slab
unit_tests += %D%/unit/check_slab_class
unit_tests += %D%/unit/check_site_table
unit_tests += %D%/unit/check_slab_loan
unit_tests += %D%/unit/check_slab_death
unit_tests += %D%/unit/check_slab_threads
unit_tests += %D%/unit/check_slab_recover
unit_tests += %D%/unit/check_slab_grow
unit_tests += %D%/unit/check_slab_guard
unit_tests += %D%/unit/check_trace
unit_tests += %D%/unit/check_site_sums
unit_tests += %D%/unit/check_tally
unit_tests += %D%/unit/check_view
unit_tests += %D%/unit/check_ctl_line
unit_tests += %D%/unit/check_ctl_output
unit_tests += %D%/unit/check_ctl_patience
unit_tests += %D%/unit/check_ctl_prompt
unit_tests += %D%/unit/check_ctl_run
unit_tests += %D%/unit/check_ctl_view
unit_tests += %D%/unit/check_ctl_watch
unit_tests += %D%/unit/check_phases
unit_tests += %D%/unit/check_proc
unit_tests += %D%/unit/check_roles
unit_tests += %D%/unit/check_rpc_bounds
unit_tests += %D%/unit/check_rpc_output
unit_tests += %D%/unit/check_rpc_call
unit_tests += %D%/unit/check_rpc_client
unit_tests += %D%/unit/check_rpc_dispatch
unit_tests += %D%/unit/check_replay
unit_tests += %D%/unit/check_replay_op
unit_tests += %D%/unit/check_replay_play
unit_tests += %D%/unit/check_replay_trace
unit_tests += %D%/unit/check_rpc_envelope
unit_tests += %D%/unit/check_rpc_frame
unit_tests += %D%/unit/check_rpc_limits
unit_tests += %D%/unit/check_rpc_listen
unit_tests += %D%/unit/check_rpc_server
unit_tests += %D%/unit/check_rpc_spec

# With threads: ./dev test tsan
thread_tests = %D%/unit/check_slab_threads %D%/unit/check_pkg_private \
	%D%/unit/check_attach %D%/unit/check_site_table
thread_rooms = libclient/libkmemcore.la libclient/libkmembase.la $(CHECK_LIBS)
%C%_unit_check_slab_threads_LDADD = $(thread_rooms)
%C%_unit_check_pkg_private_LDADD = $(thread_rooms)
%C%_unit_check_attach_LDADD = $(thread_rooms)
%C%_unit_check_site_table_LDADD = $(thread_rooms)
EXTRA_DIST += %D%/tsan.supp %D%/stress/commands.sh

check_pool_SOURCES = %D%/unit/check_pool.c %D%/unit/check_pool.h
%C%_unit_check_heap_SOURCES = %D%/unit/check_heap.c $(check_pool_SOURCES)
%C%_unit_check_lock_SOURCES = %D%/unit/check_lock.c $(check_pool_SOURCES)
%C%_unit_check_memalign_SOURCES = %D%/unit/check_memalign.c \
	$(check_pool_SOURCES)
%C%_unit_check_misuse_SOURCES = %D%/unit/check_misuse.c $(check_pool_SOURCES)
%C%_unit_check_oom_SOURCES = %D%/unit/check_oom.c $(check_pool_SOURCES)
%C%_unit_check_intent_SOURCES = %D%/unit/check_intent.c $(check_pool_SOURCES)
%C%_unit_check_root_SOURCES = %D%/unit/check_root.c $(check_pool_SOURCES)
%C%_unit_check_rwlock_SOURCES = %D%/unit/check_rwlock.c $(check_pool_SOURCES)
%C%_unit_check_orphans_SOURCES = %D%/unit/check_orphans.c $(check_pool_SOURCES)
%C%_unit_check_site_sums_SOURCES = %D%/unit/check_site_sums.c \
	$(check_pool_SOURCES)
%C%_unit_check_pkg_private_SOURCES = %D%/unit/check_pkg_private.c \
	$(check_pool_SOURCES)
%C%_unit_check_segment_SOURCES = %D%/unit/check_segment.c $(check_pool_SOURCES)
%C%_unit_check_trace_SOURCES = %D%/unit/check_trace.c $(check_pool_SOURCES)
%C%_unit_check_slab_death_SOURCES = %D%/unit/check_slab_death.c \
	$(check_pool_SOURCES)
%C%_unit_check_slab_recover_SOURCES = %D%/unit/check_slab_recover.c \
	$(check_pool_SOURCES)
%C%_unit_check_slab_guard_SOURCES = %D%/unit/check_slab_guard.c \
	$(check_pool_SOURCES)
%C%_unit_check_slab_grow_SOURCES = %D%/unit/check_slab_grow.c \
	$(check_pool_SOURCES)
%C%_unit_check_slab_threads_SOURCES = %D%/unit/check_slab_threads.c \
	$(check_pool_SOURCES)
%C%_unit_check_slab_class_SOURCES = %D%/unit/check_slab_class.c \
	$(check_pool_SOURCES)
%C%_unit_check_site_table_SOURCES = %D%/unit/check_site_table.c \
	$(check_pool_SOURCES)
%C%_unit_check_slab_loan_SOURCES = %D%/unit/check_slab_loan.c \
	$(check_pool_SOURCES)
%C%_unit_check_slab_SOURCES = %D%/unit/check_slab.c $(check_pool_SOURCES)
%C%_unit_check_qm_SOURCES = %D%/unit/check_qm.c $(check_pool_SOURCES)
%C%_unit_check_view_SOURCES = %D%/unit/check_view.c $(check_pool_SOURCES)
%C%_unit_check_ctl_line_LDADD = ctl/libctl.la $(LDADD)
%C%_unit_check_ctl_output_LDADD = ctl/libctl.la $(LDADD)
%C%_unit_check_ctl_view_LDADD = ctl/libctl.la $(LDADD)
EXTRA_DIST += %D%/archive.sh
EXTRA_DIST += %D%/data/sip-trace.txt.gz %D%/data/sip-trace-histogram.txt
replay_rooms = daemon/modules/libreplay.la $(LDADD) $(ZLIB_LIBS)
replay_rig = %D%/unit/replay_rig.c %D%/unit/replay_rig.h \
	%D%/unit/check_pool.c %D%/unit/check_pool.h
%C%_unit_check_replay_LDADD = $(replay_rooms)
%C%_unit_check_replay_op_LDADD = $(replay_rooms)
%C%_unit_check_replay_op_SOURCES = %D%/unit/check_replay_op.c $(replay_rig)
%C%_unit_check_replay_play_LDADD = $(replay_rooms)
%C%_unit_check_replay_play_SOURCES = %D%/unit/check_replay_play.c $(replay_rig)
%C%_unit_check_replay_trace_LDADD = $(replay_rooms)
# These two run the real kmemctl against a fake server.
ctl_run_sources = %D%/unit/fake_server.c %D%/unit/fake_server.h \
	%D%/unit/kmemctl.c %D%/unit/kmemctl.h
%C%_unit_check_ctl_prompt_SOURCES = %D%/unit/check_ctl_prompt.c \
	$(ctl_run_sources)
%C%_unit_check_ctl_patience_SOURCES = %D%/unit/check_ctl_patience.c \
	$(ctl_run_sources)
%C%_unit_check_ctl_watch_SOURCES = %D%/unit/check_ctl_watch.c \
	$(ctl_run_sources)
%C%_unit_check_ctl_watch_LDADD = ctl/libctl.la $(LDADD)
%C%_unit_check_ctl_run_SOURCES = %D%/unit/check_ctl_run.c $(ctl_run_sources)

%C%_unit_check_cfg_SOURCES = %D%/unit/check_cfg.c %D%/unit/rpc_talk.c \
	%D%/unit/rpc_talk.h
%C%_unit_check_rpc_bounds_SOURCES = %D%/unit/check_rpc_bounds.c \
	%D%/unit/rpc_talk.c %D%/unit/rpc_talk.h
%C%_unit_check_rpc_output_SOURCES = %D%/unit/check_rpc_output.c \
	%D%/unit/rpc_loop.c %D%/unit/rpc_loop.h
%C%_unit_check_rpc_call_SOURCES = %D%/unit/check_rpc_call.c \
	%D%/unit/rpc_talk.c %D%/unit/rpc_talk.h
%C%_unit_check_rpc_dispatch_SOURCES = %D%/unit/check_rpc_dispatch.c \
	%D%/unit/rpc_talk.c %D%/unit/rpc_talk.h
%C%_unit_check_rpc_spec_SOURCES = %D%/unit/check_rpc_spec.c \
	%D%/unit/rpc_talk.c %D%/unit/rpc_talk.h
%C%_unit_check_rpc_client_SOURCES = %D%/unit/check_rpc_client.c \
	%D%/unit/rpc_loop.c %D%/unit/rpc_loop.h
%C%_unit_check_rpc_limits_SOURCES = %D%/unit/check_rpc_limits.c \
	%D%/unit/rpc_loop.c %D%/unit/rpc_loop.h
%C%_unit_check_rpc_listen_SOURCES = %D%/unit/check_rpc_listen.c \
	%D%/unit/rpc_loop.c %D%/unit/rpc_loop.h
%C%_unit_check_rpc_server_SOURCES = %D%/unit/check_rpc_server.c \
	%D%/unit/rpc_loop.c %D%/unit/rpc_loop.h
# Modules that check_modhost and check_conf load; /nowhere makes them shared.
check_LTLIBRARIES += %D%/unit/good.la %D%/unit/bad_abi.la \
	%D%/unit/bad_init.la %D%/unit/no_exports.la %D%/unit/no_name.la \
	%D%/unit/plain.la %D%/unit/bad_var.la %D%/unit/core.la
test_module_flags = $(AM_LDFLAGS) -module -avoid-version -rpath /nowhere
%C%_unit_good_la_SOURCES = %D%/unit/modules/good.c %D%/unit/modules/good.h
%C%_unit_good_la_LDFLAGS = $(test_module_flags)
%C%_unit_good_la_LIBADD =
%C%_unit_bad_abi_la_SOURCES = %D%/unit/modules/bad_abi.c
%C%_unit_bad_abi_la_LDFLAGS = $(test_module_flags)
%C%_unit_bad_abi_la_LIBADD =
%C%_unit_bad_init_la_SOURCES = %D%/unit/modules/bad_init.c
%C%_unit_bad_init_la_LDFLAGS = $(test_module_flags)
%C%_unit_bad_init_la_LIBADD =
%C%_unit_no_exports_la_SOURCES = %D%/unit/modules/no_exports.c
%C%_unit_no_exports_la_LDFLAGS = $(test_module_flags)
%C%_unit_no_exports_la_LIBADD =
%C%_unit_no_name_la_SOURCES = %D%/unit/modules/no_name.c
%C%_unit_no_name_la_LDFLAGS = $(test_module_flags)
%C%_unit_no_name_la_LIBADD =
%C%_unit_bad_var_la_SOURCES = %D%/unit/modules/bad_var.c
%C%_unit_bad_var_la_LDFLAGS = $(test_module_flags)
%C%_unit_bad_var_la_LIBADD =
%C%_unit_core_la_SOURCES = %D%/unit/modules/core.c
%C%_unit_core_la_LDFLAGS = $(test_module_flags)
%C%_unit_core_la_LIBADD =
%C%_unit_plain_la_SOURCES = %D%/unit/modules/plain.c
%C%_unit_plain_la_LDFLAGS = $(test_module_flags)
%C%_unit_plain_la_LIBADD =
test_places = -DTEST_MODDIR='"$(abs_top_builddir)/%D%/unit/.libs"' \
	-DTEST_SRCDIR='"$(abs_top_srcdir)"'
%C%_unit_check_modhost_CPPFLAGS = $(AM_CPPFLAGS) $(test_places)
%C%_unit_check_conf_CPPFLAGS = $(AM_CPPFLAGS) $(test_places)
EXTRA_DIST += %D%/unit/count_fds.h %D%/unit/heard.h %D%/unit/unit.h

# --- functional: tests/functional/NN-name.sh, lib.sh has the verbs ---
functional_tests += %D%/functional/00-start-stop.sh
functional_tests += %D%/functional/10-daemon.sh
functional_tests += %D%/functional/11-workers.sh
functional_tests += %D%/functional/12-memory.sh
functional_tests += %D%/functional/30-man-examples.sh
functional_tests += %D%/functional/31-man-commands.sh
functional_tests += %D%/functional/13-backings.sh
functional_tests += %D%/functional/14-orphans.sh
functional_tests += %D%/functional/15-estate.sh
functional_tests += %D%/functional/16-locks.sh
functional_tests += %D%/functional/17-worker-points.sh
functional_tests += %D%/functional/18-super-points.sh
functional_tests += %D%/functional/20-dump.sh
functional_tests += %D%/functional/21-cfg.sh
functional_tests += %D%/functional/24-control.sh
functional_tests += %D%/functional/25-discover.sh
functional_tests += %D%/functional/26-roles.sh
functional_tests += %D%/functional/27-hoard.sh
functional_tests += %D%/functional/28-chunk.sh
functional_tests += %D%/functional/22-million.sh
functional_tests += %D%/functional/23-inspect.sh
functional_tests += %D%/functional/26-pairs.sh
functional_tests += %D%/functional/32-readme.sh
functional_tests += %D%/functional/33-completion.sh
functional_tests += %D%/functional/34-prompt.sh
functional_tests += %D%/functional/35-watch.sh
functional_tests += %D%/functional/36-man-kmemctl.sh
functional_tests += %D%/functional/37-attach.sh
functional_tests += %D%/functional/40-replay.sh
functional_tests += %D%/functional/50-growth.sh
functional_tests += %D%/functional/51-hostile.sh
functional_tests += %D%/functional/52-siege.sh
functional_tests += %D%/functional/53-kill-points.sh
functional_tests += %D%/functional/56-attach-hostile.sh
functional_tests += %D%/functional/54-storm.sh
functional_tests += %D%/functional/54-weave.sh
functional_tests += %D%/functional/55-crowd.sh
functional_tests += %D%/functional/57-dump-death.sh
functional_tests += %D%/functional/58-takeover.sh
functional_tests += %D%/functional/59-namespace.sh
functional_tests += %D%/functional/60-bench.sh
functional_tests += %D%/functional/70-chapter.sh
functional_tests += %D%/functional/71-gdb.sh
functional_tests += %D%/functional/72-misuse.sh
functional_tests += %D%/functional/73-memdbg-build.sh
functional_tests += %D%/functional/74-core.sh
functional_tests += %D%/functional/80-preload.sh
functional_tests += %D%/functional/81-examples.sh
functional_tests += %D%/functional/90-install.sh

# A module that is never installed, so -rpath only says: a shared object.
check_LTLIBRARIES += %D%/functional/trouble.la
%C%_functional_trouble_la_SOURCES = %D%/functional/trouble.c
%C%_functional_trouble_la_CPPFLAGS = $(AM_CPPFLAGS) -UMOD_NAME \
	-DMOD_NAME='"trouble"'
%C%_functional_trouble_la_CFLAGS = $(AM_CFLAGS) $(LIBEVENT_CFLAGS)
%C%_functional_trouble_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version \
	-rpath $(abs_builddir)

check_LTLIBRARIES += %D%/functional/pulse.la
%C%_functional_pulse_la_SOURCES = %D%/functional/pulse.c
%C%_functional_pulse_la_CPPFLAGS = $(AM_CPPFLAGS) -UMOD_NAME \
	-DMOD_NAME='"pulse"'
%C%_functional_pulse_la_CFLAGS = $(AM_CFLAGS) $(LIBEVENT_CFLAGS)
%C%_functional_pulse_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version \
	-rpath $(abs_builddir)

check_LTLIBRARIES += %D%/functional/puppet.la
%C%_functional_puppet_la_SOURCES = %D%/functional/puppet.c \
	%D%/functional/puppet.h %D%/functional/puppet_fork.c
%C%_functional_puppet_la_CPPFLAGS = $(AM_CPPFLAGS) -UMOD_NAME \
	-DMOD_NAME='"puppet"'
%C%_functional_puppet_la_CFLAGS = $(AM_CFLAGS) $(LIBEVENT_CFLAGS) \
	-fno-inline -fno-optimize-sibling-calls
%C%_functional_puppet_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version \
	-rpath $(abs_builddir)

# Programs that know nothing of libkmem.
check_PROGRAMS += %D%/functional/preload_threads %D%/functional/preload_new
%C%_functional_preload_threads_SOURCES = %D%/functional/preload_threads.c
%C%_functional_preload_threads_LDADD =
%C%_functional_preload_new_SOURCES = %D%/functional/preload_new.cc
%C%_functional_preload_new_LDADD =

# Built by 81-examples.sh, against what is installed.
EXTRA_DIST += %D%/examples/consumer.c %D%/examples/producer.c \
	%D%/examples/queue.h %D%/examples/shm_allocator.h \
	%D%/examples/visits.cc %D%/examples/words.h \
	%D%/examples/words_collect.c %D%/examples/words_forget.c \
	%D%/examples/words_read.py %D%/examples/words_report.c

# --- stress: clients that functional tests run against kmemd ---
check_PROGRAMS += %D%/stress/calls %D%/stress/hostile
stress_rooms = rpc/librpc.la libclient/libkmembase.la $(JSONC_LIBS)
stress_wire = %D%/stress/wire.c %D%/stress/wire.h
%C%_stress_calls_SOURCES = %D%/stress/calls.c $(stress_wire)
%C%_stress_calls_LDADD = $(stress_rooms) $(LIBEVENT_LIBS)
%C%_stress_hostile_SOURCES = %D%/stress/hostile.c $(stress_wire)
%C%_stress_hostile_LDADD =
check_PROGRAMS += %D%/stress/first_answer %D%/stress/no_memfd %D%/stress/siege
check_PROGRAMS += %D%/stress/ask %D%/stress/pairs
stress_talk = %D%/stress/talk.c %D%/stress/talk.h
%C%_stress_first_answer_SOURCES = %D%/stress/first_answer.c $(stress_talk)
%C%_stress_first_answer_LDADD =
%C%_stress_ask_SOURCES = %D%/stress/ask.c $(stress_talk)
%C%_stress_ask_LDADD =
%C%_stress_pairs_SOURCES = %D%/stress/pairs.c $(stress_talk)
%C%_stress_pairs_LDADD = $(JSONC_LIBS)
%C%_stress_no_memfd_SOURCES = %D%/stress/no_memfd.c
%C%_stress_no_memfd_LDADD =
%C%_stress_siege_SOURCES = %D%/stress/siege.c %D%/stress/attack.c \
	%D%/stress/attack.h $(stress_talk)
%C%_stress_siege_LDADD = $(JSONC_LIBS)

check_PROGRAMS += %D%/stress/attach_hostile %D%/stress/crowd
%C%_stress_crowd_SOURCES = %D%/stress/crowd.c
%C%_stress_crowd_LDADD = libclient/libkmemcore.la libclient/libkmembase.la
%C%_stress_attach_hostile_SOURCES = %D%/stress/attach_hostile.c
%C%_stress_attach_hostile_LDADD = libclient/libkmemcore.la \
	libclient/libkmembase.la

stress_tracee = %D%/stress/tracee.c %D%/stress/tracee.h
check_PROGRAMS += %D%/stress/kill_points
%C%_stress_kill_points_SOURCES = %D%/stress/kill_points.c \
	%D%/stress/kill_points.h %D%/stress/kill_step.c \
	%D%/stress/kill_ops.c %D%/stress/kill_qm.c \
	%D%/stress/kill_rows.c %D%/stress/kill_judge.c $(stress_tracee)
%C%_stress_kill_points_LDADD = libclient/libkmemcore.la \
	libclient/libkmembase.la

check_PROGRAMS += %D%/stress/fork_points
%C%_stress_fork_points_SOURCES = %D%/stress/fork_points.c $(stress_tracee)
%C%_stress_fork_points_LDADD = libclient/libkmemcore.la \
	libclient/libkmembase.la
check_PROGRAMS += %D%/stress/lock_points
%C%_stress_lock_points_SOURCES = %D%/stress/lock_points.c $(stress_tracee)
%C%_stress_lock_points_LDADD = libclient/libkmemcore.la \
	libclient/libkmembase.la

stress_points = %D%/stress/points_chunk.c %D%/stress/points_chunk.h \
	%D%/stress/points_kmemd.c %D%/stress/points_kmemd.h \
	$(stress_tracee) $(stress_talk)
check_PROGRAMS += %D%/stress/worker_points
%C%_stress_worker_points_SOURCES = %D%/stress/worker_points.c \
	%D%/stress/worker_look.c %D%/stress/worker_points.h \
	$(stress_points)
%C%_stress_worker_points_LDADD = libclient/libkmemcore.la \
	libclient/libkmembase.la $(JSONC_LIBS)
check_PROGRAMS += %D%/stress/super_points
%C%_stress_super_points_SOURCES = %D%/stress/super_points.c \
	%D%/stress/super_points.h %D%/stress/super_look.c \
	%D%/stress/super_member.c %D%/stress/super_ops.c \
	%D%/stress/super_step.c \
	%D%/stress/worker_points.h $(stress_points)
%C%_stress_super_points_LDADD = libclient/libkmemcore.la \
	libclient/libkmembase.la $(JSONC_LIBS)
check_LTLIBRARIES += %D%/stress/points_worker.la
%C%_stress_points_worker_la_SOURCES = %D%/stress/points_worker.c \
	%D%/stress/worker_points.h
%C%_stress_points_worker_la_CPPFLAGS = $(AM_CPPFLAGS) -UMOD_NAME \
	-DMOD_NAME='"points"'
%C%_stress_points_worker_la_CFLAGS = $(AM_CFLAGS) $(LIBEVENT_CFLAGS)
%C%_stress_points_worker_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version \
	-rpath $(abs_builddir)

check_PROGRAMS += %D%/stress/storm
%C%_stress_storm_SOURCES = %D%/stress/storm.c %D%/stress/storm.h \
	%D%/stress/storm_crew.c %D%/stress/storm_judge.c \
	%D%/stress/storm_part.c
%C%_stress_storm_LDADD = libclient/libkmemcore.la libclient/libkmembase.la
check_LTLIBRARIES += %D%/stress/storm_worker.la
%C%_stress_storm_worker_la_SOURCES = %D%/stress/storm_worker.c \
	%D%/stress/storm_part.c %D%/stress/storm.h
%C%_stress_storm_worker_la_CPPFLAGS = $(AM_CPPFLAGS) -UMOD_NAME \
	-DMOD_NAME='"storm"'
%C%_stress_storm_worker_la_CFLAGS = $(AM_CFLAGS) $(LIBEVENT_CFLAGS)
%C%_stress_storm_worker_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version \
	-rpath $(abs_builddir)

check_PROGRAMS += %D%/stress/alone
%C%_stress_alone_SOURCES = %D%/stress/alone.c
%C%_stress_alone_LDADD = libclient/libkmemcore.la libclient/libkmembase.la

# slab once more, with each atomic access a step.
check_PROGRAMS += %D%/stress/weave
%C%_stress_weave_SOURCES = %D%/stress/weave.c %D%/stress/weave.h \
	%D%/stress/weave_mem.c %D%/stress/weave_world.c \
	%D%/stress/weave_step.h \
	libclient/mem/slab.c libclient/mem/slab_change.c \
	libclient/mem/slab_class.c libclient/mem/slab_grow.c \
	libclient/mem/slab_guard.c libclient/mem/slab_old.c \
	libclient/mem/slab_page.c libclient/mem/slab_part.c \
	libclient/mem/slab_read.c libclient/mem/slab_recover.c \
	libclient/mem/slab_ring.c libclient/mem/slab_run.c \
	libclient/mem/slab_span.c libclient/mem/slab_sums.c \
	libclient/mem/slab_take.c libclient/mem/slab_trim.c \
	libclient/mem/slab_unit.c libclient/mem/slab_walk.c
%C%_stress_weave_CPPFLAGS = $(AM_CPPFLAGS) \
	-include $(top_srcdir)/%D%/stress/weave_step.h
%C%_stress_weave_LDADD = libclient/libkmemcore.la libclient/libkmembase.la

# --- fuzz: tests/fuzz/fuzz_X.c, for libFuzzer and by itself; X.sh runs it ---
fuzz_tests += %D%/fuzz/rpc.sh
check_PROGRAMS += %D%/fuzz/fuzz_rpc
fuzz_rounds = %D%/fuzz/rounds.c %D%/fuzz/rounds.h
%C%_fuzz_fuzz_rpc_SOURCES = %D%/fuzz/fuzz_rpc.c $(fuzz_rounds)
%C%_fuzz_fuzz_rpc_LDADD = rpc/librpc.la libclient/libkmembase.la $(JSONC_LIBS)

fuzz_tests += %D%/fuzz/attach.sh
check_PROGRAMS += %D%/fuzz/fuzz_attach
%C%_fuzz_fuzz_attach_SOURCES = %D%/fuzz/fuzz_attach.c $(fuzz_rounds)

# --- lint: tests/lint/X.sh ---
lint_tests += %D%/lint/layers.sh
lint_tests += %D%/lint/headers.sh
lint_tests += %D%/lint/symbols.sh
lint_tests += %D%/lint/sizes.sh
lint_tests += %D%/lint/spdx.sh
lint_tests += %D%/lint/registered.sh
lint_tests += %D%/lint/manrows.sh
lint_tests += %D%/lint/mandoc.sh
lint_tests += %D%/lint/shell.sh
lint_tests += %D%/lint/words.sh

if HAVE_CHECK
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
TESTS += $(lint_tests) $(functional_tests) $(fuzz_tests)
EXTRA_DIST += $(lint_tests) $(functional_tests) $(fuzz_tests) %D%/unit/run.sh \
	%D%/functional/figures.sh %D%/functional/gdb.sh \
	%D%/functional/lib.sh %D%/functional/man.sh \
	%D%/functional/member.sh %D%/functional/points.sh \
	%D%/outside/late_connect.c \
	%D%/outside/member.c \
	%D%/functional/puppet.sh %D%/functional/terminal.sh \
	%D%/tap.sh %D%/lint/files.sh \
	%D%/lint/symbols.txt

# --- how they run ---
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
LOG_COMPILER = $(SHELL) $(srcdir)/%D%/unit/run.sh
SH_LOG_COMPILER = timeout -k 10 $(TEST_TIMEOUT_S) $(SHELL)
TEST_TIMEOUT_S = 300
AM_TESTS_ENVIRONMENT = \
	CC='$(CC)'; CXX='$(CXX)'; NM='$(NM)'; LIBTOOL='$(SHELL) ./libtool'; \
	KMEM_CFLAGS='$(KMEMD_SAN)'; export KMEM_CFLAGS; \
	LINT_CFLAGS='$(CHECK_CFLAGS) $(LIBEVENT_CFLAGS) $(JSONC_CFLAGS) \
	$(CONFUSE_CFLAGS) $(LIBEDIT_CFLAGS)'; \
	export CC CXX NM LIBTOOL LINT_CFLAGS;

# One kind alone; check-dynamic is all that runs code of ours.
check-unit:
	$(MAKE) check TESTS='$(unit_tests)'
check-lint:
	$(MAKE) check TESTS='$(lint_tests)'
check-functional:
	$(MAKE) check TESTS='$(functional_tests)'
# What TSan is for: it needs no other program, and few are soon built.
check-threads: $(thread_tests)
	$(MAKE) check-TESTS TESTS='$(thread_tests)'
check-quick:
	$(MAKE) check TESTS='$(unit_tests) $(lint_tests)'
check-dynamic:
	$(MAKE) check TESTS='$(unit_tests) $(functional_tests) $(fuzz_tests)'
.PHONY: check-threads check-unit check-lint check-functional check-quick check-dynamic
