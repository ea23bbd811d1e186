# SPDX-License-Identifier: MIT
"""The limits on clients, read from the one list that has them: include/api/limits.h."""

import re

from support.process import REPO

_TEXT = (REPO / "include/api/limits.h").read_text()
_ROW = re.compile(r"^#define LIMIT_(\w+)(?:\((\w+)\))? +(.+?) *(?:/\*.*\*/)?$", re.M)
_ROWS = _ROW.findall(_TEXT)

# By name, without the LIMIT_ in front
NAMES = [name for name, _, _ in _ROWS]
LIMIT = {
    name: eval(value, {}, {})  # products of numbers
    for name, of, value in _ROWS
    if not of and re.fullmatch(r"[0-9 ()*]+", value)
}
assert LIMIT["BODY"] == 64 * 1024 and "WAITING" in NAMES
