#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""lint_first_lines.py - every file of ours says its licence and what it is for.

The first line (the second after a shebang) is the SPDX line, and a comment or
a docstring follows it.
"""
import re
import subprocess
import sys
from pathlib import Path

# suffix or name -> how a comment begins
COMMENT = {
    ".c": "/*", ".h": "/*", ".sql": "--", ".js": "//", ".mjs": "//",
    ".sh": "#", ".py": "#", ".yaml": "#", ".yml": "#", ".conf": "#",
    "Makefile": "#", "Dockerfile": "#", "run": "#",
}
SPDX = "SPDX-License-Identifier: MIT"
# Nothing to say, or no way to say it.
EXEMPT = re.compile(r"(^|/)__init__\.py$|(^|/)package(-lock)?\.json$")


def files():
    """What git would keep; every file, where there is no git."""
    try:
        out = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"], check=True,
            capture_output=True, text=True).stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):
        out = [str(p) for p in Path(".").rglob("*")
               if p.parts[0] not in (".git", "build")]
    return sorted(Path(p) for p in out if p and Path(p).is_file())


def fault_of(path):
    mark = COMMENT.get(path.suffix) or COMMENT.get(path.name)
    if not mark or EXEMPT.search(str(path)):
        return None
    lines = path.read_text(encoding="utf-8").split("\n")
    if lines[0].startswith("#!"):
        lines = lines[1:]
    if not lines[0].startswith(mark) or SPDX not in lines[0]:
        return f"{path}: the first line must be the SPDX line"
    rest = [line.strip() for line in lines[1:4] if line.strip(" #*/-")]
    if not rest or not rest[0].startswith((mark, "*", '"""', "/*")):
        return f"{path}: a comment must say what the file is for"
    return None


def main():
    paths = files()
    faults = [f for f in map(fault_of, paths) if f]
    print("\n".join(faults) or f"first lines: {len(paths)} files looked at")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
