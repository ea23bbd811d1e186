# SPDX-License-Identifier: MIT
"""The registry of problems, read from the one list that has it: include/base/err.h."""

import re

from support.process import REPO

_ROW = re.compile(r'X\((\w+),\s*"([a-z-]+)",\s*(\d{3}),\s*"([^"]+)",\s*\\?\s*"([^"]*)"\)', re.S)
_TEXT = (REPO / "include/base/err.h").read_text().replace("\\\n", "\n")

# code -> (status, title); a row without a help text is never shown to clients.
PROBLEMS = {
    code: (int(status), title) for _, code, status, title, text in _ROW.findall(_TEXT) if text
}
assert "provider-refused" in PROBLEMS and "config" not in PROBLEMS
