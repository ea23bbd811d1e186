# SPDX-License-Identifier: MIT
"""What the api tests stand on: real processes, a linted client, a ledger.

world.py     one sandbox and one service in a fresh folder; what must hold at the end
process.py   starting, awaiting and stopping a binary
sandbox.py   the modelled providers: ledger, calls, faults
client.py    the HTTP client; linter.py looks at every answer it receives
streams.py   reads server-sent events
contract.py  every exchange against openapi.yaml
secrets.py   what must never be seen outside
keys.py      more API keys; sealing.py opens sealed values by itself; cut.c cuts a command off
facts.py     what the service promises to make and to call
"""
