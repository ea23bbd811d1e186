#!/bin/sh
# SPDX-License-Identifier: MIT
#
# build.sh - the rival made ready to run in another folder, if there is a Node.
#
#   build.sh TO         TO/server.js, with what its package-lock.json names
#
# better-sqlite3 is compiled here: nothing but npm's registry is asked. Where it
# cannot be built, that is said and TO stays without it: bench.py then measures
# without the rival.
set -eu

from=$(dirname "$0")
to=$1
built=$to/node_modules/better-sqlite3/build/Release/better_sqlite3.node

without()
{
	echo "bench: $*; measuring without the rival" >&2
	exit 0
}

command -v npm >/dev/null || without "no Node"
version=$(node -p 'process.versions.node.split(".")[0]')
[ "$version" -ge 20 ] || without "Node $version is older than 20"

if [ ! -e "$built" ] || ! cmp -s "$from/package-lock.json" "$to/package-lock.json"; then
	"$from/../../support/npm_ci.sh" "$from" "$to" || without "npm failed"
	echo "Compiling better-sqlite3 (a minute or two)"
	# Headers beside this node, so that node-gyp need not fetch any.
	prefix=$(dirname "$(dirname "$(command -v node)")")
	[ ! -e "$prefix/include/node/node.h" ] || export npm_config_nodedir="$prefix"
	(cd "$to" && npm_config_build_from_source=true \
		npm rebuild better-sqlite3 --ignore-scripts=false) >"$to/build.log" 2>&1 ||
		without "better-sqlite3 does not compile, see $to/build.log"
	[ -e "$built" ] || without "better-sqlite3 did not compile, see $to/build.log"
fi
cp "$from"/*.js "$to/"
