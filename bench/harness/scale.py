"""One to eight instances of the app on one database, with the load spread over them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from . import load, pages, postgres
from .install import say

INSTANCES = (1, 2, 4, 8)
# The same visitors over more instances; as many more visitors as instances; the same at one comic, whose row all
# batches then share.
SPREADS = {
    "in all": (lambda count: pages.MANY // count, "/"),
    "for each": (lambda count: pages.MANY, "/"),
    "in all, at one comic": (lambda count: pages.MANY // count, "/1/"),
}


def run(site, lengths):
    first = site.app("app_postgres_scale", "")
    database = first.server.environment["DATABASE_NAME"]
    with first.server:
        pages.warm_up([first], lengths.comics)
    targets = [first] + [site.app(f"app_postgres_{n}", "", database) for n in range(2, max(INSTANCES) + 1)]
    measured = {spread: {str(count): [] for count in INSTANCES} for spread in SPREADS}
    for _ in range(lengths.rounds):
        for spread, (connections, path) in SPREADS.items():
            for count in INSTANCES:
                found = measure(targets[:count], database, connections(count), path, lengths.scale_seconds)
                measured[spread][str(count)].append(found)
                say(
                    f"  {count} instances, {pages.MANY} connections {spread} {found['rate']:9,.0f} counts/s, "
                    f"{found['deadlocks']} deadlocks, {found['check']}"
                )
    return measured


def measure(targets, database, connections, path, seconds):
    with ExitStack() as running:
        for target in targets:
            running.enter_context(target.server)
        for target in targets:
            target.server.wait_until_idle()
        views, deadlocks = postgres.views(database), postgres.deadlocks(database)
        store = postgres.tree()
        store_used = store.cpu_seconds()
        with ThreadPoolExecutor(len(targets)) as pool:
            urls = [target.server.url + path for target in targets]
            found = list(pool.map(lambda url: load.wrk(url, connections, seconds), urls))
        store_used = store.cpu_seconds() - store_used
        for target in targets:
            target.server.wait_until_idle()
        counted = postgres.views(database) - views
    answered = sum(one["answered"] - one["not_200"] for one in found)
    troubles = {key: sum(one[key] for one in found) for key in ("not_200", "broken", "late")}
    dead = postgres.deadlocks(database) - deadlocks
    exact = pages.check(answered, counted, troubles, connections * len(targets))
    return {
        "rate": sum((one["answered"] - one["not_200"]) / one["seconds"] for one in found),
        "p50_ms": max(one["p50_ms"] for one in found),
        "p99_ms": max(one["p99_ms"] for one in found),
        "store_cpu_us": store_used / answered * 1e6,
        "deadlocks": dead,
        "check": f"WRONG: {dead} deadlocks" if dead else exact,
    }
