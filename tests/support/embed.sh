#!/bin/sh
# SPDX-License-Identifier: MIT
#
# embed.sh - print a file as a comma separated list of bytes, for a C array:
#
#   tests/support/embed.sh openapi.yaml > build/gen/openapi_yaml.inc
#
#   static const unsigned char openapi_yaml[] = {
#   #include "openapi_yaml.inc"
#   };
set -eu

[ $# -eq 1 ] || { echo "usage: embed.sh FILE" >&2; exit 2; }
[ -s "$1" ] || { echo "embed.sh: $1 is missing or empty" >&2; exit 1; }
LC_ALL=C od -An -v -tu1 "$1" |
	awk '{ for (i = 1; i <= NF; i++) printf "%s,", $i; print "" }'
