# SPDX-License-Identifier: ISC
# Modules that are shipped with kmemd. The parts of replay are a library of
# their own, so that tests link them.
noinst_LTLIBRARIES += %D%/libreplay.la
pkglib_LTLIBRARIES += %D%/replay.la

%C%_libreplay_la_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS)
%C%_libreplay_la_LIBADD = $(ZLIB_LIBS)
%C%_libreplay_la_SOURCES = \
	%D%/replay/board.c %D%/replay/board.h \
	%D%/replay/pattern.c %D%/replay/pattern.h \
	%D%/replay/plan.c %D%/replay/plan.h \
	%D%/replay/player.c %D%/replay/player.h \
	%D%/replay/runner.c %D%/replay/runner.h \
	%D%/replay/trace_sites.c %D%/replay/trace_sites.h \
	%D%/replay/trace.c %D%/replay/trace.h

%C%_replay_la_CFLAGS = $(AM_CFLAGS) $(LIBEVENT_CFLAGS)
%C%_replay_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared
%C%_replay_la_LIBADD = %D%/libreplay.la $(LIBEVENT_LIBS)
%C%_replay_la_SOURCES = %D%/replay/replay.c
