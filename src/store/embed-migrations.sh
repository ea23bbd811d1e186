#!/bin/sh
# SPDX-License-Identifier: MIT
#
# embed-migrations.sh - turn migrations/NNNN_name.sql, given in order, into the
# C text that migrations.c includes: a byte array for each file and the list.
# Refuses names of another form, and versions that do not count up from 1.
#
#   sh src/store/embed-migrations.sh migrations/*.sql > build/gen/migrations.inc
set -eu
LC_ALL=C
export LC_ALL

refuse()
{
	echo "embed-migrations: $*" >&2
	exit 1
}

[ $# -gt 0 ] || refuse "no migrations given"

expected=1
rows=
for file; do
	base=${file##*/}
	version=${base%%_*}
	case $version in
	[0-9][0-9][0-9][0-9]) ;;
	*) refuse "$base: the name must be NNNN_name.sql" ;;
	esac
	name=${base#*_}
	case $name in
	*.sql) name=${name%.sql} ;;
	*) refuse "$base: the name must be NNNN_name.sql" ;;
	esac
	case $name in
	'' | *[!a-z0-9_]*) refuse "$base: name with a-z, 0-9 and _ only" ;;
	esac
	[ "$version" = "$(printf %04d $expected)" ] ||
		refuse "$base: version $(printf %04d $expected) must come here"
	[ -s "$file" ] || refuse "$base: missing or empty"

	echo "static const unsigned char migration_$version[] = {"
	od -An -v -tx1 -w16 "$file" | sed 's/ \(..\)/0x\1,/g; s/^/	/'
	echo "	0x00};"
	rows="$rows	{$expected, \"$name\", (const char *)migration_$version,
	 sizeof(migration_$version) - 1},
"
	expected=$((expected + 1))
done

echo "static const struct migration migrations[] = {"
printf %s "$rows"
echo "};"
