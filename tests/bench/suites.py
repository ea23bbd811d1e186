# SPDX-License-Identifier: MIT
"""What is measured. Each suite is a function of the Plan that returns rows; a
row is a dict: what it is about, and figures as [minimum, median, maximum]."""

import dataclasses
import json
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess

import seeding
from measure import burst, noise, ratios, rounds, spread, summary, wrk
from processes import (
    BUILD,
    NUMBERS,
    RIVAL,
    WORK,
    Ceiling,
    Client,
    Process,
    Rival,
    Service,
    Upstream,
    free_port,
    has_rival,
    rival_env,
    say,
    service_env,
    settings,
    status_of,
    stop_all,
)

US, CEILING, THEM = "trunkline", "ceiling", "fastify"
NOBODY = "http://127.0.0.1:9"  # for a service that will call no provider
CALL_MS = 50
CAP = "TRUNKLINE_PROVIDER_CONCURRENCY"
FSYNC_MS = 2
IDS, PAGES = 50000, 2500  # different ones that are asked for


@dataclasses.dataclass
class Plan:
    sizes: list
    rounds: int
    seconds: float
    in_flight: list
    connections: list
    key: str = ""

    @property
    def middle(self):
        return self.sizes[len(self.sizes) // 2]


# --- reads -------------------------------------------------------------------------


def rival_database(size):
    """The same numbers in the rival's own table."""
    path = WORK / f"rival-{size}-{seeding.stamp()}.db"
    if not path.exists():
        for old in WORK.glob(f"rival-{size}-*.db"):
            seeding.remove(old)
        say(f"seeding {size} numbers for the rival")
        making = WORK / "making-rival.db"
        seeding.remove(making)
        source = seeding.database(size)
        argv = [shutil.which("node"), RIVAL / "import.js", source, making, BUILD / "unpack.so"]
        subprocess.run([str(a) for a in argv], check=True, timeout=900)
        making.rename(path)
        seeding.remove(making)
    return path


def readers(plan, size):
    """Everybody on the same numbers, each checked to give the same answers."""
    database = seeding.database(size)
    ours = Service(database, NOBODY)
    ours.await_checked()
    servers = {US: ours, CEILING: Ceiling("ceiling_read", database, plan.key)}
    if has_rival():
        servers[THEM] = Rival(rival_database(size), plan.key)
    agree(plan, servers, database)
    return servers, database


def agree(plan, servers, database):
    """Refuses to measure one that does another job."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        (number,) = db.execute("SELECT id FROM numbers ORDER BY seq DESC LIMIT 1 OFFSET 7").fetchone()
    expected = None
    for server in servers.values():
        client, stranger = Client(server.port, plan.key), Client(server.port, "wrong-key-0123456789")
        seen = (
            client.must("GET", f"{NUMBERS}/{number}"),
            client.must("GET", f"{NUMBERS}?limit=50")["items"],
        )
        refused = (
            stranger.ask("GET", f"{NUMBERS}/{number}")[0],
            client.ask("GET", f"{NUMBERS}/apn_00000000000000000000000000")[0],
        )
        if refused != (401, 404) or len(seen[1]) != 50 or seen != (expected or seen):
            server.fail(f"answers otherwise than it should: {refused}, {len(seen[1])} items")
        expected = seen
        client.close()
        stranger.close()


def page_ends(plan, server, database):
    """Where pages begin, all through the list: [(cursor, seq of the row before)],
    the last 50 rows at the end. Kept beside the database, whose cursors they are."""
    kept = pathlib.Path(f"{database}.pages")
    if not kept.exists() or kept.stat().st_mtime < (BUILD / "trunkline").stat().st_mtime:
        kept.write_text(json.dumps(walk(plan, server, database)))
    return json.loads(kept.read_text())


def walk(plan, server, database):
    http = Client(server.port, plan.key)
    ends, cursor = [], ""

    def step(limit):
        path = f"{NUMBERS}?limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        http.http.request("GET", path, headers={"Authorization": f"Bearer {plan.key}"})
        text = http.http.getresponse().read()
        last = text[text.rindex(b'{"id":"apn_') :][7:37].decode()
        found = re.search(rb'"next_cursor":"([^"]+)"', text[-200:])
        return last, found and found[1].decode()

    while (end := step(200))[1]:
        ends.append((end[1], end[0]))
        cursor = end[1]
    end = step(150)  # of the last 200
    ends.append((end[1], end[0]))
    http.close()
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        find = "SELECT seq FROM numbers WHERE id = ?"
        return [(cursor, db.execute(find, (number,)).fetchone()[0]) for cursor, number in ends]


def write_paths(name, paths):
    file = WORK / "paths" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(path + "\n" for path in paths))
    return file


def one_paths(database):
    """Numbers from everywhere."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        low, high = db.execute("SELECT min(seq), max(seq) FROM numbers").fetchone()
        dice = random.Random(1)
        seqs = {dice.randint(low, high) for _ in range(IDS)}
        find = "SELECT id FROM numbers WHERE seq >= ? LIMIT 1"
        ids = [db.execute(find, (seq,)).fetchone()[0] for seq in seqs]
    return write_paths("one", (f"{NUMBERS}/{number}" for number in ids))


def page_paths(plan, servers, database):
    """{which: {server: file of paths}}: the first page, pages all through the
    middle half, the last one. Each server has its own cursors."""
    ends = page_ends(plan, servers[US], database)
    inner = ends[len(ends) // 4 : -len(ends) // 4] or ends
    middle = random.Random(2).sample(inner, min(PAGES, len(inner)))
    files = {}
    for which, chosen in (("first", [None]), ("middle", middle), ("last", [ends[-1]])):
        files[which] = {}
        for name in servers:
            at = 0 if name == US else 1
            asked = ("" if end is None else f"&cursor={end[at]}" for end in chosen)
            paths = (f"{NUMBERS}?limit=50{cursor}" for cursor in asked)
            files[which][name] = write_paths(f"page-{which}-{name}-{database.stem}", paths)
    return files


def compared(taken, figure, about):
    """A row for each server, ours with its ratios."""
    rows = []
    for name, samples in taken.items():
        row = {**about, "server": name, **summary(samples)}
        if name == US:
            row["of_ceiling"] = ratios(taken, US, CEILING, figure)
            row["of_fastify"] = ratios(taken, US, THEM, figure)
        if name == US and "cpu_us" in row:
            row["cpu_of_ceiling"] = ratios(taken, US, CEILING, "cpu_us")
        rows.append(row)
    return rows


def get(plan):
    rows = []
    for size in plan.sizes:
        servers, database = readers(plan, size)
        paths = one_paths(database)
        taken = rounds(
            servers, plan.rounds, lambda s, p=paths: wrk(s, plan.key, p, 64, plan.seconds)
        )
        rows += compared(taken, "rate", {"size": size})
        stop_all()
    return rows


def leaves_us(database):
    """The least that reading a page from the middle takes; see leaves.c."""
    argv = [str(a) for a in (WORK / "leaves", database, 50, PAGES)]
    out = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=True).stdout
    return spread([json.loads(out)["us"]])


def pages(plan):
    rows = []
    for size in plan.sizes:
        servers, database = readers(plan, size)
        for which, files in page_paths(plan, servers, database).items():
            files = {servers[name].name: file for name, file in files.items()}
            taken = rounds(
                servers,
                plan.rounds,
                lambda s, f=files: wrk(s, plan.key, f[s.name], 64, plan.seconds),
            )
            rows += compared(taken, "rate", {"size": size, "page": which})
            if which == "middle":
                next(r for r in reversed(rows) if r["server"] == US)["leaves_us"] = leaves_us(database)
        stop_all()
    return rows


def sizes(plan):
    """The same pages of the smallest and of the largest table, side by side."""
    servers, files, rows = {}, {}, []
    for size in {plan.sizes[0], plan.sizes[-1]}:
        database = seeding.database(size)
        server = servers[size] = Service(database, NOBODY, f"{US}-{size}")
        server.await_checked()
        files[server.name] = page_paths(plan, {US: server}, database)
    for which in ("first", "middle", "last"):
        taken = rounds(
            servers,
            plan.rounds,
            lambda s, w=which: wrk(s, plan.key, files[s.name][w][US], 64, plan.seconds),
        )
        for size in sorted(servers, key=seeding.size_of):
            rows.append({"page": which, "size": size, **summary(taken[size])})
        if len(servers) > 1:
            rows[-1]["of_small"] = ratios(taken, plan.sizes[-1], plan.sizes[0], "cpu_us")
    stop_all()
    return rows


def connections(plan):
    """GET of one number over more and more connections."""
    rows = []
    servers, database = readers(plan, plan.middle)
    paths = one_paths(database)
    for count in plan.connections:
        taken = rounds(
            servers, plan.rounds, lambda s, c=count: wrk(s, plan.key, paths, c, plan.seconds)
        )
        rows += compared(taken, "p50_us", {"connections": count})
    stop_all()
    return rows


def access_log(plan):
    servers = {}
    for name, setting in (("off", "off"), ("on", "on")):
        database = WORK / f"log-{name}.db"
        seeding.remove(database)
        shutil.copyfile(seeding.database("1k"), database)
        servers[name] = Service(database, NOBODY, f"log-{name}", TRUNKLINE_ACCESS_LOG=setting)
        servers[name].await_checked()
    paths = one_paths(database)
    taken = rounds(servers, plan.rounds, lambda s: wrk(s, plan.key, paths, 64, plan.seconds))
    stop_all()
    for name in servers:
        seeding.remove(WORK / f"log-{name}.db")
        servers[name].log_path.unlink()
    rows = [{"log": name, **summary(samples)} for name, samples in taken.items()]
    rows[1]["of_off"] = ratios(taken, "on", "off", "cpu_us")
    return rows


# --- creates and deletes -------------------------------------------------------------

next_number = iter(range(13000000000, 14000000000))


def writers(plan, upstream, which=(US, CEILING, THEM), suffix="", env=None, **others):
    """Everybody on a database of their own, with a thousand numbers in it; ours
    with the cap of calls at once lifted as far as it goes."""
    servers, env = {}, env or {}
    if US in which:
        database = WORK / f"writing-{US}{suffix}.db"
        seeding.remove(database)
        shutil.copyfile(seeding.database("1k"), database)
        others = {CAP: settings()[CAP][1], **others, **env}
        servers[US] = Service(database, upstream.url, f"{US}{suffix}", **others)
        servers[US].await_checked()
    if CEILING in which:
        database = WORK / f"writing-{CEILING}{suffix}.db"
        seeding.remove(database)
        servers[CEILING] = Ceiling(
            "ceiling_create", database, plan.key, upstream.url, f"{CEILING}{suffix}", env
        )
    if THEM in which and has_rival():
        database = WORK / f"writing-{THEM}{suffix}.db"
        seeding.remove(database)
        shutil.copyfile(rival_database("1k"), database)
        servers[THEM] = Rival(database, plan.key, upstream.url, f"{THEM}{suffix}", env)
    return servers


def create_lines(count):
    numbers = [next(next_number) for _ in range(count)]
    body = {"agent_id": "agent_sandbox_1", "label": "Bench"}
    lines = (json.dumps({"phone_number": f"+{n}", **body}, separators=(",", ":")) for n in numbers)
    return numbers, [f"POST {NUMBERS} {line}" for line in lines]


def delete_lines(numbers):
    return [f"DELETE {NUMBERS}/%2B{n}" for n in numbers]


def create_and_delete(plan, server, upstream, in_flight, count):
    def take():
        numbers, lines = create_lines(count)  # others if the sample is taken again
        created = burst(server, upstream, plan.key, lines, in_flight)
        deleted = burst(server, upstream, plan.key, delete_lines(numbers), in_flight)
        return {"create": created, "delete": deleted}

    return noise.watch(take, [server, upstream])


def create(plan):
    upstream = Upstream(CALL_MS)
    servers = writers(plan, upstream)
    for server in servers.values():  # connections to the upstream, statements
        create_and_delete(plan, server, upstream, 10, 10)
    rows = []
    for in_flight in plan.in_flight:
        count = 5 if in_flight == 1 else in_flight
        both = rounds(
            servers,
            plan.rounds,
            lambda s, i=in_flight, c=count: create_and_delete(plan, s, upstream, i, c),
        )
        for verb in ("create", "delete"):
            taken = {name: [s[verb] for s in samples] for name, samples in both.items()}
            figure = "p50" if in_flight == 1 else "wall_ms"
            rows += compared(taken, figure, {"verb": verb, "in_flight": in_flight})
    stop_all()
    return rows


def slow_disk(plan):
    """The largest batch with and without FSYNC_MS added to each fsync."""
    upstream, in_flight = Upstream(CALL_MS), plan.in_flight[-1]
    env = {"LD_PRELOAD": str(WORK / "slow_fsync.so"), "SLOW_FSYNC_US": str(FSYNC_MS * 1000)}
    others = {}
    if "TRUNKLINE_CONFINE" in settings():  # as what is preloaded may call more
        others["TRUNKLINE_CONFINE"] = "off"
    servers = {}
    for suffix, with_env in (("", {}), (" +2 ms", env)):
        made = writers(plan, upstream, suffix=suffix, env=with_env, **others)
        servers.update({name + suffix: server for name, server in made.items()})
    for server in servers.values():
        create_and_delete(plan, server, upstream, 10, 10)
    both = rounds(
        servers,
        plan.rounds,
        lambda s: create_and_delete(plan, s, upstream, in_flight, in_flight),
    )
    stop_all()
    taken = {name: [s["create"] for s in samples] for name, samples in both.items()}
    rows = []
    for name, samples in taken.items():
        row = {"server": name, "in_flight": in_flight, **summary(samples)}
        if name.endswith(" +2 ms"):
            row["of_fast"] = ratios(taken, name, name.removesuffix(" +2 ms"), "wall_ms")
        rows.append(row)
    return rows


def cap(plan):
    """The default cap of calls at once, which is what a batch then waits for."""
    upstream, count = Upstream(CALL_MS), plan.in_flight[-1]
    calls = int(settings()[CAP][0])
    servers = writers(plan, upstream, (US,), **{CAP: calls})
    create_and_delete(plan, servers[US], upstream, 10, 10)
    both = rounds(
        servers,
        min(plan.rounds, 3),
        lambda s: create_and_delete(plan, s, upstream, count, count),
    )
    stop_all()
    rows = []
    for verb in ("create", "delete"):
        samples = [s[verb] for s in both[US]]
        allowed = [s["twilio_calls"] * CALL_MS / calls for s in samples]
        over = [s["wall_ms"] / ms for s, ms in zip(samples, allowed)]
        about = {"verb": verb, "in_flight": count, "cap": calls}
        rows.append(
            {**about, **summary(samples), "allowed_ms": spread(allowed), "of_allowed": spread(over)}
        )
    return rows


# --- start-up ------------------------------------------------------------------------


def start_once(name, plan, database, measure_idle):
    port, path = free_port(), f"{NUMBERS}?limit=1"
    if name == US:
        env = service_env(database, NOBODY, port)
        program = [BUILD / "trunkline", "serve"]
    elif name == CEILING:
        env, program = {}, [WORK / "ceiling_read", database, plan.key, 2, port]
    else:
        env = rival_env(rival_database(plan.sizes[-1]), plan.key, NOBODY, port)
        program = [shutil.which("node"), RIVAL / "server.js"]
    argv = [WORK / "startup", port, path, plan.key, *program]
    process = Process(argv, f"startup-{name}", env, r"ready ([\d.]+) (\d+)")
    sample = {"ready_ms": float(process.announced[1]), "idle_mb": None, "threads": None}
    pid = int(process.announced[2])
    if measure_idle:
        if name == US:
            process.await_log('"database_sound"', 300)
        status = status_of(pid)
        sample.update(idle_mb=status["rss_mb"], threads=status["threads"])
    process.stop()
    return sample


def startup(plan):
    size = plan.sizes[-1]
    database = seeding.database(size)
    names = [US, CEILING] + ([THEM] if has_rival() else [])
    first = set(names)

    def sample(name):
        taken = start_once(name, plan, database, name in first)
        first.discard(name)
        return taken

    taken = rounds({name: name for name in names}, plan.rounds, sample)
    return compared(taken, "ready_ms", {"size": size})


def prepare(plan, wanted):
    """Makes the databases, which may take minutes the first time."""
    sizes = {"1k"}
    if {"get", "list", "sizes", "startup"} & set(wanted):
        sizes.update(plan.sizes)
    if "connections" in wanted:
        sizes.add(plan.middle)
    for size in sorted(sizes, key=seeding.size_of):
        seeding.database(size)
        if has_rival():
            rival_database(size)


SUITES = {
    "get": get,
    "list": pages,
    "sizes": sizes,
    "connections": connections,
    "log": access_log,
    "create": create,
    "fsync": slow_disk,
    "cap": cap,
    "startup": startup,
}
