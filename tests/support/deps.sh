#!/bin/sh
# SPDX-License-Identifier: MIT
#
# deps.sh - what Trunkline needs from the system, and how to get it on Debian.
#
#   deps.sh SET...          install what is missing of these sets
#   deps.sh --list SET...   print the names of their packages
#
# Sets: build, runtime (of a built binary), test, node, lint, bench, fuzz, analyze. Does
# nothing, quickly, when all is there. Otherwise it says what it installs and calls apt-get, with
# sudo unless it is root. `a|b` is satisfied by either; a is what it installs.
# `a:/path` is one program of the package a, which is unpacked into build/tools
# and not installed: a service would come with it.
set -eu
tools=$(dirname "$0")/../../build/tools

packages()
{
	case $1 in
	build)
		echo "gcc libc6-dev make pkg-config curl ca-certificates \
			libmicrohttpd-dev libcurl4-openssl-dev|libcurl4-gnutls-dev \
			libjansson-dev libsqlite3-dev libsodium-dev libseccomp-dev \
			liblz4-dev python3 python3-yaml"
		;;
	runtime)
		echo "ca-certificates libmicrohttpd12 libcurl4 libjansson4 \
			libsqlite3-0 libsodium23 libseccomp2 liblz4-1"
		;;
	test)
		echo "libcmocka-dev python3-pytest python3-jsonschema \
			python3-requests python3-hypothesis python3-h2 valgrind strace wrk \
			prometheus:/usr/bin/promtool"
		;;
	node)
		echo "nodejs npm"
		;;
	lint)
		echo "clang-format binutils"
		;;
	bench)
		echo "wrk g++"
		;;
	fuzz)
		echo "clang libclang-rt-14-dev|libclang-rt-dev"
		;;
	analyze)
		echo "clang-tidy cppcheck"
		;;
	*)
		echo "deps.sh: unknown set '$1' (build, runtime, test, node, lint, bench, fuzz, analyze)" >&2
		return 2
		;;
	esac
}

installed()
{
	case $1 in # may have come another way than from Debian
	nodejs) command -v node >/dev/null && return ;;
	npm) command -v npm >/dev/null && return ;;
	*:*)
		command -v "${1##*/}" >/dev/null || [ -x "$tools/${1##*/}" ]
		return
		;;
	esac
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Prints nothing if "$1" (a, or a|b) is satisfied, else the a.
missing()
{
	rest=$1
	while [ -n "$rest" ]; do
		installed "${rest%%|*}" && return
		case $rest in
		*'|'*) rest=${rest#*|} ;;
		*) rest= ;;
		esac
	done
	echo "${1%%|*}"
}

# Without dpkg we cannot look, but the compiler's helper can tell.
not_debian()
{
	if pkg-config --exists libmicrohttpd libcurl jansson sqlite3 libsodium \
		libseccomp liblz4 2>/dev/null; then
		exit 0
	fi
	echo "deps.sh: this is not a Debian-like system (no dpkg-query and" >&2
	echo "apt-get). Please install what these Debian packages hold:" >&2
	echo "  $*" >&2
	exit 1
}

apt()
{
	$as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -o DPkg::Lock::Timeout=120 "$@"
}

list_only=
if [ "${1-}" = --list ]; then
	list_only=1
	shift
fi
[ $# -gt 0 ] || { echo "usage: deps.sh [--list] SET..." >&2; exit 2; }

wanted=
for one; do
	names=$(packages "$one")
	wanted="$wanted $names"
done
# shellcheck disable=SC2086 # a list of words
wanted=$(printf '%s ' $wanted)

if [ "$list_only" ]; then
	for one in $wanted; do
		case $one in
		*:*) ;;
		*) echo "${one%%|*}" ;;
		esac
	done
	exit 0
fi
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	not_debian "$wanted"
fi

# Needs no root: apt checks what it downloads either way.
unpack()
{
	folder=$(mktemp -d) || return
	echo "Unpacking ${1##*/} from the package ${1%%:*} into build/tools"
	mkdir -p "$tools"
	(
		cd "$folder" && apt-get -q download "${1%%:*}" &&
			dpkg-deb --fsys-tarfile ./*.deb | tar -x ".${1#*:}"
	) && mv "$folder${1#*:}" "$tools/"
	status=$?
	rm -rf "$folder"
	return $status
}

bring()
{
	# shellcheck disable=SC2086 # a list of words
	[ -z "$lacking" ] ||
		apt install -y --no-install-recommends $lacking || return
	for one in $programs; do unpack "$one" || return; done
}

lacking=
programs=
for one in $wanted; do
	name=$(missing "$one")
	case $name in
	*:*) programs="$programs $name" ;;
	?*) lacking="$lacking $name" ;;
	esac
done
[ -n "$lacking$programs" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	if command -v sudo >/dev/null; then
		as_root=sudo
	elif [ -n "$lacking" ]; then
		echo "deps.sh: these packages are missing; install them as root:" >&2
		echo "  apt-get install -y$lacking" >&2
		exit 1
	fi
fi

[ -z "$lacking" ] ||
	echo "Installing through apt${as_root:+ (with sudo)}:$lacking"
# A fresh image has no package lists; old ones name versions that are gone.
if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then
	apt update
	updated=1
fi
if ! bring; then
	[ -z "${updated-}" ] || exit 1
	echo "That failed; trying again with fresh package lists."
	apt update
	bring
fi
