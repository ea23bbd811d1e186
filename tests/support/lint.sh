#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lint.sh - all checks of the source, to the end even if one finds a fault.
# `make lint` comes here; CC and CPPFLAGS come from the environment.
#
#   tests/support/lint.sh [BINARY]      with the binary, its symbols too
set -u

here=$(dirname "$0")
bad=0

"$here/lint_first_lines.py" || bad=1
"$here/lint_includes.py" || bad=1
"$here/lint_size.py" || bad=1
"$here/lint_headers.sh" || bad=1
"$here/lint_format.sh" || bad=1
if [ $# -gt 0 ]; then
	"$here/lint_symbols.sh" "$1" || bad=1
	"$here/lint_hardening.sh" "$1" || bad=1
fi
exit $bad
