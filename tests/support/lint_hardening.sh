#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lint_hardening.sh - is the binary hardened as the Makefile asks for (OpenSSF's
# compiler guide)? A flag that silently stops working is found here.
#
#   tests/support/lint_hardening.sh build/trunkline
set -eu

[ $# -eq 1 ] || { echo "usage: lint_hardening.sh BINARY" >&2; exit 2; }
export LC_ALL=C
header=$(readelf -hW "$1")
segments=$(readelf -lW "$1")
dynamic=$(readelf -dW "$1")
symbols=$(nm -D --undefined-only "$1")
bad=0

# wants TEXT WORDS PATTERN: a line of the text matches. refuses: none does.
wants()
{
	echo "$1" | grep -Eq "$3" || { echo "hardening: $2"; bad=1; }
}

refuses()
{
	! echo "$1" | grep -Eq "$3" || { echo "hardening: $2"; bad=1; }
}

if echo "$symbols" | grep -Eq ' __(asan|ubsan|tsan)_'; then
	echo "hardening: $1 has a sanitizer in it; not looked at"
	exit 0
fi
wants "$header" "not position independent" 'Type: +DYN'
wants "$dynamic" "not position independent (no PIE flag)" 'FLAGS_1.*PIE'
wants "$dynamic" "symbols are not bound at start" 'FLAGS.*NOW'
wants "$segments" "no read-only relocations" 'GNU_RELRO'
wants "$segments" "the stack is executable" 'GNU_STACK.* RW +0x'
refuses "$segments" "a segment can be written and executed" 'LOAD.* RWE '
refuses "$dynamic" "libraries are searched in odd places" 'RPATH|RUNPATH'
refuses "$dynamic" "code is relocated" 'TEXTREL'
wants "$symbols" "no stack protector" ' __stack_chk_fail'
wants "$symbols" "no fortified calls" ' __[a-z]+_chk(@|$)'
# (The note that turns it on needs a C library built with it.)
case $(uname -m) in
x86_64)
	wants "$(objdump -d --no-show-raw-insn --disassemble=main "$1")" \
		"no control flow protection" endbr64
	;;
esac
[ $bad -ne 0 ] || echo "hardening: $1 is as it should be"
exit $bad
