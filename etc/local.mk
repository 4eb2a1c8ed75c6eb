# SPDX-License-Identifier: ISC
# The files name the places of a package, --prefix=/usr --sysconfdir=/etc;
# what is installed names those of this build.
EXTRA_DIST += %D%/kmemd.conf %D%/kmemd.service

# (gdb) source ../share/kmemd/gdb/kmem.py
gdbdir = $(pkgdatadir)/gdb
dist_gdb_DATA = %D%/gdb/kmem.py

# A unit is of use in one folder alone, which configure is told about.
if HAVE_SYSTEMD_UNIT_DIR
unitdir = $(SYSTEMD_UNIT_DIR)
else
unitdir = $(pkgdatadir)/examples
endif

set_places = sed -e 's|/usr/sbin/kmemd|$(sbindir)/kmemd|g' \
	-e 's|/etc/kmemd.conf|$(sysconfdir)/kmemd.conf|g' \
	-e 's|/run/kmemd|$(runstatedir)/kmemd|g' \
	-e 's|"/usr/lib/kmemd"|"$(pkglibdir)"|g'

# Where each shell looks for what completes kmemctl.
bashcompdir = $(datadir)/bash-completion/completions
zshcompdir = $(datadir)/zsh/site-functions
fishcompdir = $(datadir)/fish/vendor_completions.d
dist_bashcomp_DATA = %D%/completion/bash/kmemctl
dist_zshcomp_DATA = %D%/completion/zsh/_kmemctl
dist_fishcomp_DATA = %D%/completion/fish/kmemctl.fish

# A configuration that is there stays; the new one is an example beside it.
install-data-local: install-kmemd-etc
install-kmemd-etc:
	$(MKDIR_P) "$(DESTDIR)$(sysconfdir)" "$(DESTDIR)$(unitdir)" \
		"$(DESTDIR)$(pkgdatadir)/examples"
	$(set_places) $(srcdir)/%D%/kmemd.conf \
		>"$(DESTDIR)$(pkgdatadir)/examples/kmemd.conf"
	$(set_places) $(srcdir)/%D%/kmemd.service \
		>"$(DESTDIR)$(unitdir)/kmemd.service"
	test -e "$(DESTDIR)$(sysconfdir)/kmemd.conf" || \
		cp "$(DESTDIR)$(pkgdatadir)/examples/kmemd.conf" \
			"$(DESTDIR)$(sysconfdir)/kmemd.conf"

# What somebody has changed is theirs.
uninstall-local: uninstall-kmemd-etc
uninstall-kmemd-etc:
	! cmp -s "$(DESTDIR)$(pkgdatadir)/examples/kmemd.conf" \
			"$(DESTDIR)$(sysconfdir)/kmemd.conf" || \
		rm -f "$(DESTDIR)$(sysconfdir)/kmemd.conf"
	rm -f "$(DESTDIR)$(pkgdatadir)/examples/kmemd.conf" \
		"$(DESTDIR)$(unitdir)/kmemd.service"
	-rmdir "$(DESTDIR)$(pkgdatadir)/examples" 2>/dev/null
	-rmdir "$(DESTDIR)$(pkgdatadir)" 2>/dev/null
.PHONY: install-kmemd-etc uninstall-kmemd-etc
