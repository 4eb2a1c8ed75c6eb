# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# member.sh - programs built against an installed libkmem, that attach and do as
# they are told (tests/outside/member.c).
#
#   install_kmem
#   build_member alpha
#   start_member alpha
#   tell alpha attach 0        # $answer is what it says
#   member_pid alpha

: "${CC:=cc}" "${CXX:=c++}" "${KMEM_CFLAGS:=}"
KMEMD_ATTACH=$T/attach.sock
export KMEMD_ATTACH

# install_kmem: where libkmem is, as for a user.
install_kmem() {
	(
		unset MAKEFLAGS MAKELEVEL MFLAGS
		make install DESTDIR="$T/root"
	) >"$T/install.out" 2>&1 || bail "make install: $(cat "$T/install.out")"
	member_pc=$(find "$T/root" -name libkmem.pc)
	LD_LIBRARY_PATH=$(find "$T/root" -name libkmem.so | sed 's|/[^/]*$||')
	export LD_LIBRARY_PATH
}

kmem_flags() {
	PKG_CONFIG_SYSROOT_DIR=$T/root PKG_CONFIG_PATH=${member_pc%/*} \
		pkg-config --cflags --libs libkmem
}

# build_outside COMPILER FILE PROGRAM [FLAGS...]
build_outside() {
	build_cc=$1 build_file=$2 build_program=$3
	shift 3
	# shellcheck disable=SC2046,SC2086 # lists
	$build_cc -Wall -Werror $KMEM_CFLAGS "$@" -o "$build_program" \
		"$build_file" $(kmem_flags) -lpthread
}

# build_member NAME [FLAGS...]: its call sites are of the module NAME.
build_member() {
	build_name=$1
	shift
	build_outside "$CC" "$S/tests/outside/member.c" "$T/$build_name" \
		"-DMOD_NAME=\"$build_name\"" "$@"
}

# start_member NAME [COMMAND...]: the command gets its words in front.
start_member() {
	member=$1
	shift
	rm -f "$T/$member.in" "$T/$member.out"
	mkfifo "$T/$member.in" "$T/$member.out"
	"$@" "$T/$member" <"$T/$member.in" >"$T/$member.out" \
		2>>"$T/$member.err" &
	members="${members:-} $!"
	eval "pid_$member=$!"
	# Its own descriptors: one end of each fifo stays with the test.
	case $member in
	alpha) exec 3>"$T/alpha.in" 4<"$T/alpha.out" ;;
	beta) exec 5>"$T/beta.in" 6<"$T/beta.out" ;;
	gamma) exec 7>"$T/gamma.in" 8<"$T/gamma.out" ;;
	esac
}

# tell NAME COMMAND...: $answer is the line that it says.
# shellcheck disable=SC2034 # answer is for the test
tell() {
	member=$1
	shift
	answer=
	case $member in
	alpha) echo "$*" >&3 && read -r answer <&4 ;;
	beta) echo "$*" >&5 && read -r answer <&6 ;;
	gamma) echo "$*" >&7 && read -r answer <&8 ;;
	esac
}

member_pid() {
	eval "echo \"\$pid_$1\""
}

end_members() {
	for member_end in ${members:-}; do
		kill -s KILL "$member_end" 2>/dev/null
	done
	# shellcheck disable=SC2086 # a list
	wait ${members:-} 2>/dev/null
	members=
}
