#!/bin/sh
# SPDX-License-Identifier: MIT
#
# mutants.sh - does the simulation find what is broken on purpose?
#
#   mutants.sh BUILD MODEL CORE [NAME...]
#
# Each patch in mutants/ breaks one rule of src/. It is applied to a copy of
# the sources under BUILD/mutants/NAME, what it changed is compiled and linked
# before the library CORE, and seeds run until one fails. A mutant that no seed
# finds fails the run. Uses CC, CPPFLAGS, CFLAGS, LDFLAGS, LIBS and SEEDS.
set -eu

build=$(cd "$1" && pwd) model=$2 core=$3
shift 3
here=tests/sim
seeds=${SEEDS:-20000}
missed=0

compile() { # NAME: prints the objects of what its patch changed
	dir=$build/mutants/$1
	rm -rf "$dir"
	mkdir -p "$dir"
	cp -r include src "$dir"
	patch -s -p1 -d "$dir" <"$here/mutants/$1.patch" >&2 || return 1
	for file in $(sed -n 's|^+++ b/||p' "$here/mutants/$1.patch"); do
		(cd "$dir" && $CC $CPPFLAGS -I"$build/gen" $CFLAGS -w \
			-c -o "$(basename "$file").o" "$file") || return 1
		echo "$dir/$(basename "$file").o"
	done
}

try() { # NAME
	objects=$(compile "$1") || {
		echo "$1 DOES NOT APPLY any more"
		return 1
	}
	sim=$build/mutants/$1/sim
	$CC $LDFLAGS -o "$sim" "$build"/tests/sim/*.o $objects "$model" \
		"$core" $LIBS || return 1
	if out=$("$sim" --first 1 --seeds "$seeds" 2>&1); then
		echo "$1 NOT FOUND after $seeds seeds"
		return 1
	fi
	out=$(printf '%s\n' "$out" | grep '^seed ' | tail -n 1)
	[ "$out" ] || { echo "$1 ended without a seed"; return 1; }
	seed=$(printf '%s\n' "$out" | sed 's/^seed \([0-9]*\).*/\1/')
	rule=$(printf '%s\n' "$out" | sed 's/^seed [^:]*: //' | cut -c1-60)
	echo "$1 found at seed $seed after $seed seeds ($rule)"
}

[ $# -gt 0 ] || set -- $(cd $here/mutants && ls *.patch | sed 's/\.patch$//')
for name; do
	try "$name" || missed=$((missed + 1))
done
[ "$missed" -eq 0 ] || { echo "$missed mutants were not found"; exit 1; }
