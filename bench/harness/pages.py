"""The page at 64 connections and at one, of every target in turn, round after round; every run's views counted."""

from . import load, postgres
from .install import say
from .processes import MemoryPeak

MANY, ONE = 64, 1


def warm_up(targets, comics):
    """Every comic into the memory of those that keep them; and whatever else is done only once."""
    for target in targets:
        if target.name.startswith("app_"):
            load.exact(target.server.url, comics, 16, path=lambda number: f"/{number + 1}/")
        elif target.name.startswith("counted_"):
            # It draws its comics itself: by now most have their row.
            load.exact(target.server.url, 3 * comics, 16)
        else:
            load.exact(target.server.url, 20, 4)
        target.server.wait_until_idle()
        if target.sessions:
            target.take_session()


def run(targets, pgbench, lengths):
    measured = {target.name: {"label": target.label, str(MANY): [], str(ONE): []} for target in targets}
    measured["pgbench"] = {client: [] for client in pgbench.CLIENTS}
    for number in range(1, lengths.rounds + 1):
        say(f"round {number} of {lengths.rounds}")
        for target in targets:
            for connections in (MANY, ONE):
                found = measure(target, connections, lengths.seconds)
                measured[target.name][str(connections)].append(found)
                say(f"  {target.name:22} {connections:2} connections {found['rate']:9,.0f} requests/s,"
                    f" p99 {found['p99_ms']:8.2f} ms, {found['check']}")  # fmt: skip
        for client in pgbench.CLIENTS:
            found = pgbench.measure(client, lengths.seconds)
            measured["pgbench"][client].append(found)
            say(f"  pgbench {client:14} {found['rate']:9,.0f} counts/s, {found['check']}")
    return measured


def measure(target, connections, seconds, path="/"):
    store = postgres.tree() if target.on_postgres else None
    views = target.views() if target.views else 0
    used, store_used = target.server.cpu_seconds(), store.cpu_seconds() if store else 0
    with MemoryPeak(target.server) as peak:
        found = load.wrk(target.server.url + path, connections, seconds, target.headers)
    used = target.server.cpu_seconds() - used
    store_used = (store.cpu_seconds() if store else 0) - store_used
    answered = found["answered"] - found["not_200"]
    target.server.wait_until_idle()
    counted = target.views() - views if target.views else None
    return found | {
        "rate": answered / found["seconds"],
        "cpu_us": used / max(answered, 1) * 1e6,
        "store_cpu_us": store_used / max(answered, 1) * 1e6,
        "memory": peak.bytes,
        "answered_200": answered,
        "counted": counted,
        "check": check(answered, counted, found, connections),
    }


def check(answered, counted, found, in_doubt):
    """wrk leaves when its time is over: of each connection's last request nobody knows whether it was counted."""
    if found["not_200"] or found["broken"] or found["late"]:
        return (
            f"WRONG: {found['not_200']} answers were not 200, {found['broken']} connections broke, "
            f"{found['late']} answers did not come"
        )
    if counted is None:
        return "counts nothing"
    if not answered <= counted <= answered + in_doubt:
        return f"WRONG: {answered} answers, {counted} counted"
    return "exact"
