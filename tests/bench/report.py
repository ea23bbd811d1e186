# SPDX-License-Identifier: MIT
"""RESULTS.md and its plots, from what bench.py has found."""

import plot
from seeding import size_of

PLOTS = {
    "latency": ("results-latency.svg", "Latency against concurrency"),
    "size": ("results-size.svg", "CPU per request against the size of the table"),
}

RATIOS = [("× ceiling", "of_ceiling"), ("× Fastify", "of_fastify")]
READ = [
    ("requests/s", "rate"),
    ("CPU µs", "cpu_us"),
    ("p50 µs", "p50_us"),
    ("p99 µs", "p99_us"),
    *RATIOS,
    ("CPU × ceiling", "cpu_of_ceiling"),
    ("bad", "bad"),
]
BATCH = [
    ("batch ms", "wall_ms"),
    ("p50 ms", "p50"),
    ("p99 ms", "p99"),
    ("CPU ms each", "cpu_ms"),
    ("peak MB", "peak_mb"),
    ("threads", "threads"),
    ("failed", "failed"),
]

# Of each suite: title, what it says, (heading, key of a row).
TABLES = {
    "get": (
        "GET of one number",
        "64 connections, ids drawn from all of the table. Ratios are of the rates.",
        [("numbers", "size"), ("server", "server"), *READ],
    ),
    "list": (
        "GET of a page of 50",
        "64 connections: the first page, pages from all over the middle half, the last page. "
        "Only reading the file's pages that hold such a one takes so much CPU as the last column says.",
        [("numbers", "size"), ("page", "page"), ("server", "server"), *READ, ("reading µs", "leaves_us")],
    ),
    "sizes": (
        "The same page of a small and of a large table",
        "The service twice, 64 connections each, sampled in turn. The ratio is of the CPU time.",
        [("page", "page"), ("numbers", "size"), *READ[:4], ("CPU × small", "of_small"), ("bad", "bad")],
    ),
    "connections": (
        "GET of one number, by connections",
        "One connection tells what an answer takes when nothing else is going on. Ratios are of p50.",
        [("connections", "connections"), ("server", "server"), *READ],
    ),
    "log": (
        "What the access log costs",
        "GET of one number, 64 connections, the log going to a file; the ratio is of the CPU time.",
        [("access log", "log"), *READ[:4], ("CPU × off", "of_off")],
    ),
    "create": (
        "Creates and deletes",
        "Every provider call takes 50 ms; the cap of calls at once is lifted to its limit. Ratios are "
        "of p50 for one in flight, else of the time of the batch.",
        [
            ("", "verb"),
            ("in flight", "in_flight"),
            ("server", "server"),
            *BATCH,
            *RATIOS,
            ("answers late ms", "late_p99_ms"),
        ],
    ),
    "fsync": (
        "Creates on a slow disk",
        "2 ms added to each fsync; the ratio is to the batch without.",
        [("in flight", "in_flight"), ("server", "server"), *BATCH[:4], ("failed", "failed"), ("× fast disk", "of_fast")],
    ),
    "cap": (
        "With the default cap",
        "The cap holds for each account. Allowed is what the calls to Twilio take at least: their "
        "number × 50 ms / cap.",
        [
            ("", "verb"),
            ("in flight", "in_flight"),
            ("cap", "cap"),
            ("batch ms", "wall_ms"),
            ("allowed ms", "allowed_ms"),
            ("× allowed", "of_allowed"),
            ("failed", "failed"),
        ],
    ),
    "startup": (
        "Start-up and rest",
        "From exec to the first answer; then the memory and threads of a process that has nothing to do, "
        "after it has looked through the database.",
        [
            ("numbers", "size"),
            ("server", "server"),
            ("exec to answer ms", "ready_ms"),
            ("idle RSS MB", "idle_mb"),
            ("threads", "threads"),
            *RATIOS,
        ],
    ),
}


def figure(value):
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.2f}"


def cell(value):
    """median (minimum–maximum), or the word itself."""
    if value is None:
        return ""
    if not isinstance(value, list):
        return str(value)
    low, middle, high = value
    return figure(middle) if low == high else f"{figure(middle)} ({figure(low)}–{figure(high)})"


def table(columns, rows):
    yield "| " + " | ".join(heading for heading, _ in columns) + " |"
    yield "|" + "|".join("---" if i < 2 else "---:" for i in range(len(columns))) + "|"
    for row in rows:
        yield "| " + " | ".join(cell(row.get(key)) for _, key in columns) + " |"


def suite(name, found):
    title, words, columns = TABLES[name]
    noise = found["noise"]
    yield f"### {title}"
    yield ""
    others = f" Other processes used {noise[1]:.2f} cores meanwhile, at most {noise[2]:.2f}." if noise else ""
    yield f"`make bench T={name}`, {found['seconds']} s. {words}{others}"
    yield ""
    yield from table(columns, found["rows"])
    yield ""


def unanswered(suites):
    """What went wrong with ours or with a ceiling: figures of that mean nothing."""
    for name, found in suites.items():
        for row in found["rows"]:
            for key in ("bad", "failed"):
                if any(row.get(key) or []) and "fastify" not in row.get("server", ""):
                    yield f"{name}: {row.get('server', 'trunkline')}: {cell(row[key])} {key}"


# --- goals -------------------------------------------------------------------------


