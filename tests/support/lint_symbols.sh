#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lint_symbols.sh - the sandbox is not part of the service: no symbol of it is
# in the binary. lint_symbols.sh build/trunkline
set -eu

[ $# -eq 1 ] || { echo "usage: lint_symbols.sh BINARY" >&2; exit 2; }
symbols=$(nm "$1")
if [ -z "$symbols" ]; then
	echo "symbols: $1 is stripped; cannot look"
	exit 1
fi
if echo "$symbols" | grep ' sandbox_'; then
	echo "symbols: $1 holds parts of the sandbox"
	exit 1
fi
echo "symbols: nothing of the sandbox in $1"
