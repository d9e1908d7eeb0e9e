"""Latency against offered load: rates that grow until the server can't follow."""

from . import load
from .install import say

RATES = (250, 500, 1000, 1500, 2000, 2500, 3000, 4000, 6000, 8000, 12000, 16000, 24000, 32000, 48000, 64000, 96000)
CONNECTIONS = 64


def run(targets, folder, lengths):
    measured = {}
    for target in targets:
        points = measured[target.name] = []
        for rate in RATES:
            points.append(_measure(target, rate, folder / "h2load.log", lengths.curve_seconds))
            point = points[-1]
            say(f"  {target.name:22} {rate:6,} offered {point['achieved']:9,.0f} answered/s,"
                f" p99 {point['p99_ms']:8.2f} ms, {point['check']}")  # fmt: skip
            if point["achieved"] < 0.95 * rate:
                break
    return measured


def _measure(target, rate, log, seconds):
    views = target.views() if target.views else 0
    point = load.paced(target.server.url + "/", rate, CONNECTIONS, seconds, log)
    target.server.wait_until_idle()
    counted = target.views() - views if target.views else None
    # h2load waits for every answer, so here nothing is in doubt.
    if point["others"]:
        verdict = f"WRONG: {point['others']} answers were not 200"
    elif counted is None:
        verdict = "counts nothing"
    else:
        exact = counted == point["answered_200"]
        verdict = "exact" if exact else f"WRONG: {point['answered_200']} answers, {counted} counted"
    return point | {"counted": counted, "check": verdict}
