#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""lint_size.py - no file above 500 lines, no function above 100.

    lint_size.py [--longest N]

Of tests only the functions are held to it: a file of cases may be long. What
stands between `clang-format off` and `clang-format on` does not count: tables
may be as long as what they list. --longest prints the N longest files and
functions and finds no fault.
"""
import re
import sys
from pathlib import Path

FILE_MAX, FUNCTION_MAX = 500, 100
OFF, ON = re.compile(r"clang-format off\b"), re.compile(r"clang-format on\b")


def counted(lines):
    """(number, text) of the lines outside tables."""
    table = False
    for number, text in enumerate(lines, 1):
        if OFF.search(text):
            table = True
        if not table:
            yield number, text
        if ON.search(text):
            table = False


def functions(lines):
    """(name, first line, length): from the line of its name to its brace."""
    head, start, length = [], 0, 0
    for number, text in counted(lines):
        if start:
            length += 1
            if text.startswith("}"):
                name = re.findall(r"(\w+)\(", " ".join(head)) or ["?"]
                yield name[0], start, length
                head, start = [], 0
        elif text.startswith("{"):
            start, length = number - len(head), len(head) + 1
        elif text[:1] in ("", "\n", "/", " ", "#", "}") or text.rstrip(
                ).endswith(";"):
            head = []
        elif text[:1] == "\t" and not head:
            continue
        else:
            head.append(text)


def main():
    args = sys.argv[1:]
    longest = None
    if args[:1] == ["--longest"]:
        longest = int(args[1])
    paths = sorted(p for root in ("include", "src", "tests")
                   for p in Path(root).rglob("*.[ch]"))
    sizes, bodies = [], []
    for path in paths:
        lines = path.read_text().splitlines()
        sizes.append((sum(1 for _ in counted(lines)), str(path)))
        bodies += [(length, f"{path}:{start}: {name}")
                   for name, start, length in functions(lines)]
    if longest is not None:
        for size, what in sorted(bodies, reverse=True)[:longest]:
            print(f"{size:5} {what}")
        for size, what in sorted(sizes, reverse=True)[:longest]:
            print(f"{size:5} {what}")
        return 0
    faults = [f"{what} has {size} lines; {FILE_MAX} are the limit"
              for size, what in sizes
              if size > FILE_MAX and not what.startswith("tests/")]
    faults += [f"{what} has {size} lines; {FUNCTION_MAX} are the limit"
               for size, what in bodies if size > FUNCTION_MAX]
    print("\n".join(faults) or
          f"size: {len(sizes)} files, {len(bodies)} functions, none too long")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
