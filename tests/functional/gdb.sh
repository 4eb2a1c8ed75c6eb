# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# gdb.sh - gdb on the workers of puppet.sh, and on cores of them; the guide's
# recipe in $T/recipe. Skips the test where that cannot be.

. "${srcdir:-.}/tests/functional/puppet.sh"

! grep -q __asan_init "$KMEMD" ||
	skip_all 'with AddressSanitizer a core has terabytes'
command -v gdb >/dev/null || skip_all 'gdb is missing: ./dev install-deps'
gdb -q -batch -ex 'python print(1)' 2>&1 | grep -qx 1 ||
	skip_all 'this gdb has no Python'

# With the debug information of libc, each look-up of a structure is slow.
debug() {
	timeout 200 gdb -q -nx -batch -iex 'set debuginfod enabled off' \
		-iex 'set debug-file-directory /nowhere' \
		-iex 'set pagination off' "$@" 2>&1
}

cat >"$T/recipe" <<'EOT'
set $i=0
set $a = mem_block->first_frag
while($i<10000)
  if($i>2000)
    if($a->u.is_free==0)
      p *$a
    end
  end
  set $a = ((struct qm_frag*)((char*)($a)+sizeof(struct qm_frag)+((struct qm_frag*)$a)->size+sizeof(struct qm_frag_end)))
  set $i = $i + 1
end
EOT

# walked NAME FILE: of the 2300 blocks, those from fragment 2001 on.
walked() {
	seen=$(grep -c '^\$[0-9]* = {size = 112, u = {nxt_free = 0x0, is_free = 0}, file = 0x[0-9a-f]* "[^"]*puppet.c", func = 0x[0-9a-f]* "leak_pkg", mname = 0x[0-9a-f]* "puppet", line = [0-9]*, .*requested = 100' "$2")
	compare "$seen" -ge 200 "gdb-walk: $1, used blocks are printed"
	compare "$seen" -le 400 "gdb-walk: $1, from fragment 2001 on"
	fails "gdb-walk: $1, it ends well where there are fewer fragments" \
		grep -Ei 'error|cannot access' "$2"
}
