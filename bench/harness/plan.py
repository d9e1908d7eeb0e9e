"""What is measured in which order, and for how long."""

import json
import os
import shutil
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace

from . import curve, lists, losses, machine, pages, report, scale, slow, starts
from .install import WORK, say
from .pgbench import PgBench
from .processes import Server, free_port
from .targets import Site

PARTS = ("starts", "pages", "curve", "lists", "scale", "slow", "losses")
UPSTREAM_DELAY = 0.02
CURVES = ("django_tuned", "app_sqlite", "app_postgres", "bare")


@dataclass
class Lengths:
    comics: int = 3280
    rounds: int = 3
    seconds: int = 10
    list_seconds: int = 4
    curve_seconds: int = 6
    scale_seconds: int = 6
    starts: int = 3
    slow_visits: int = 20
    exact_requests: int = 1000

    def long_enough(self):
        """Whether the figures may stand for the app: 8 s and more for each target, and all else at full length."""
        return self.seconds >= 8 and self.shorter(8) == Lengths().shorter(8)

    def shorter(self, seconds):
        return replace(
            self,
            seconds=seconds,
            list_seconds=min(seconds, self.list_seconds),
            curve_seconds=min(seconds, self.curve_seconds),
            scale_seconds=min(seconds, self.scale_seconds),
            exact_requests=min(100 * seconds, self.exact_requests),
        )


QUICK = Lengths(
    comics=300, rounds=1, seconds=2, list_seconds=1, curve_seconds=1, scale_seconds=1, starts=2, slow_visits=5, exact_requests=400
)


def lengths(quick, seconds, comics):
    found = QUICK if quick else Lengths()
    if seconds:
        found = found.shorter(seconds)
    return replace(found, comics=comics) if comics else found


def run(command, load_before, quick, parts, lengths):
    folder = WORK / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # A report of record is of everything, long enough, of the app as it is built here.
    whole = set(parts) == set(PARTS) and lengths.long_enough() and "XKCDAPP_BENCH_BINARY" not in os.environ
    results = Results(command, load_before, quick, whole, lengths)
    with upstream(folder, lengths.comics, UPSTREAM_DELAY) as url:
        _on_one_upstream(Site(folder / "site", url), lengths, parts, results)
    if "slow" in parts:
        say("a slow upstream")
        with upstream(folder, lengths.comics, slow.DELAY) as url:
            warm = Site(folder / "site", url).app("app_sqlite", "")
            results["slow"] = slow.run(warm, Site(folder / "cold", url).app("app_sqlite", ""), lengths)
    if "losses" in parts:
        say("how many views are lost")
        results["losses"] = _losses(folder, lengths)
    say(f"figures in {results.file}")
    return report.write(results)


class Results(dict):
    """The figures, written to a file as they come: an hour's work is not lost to a mistake in its last minute."""

    def __init__(self, command, load_before, quick, whole, lengths):
        about = machine.describe() | {"load_before": load_before}
        # Nobody could check out what was measured.
        whole = whole and not about["commit"].endswith("-dirty")
        super().__init__(command=command, machine=about, quick=quick, whole=whole, lengths=vars(lengths))
        self.file = WORK / f"{about['date']}{'' if whole else '-partial'}.json"
        self._began = time.monotonic()

    def __setitem__(self, part, figures):
        super().__setitem__(part, figures)
        super().__setitem__("took_minutes", (time.monotonic() - self._began) / 60)
        self.file.write_text(json.dumps(self, indent=1))


@contextmanager
def upstream(folder, comics, delay):
    port = free_port()
    # In its own process; `harness` is found from the folder above it.
    command = [sys.executable, "-m", "harness.upstream", port, comics, delay]
    server = Server(command, port, None, folder / "upstream.log", folder="bench", ready="/info.0.json")
    with server:
        yield server.url


def _on_one_upstream(site, lengths, parts, results):
    say("starting everything once, and fetching all comics")
    targets = site.all()
    named = {target.name: target for target in targets}
    pgbench = PgBench(site.folder)
    try:
        for target in targets:
            # One after the other: what a server does first, it does undisturbed.
            target.server.start()
            target.server.wait_until_idle()
        pages.warm_up(targets, lengths.comics)
        if "starts" in parts:
            say("starts")
            results["starts"] = starts.run(targets, lengths)
        if "pages" in parts:
            results["pages"] = pages.run(targets, pgbench, lengths)
        if "curve" in parts:
            say("latency against offered load")
            results["curve"] = curve.run([named[name] for name in CURVES], site.folder, lengths)
        if "lists" in parts:
            say("lists")
            results["lists"] = lists.run(named["app_postgres"], lengths)
    finally:
        for target in targets:
            target.server.stop()
    if "scale" in parts:
        say("instances on one database")
        results["scale"] = scale.run(site, lengths)


def _losses(folder, lengths):
    measured = []
    for comics in losses.COMICS:
        with upstream(folder, comics, 0) as url:
            measured += losses.run(Site(folder / f"comics_{comics}", url), comics, lengths)
    return measured
