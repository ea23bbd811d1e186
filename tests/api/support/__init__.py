# SPDX-License-Identifier: MIT
"""What the api tests stand on: real processes, a linted client, a ledger.

world.py     one sandbox and one service in a fresh folder; what must hold at the end
process.py   starting, awaiting and stopping a binary
sandbox.py   the modelled providers: ledger, calls, faults
client.py    the HTTP client; linter.py looks at every answer it receives
streams.py   reads server-sent events
raw.py       bytes on the wire, and answers read to the last of them
contract.py  every exchange against openapi.yaml
secrets.py   what must never be seen outside
keys.py      more API keys; sealing.py opens sealed values by itself; cut.c cuts a command off
crashes.py   kill -9 at a chosen call, before or after its effect, once or twice
journeys.py  the calls of create, rollback and delete; that none makes a thing twice
sweeps.py    sweeps, and effects that land when nobody asks any more
disk.py      a small disk of the test's own
facts.py     what the service promises to make and to call
"""
