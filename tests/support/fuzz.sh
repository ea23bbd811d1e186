#!/bin/sh
# SPDX-License-Identifier: MIT
#
# fuzz.sh - run fuzz targets one after the other, each for so many seconds, and
# say how many inputs each has seen. What they find stays in DIR/corpus between
# runs; an input that breaks a promise is kept in DIR/findings.
#
#   tests/support/fuzz.sh DIR SECONDS TARGET...
set -u

dir=$1 seconds=$2
shift 2
failed=
mkdir -p "$dir/findings"
for t; do
	dict=tests/fuzz/dict/$t.dict
	mkdir -p "$dir/corpus/$t"
	"$dir/fuzz/fuzz_$t" -max_total_time="$seconds" -timeout=10 \
		-max_len=4096 -print_final_stats=1 -verbosity=1 \
		-artifact_prefix="$dir/findings/$t-" \
		$([ -f "$dict" ] && echo "-dict=$dict") \
		"$dir/corpus/$t" "tests/fuzz/corpus/$t" >"$dir/$t.log" 2>&1 ||
		failed="$failed $t"
	echo "  $t: $(sed -n 's/^stat::number_of_executed_units: *//p' \
		"$dir/$t.log") inputs in $seconds s"
done
[ -z "$failed" ] && exit
for t in $failed; do
	echo "fuzz: $t broke on an input in $dir/findings; from $dir/$t.log:"
	grep -E -m 5 'broken|ERROR|runtime error|SUMMARY' "$dir/$t.log"
done
exit 1
