"""Medians and spreads of rounds, and how numbers are written."""

import statistics


def median(rounds, key):
    return statistics.median(one[key] for one in rounds)


def spread(rounds, key, scale=1):
    values = [one[key] / scale for one in rounds]
    return f"{number(min(values))} to {number(max(values))}"


def number(value):
    """Three digits that matter, thousands with commas."""
    if value >= 100 or value == 0:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}"


def megabytes(value):
    return f"{value / 2**20:.0f} MB"


def table(head, rows):
    """Markdown; a head that begins with a space is of figures, which stand to the right."""
    marks = ["---:" if name.startswith(" ") else "---" for name in head]
    lines = [[name.strip() for name in head], marks, *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines] + [""]
