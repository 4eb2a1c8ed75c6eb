# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2154
# commands.sh - what ./dev has of tests that try for long, or elsewhere.

# dev_stress kill [OPTION...]: options of tests/stress/storm.
dev_stress() {
	test "${1:-}" = kill || die "stress what? ./dev stress kill"
	shift
	built
	make -s -C "$build" tests/stress/storm tests/stress/storm_worker.la \
		>>"$build/build.log" 2>&1 ||
		die 'the storm does not build, see build/build.log'
	(cd "$build" && exec tests/stress/storm "$@")
}

# Rooms that need libc alone, for aarch64, and what of tests does; no leg of
# dev test. What configure asks for other libraries it is told to leave.
dev_cross() {
	install_deps build cross
	mkdir -p "$build"
	say "Building in build/cross/ (log: build/cross.log) ..."
	if ! {
		for lib in LIBEVENT JSONC CONFUSE LIBEDIT ZLIB CHECK; do
			export "${lib}_CFLAGS= " "${lib}_LIBS= "
		done
		configured "$build/cross" --host=aarch64-linux-gnu \
			--enable-werror CC=aarch64-linux-gnu-gcc CXX=g++ &&
			make -s -C "$build/cross" -j "$jobs" \
				libclient/libkmem.la tests/stress/alone \
				tests/stress/weave
	} >"$build/cross.log" 2>&1; then
		tail -n 40 "$build/cross.log" >&2
		die 'the build failed, see build/cross.log'
	fi
	for test in alone 'weave -m 20000'; do
		say "\$ tests/stress/$test"
		# shellcheck disable=SC2086 # with its arguments
		(cd "$build/cross" && qemu-aarch64-static \
			-L /usr/aarch64-linux-gnu tests/stress/$test) ||
			die "tests/stress/$test failed on aarch64"
	done
}
