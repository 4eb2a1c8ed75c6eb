# SPDX-License-Identifier: ISC
# make bench, never part of make check: numbers of a shared machine are noise.
EXTRA_PROGRAMS += %D%/bench_alloc %D%/bench_rpc
%C%_bench_alloc_SOURCES = %D%/bench_alloc.c %D%/bench_stat.c %D%/bench_stat.h
%C%_bench_rpc_SOURCES = %D%/bench_rpc.c %D%/bench_stat.c %D%/bench_stat.h
%C%_bench_alloc_LDADD = libclient/libkmemcore.la libclient/libkmembase.la \
	-lm -ldl
CLEANFILES += $(EXTRA_PROGRAMS)

# jemalloc wants its TLS among that of the program.
BENCH_ENV = GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384

# BENCH_ALLOC='-r 21 -n 500000' for more runs of more pairs.
bench: bench-alloc
bench-alloc: %D%/bench_alloc$(EXEEXT)
	$(BENCH_ENV) %D%/bench_alloc $(BENCH_ALLOC)
.PHONY: bench bench-alloc

# The service, by clients of tests/stress.
EXTRA_DIST += %D%/service.sh
bench: bench-service
bench-service: daemon/kmemd$(EXEEXT) ctl/kmemctl$(EXEEXT) \
	tests/functional/trouble.la tests/stress/first_answer$(EXEEXT) \
	tests/stress/siege$(EXEEXT)
	@srcdir=$(srcdir) $(SHELL) $(srcdir)/%D%/service.sh
.PHONY: bench-service
