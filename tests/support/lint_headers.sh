#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lint_headers.sh - every header compiles alone, and twice in one file.
# Takes CC and CPPFLAGS from the environment.
set -u

CC=${CC:-gcc}
CPPFLAGS=${CPPFLAGS:--Iinclude -D_GNU_SOURCE}
count=0
bad=0

# shellcheck disable=SC2044 # names without blanks
for header in $(find include src -name '*.h' | sort); do
	count=$((count + 1))
	# shellcheck disable=SC2086 # a list of flags
	printf '#include "%s"\n#include "%s"\n' "$PWD/$header" "$PWD/$header" |
		$CC $CPPFLAGS -std=gnu11 -Wall -Wextra -Wno-unused-parameter \
			-fsyntax-only -x c - ||
		{ bad=1; echo "$header: does not compile alone"; }
done
[ $bad -ne 0 ] || echo "headers: $count compile alone"
exit $bad
