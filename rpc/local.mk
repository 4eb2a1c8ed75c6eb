# SPDX-License-Identifier: ISC
noinst_LTLIBRARIES += %D%/librpc.la
%C%_librpc_la_CFLAGS = $(AM_CFLAGS) $(LIBEVENT_CFLAGS) $(JSONC_CFLAGS)
%C%_librpc_la_LIBADD = $(LIBEVENT_LIBS) $(JSONC_LIBS)
%C%_librpc_la_SOURCES = \
	%D%/client.h \
	%D%/method.h \
	%D%/server.h
