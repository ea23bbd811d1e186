#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lint_symbols.sh - what is not in the binary. lint_symbols.sh build/trunkline
#
# - Symbols of the sandbox: it is not part of the service.
# - json_dumps: jansson 2.14 does not look whether a member's name could be
#   written, so without memory the text lacks it; json_add_value says so.
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
if echo "$symbols" | grep ' json_dumps@'; then
	echo "symbols: $1 calls json_dumps; use json_add_value"
	exit 1
fi
echo "symbols: nothing of the sandbox in $1"
