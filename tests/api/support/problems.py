# SPDX-License-Identifier: MIT
"""The registry of problems, read from the one list that has it: include/base/err.h."""

import re

from support.process import REPO

_ROW = re.compile(
    r'X\((\w+),\s*"([a-z-]+)",\s*(\d{3}),\s*(\d+),\s*"([^"]+)",\s*\\?\s*"([^"]*)"\)', re.S
)
_TEXT = (REPO / "include/base/err.h").read_text().replace("\\\n", "\n")
_ROWS = [row for row in _ROW.findall(_TEXT) if row[-1]]

# code -> (status, title); a row without a help text is never shown to clients.
PROBLEMS = {code: (int(status), title) for _, code, status, _, title, _ in _ROWS}
# code -> what Retry-After says; None if it is not there.
AGAIN = {code: None if again == "0" else again for _, code, _, again, _, _ in _ROWS}
assert "provider-refused" in PROBLEMS and "config" not in PROBLEMS
