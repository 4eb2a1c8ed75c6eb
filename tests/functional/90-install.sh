#!/bin/sh
# SPDX-License-Identifier: ISC
# 90-install.sh - what make install puts down is complete: a program outside
# of the tree builds with pkg-config and runs.
. "${srcdir:-.}/tests/tap.sh"

: "${CC:=cc}" "${CXX:=c++}" "${KMEM_CFLAGS:=}"
root=$T/root
unset MAKEFLAGS MAKELEVEL MFLAGS
ok 'make install DESTDIR=' make install DESTDIR="$root"

pc=$(find "$root" -name libkmem.pc)
like "$pc" '/pkgconfig/libkmem.pc$' 'libkmem.pc is there'
lib=$(find "$root" -name 'libkmem.so' | sed 's|/[^/]*$||')

# outside COMPILER FILE: build and run as a user would.
outside() {
	# shellcheck disable=SC2046,SC2086 # lists
	$1 -Wall -Werror $KMEM_CFLAGS -o "$T/outside" "$2" \
		$(PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_PATH=${pc%/*} \
			pkg-config --cflags --libs libkmem) &&
		LD_LIBRARY_PATH=$lib "$T/outside"
}

cat >"$T/x.c" <<'EOT'
#include <stdio.h>
#include "base/err.h"
#include "mem/mem.h"
#include "mem/shm_mem.h"
#include "mem/lock.h"

int main(void)
{
	puts(km_strerror(-KM_ENOMEM));
	return 0;
}
EOT
cp "$T/x.c" "$T/x.cc"
if command -v pkg-config >/dev/null; then
	ok 'a C program outside builds and runs' outside "$CC" "$T/x.c"
	like "$(cat "$T/ok.out")" '^out of memory$' 'and has the library'
	ok 'a C++ program outside builds and runs' outside "$CXX" "$T/x.cc"
else
	skip 'pkg-config is missing' 'programs outside build and run'
fi

clean 'nothing of the build is named in what is installed' "$(
	find "$root" -type f -name '*.[lp][ac]' \
		-exec grep -lF -e "$root" -e "$B" {} +
)"
clean 'no test program is installed' "$(find "$root" -name 'check_*')"
unset DESTDIR
ok 'make uninstall' make uninstall DESTDIR="$root"
clean 'nothing is left of it' "$(find "$root" ! -type d)"
tap_end
