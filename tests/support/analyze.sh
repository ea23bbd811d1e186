#!/bin/sh
# SPDX-License-Identifier: MIT
#
# analyze.sh - what three static analysers say of the source; nothing, if all is
# well. `make analyze` comes here, with the folder of generated files as GEN. It
# takes minutes, so it is no part of `make lint`.
#
#   tests/support/analyze.sh [FILE...]      these instead of all
set -u

[ $# -gt 0 ] || set -- src/*.c src/*/*.c
flags="-Iinclude -I${GEN:-build/gen} -D_GNU_SOURCE -DTRUNKLINE_VERSION='\"0\"'"
jobs=$(nproc)
bad=0

# each COMMAND...: run it on every file, its name last, some at a time.
files="$*"
each()
{
	# shellcheck disable=SC2086 # a list of words
	printf '%s\n' $files | xargs -P "$jobs" -I{} sh -c "$1" {}
}

# Cppcheck 2.10 knows neither __VA_OPT__ nor jansson's loops.
echo "  cppcheck"
eval "cppcheck -q -j$jobs --enable=warning,performance,portability \
	--inline-suppr --std=c11 --suppress=missingIncludeSystem \
	--error-exitcode=1 $flags '-D__VA_OPT__(...)=,' \
	'-Djson_object_foreach(o,k,v)=for((k)=\"\",(v)=(o);(v);)' \
	'-Djson_array_foreach(a,i,v)=for((i)=0,(v)=(a);(v);(i)++)' $files" ||
	bad=1

# sqlite.c keeps its statements in a table, which looks like a leak.
echo "  gcc -fanalyzer"
each "gcc -std=gnu11 -O1 -fanalyzer -Werror $flags -c -o /dev/null \
	\$(case \$0 in */sqlite.c) echo -Wno-analyzer-malloc-leak ;; esac) \
	\$0" || bad=1

echo "  clang-tidy"
each "clang-tidy --quiet \$0 -- -std=gnu11 $flags 2>/dev/null" || bad=1

[ $bad -eq 0 ] && echo "analyze: nothing found"
exit $bad
