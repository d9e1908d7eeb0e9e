"""The page while xkcd.com takes 5 s to answer: with all comics in memory, and with none."""

import time
import urllib.request

from . import pages
from .install import say

DELAY = 5


def run(warm, cold, lengths):
    """Both apps ask an upstream that is slow; `warm` has seen all comics before, `cold` none."""
    with warm.server:
        warm.server.wait_until_idle()
        cached = pages.measure(warm, pages.MANY, lengths.seconds)
    # Being asked for a page whether it is up would already be the first visit.
    cold.server.ready = "/health/live"
    with cold.server:
        views = cold.views()
        began = time.monotonic()
        times = []
        for _ in range(lengths.slow_visits):
            before = time.monotonic()
            with urllib.request.urlopen(cold.server.url + "/") as answer:
                answer.read()
            times.append(time.monotonic() - before)
        took = time.monotonic() - began
        counted = cold.views() - views
    exact = "exact" if counted == len(times) else f"WRONG: {len(times)} visits, {counted} counted"
    say(f"  all in memory: p99 {cached['p99_ms']:.2f} ms; none: the longest of {len(times)} took {max(times):.2f} s")
    return {"cached": cached, "first_s": times[0], "longest_s": max(times), "visits": len(times), "took_s": took, "check": exact}
