#!/bin/sh
# SPDX-License-Identifier: ISC
# 74-core.sh - the core that an abort leaves by itself, with mem_safety 0.
CORE_LIMIT=unlimited
. "${srcdir:-.}/tests/functional/gdb.sh"

case $(cat /proc/sys/kernel/core_pattern) in
*[\|/]*) skip_all 'core files do not stay with the process here' ;;
esac
# shellcheck disable=SC3045 # dash and bash have it
test "$(ulimit -c)" = unlimited || skip_all 'core files are not allowed here'

cat >"$T/here" <<EOT
#!/bin/sh
cd "$T" && exec "$KMEMD" "\$@"
EOT
chmod +x "$T/here"
program=$KMEMD
KMEMD=$T/here
start_puppets -n 1 -m 4 -o mem_safety=0
ok 'a worker has blocks' tell 1 keep_pkg 2300
echo 'misuse tail' >"$T/do.1"
the_core() {
	test -n "$(find "$T" -maxdepth 1 -name 'core*' -size +1M)"
}
ok 'gdb-core: an abort leaves a core' wait_until 20 the_core
ok 'gdb-core: and the worker is replaced' wait_until 20 log_has 'has replaced'
debug "$program" "$(find "$T" -maxdepth 1 -name 'core*' | head -n 1)" \
	-ex bt -x "$T/recipe" >"$T/dead"
like "$(cat "$T/dead")" 'overwrite_tail .*at .*puppet\.c:[0-9]+' \
	'gdb-core: it has file and line of the one who overwrote'
walked 'the core of an abort' "$T/dead"

done_testing
