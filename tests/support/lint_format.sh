#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lint_format.sh - C files are as clang-format writes them. With --fix, makes
# them so.
set -eu

files=$(find include src tests -name '*.[ch]' | sort)
[ -n "$files" ] || { echo "format: no files found"; exit 1; }
if [ "${1-}" = --fix ]; then
	# shellcheck disable=SC2086 # a list of files without blanks
	clang-format -i $files
	exit
fi
# shellcheck disable=SC2086
if ! clang-format --dry-run -Werror --ferror-limit=3 $files; then
	echo "format: run 'make format'"
	exit 1
fi
echo "format: $(echo "$files" | wc -l) files"
