# SPDX-License-Identifier: ISC
dist_man_MANS += %D%/kmemd.8
