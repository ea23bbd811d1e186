#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run.sh - try Trunkline: the service and a sandbox that plays Twilio and
# Retell, on a throw-away database. `make run` comes here.
#
#   tests/support/run.sh [BUILD_DIRECTORY]
#
# Stays in the foreground until Ctrl-C (or SIGTERM, SIGHUP), then stops both and
# removes the directory.
set -u

# The kernel tells us when a make that started us is gone, however it went.
if [ -z "${RUN_SH_TIED-}" ] && [ "$(cat /proc/$PPID/comm 2>/dev/null)" = make ] &&
	command -v setpriv >/dev/null; then
	RUN_SH_TIED=1 exec setpriv --pdeathsig TERM "$0" "$@"
fi
unset RUN_SH_TIED

build=${1:-build}
key=try-trunkline-locally
number=+14155550100
dir=
pids=()

cleanup()
{
	trap '' INT TERM HUP EXIT
	if [ ${#pids[@]} -gt 0 ]; then
		kill -TERM "${pids[@]}" 2>/dev/null
		for _ in $(seq 50); do # five seconds
			kill -0 "${pids[@]}" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL "${pids[@]}" 2>/dev/null
		wait "${pids[@]}" 2>/dev/null
	fi
	[ -z "$dir" ] || rm -rf -- "$dir"
}

fail()
{
	echo "run: $*" >&2
	exit 1
}

taken()
{
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# The port itself, or the next one that nobody listens on and we do not use.
free_port()
{
	local port=$1

	while taken "$port" || [[ " ${ports-} " == *" $port "* ]]; do
		port=$((port + 1))
		[ "$port" -lt $(($1 + 200)) ] || return 1
	done
	echo "$port"
}

# Starts a program that dies with us, with its output in a file.
start()
{
	local name=$1

	shift
	if command -v setpriv >/dev/null; then
		set -- setpriv --pdeathsig TERM "$@"
	fi
	"$@" </dev/null >"$dir/$name.log" 2>&1 &
	pids+=($!)
}

# wait_for NAME PID URL: until it answers, at most ten seconds.
wait_for()
{
	for _ in $(seq 100); do
		curl -fsS -o /dev/null --max-time 2 "$3" 2>/dev/null && return
		kill -0 "$2" 2>/dev/null || break
		sleep 0.1
	done
	echo "run: $1 did not start. Its output:" >&2
	tail -n 20 "$dir/$1.log" >&2
	exit 1
}

for program in trunkline trunkline-sandbox; do
	[ -x "$build/$program" ] || fail "there is no $build/$program; run make build"
done

trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

dir=$(mktemp -d "${TMPDIR:-/tmp}/trunkline-run.XXXXXX") || fail "no temporary directory"
ports=
api=$(free_port 8080) || fail "no free port from 8080 on"
ports="$api"
admin=$(free_port 9090) || fail "no free port from 9090 on"
ports="$ports $admin"
sandbox=$(free_port 9400) || fail "no free port from 9400 on"

start trunkline-sandbox "$build/trunkline-sandbox" --port "$sandbox"
# A clean environment: nothing of the caller's may lead to the real providers.
start trunkline env -i PATH="$PATH" HOME="$dir" \
	TRUNKLINE_LISTEN="127.0.0.1:$api" \
	TRUNKLINE_ADMIN_LISTEN="127.0.0.1:$admin" \
	TRUNKLINE_DATABASE_URL="sqlite:$dir/trunkline.db" \
	TRUNKLINE_API_KEY="$key" \
	TRUNKLINE_SHUTDOWN_GRACE_S=2 \
	TWILIO_ACCOUNT_SID=AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a \
	TWILIO_AUTH_TOKEN=sandbox-auth-token \
	RETELL_API_KEY=key_sandbox \
	TWILIO_API_BASE_URL="http://127.0.0.1:$sandbox" \
	TWILIO_TRUNKING_BASE_URL="http://127.0.0.1:$sandbox" \
	TWILIO_VOICE_BASE_URL="http://127.0.0.1:$sandbox" \
	RETELL_BASE_URL="http://127.0.0.1:$sandbox" \
	"$build/trunkline" serve
wait_for trunkline-sandbox "${pids[0]}" "http://127.0.0.1:$sandbox/_sandbox/clock"
wait_for trunkline "${pids[1]}" "http://127.0.0.1:$admin/readyz"

url=http://127.0.0.1:$api/v1/agent-phone-numbers
auth="-H 'Authorization: Bearer $key'"
cat <<TEXT

Trunkline runs at http://127.0.0.1:$api, with a sandbox at
http://127.0.0.1:$sandbox that plays Twilio and Retell. Nothing leaves this
machine, and everything is thrown away when you stop it with Ctrl-C.

Make a number that an agent answers:

curl -s -X POST $url $auth -H 'Content-Type: application/json' -d '{"phone_number": "$number", "agent_id": "agent_sandbox_1"}'

List the numbers:

curl -s $url $auth

See what stands at the providers because of them:

curl -s http://127.0.0.1:$sandbox/_sandbox/ledger

Take the number down again:

curl -s -X DELETE $url/%2B${number#+} $auth

Health and metrics: http://127.0.0.1:$admin/readyz and /metrics
Log:                $dir/trunkline.log
TEXT

# Until one of them ends, or a signal does.
wait -n "${pids[@]}"
echo "run: a program ended by itself. The last lines of both logs:" >&2
tail -n 20 "$dir"/*.log >&2
exit 1
