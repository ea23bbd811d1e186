#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""lint_includes.py - arrows point one way, as the README's map draws them.

    base < net, provider, store < steps < saga < api        sandbox on base only

Also: a folder's private headers stay in it, a library is included only by the
folder that wraps it, and nothing but tests and the sandbox's own program knows
the sandbox.
"""
import re
import sys
from pathlib import Path

# folder -> the folders whose contracts (include/FOLDER/) it may include
MAY = {
    "base": set(),
    "net": {"base"},
    "provider": {"base"},
    "store": {"base"},
    "steps": {"base", "provider"},
    "saga": {"base", "net", "provider", "store", "steps"},
    "api": {"base", "store", "steps", "saga"},
    "sandbox": {"base"},
    "main": {"base", "net", "store", "steps", "saga", "api"},
}
# system header -> the folders that may include it
WRAPPED = {
    "sqlite3.h": {"store"},
    "microhttpd.h": {"api", "sandbox"},
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)


def folder_of(path):
    """include/X/… and src/X/… belong to X, src/main.c and the like to main."""
    parts = path.parts
    return parts[1] if len(parts) > 2 else "main"


def faults_of(path, text):
    folder = folder_of(path)
    if folder not in MAY:
        yield f"{path}: the folder {folder} has no place in the map"
        return
    for kind, name in INCLUDE.findall(text):
        if kind == "<":
            if folder not in WRAPPED.get(name, {folder}):
                yield f"{path}: <{name}> is for {', '.join(WRAPPED[name])}"
        elif ".." in name.split("/"):
            yield f'{path}: "{name}" reaches into another folder'
        elif "/" in name:
            other = name.split("/")[0]
            if other != folder and other not in MAY[folder]:
                yield f'{path}: {folder} must not include "{name}"'


def main():
    files = sorted(p for root in ("include", "src")
                   for p in Path(root).rglob("*.[ch]"))
    faults = [f for p in files for f in faults_of(p, p.read_text())]
    print("\n".join(faults) or f"includes: {len(files)} files, all one way")
    return 1 if faults or not files else 0


if __name__ == "__main__":
    sys.exit(main())
