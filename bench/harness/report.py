"""The figures as a page of Markdown with two charts."""

import statistics
from pathlib import Path

from . import capacity, chart, readme, sections
from .figures import table
from .goals import ceiling, goals
from .install import WORK, say

# A load average above it, before anything is measured, is somebody else's.
BUSY = 0.5


def write(results):
    """Returns the exit code: 1 when a check failed."""
    machine = results["machine"]
    folder, name = (Path("bench/results"), machine["date"]) if results["whole"] else (WORK, "partial")
    folder.mkdir(parents=True, exist_ok=True)
    wrong = list(_wrong(results, ()))
    parts = [f"# Measured on {machine['date']}", ""]
    parts += _head(results, wrong)
    if "pages" in results:
        parts += _image(folder, name, _bars(results["pages"], machine), "Requests per second")
        parts += sections.pages(results["pages"]) + sections.pgbench(results["pages"]["pgbench"])
    parts += [
        "## Floors and goals",
        "",
        *table(["figure", " measured", " floor", " goal", ""], [goal.row() for goal in goals(results)]),
    ]
    if "pages" in results:
        parts += [ceiling(results["pages"]), ""]
    if "curve" in results:
        labels = {name: found["label"] for name, found in results.get("pages", {}).items() if name != "pgbench"}
        image = _image(folder, f"{name}-latency", _curves(results["curve"]), "Latency against offered load")
        parts += sections.curve(results["curve"], labels, image)
    for part in ("scale", "starts", "lists", "slow", "losses"):
        if part in results:
            parts += getattr(sections, part)(results[part])
    if "pages" in results and "scale" in results:
        parts += capacity.section(results["pages"], results["scale"])
    page = folder / f"{name}.md"
    page.write_text("\n".join(parts).rstrip() + "\n")
    if results["whole"] and machine["load_before"] <= BUSY and not wrong:
        readme.update(results)
    say(f"report in {page}")
    for line in wrong:
        say(f"WRONG: {line}")
    return 1 if wrong else 0


def _head(results, wrong):
    machine, lengths = results["machine"], results["lengths"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    load = f"{machine['load_before']:.1f}"
    if machine["load_before"] > BUSY:
        load += ": **others used it meanwhile; absolute figures are too low, ratios are no more than hints**"
    exact = (
        "every run's views had grown by the answers with 200, and where wrk leaves before its last answers by at most "
        "one more for each connection; there were no other answers"
    )
    return [
        f"By `{results['command']}`, on commit {machine['commit']}, in {results['took_minutes']:.0f} minutes. "
        "[bench/README.md](../README.md) says how each figure is measured and why the peers are fair.",
        "",
        f"- Machine: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB. It runs the server, "
        "PostgreSQL, Redis, the stand-in for xkcd.com and the load.",
        f"- Its load average before the run: {load}.",
        f"- Versions: {versions}.",
        f"- {lengths['comics']:,} comics. The page: {lengths['rounds']} rounds, interleaved, each "
        f"{lengths['seconds']} s of every target; lists {lengths['list_seconds']} s, instances "
        f"{lengths['scale_seconds']} s; medians, with the least and the greatest beside them. The curve is one run of "
        f"{lengths['curve_seconds']} s for each rate, the slow upstream one of {lengths['seconds']} s.",
        "- Absolute figures differ by tens of per cent between machines and hours. Ratios of one run differ less.",
        f"- Checks: {f'**{len(wrong)} failed**: ' + '; '.join(wrong) if wrong else exact}.",
        "",
    ]


def _wrong(found, path):
    """Every check that failed, wherever it is among the figures."""
    if isinstance(found, dict):
        if str(found.get("check", "")).startswith("WRONG"):
            yield f"{' '.join(path)}: {found['check']}"
        for key, value in found.items():
            yield from _wrong(value, (*path, key))
    elif isinstance(found, list):
        for index, value in enumerate(found):
            yield from _wrong(value, (*path, str(index + 1)))


def _image(folder, name, svg, alternative):
    (folder / f"{name}.svg").write_text(svg)
    return [f"![{alternative}]({name}.svg)", ""]


def _bars(pages, machine):
    rows = [
        (found["label"], statistics.median(one["rate"] for one in found["64"]), name.startswith("app_"))
        for name, found in pages.items()
        if name != "pgbench"
    ]
    title = "Pages per second, each view counted and on disk before it is shown"
    note = f"64 connections, {machine['cores']} cores for everything, the load too; {machine['date']}; more is better"
    return chart.bars(title, note, rows)


CURVE_LABELS = {
    "app_postgres": "App, PostgreSQL",
    "app_sqlite": "App, SQLite",
    "django_tuned": "tuned Django",
    "bare": "bare actix-web",
}


def _curves(curve):
    # Up to the last rate that a server could follow: beyond it latency says how long the run was.
    series = []
    for name, label in CURVE_LABELS.items():
        points = [
            (one["offered"], one["p50_ms"], one["p99_ms"])
            for one in curve.get(name, [])
            if one["achieved"] >= 0.95 * one["offered"]
        ]
        if points:
            series.append((label, points))
    note = "up to the last rate that the server could follow; whole lines p50, dotted lines p99"
    return chart.curves("How long a page takes, by how many are asked for", note, series)
