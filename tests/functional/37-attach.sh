#!/bin/sh
# SPDX-License-Identifier: ISC
# 37-attach.sh - programs that kmemd has not started join the chunk: share
# blocks, are seen by kmemctl like workers, and may die at any time.
. "${srcdir:-.}/tests/functional/lib.sh"
. "${srcdir:-.}/tests/functional/member.sh"

command -v pkg-config >/dev/null || skip_all 'pkg-config is missing'
install_kmem
for name in alpha beta gamma; do
	ok "$name builds with pkg-config" build_member "$name"
done

entry() { # PID FILTER: of pkg.stats
	json pkg.stats ".[] | select(.pid == $1) | $2"
}

listed() { # PID
	test -n "$(entry "$1" .pid)"
}

unlisted() {
	test -z "$(entry "$1" .pid)"
}

used() {
	json core.shmmem .used
}

# --- three programs share a block ---

# Without a kmemd
start_member alpha
tell alpha attach 0
like "$answer" "^no such thing: no kmemd listens at $T/attach.sock" \
	'without a kmemd, attaching says so'
tell alpha pkg 10
like "$answer" '^0x' '... and pkg memory is there all the same'
tell alpha shm 10
is "$answer" 'null not attached to kmemd: km_attach() comes first' '... shm is not'

start_kmemd -n 2
tell alpha attach 0
is "$answer" attached 'with one, the same program attaches'
status 3 'its socket is not for kmemctl' "$KMEMCTL" -s "$T/attach.sock" core.ping
like "$(cat "$T/ok.out")" "is it kmemd's attach_socket, which is for programs" \
	'and it is told so'
tell alpha attach 0
like "$answer" '^exists already: ' '... once'
start_member beta
tell beta attach 0
start_member gamma
tell gamma attach 0 third 2097152
is "$answer" attached 'one chooses its name and the size of its pool'

tell alpha shm 100
block=$answer
tell alpha write "$block" hello
tell beta read "$block"
is "$answer" hello 'what one has written another reads, at the same address'
tell beta write "$block" world
tell gamma read "$block"
is "$answer" world '... and so does the third'
tell beta shm 200
tell gamma shm 300
is "$(used)" 600 'the accounts have what all three hold'
is "$(json mem.top '[.sites[].site | split(":")[0]] | sort | join(" ")')" \
	'alpha beta gamma' 'mem.top shows the sites of each'

alpha=$(member_pid alpha) beta=$(member_pid beta) gamma=$(member_pid gamma)
is "$(entry "$alpha" '"\(.rank) \(.desc) \(.uid) \(.used)"')" \
	"-1 alpha $(id -u) 10" 'pkg.stats has the first, its pool included'
is "$(entry "$gamma" '"\(.rank) \(.desc) \(.total_size)"')" \
	'-1 third 2097152' '... and the third, with its name and size'
is "$(json core.psx "[.[] | select(.PID == $beta) | .DSC][0]")" beta \
	'core.psx has it'
is "$(json pkg.stats pid "$beta" '.[0].entry > 2')" true \
	'... behind the workers, by its pid as well'
is "$(json mem.top pkg "$alpha" '.sites[0].site | split(":")[0]')" alpha \
	'mem.top looks into the pool of a program'
is "$(json mem_dump_pkg "$alpha" '.blocks | length')" 1 \
	'... mem_dump_pkg too'
is "$(json mem.check pkg "$alpha" '.[0].findings | length')" 0 \
	'... and mem.check'
is "$(json mem.find "$block" '.[0].owner')" "$alpha" \
	'mem.find says who has allocated a block'
like "$(json mod.stats alpha pkg '.[].pid')" "^$alpha$" 'mod.stats has it'
status 1 'a variable is not set in a program' \
	ctl cfg.set_now_int core memdbg 1 "$alpha"

kill -STOP "$alpha"
is "$(json mem_dump_pkg "$alpha" '.blocks | length')" 1 \
	'a stopped program is looked at as well'
kill -CONT "$alpha"

# --- one dies ---

kill -KILL "$beta"
ok 'a death is noticed' wait_until 10 log_has "\"beta\" \(pid $beta, .*ended"
ok 'the dead is not listed any more' unlisted "$beta"
is "$(used)" 600 '... its blocks stay'
tell gamma free "$block"
is "$answer" freed 'a survivor frees what another has allocated'
tell alpha shm 50
like "$answer" '^0x' '... and the others go on'
is "$(used)" 550 '... accounts are exact'

# --- fork, threads, exec, detach ---

