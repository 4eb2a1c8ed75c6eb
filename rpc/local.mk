# SPDX-License-Identifier: ISC
noinst_LTLIBRARIES += %D%/librpc.la
%C%_librpc_la_CFLAGS = $(AM_CFLAGS) $(LIBEVENT_CFLAGS) $(JSONC_CFLAGS)
%C%_librpc_la_LIBADD = $(LIBEVENT_LIBS) $(JSONC_LIBS)
%C%_librpc_la_SOURCES = \
	%D%/accept.c \
	%D%/answer.c \
	%D%/call.c %D%/call.h \
	%D%/client.c %D%/client.h \
	%D%/conn.c %D%/conn.h \
	%D%/dispatch.c \
	%D%/envelope.c %D%/envelope.h \
	%D%/frame.c %D%/frame.h \
	%D%/limits.c %D%/limits.h \
	%D%/listen.c \
	%D%/method.c %D%/method.h \
	%D%/params.c %D%/params.h \
	%D%/peer.c %D%/peer.h \
	%D%/scan.c %D%/scan.h \
	%D%/server.c %D%/server.h \
	%D%/session.c %D%/session.h \
	%D%/slice.c %D%/slice.h \
	%D%/status.c %D%/status.h
