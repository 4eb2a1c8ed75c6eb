# SPDX-License-Identifier: ISC
dist_man_MANS += %D%/kmemd.8
dist_man_MANS += %D%/kmemctl.1 %D%/kmemctl-run.1
dist_man_MANS += %D%/replay.8
dist_man_MANS += %D%/kmemd.conf.5
dist_man_MANS += %D%/libkmem.3 %D%/km_attach.3 %D%/pkg_malloc.3 %D%/shm_malloc.3
dist_man_MANS += %D%/km_root_get.3
dist_man_MANS += %D%/shm_lock.3
dist_man_MANS += %D%/lock_get.3 %D%/kmemd-module.3
dist_man_MANS += %D%/kmemd-rpc.7
