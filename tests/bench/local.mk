# SPDX-License-Identifier: ISC
# make bench, never part of make check: numbers of a shared machine are noise.
# That these programs work is: tests/functional/60-bench.sh.
check_PROGRAMS += %D%/bench_heap
check_LTLIBRARIES += %D%/libkmembench.la
EXTRA_PROGRAMS += %D%/bench_rpc
bench_stat = %D%/bench_stat.c %D%/bench_stat.h
%C%_bench_rpc_SOURCES = %D%/bench_rpc.c $(bench_stat)
CLEANFILES += $(EXTRA_PROGRAMS) %D%/heap_boost.so bench.json bench.svg

# libkmem, with what makes a pool added: kmem_pool.h says why.
%C%_libkmembench_la_SOURCES = %D%/kmem_pool.c %D%/kmem_pool.h
%C%_libkmembench_la_LIBADD = libclient/libkmemcore.la libclient/libkmembase.la
%C%_libkmembench_la_LDFLAGS = $(AM_LDFLAGS) -avoid-version \
	-rpath $(abs_builddir)/%D%

# It has no copy of libkmem inside; of libreplay, what reads a trace.
%C%_bench_heap_SOURCES = %D%/bench_heap.c \
	%D%/heap.c %D%/heap.h \
	%D%/heap_count.c %D%/heap_count.h \
	%D%/lap.c %D%/lap.h \
	%D%/loops.h \
	%D%/loops_libc.c \
	%D%/loops_library.c \
	%D%/loops_none.c \
	%D%/loops_pkg.c \
	%D%/loops_shm.c \
	%D%/loops_tracked.c \
	%D%/play.h \
	%D%/procs.c %D%/procs.h \
	%D%/ring.h \
	%D%/tracked.c %D%/tracked.h \
	%D%/workload.c %D%/workload.h \
	$(bench_stat)
%C%_bench_heap_CPPFLAGS = $(AM_CPPFLAGS) \
	-DBENCH_DIR='"$(abs_builddir)/%D%"' \
	-DBENCH_TRACE='"$(abs_top_srcdir)/tests/data/sip-trace.txt.gz"'
%C%_bench_heap_CFLAGS = $(AM_CFLAGS) -fno-plt -fno-builtin
%C%_bench_heap_LDFLAGS = $(AM_LDFLAGS) -no-install
%C%_bench_heap_LDADD = %D%/libkmembench.la daemon/modules/libreplay.la \
	$(ZLIB_LIBS) -lm -ldl

# Without Boost it is not there, and bench_heap says so.
EXTRA_DIST += %D%/heap_boost.cc
boost_header = boost/interprocess/managed_shared_memory.hpp
%D%/heap_boost.so: %D%/heap_boost.cc
	$(AM_V_GEN)if echo '#include <$(boost_header)>' | \
		$(CXX) -E -x c++ - >/dev/null 2>&1; then \
		$(CXX) -O2 -DNDEBUG -fPIC -fvisibility=hidden -shared -o $@ \
			$(srcdir)/%D%/heap_boost.cc; \
	else \
		echo 'bench: no Boost.Interprocess here (libboost-dev)'; \
	fi

# BENCH='-q W6' for the options of heaps.sh.
EXTRA_DIST += %D%/heaps.sh %D%/bars.awk %D%/json.awk %D%/plot.awk \
	%D%/rows.awk %D%/table.awk
bench: bench-heaps
bench-heaps: %D%/bench_heap$(EXEEXT) %D%/heap_boost.so
	@$(SHELL) $(srcdir)/%D%/heaps.sh $(BENCH)
.PHONY: bench bench-heaps

# The service, by clients of tests/stress.
EXTRA_DIST += %D%/service.sh
bench: bench-service
bench-service: daemon/kmemd$(EXEEXT) ctl/kmemctl$(EXEEXT) \
	tests/functional/trouble.la tests/stress/first_answer$(EXEEXT) \
	tests/stress/siege$(EXEEXT)
	@srcdir=$(srcdir) $(SHELL) $(srcdir)/%D%/service.sh
.PHONY: bench-service

# A dump of a million blocks, and who else waits for it.
EXTRA_DIST += %D%/dump.sh
bench: bench-dump
bench-dump: daemon/kmemd$(EXEEXT) ctl/kmemctl$(EXEEXT) \
	tests/functional/trouble.la tests/stress/calls$(EXEEXT)
	@srcdir=$(srcdir) $(SHELL) $(srcdir)/%D%/dump.sh
.PHONY: bench-dump

# Programs that attach. It is linked with libkmem.so, as a user's would be.
EXTRA_PROGRAMS += %D%/bench_attach
%C%_bench_attach_SOURCES = %D%/bench_attach.c $(bench_stat)
%C%_bench_attach_LDADD = libclient/libkmem.la
EXTRA_DIST += %D%/attach.sh
bench: bench-attach
bench-attach: daemon/kmemd$(EXEEXT) ctl/kmemctl$(EXEEXT) \
	%D%/bench_attach$(EXEEXT)
	@srcdir=$(srcdir) $(SHELL) $(srcdir)/%D%/attach.sh
.PHONY: bench-attach

# Whether who lives notices a death. ROUNDS=1000 for rare ones.
check_PROGRAMS += %D%/bench_death
%C%_bench_death_SOURCES = %D%/bench_death.c $(bench_stat)
%C%_bench_death_LDADD = libclient/libkmemcore.la libclient/libkmembase.la -lm
EXTRA_DIST += %D%/death.sh
bench: bench-death
bench-death: daemon/kmemd$(EXEEXT) ctl/kmemctl$(EXEEXT) \
	%D%/bench_death$(EXEEXT)
	@srcdir=$(srcdir) $(SHELL) $(srcdir)/%D%/death.sh
.PHONY: bench-death

# Programs that know nothing of libkmem, preloaded. ROUNDS=3 for a quick look.
check_PROGRAMS += %D%/bench_pair
%C%_bench_pair_SOURCES = %D%/bench_pair.c $(bench_stat)
%C%_bench_pair_LDADD =
EXTRA_DIST += %D%/preload.sh
bench: bench-preload
bench-preload: daemon/kmemd$(EXEEXT) ctl/kmemctl$(EXEEXT) \
	libclient/libkmem_preload.la %D%/bench_pair$(EXEEXT)
	@srcdir=$(srcdir) CC='$(CC)' $(SHELL) $(srcdir)/%D%/preload.sh
.PHONY: bench-preload
