dnl SPDX-License-Identifier: ISC
dnl kmemd.m4 - the options of this project's configure.

dnl KMEMD_TRY_CFLAG(FLAG): add FLAG to KMEMD_CFLAGS if the compiler takes it.
AC_DEFUN([KMEMD_TRY_CFLAG], [
	kmemd_save_cflags="$CFLAGS"
	CFLAGS="$CFLAGS -Werror $1"
	AC_MSG_CHECKING([whether $CC takes $1])
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
		[AC_MSG_RESULT([yes]); KMEMD_CFLAGS="$KMEMD_CFLAGS $1"],
		[AC_MSG_RESULT([no])])
	CFLAGS="$kmemd_save_cflags"
])

AC_DEFUN([KMEMD_ARG_WARNINGS], [
	KMEMD_CFLAGS="-std=gnu11 -fvisibility=hidden"
	m4_foreach_w([flag], [-Wall -Wextra -Wshadow -Wstrict-prototypes
		-Wmissing-prototypes -Wwrite-strings -Wpointer-arith
		-Wcast-qual -Wformat=2 -Wvla -Wundef
		-Wimplicit-fallthrough -Wno-unused-parameter
		-Wno-missing-field-initializers],
		[KMEMD_TRY_CFLAG(flag)])
	AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror],
		[warnings are errors])])
	AS_IF([test "x$enable_werror" = xyes],
		[KMEMD_CFLAGS="$KMEMD_CFLAGS -Werror"])
	AC_SUBST([KMEMD_CFLAGS])
])

AC_DEFUN([KMEMD_ARG_DEBUG], [
	AC_ARG_ENABLE([debug], [AS_HELP_STRING([--enable-debug],
		[assert the expensive invariants as well])])
	AS_IF([test "x$enable_debug" = xyes], [kmemd_debug=1], [kmemd_debug=0])
	AC_DEFINE_UNQUOTED([KMEMD_DEBUG], [$kmemd_debug],
		[Whether expensive invariants are asserted (--enable-debug)])
])

AC_DEFUN([KMEMD_ARG_SANITIZERS], [
	AC_ARG_ENABLE([sanitizers], [AS_HELP_STRING([--enable-sanitizers=LIST],
		[build with -fsanitize=LIST, default address,undefined])])
	AS_CASE(["x$enable_sanitizers"],
		[x|xno], [],
		[xyes], [KMEMD_SAN="-fsanitize=address,undefined"],
		[KMEMD_SAN="-fsanitize=$enable_sanitizers"])
	AS_IF([test -n "$KMEMD_SAN"],
		[KMEMD_SAN="$KMEMD_SAN -fno-sanitize-recover=all -fno-omit-frame-pointer"])
	AC_SUBST([KMEMD_SAN])
	AM_CONDITIONAL([SANITIZED], [test -n "$KMEMD_SAN"])
])
