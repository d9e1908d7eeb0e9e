"""The tables of the report, one function for each part."""

import statistics

from .figures import median, megabytes, number, spread, table


def pages(found):
    head = [
        "`/`, 64 connections",
        " requests/s",
        " least to greatest",
        " p50 / p99 ms",
        " CPU µs: server, PostgreSQL",
        " memory",
    ]
    rows, alone = [], []
    for name, target in found.items():
        if name == "pgbench":
            continue
        many, one = target["64"], target["1"]
        cpu = f"{number(median(many, 'cpu_us'))}, {number(median(many, 'store_cpu_us'))}"
        latency = f"{number(median(many, 'p50_ms'))} / {number(median(many, 'p99_ms'))}"
        memory = megabytes(median(many, "memory"))
        rows.append([target["label"], number(median(many, "rate")), spread(many, "rate"), latency, cpu, memory])
        latency = f"{number(median(one, 'p50_ms'))} / {number(median(one, 'p99_ms'))}"
        alone.append([target["label"], number(median(one, "rate")), spread(one, "rate"), latency])
    second = ["`/`, 1 connection", " requests/s", " least to greatest", " p50 / p99 ms"]
    return ["## The page", "", *table(head, rows), *table(second, alone)]


def pgbench(found):
    rows = [
        [clients, number(median(rounds, "rate")), spread(rounds, "rate"), number(median(rounds, "latency_ms"))]
        for clients, rounds in found.items()
    ]
    head = ["clients of pgbench, visitors of the counter", " counts/s", " least to greatest", " mean ms"]
    return [
        "## Counts without pages",
        "",
        "pgbench commits one upsert at a time: what each visit costs without group commit. *Counter* is the app's, with "
        "visitors who wait for their number as pages do.",
        "",
        *table(head, rows),
    ]


def curve(found, labels, image):
    head = ["server", " offered/s", " answered/s", " p50 ms", " p99 ms", ""]
    rows = []
    for name, points in found.items():
        for point in points:
            saturated = "saturated" if point["achieved"] < 0.95 * point["offered"] else ""
            figures = [number(point[key]) for key in ("achieved", "p50_ms", "p99_ms")]
            rows.append([labels.get(name, name), f"{point['offered']:,}", *figures, saturated])
    note = "Requests at a fixed rate (h2load), until the server can't follow."
    return ["## Latency against offered load", "", note, "", *image, *table(head, rows)]


def scale(found):
    head = [
        " instances",
        " counts/s",
        " least to greatest",
        " p99 ms, worst instance",
        " CPU µs of PostgreSQL per count",
        " deadlocks",
    ]
    lines = ["## Instances on one database", "", "All on this machine, with their load."]
    for visitors, counts in found.items():
        rows = [
            [
                count,
                number(median(rounds, "rate")),
                spread(rounds, "rate"),
                *(number(median(rounds, key)) for key in ("p99_ms", "store_cpu_us")),
                sum(one["deadlocks"] for one in rounds),
            ]
            for count, rounds in counts.items()
        ]
        lines += ["", f"64 connections {visitors}:", "", *table(head, rows)]
    return lines


def starts(found):
    head = ["server", " ms to listening", " ms to the first page", " memory idle"]
    rows = [
        [
            name.replace("_", " "),
            number(statistics.median(one["listening_ms"])),
            number(statistics.median(one["answer_ms"])),
            megabytes(one["idle_memory"]),
        ]
        for name, one in found.items()
    ]
    note = (
        "From exec. gunicorn listens before it can answer. Idle: with all comics in memory, where a server keeps them."
    )
    return ["## Start and rest", "", note, "", *table(head, rows)]


def lists(found):
    head = ["page, 8 connections", " requests/s", " p50 ms", " p99 ms", " p99, least to greatest"]
    rows = [
        [f"`{path}`", *(number(median(rounds, key)) for key in ("rate", "p50_ms", "p99_ms")), spread(rounds, "p99_ms")]
        for path, rounds in found.items()
    ]
    return [
        "## Lists and the admin site",
        "",
        "On PostgreSQL and Redis, with all comics and 100,000 rows of history.",
        "",
        *table(head, rows),
    ]


def slow(found):
    cached = found["cached"]
    return [
        "## When xkcd.com takes 5 s",
        "",
        f"- All comics in memory: {number(cached['rate'])} requests/s at 64 connections, "
        f"p50 {number(cached['p50_ms'])} ms, p99 {number(cached['p99_ms'])} ms.",
        f"- None in memory: the first page took {number(found['first_s'])} s, the longest of {found['visits']} "
        f"{number(found['longest_s'])} s.",
        "",
    ]


def losses(found):
    rows = []
    for one in found:
        lost = one["answered"] - one["counted"]
        share = f"{lost / one['answered']:.1%}" if lost else "none"
        rows.append([one["label"], one["comics"], f"{one['answered']:,}", f"{one['counted']:,}", share])
    note = "8 clients at once, each answer waited for. The check that finds every other run exact finds the loss here."
    return [
        "## Views that are lost",
        "",
        note,
        "",
        *table(["server", " comics", " answered", " counted", " lost"], rows),
    ]
