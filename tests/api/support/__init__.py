# SPDX-License-Identifier: MIT
"""What the api tests stand on: real processes, a linted client, a ledger.

world.py     one sandbox and one service in a fresh folder; what must hold at the end
process.py   starting, awaiting and stopping a binary
sandbox.py   the modelled providers: ledger, calls, faults
client.py    the HTTP client; linter.py looks at every answer it receives
contract.py  every JSON answer against openapi.yaml
secrets.py   what must never be seen outside
facts.py     what the service promises to make and to call
"""