tell alpha fork 0
child=$answer
ok 'a child that uses no shm is not listed' unlisted "$child"
kill -KILL "$child"
tell alpha fork 70
child=${answer% *}
ok 'a child is a program of its own when it allocates' listed "$child"
is "$(json mem.find "${answer#* }" '.[0].owner')" "$child" \
	'... it owns what it has allocated'
is "$(entry "$child" '.used')" 10 '... its pkg pool is a copy'
kill -KILL "$child"
ok '... and its death is noticed' \
	wait_until 10 log_has "\"alpha\" \(pid $child, .*ended"
ok '... without its parent' listed "$alpha"

# ... and killed at each system call on its way there, and out, and in again.
KMEMD_ATTACH=$T/attach.sock "$B/tests/stress/fork_points" >"$T/points" 2>&1
case $? in
77) skip 'nobody may trace a process here' 'a child is killed on its way' ;;
*) like "$(cat "$T/points")" '^[0-9]{2,} kill points, nothing is left$' \
	'a child is killed on its way in, and out: nothing is left of it' ;;
esac

tell alpha thread 30
is "$(json mem.find "$answer" '.[0].owner')" "$alpha" \
	'a thread allocates in the name of its process'

tell gamma detach
is "$answer" success 'a program detaches'
ok '... and is not listed any more' wait_until 10 unlisted "$gamma"
ok '... which is no death' log_has "\"third\" \(pid $gamma, .*has left"
tell gamma shm 10
is "$answer" 'null not attached to kmemd: km_attach() comes first' '... it has no shm now'
tell gamma attach 0
is "$answer" attached '... it may attach again'
tell gamma exec
ok 'exec leaves' wait_until 10 \
	log_has "\"gamma\" \(pid $gamma, .*runs another program"
fails '... the process lives' gone "$gamma"
kill -KILL "$gamma"

start_member beta
tell beta attach 4
beta=$(member_pid beta)
is "$(entry "$beta" .error)" 'the program does not let it be looked at' \
	'a program that does not let its pool be looked at is listed with that'
tell beta closeall
ok 'a closed connection is no death' wait_until 10 log_has \
	"\"beta\" \(pid $beta, .*closed its connection"
tell beta shm 5
like "$answer" '^0x' '... the program goes on'
kill -KILL "$beta"
ok '... until it ends' wait_until 10 log_has "\"beta\" \(pid $beta, .*ended"

# --- observers, and who may not ---

start_member beta
tell beta attach 2
is "$answer" attached 'an observer attaches'
tell alpha shm 20
block=$answer
tell alpha write "$block" seen
tell beta read "$block"
is "$answer" seen '... and reads'
tell beta shm 10
is "$answer" 'null attached as an observer, which may only read' '... but does not allocate'
kill -KILL "$(member_pid beta)"

start_member beta
tell beta take "$(json cfg.get core shm_base '"\(.)"' | xargs printf '%x')"
tell beta attach 0
like "$answer" '^the address is taken .* mapping: 7e' \
	'an address that is taken is said, with who has it'
end_members
stop_kmemd TERM

write_conf <<EOT
attach_programs = 2
attach_programs_per_uid = 1
EOT
start_kmemd -n 1
start_member alpha
tell alpha attach 0
start_member beta
tell beta attach 0
like "$answer" '^over a limit: 1 programs of uid .* attach_programs_per_uid' \
	'a limit is named'
ok '... and logged' log_has 'refused: 1 programs of uid'
tell alpha fork 10
like "$answer" 'null the child of a fork cannot join' \
	'... a child cannot allocate beyond it'
kill -KILL "${answer%% *}"
kill -KILL "$(member_pid alpha)"
ok '... who has gone does not count' wait_until 10 log_has 'alpha.*ended'
start_member alpha
tell alpha attach 1
is "$answer" attached '... and makes room'
is "$(entry "$(member_pid alpha)" .error)" 'the program has no pkg pool' \
	'one without a pkg pool is listed so'
if test "$(id -u)" = 0 && command -v setpriv >/dev/null; then
	chmod 711 "$T" "$T/root"
	chmod 666 "$T/attach.sock"
	start_member gamma setpriv --reuid=65534 --clear-groups
	tell gamma attach 0
	is "$answer" attached 'another user may'
	start_member gamma setpriv --reuid=65533 --clear-groups
	tell gamma attach 0
	like "$answer" '^over a limit: 2 programs have .* attach_programs' \
		'... up to the limit of all'
	end_members
	stop_kmemd TERM
	start_kmemd -n 1 -o attach_users=65534 -o attach_socket_mode=0666
	start_member gamma setpriv --reuid=65533 --clear-groups
	tell gamma attach 0
	like "$answer" '^not permitted: uid 65533 may not attach: .*attach_users' \
		'a user who may not is refused, with the rule'
	start_member gamma setpriv --reuid=65534 --clear-groups
	tell gamma attach 0
	is "$answer" attached 'one who may is not'
	gamma=$(member_pid gamma)
	is "$(entry "$gamma" '"\(.uid) \(.error)"')" '65534 null' \
		'... and its pool is looked at'
