# SPDX-License-Identifier: MIT
"""What /metrics says, as samples by name and labels."""

import re

SAMPLE = re.compile(r'(?P<name>[a-z_]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)')
LABEL = re.compile(r'([a-z_]+)="([^"\\]*)"(?:,|$)')


class Scrape:
    """One look at /metrics."""

    def __init__(self, world):
        answer = world.admin.request("GET", "/metrics")
        assert answer.status_code == 200
        self.text = answer.text
        self.help, self.type, self.samples = {}, {}, {}
        for line in self.text.splitlines():
            if line.startswith("#"):
                _, what, name, rest = line.split(" ", 3)
                {"HELP": self.help, "TYPE": self.type}[what][name] = rest
            else:
                self._take(line)

    def _take(self, line):
        match = SAMPLE.fullmatch(line)
        assert match, line
        labels = match["labels"] or ""
        pairs = LABEL.findall(labels)
        assert ",".join(f'{k}="{v}"' for k, v in pairs) == labels, line
        key = match["name"], tuple(sorted(pairs))
        assert key not in self.samples, f"twice: {line}"
        self.samples[key] = float(match["value"])

    def all(self, name, **labels):
        """The samples of that name with these labels: {labels: value}."""
        return {
            key: value
            for (n, key), value in self.samples.items()
            if n == name and labels.items() <= dict(key).items()
        }

    def sum(self, name, **labels):
        """All of them together; 0 if there is none."""
        return sum(self.all(name, **labels).values())

    def one(self, name, **labels):
        (value,) = self.all(name, **labels).values()
        return value

    def series(self):
        """The names and labels of everything, without the values."""
        return set(self.samples)

    def family_of(self, name):
        """The metric that a sample belongs to."""
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        return family if self.type.get(family) == "histogram" else name
