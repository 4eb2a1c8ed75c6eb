# SPDX-License-Identifier: ISC
dist_man_MANS += %D%/kmemd.8
dist_man_MANS += %D%/kmemctl.1
dist_man_MANS += %D%/replay.8
dist_man_MANS += %D%/kmemd.conf.5