fi
end_members
stop_kmemd TERM
rm "$T/kmemd.conf"

# --- SysV ---

start_kmemd -n 1 -o shm_backend=sysv
start_member alpha
start_member beta
tell alpha attach 0
is "$answer" attached 'SysV: a program attaches'
tell beta attach 0
tell alpha shm 100
block=$answer
tell alpha write "$block" hello
tell beta read "$block"
is "$answer" hello 'SysV: another reads what it writes'
kill -KILL "$(member_pid alpha)"
ok 'SysV: a death is noticed' wait_until 10 log_has 'alpha.*ended'
tell beta shm 10
is "$(used)" 110 'SysV: the accounts are exact'

# A kmemd that goes takes nobody with it.
stop_kmemd TERM
tell beta shm 10
like "$answer" '^0x' 'without kmemd, programs go on with the chunk they have'
tell beta fork 10
like "$answer" ' 0x' '... and their children'
kill -KILL "${answer% *}"
end_members

# --- qm, C++, a plug-in ---

start_kmemd -n 1 -x qm
start_member alpha
start_member beta
tell alpha attach 0
tell beta attach 0
tell alpha shm 100
block=$answer
tell beta free "$block"
is "$answer" freed 'qm: one frees what another has allocated'
tell beta fork 60
child=${answer% *}
is "$(json mem.find "${answer#* }" '.[0].owner')" "$child" \
	'qm: a child owns what it allocates'
kill -KILL "$child" "$(member_pid alpha)"
ok 'qm: a death is noticed' wait_until 10 log_has 'alpha.*ended'
tell beta shm 10
is "$(used)" 70 'qm: the survivor goes on, the accounts are exact'
end_members

cat >"$T/plugin.c" <<'EOT'
#include <kmem.h>

int plugin_run(void)
{
	return km_attach(NULL) == 0 && shm_malloc(11) != NULL ? 0 : 1;
}
EOT
cat >"$T/host.cc" <<'EOT'
#include <dlfcn.h>
#include <thread>

int main(int argc, char **argv)
{
	void *plugin = dlopen(argv[1], RTLD_NOW);
	int status = 1;

	if (plugin == nullptr)
		return 2;
	std::thread([&] {
		auto run = (int (*)())dlsym(plugin, "plugin_run");
		status = run();
	}).join();
	dlclose(plugin);
	std::thread([] {}).join();
	return status;
}
EOT
cat >"$T/one.cc" <<'EOT'
#include <kmem.h>
#include <new>
#include <string>
#include <vector>

template <class T> struct shm_allocator {
	using value_type = T;
	shm_allocator() = default;
	template <class U> shm_allocator(const shm_allocator<U> &) {}
	T *allocate(size_t n)
	{
		if (void *p = shm_malloc(n * sizeof(T)))
			return static_cast<T *>(p);
		throw std::bad_alloc();
	}
	void deallocate(T *p, size_t) { shm_free(p); }
	bool operator==(const shm_allocator &) const { return true; }
	bool operator!=(const shm_allocator &) const { return false; }
};

int main()
{
	km_attach_options options = {};

	options.size = sizeof(options);
	options.desc = "c++";
	if (km_attach(&options) != 0)
		return 1;
	std::vector<int, shm_allocator<int>> numbers;
	for (int i = 0; i < 1000; i++)
		numbers.push_back(i);
	return numbers[999] == 999 ? 0 : 2;
}
EOT
if command -v "$CXX" >/dev/null; then
	ok 'a C++ program builds' build_outside "$CXX" "$T/one.cc" "$T/one"
	ok '... and has a vector in shm' "$T/one"
	ok 'a plug-in builds' build_outside "$CC" "$T/plugin.c" \
		"$T/plugin.so" -shared -fPIC
	# shellcheck disable=SC2086 # a list
	ok '... and a host that knows nothing of libkmem' \
		"$CXX" $KMEM_CFLAGS -o "$T/host" "$T/host.cc" -ldl -lpthread
	ok '... which attaches by it, in a thread, and unloads it' \
		"$T/host" "$T/plugin.so"
	is "$(json mem.top '[.sites[] | select(.site | test("plugin_run")).bytes] | add')" \
		11 '... its site is known'
fi
done_testing
