# SPDX-License-Identifier: ISC
# libkmem. Two convenience libraries, so that kmemd and the tests link what the
# shared library is made of: base (for kmemctl too) and mem on top of it.
noinst_LTLIBRARIES += %D%/libkmembase.la %D%/libkmemcore.la
lib_LTLIBRARIES += %D%/libkmem.la

%C%_libkmembase_la_SOURCES = \
	%D%/base/err.c %D%/base/err.h %D%/base/errno_of.h \
	%D%/base/export.h \
	%D%/base/log.c %D%/base/log.h \
	%D%/base/near.c %D%/base/near.h \
	%D%/base/tune.c %D%/base/tune.h

%C%_libkmemcore_la_SOURCES = \
	%D%/attach.c \
	%D%/attach_call.c %D%/attach_call.h \
	%D%/attach_msg.c %D%/attach_msg.h \
	%D%/kmem.h \
	%D%/mem/account.c \
	%D%/mem/account.h \
	%D%/mem/heap.c \
	%D%/mem/heap.h \
	%D%/mem/heap_fast.h \
	%D%/mem/hold.c \
	%D%/mem/hold.h \
	%D%/mem/info.h \
	%D%/mem/intent.c \
	%D%/mem/intent.h \
	%D%/mem/lock.c \
	%D%/mem/lock.h \
	%D%/mem/manager.c \
	%D%/mem/manager.h \
	%D%/mem/mem.h \
	%D%/mem/misuse.c \
	%D%/mem/misuse.h \
	%D%/mem/oom.c \
	%D%/mem/oom.h \
	%D%/mem/pkg.c \
	%D%/mem/pool.c \
	%D%/mem/pool.h \
	%D%/mem/private.c \
	%D%/mem/private.h \
	%D%/mem/qm.c \
	%D%/mem/qm.h \
	%D%/mem/qm_find.c \
	%D%/mem/qm_guard.c \
	%D%/mem/qm_list.c \
	%D%/mem/qm_repair.c \
	%D%/mem/qm_walk.c \
	%D%/mem/robust.c \
	%D%/mem/robust.h \
	%D%/mem/root.c \
	%D%/mem/root.h \
	%D%/mem/root_table.h \
	%D%/mem/root_view.c \
	%D%/mem/rwlock.c \
	%D%/mem/segment.c \
	%D%/mem/segment.h \
	%D%/mem/shm.c \
	%D%/mem/shm_mem.h \
	%D%/mem/site.h \
	%D%/mem/site_sums.c \
	%D%/mem/site_table.c \
	%D%/mem/site_table.h \
	%D%/mem/clock.c \
	%D%/mem/clock.h \
	%D%/mem/slab.c \
	%D%/mem/slab.h \
	%D%/mem/slab_change.c \
	%D%/mem/slab_class.c \
	%D%/mem/slab_fast.h \
	%D%/mem/slab_grow.c \
	%D%/mem/slab_page.c \
	%D%/mem/slab_old.c \
	%D%/mem/slab_part.c \
	%D%/mem/slab_part.h \
	%D%/mem/slab_recover.c \
	%D%/mem/slab_ring.c \
	%D%/mem/slab_guard.c \
	%D%/mem/slab_guard.h \
	%D%/mem/slab_loan.c \
	%D%/mem/slab_read.c \
	%D%/mem/slab_read.h \
	%D%/mem/slab_run.c \
	%D%/mem/slab_span.c \
	%D%/mem/slab_sums.c \
	%D%/mem/slab_take.c \
	%D%/mem/slab_trim.c \
	%D%/mem/slab_unit.c \
	%D%/mem/slab_view.h \
	%D%/mem/slab_walk.c \
	%D%/mem/slot.c \
	%D%/mem/slot.h \
	%D%/mem/status.c \
	%D%/mem/status.h \
	%D%/mem/view.c \
	%D%/mem/view.h

%C%_libkmem_la_SOURCES =
%C%_libkmem_la_LIBADD = %D%/libkmemcore.la %D%/libkmembase.la
%C%_libkmem_la_LDFLAGS = $(AM_LDFLAGS) -version-info $(LIBKMEM_VERSION_INFO) \
	-Wl,-z,nodelete \
	-Wl,--version-script=$(srcdir)/%D%/libkmem.map
%C%_libkmem_la_DEPENDENCIES = $(%C%_libkmem_la_LIBADD) %D%/libkmem.map
EXTRA_DIST += %D%/libkmem.map %D%/mem/README.md

# Preloaded: libkmem, and malloc() of a program that knows nothing of it.
lib_LTLIBRARIES += %D%/libkmem_preload.la
%C%_libkmem_preload_la_SOURCES = \
	%D%/preload/boot.c %D%/preload/boot.h \
	%D%/preload/caller.c %D%/preload/caller.h \
	%D%/preload/malloc.c \
	%D%/preload/new.c \
	%D%/preload/preload.h \
	%D%/preload/start.c %D%/preload/start.h
%C%_libkmem_preload_la_CFLAGS = $(AM_CFLAGS) -fno-builtin-malloc
%C%_libkmem_preload_la_LIBADD = $(%C%_libkmem_la_LIBADD)
%C%_libkmem_preload_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version \
	-Wl,-Bsymbolic \
	-Wl,--version-script=$(srcdir)/%D%/preload/libkmem_preload.map
%C%_libkmem_preload_la_DEPENDENCIES = $(%C%_libkmem_la_LIBADD) \
	%D%/preload/libkmem_preload.map
EXTRA_DIST += %D%/preload/libkmem_preload.map

# <kmem.h>, and #include "mem/mem.h" with -I$(includedir)/kmem, as in Kamailio.
kmemincludedir = $(includedir)/kmem
kmeminclude_HEADERS = %D%/kmem.h
kmembaseincludedir = $(includedir)/kmem/base
kmembaseinclude_HEADERS = %D%/base/err.h %D%/base/export.h %D%/base/log.h
kmemmemincludedir = $(includedir)/kmem/mem
kmemmeminclude_HEADERS = %D%/mem/mem.h %D%/mem/shm_mem.h %D%/mem/lock.h \
	%D%/mem/root.h %D%/mem/site.h %D%/mem/info.h
pkgconfigdir = $(libdir)/pkgconfig
nodist_pkgconfig_DATA = %D%/libkmem.pc
