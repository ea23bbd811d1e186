#!/bin/sh
# SPDX-License-Identifier: MIT
#
# npm_ci.sh - the npm packages that a folder asks for, installed somewhere else.
#
#   npm_ci.sh FROM TO     TO/node_modules gets what FROM/package-lock.json names
#
# Exactly those versions, checked against their checksums; no package runs a
# script of its own. TO/.stamp is made at the end.
set -eu

[ $# -eq 2 ] || { echo "usage: npm_ci.sh FROM TO" >&2; exit 2; }
mkdir -p "$2"
rm -f "$2/.stamp"
cp "$1/package.json" "$1/package-lock.json" "$1/.npmrc" "$2/"
cd "$2"
echo "Installing the npm packages of $1 into $2"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
[ -d node_modules ] || { echo "npm brought nothing" >&2; exit 1; } # killed
touch .stamp
