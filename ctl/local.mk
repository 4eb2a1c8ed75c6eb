# SPDX-License-Identifier: ISC
# kmemctl. All but main() is in a convenience library, so that tests link it.
noinst_LTLIBRARIES += %D%/libctl.la
%C%_libctl_la_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS) $(LIBEDIT_CFLAGS)
%C%_libctl_la_LIBADD = $(JSONC_LIBS) $(LIBEDIT_LIBS)
%C%_libctl_la_SOURCES = \
	%D%/alias.c %D%/alias.h \
	%D%/call.c %D%/call.h \
	%D%/candidates.c %D%/candidates.h \
	%D%/command.c %D%/command.h \
	%D%/complain.c %D%/complain.h \
	%D%/complete.c %D%/complete.h \
	%D%/connection.c %D%/connection.h \
	%D%/delta.c %D%/delta.h \
	%D%/editor.c %D%/editor.h \
	%D%/escape.c %D%/escape.h \
	%D%/human.c %D%/human.h \
	%D%/interrupt.c %D%/interrupt.h \
	%D%/launch.c %D%/launch.h \
	%D%/line.c %D%/line.h \
	%D%/options.c %D%/options.h \
	%D%/past.c %D%/past.h \
	%D%/place.c %D%/place.h \
	%D%/prompt.c %D%/prompt.h \
	%D%/run.c %D%/run.h \
	%D%/screen.c %D%/screen.h \
	%D%/script.c %D%/script.h \
	%D%/shell.c %D%/shell.h \
	%D%/status.h \
	%D%/template.c %D%/template.h \
	%D%/terminal.c %D%/terminal.h \
	%D%/view.c %D%/view.h \
	%D%/watch.c %D%/watch.h \
	%D%/words.c %D%/words.h \
	%D%/writer.c %D%/writer.h %D%/writer_ops.h \
	%D%/writer_json.c \
	%D%/writer_template.c \
	%D%/writer_text.c

bin_PROGRAMS += %D%/kmemctl
%C%_kmemctl_SOURCES = %D%/main.c
%C%_kmemctl_LDADD = %D%/libctl.la rpc/librpc.la libclient/libkmembase.la
