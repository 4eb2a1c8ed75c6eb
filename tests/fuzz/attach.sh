#!/bin/sh
# SPDX-License-Identifier: ISC
# attach.sh - random packets at the attach socket, from a fixed seed.
#
# FUZZ_ROUNDS and FUZZ_SEED change how many and which.
exec ./tests/fuzz/fuzz_attach --rounds "${FUZZ_ROUNDS:-20000}" \
	--seed "${FUZZ_SEED:-1}"
