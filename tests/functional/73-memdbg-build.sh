#!/bin/sh
# SPDX-License-Identifier: ISC
# 73-memdbg-build.sh - MEMDBG=1, as Kamailio's: the debugger is in every build,
# this one has it on by default.
. "${srcdir:-.}/tests/functional/puppet.sh"

test -z "${KMEM_CFLAGS:-}" || skip_all 'a whole build is for one without sanitizers'
test ! -e "$S/config.status" || skip_all 'the source tree itself is configured'
mkdir "$T/build"
build() {
	cd "$T/build" && "$S/configure" -q MEMDBG=1 CFLAGS=-O0 \
		CC="${CC:-cc}" && make -s -j 2 daemon/kmemd
}
ok 'memdbg-build: MEMDBG=1 builds' build

KMEMD=$T/build/daemon/kmemd
puppet_managers=
start_puppets -n 1
is "$(json cfg.get core memdbg .)" 2 'memdbg-build: memdbg is 2, as debug is'
is "$(json mem_dump_shm .manager) $(json mem_dump_pkg "$kmemd_pid" .manager)" \
	'qm qm' 'memdbg-build: the manager of both pools is qm'
like "$(cat "$KMEMD_LOG")" '(pkg|shm)_malloc\([0-9]+\) called from ' \
	'memdbg-build: calls are in the log without any setting'
ok 'memdbg-build: it stops' stop_kmemd

KMEMD=$B/daemon/kmemd
start_puppets -n 1
is "$(json cfg.get core memdbg .)" 4 'memdbg-build: else memdbg is above debug'
fails 'memdbg-build: and no call is in the log' log_has 'pkg_malloc\('
done_testing