class Found:
    """Looks figures up; None where a suite was not run."""

    def __init__(self, suites):
        self.suites = suites

    def medians(self, name, key, **about):
        return [
            row[key][1]
            for row in self.suites.get(name, {}).get("rows", [])
            if row.get(key) and all(row.get(k) == v for k, v in about.items())
        ]

    def median(self, name, key, **about):
        return next(iter(self.medians(name, key, **about)), None)

    def sizes(self):
        rows = self.suites.get("sizes", {}).get("rows", [])
        sizes = sorted({row["size"] for row in rows}, key=size_of)
        return (sizes[0], sizes[-1]) if sizes else ("the smallest", "the largest")

    def least(self, name, key, **about):
        """The smallest median of the rows."""
        return min(self.medians(name, key, **about), default=None)

    def most(self, name, key, **about):
        return max(self.medians(name, key, **about), default=None)


def divided(a, b):
    return a / b if a is not None and b else None


def goals(f):
    """(what, found, at least or at most, limit)"""
    one = {"verb": "create", "in_flight": 1}
    many = {"verb": "create", "in_flight": 1000, "server": "trunkline"}
    small, large = f.sizes()
    return [
        ("GET of one number, to Fastify, rate", f.least("get", "of_fastify"), ">=", 2.5),
        ("GET of one number, to the ceiling, rate", f.least("get", "of_ceiling"), ">=", 0.8),
        ("a page of 50, to Fastify, rate", f.least("list", "of_fastify"), ">=", 6),
        (f"a page of {large} to the same of {small}, CPU, the worst", f.most("sizes", "of_small"), "<=", 1.3),
        ("one create at 50 ms a call, ms", f.median("create", "p50", server="trunkline", **one), "<=", 208),
        ("one create, to Fastify", f.median("create", "of_fastify", **one), "<=", 0.52),
        ("1,000 creates at once, to Fastify, batch", f.median("create", "of_fastify", **many), "<=", 0.45),
        ("… that failed", f.median("create", "failed", **many), "<=", 0),
        (
            "… p99 to p50",
            divided(f.median("create", "p99", **many), f.median("create", "p50", **many)),
            "<=",
            1.2,
        ),
        ("… threads", f.median("create", "threads", **many), "<=", 6),
        ("… peak RSS, MB", f.median("create", "peak_mb", **many), "<=", 100),
        ("… with the default cap, to what it allows", f.median("cap", "of_allowed", verb="create"), "<=", 1.15),
        (
            "… with 2 ms added to each fsync, to without",
            f.median("fsync", "of_fast", server="trunkline +2 ms"),
            "<=",
            1.2,
        ),
        ("exec to first answer, ms", f.median("startup", "ready_ms", server="trunkline"), "<=", 15),
        ("idle RSS, MB", f.median("startup", "idle_mb", server="trunkline"), "<=", 16),
    ]


def goal_rows(f):
    for what, found, way, limit in goals(f):
        if found is None:
            yield f"| {what} | – | {way} {limit} | not measured |"
            continue
        met = found >= limit if way == ">=" else found <= limit
        sign = {">=": "at least", "<=": "at most"}[way]
        yield f"| {what} | {figure(found)} | {sign} {limit} | {'yes' if met else '**no**'} |"


# --- plots -------------------------------------------------------------------------


def lines_of(rows, x, y, **about):
    lines = {}
    for row in rows:
        if row.get(y) and all(row.get(k) == v for k, v in about.items()):
            at = size_of(row[x]) if x == "size" else row[x]
            lines.setdefault(row["server"], []).append((at, row[y]))
    return lines


def panels_of(suites, wanted):
    for name, title, x, y, x_name, y_name, about in wanted:
        lines = lines_of(suites.get(name, {}).get("rows", []), x, y, **about)
        if lines and all(len(points) > 1 for points in lines.values()):
            yield title, x_name, y_name, lines


WANTED = {
    "latency": [
        ("create", "Create, calls of 50 ms", "in_flight", "p50", "in flight", "p50 ms", {"verb": "create"}),
        ("connections", "GET of one number", "connections", "p50_us", "connections", "p50 µs", {}),
    ],
    "size": [
        ("get", "GET of one number", "size", "cpu_us", "numbers in the table", "CPU µs per request", {}),
        ("list", "GET of 50, the middle page", "size", "cpu_us", "numbers in the table", "CPU µs per request", {"page": "middle"}),
    ],
}


# --- the page ----------------------------------------------------------------------


def head(results):
    m = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in m["versions"].items())
    plan = results["options"]["plan"]
    yield "# Results"
    yield ""
    yield (
        f"Written by `{results['command']}` on {results['date']}, at commit {results['commit']}. "
        f"{m['cpu']}, {m['cpus']} CPUs, {m['memory_gb']} GB; {m['system']}, Linux {m['kernel']}, {m['filesystem']}; {versions}."
    )
    yield ""
    yield (
        f"Each figure is the median (smallest–largest) of {plan['rounds']} rounds. In a round every server is sampled once, in "
        "turn, and a ratio divides two samples of the same round. README.md says what the servers are."
    )
    yield ""


def write(results, where):
    suites = results["suites"]
    out = list(head(results))
    out += ["## Goals", "", "| | found | goal | met |", "|---|---:|---:|---|"]
    out += [*goal_rows(Found(suites)), ""]
    for key, (file, words) in PLOTS.items():
        panels = list(panels_of(suites, WANTED[key]))
        if panels:
            plot.write(where / file, panels)
            out += [f"![{words}]({file})", ""]
    out += ["## Figures", ""]
    for name in TABLES:
        if name in suites:
            out += suite(name, suites[name])
    (where / "RESULTS.md").write_text("\n".join(out))
