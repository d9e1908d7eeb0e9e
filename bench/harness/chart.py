"""Two charts as SVG, drawn by hand: they follow the reader's choice of light or dark, and need no font of ours."""

import math
from html import escape

STYLE = """<style>
  svg { font: 15px system-ui, sans-serif; --paper: #fbfaf7; --ink: #22211f; --soft: #5f5c57; --line: #d9d5cd;
        --ours: #0b6e69; --second: #b2540a; --peer: #8b8780; --third: #6b3fa0; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #1b1a18; --ink: #efece6; --soft: #b0aba2; --line: #3c3a36;
          --ours: #45c4bb; --second: #f0a35e; --peer: #8f8a82; --third: #b99be8; }
  }
  .paper { fill: var(--paper) } text { fill: var(--ink) } .soft { fill: var(--soft); font-size: 13px }
  .title { font-weight: 600; font-size: 17px } .line { stroke: var(--line); fill: none }
  .ours { fill: var(--ours) } .peer { fill: var(--peer) }
  .curve { fill: none; stroke-width: 2.5; stroke-linejoin: round } .p99 { stroke-dasharray: 2 5; stroke-linecap: round }
  .c0 { stroke: var(--ours) } .c1 { stroke: var(--second) } .c2 { stroke: var(--third) } .c3 { stroke: var(--peer) }
</style>"""
WIDTH = 860


def bars(title, note, rows):
    """`rows`: label, value, whether it is ours. The value is written out: some bars are too short to see."""
    left, right, step, top = 368, 90, 34, 70
    height = top + step * len(rows) + 14
    longest = max(value for _, value, _ in rows)
    parts = [_open(height, title), _text(24, 32, title, "title"), _text(24, 54, note, "soft")]
    for index, (label, value, ours) in enumerate(rows):
        y = top + step * index
        length = max(1, (WIDTH - left - right) * value / longest)
        parts.append(_text(left - 12, y + 20, label, anchor="end"))
        kind = "ours" if ours else "peer"
        parts.append(f'<rect class="{kind}" x="{left}" y="{y + 4}" width="{length:.1f}" height="22" rx="2"/>')
        parts.append(_text(left + length + 8, y + 20, f"{value:,.0f}"))
    return "\n".join([*parts, "</svg>\n"])


def curves(title, note, series):
    """`series`: label and points (offered, p50, p99), both axes logarithmic."""
    left, top, width, height = 76, 118, WIDTH - 76 - 44, 330
    points = [point for _, points in series for point in points]
    x_axis = _Scale([point[0] for point in points], left, left + width)
    y_axis = _Scale([value for point in points for value in point[1:]], top + height, top)
    parts = [_open(top + height + 62, title), _text(24, 32, title, "title"), _text(24, 54, note, "soft")]
    for value in x_axis.ticks():
        x = x_axis.at(value)
        parts.append(f'<path class="line" d="M{x:.1f} {top}v{height}"/>')
        parts.append(_text(x, top + height + 20, f"{value:,.0f}", "soft", "middle"))
    for value in y_axis.ticks():
        y = y_axis.at(value)
        parts.append(f'<path class="line" d="M{left} {y:.1f}h{width}"/>')
        parts.append(_text(left - 10, y + 5, f"{value:g}", "soft", "end"))
    parts.append(_text(left + width, top + height + 46, "requests offered a second", "soft", "end"))
    parts.append(_text(24, top - 12, "ms", "soft"))
    for index, (label, points) in enumerate(series):
        for position, kind in ((1, ""), (2, " p99")):
            path = "L".join(f"{x_axis.at(point[0]):.1f} {y_axis.at(point[position]):.1f}" for point in points)
            parts.append(f'<path class="curve c{index}{kind}" d="M{path}"/>')
        x = left + index * (width // len(series))
        parts.append(f'<path class="curve c{index}" d="M{x} 81h22"/>')
        parts.append(_text(x + 30, 86, label))
    return "\n".join([*parts, "</svg>\n"])


class _Scale:
    """Logarithmic, from the power of ten below the least value to the one above the greatest."""

    def __init__(self, values, start, end):
        self.low, self.high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        self.start, self.end = start, end

    def at(self, value):
        return self.start + (self.end - self.start) * (math.log10(value) - self.low) / (self.high - self.low)

    def ticks(self):
        return [10.0**power for power in range(self.low, self.high + 1)]


def _open(height, title):
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(title)}">'
    return f'{head}\n{STYLE}\n<rect class="paper" width="{WIDTH}" height="{height}" rx="8"/>'


def _text(x, y, words, kind="", anchor="start"):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
