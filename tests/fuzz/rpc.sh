#!/bin/sh
# SPDX-License-Identifier: ISC
# rpc.sh - random bytes into the RPC server's sessions, from a fixed seed.
#
# FUZZ_ROUNDS and FUZZ_SEED change how many and which.
exec ./tests/fuzz/fuzz_rpc --rounds "${FUZZ_ROUNDS:-20000}" \
	--seed "${FUZZ_SEED:-1}"
