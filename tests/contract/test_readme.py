# SPDX-License-Identifier: MIT
"""test_readme.py - the README says what the program and the Makefile say.

The table of settings equals the output of `trunkline help`. When it does not,
the failure shows the table as it should be. Its commands are run.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from document import ROOT  # noqa: E402

BUILD = Path(os.environ.get("TRUNKLINE_BUILD", ROOT / "build"))
README = (ROOT / "README.md").read_text(encoding="utf-8")

SETTING = re.compile(r"  ([A-Z][A-Z0-9_]+)(?:=(\S+))?(?:  \((\d+ to \d+)\))?"
                     r"(?:  \(or (\w+_FILE)\))?")


def settings():
    """(name, default, range, secret, meaning) of each row of `trunkline help`."""
    out = subprocess.run([BUILD / "trunkline", "help"], check=True,
                         capture_output=True, text=True).stdout
    rows = []
    for line in out.splitlines():
        row = SETTING.fullmatch(line)
        if row:
            name, default, limits, file = row.groups()
            assert file in (None, f"{name}_FILE")
            rows.append([name, default, limits, file is not None, ""])
        elif line.startswith("        ") and rows:
            rows[-1][4] = f"{rows[-1][4]} {line.strip()}".strip()
    return rows


def table():
    """The README's table of settings as it should be."""
    lines = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, default, limits, secret, meaning in settings():
        default = f"`{default}`" if default else "–"
        if limits:
            default += f" ({limits})"
        if secret:
            default += ", *secret*"
        lines.append(f"| `{name}` | {default} | {meaning} |")
    return "\n".join(lines)


def test_its_table_of_settings_is_the_programs():
    assert len(settings()) > 20
    shown = README[README.index("| Variable |"):].split("\n\n")[0]
    assert shown == table(), f"the table should be\n\n{table()}\n"


def test_its_sub_commands_are_the_programs():
    out = subprocess.run([BUILD / "trunkline", "help"], check=True,
                         capture_output=True, text=True).stdout
    known = set(re.findall(r"^  ([a-z]+) ", out, re.M))
    blocks = [text for _, text in re.findall(
        r"^```(\w*)\n(.*?)^```$", README, re.S | re.M)]
    named = set(re.findall(r"\btrunkline ([a-z]+)\b", "\n".join(
        b for b in blocks if b.startswith("trunkline "))))
    assert known and named == known


def test_the_targets_it_names_are_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text()
    blocks = "".join(re.findall(r"^```\w*\n(.*?)^```$", README, re.S | re.M))
    named = set(re.findall(r"^(?:.*&& )?make ([a-z-]+)", blocks, re.M)) | set(
        re.findall(r"`make ([a-z-]+)", README))
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    assert named and named <= targets, named - targets


def test_the_files_it_names_are_there():
    named = set(re.findall(
        r"`((?:src|include|tests|docker|migrations)/[\w./-]*)`", README))
    missing = [name for name in named if not (ROOT / name).exists()]
    assert len(named) > 15 and not [
        name for name in missing if name != "docker/secrets/"], missing


def test_its_links_within_the_page_lead_somewhere():
    headings = {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-")
                for h in re.findall(r"^#+ (.*)$", README, re.M)}
    targets = set(re.findall(r"\]\(#([^)]+)\)", README))
    assert targets and targets <= headings, targets - headings


@pytest.fixture
def tried():
    """What `make run` starts; its output up to where it is ready."""
    run = subprocess.Popen([ROOT / "tests/support/run.sh", BUILD], stdout=subprocess.PIPE, text=True)
    try:
        said = []
        while not said or not said[-1].startswith("Log:"):
            said.append(run.stdout.readline())
            assert said[-1], f"it ended: {said}"
        yield "".join(said)
    finally:
        run.terminate()
        run.communicate(timeout=30)


def test_its_requests_are_answered_as_it_says(tried):
    """All of them, in order, against what `make run` starts; one is there to be refused."""
    service, sandbox = re.search(r"runs at (http://[\d.:]+),.*\n(http://[\d.:]+) that plays", tried).groups()
    blocks = "".join(re.findall(r"^```sh\n(.*?)^```$", README, re.S | re.M))
    lines = re.findall(r"^(?:curl|op=|api=|key=).*$", blocks, re.M)
    script = "\n".join(["curl() { command curl -w '%{stderr}%{http_code}\\n' \"$@\"; }", *lines])
    script = script.replace("http://127.0.0.1:8080", service).replace("http://127.0.0.1:9400", sandbox)
    done = subprocess.run(["bash", "-eu", "-c", script], capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    statuses = [int(word) for word in done.stderr.split()]
    assert len(statuses) == len(re.findall(r"\bcurl\b", "\n".join(lines))) > 12
    assert [status for status in statuses if status >= 300] == [502], statuses
    assert '"rolled_back":true' in done.stdout and "event: end" in done.stdout
