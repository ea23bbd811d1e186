# SPDX-License-Identifier: MIT
"""Line plots as SVG: panels side by side, logarithmic axes, a whisker from the
smallest to the largest value at each point, each line named at its end."""

import html
import math

WIDTH, HEIGHT = 450, 330  # of a panel
LEFT, RIGHT, TOP, BOTTOM = 62, 88, 46, 48
COLOURS = {"trunkline": "#0b6e4f", "ceiling": "#8a8f98", "fastify": "#c1440e"}
TEXT, LINE = "#24292f", "#d8dee4"
FONT = 'font-family="system-ui, sans-serif"'


def nice(value):
    """1500 as 1.5k."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.4g}{unit}"
    return f"{value:.4g}"


def ticks(low, high):
    """1, 2, 5, 10 … between them; only powers of ten if there are many."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if len(decades) <= 3 else (1,)
    return [s * 10.0**d for d in decades for s in steps if low <= s * 10.0**d <= high]


class Scale:
    """From values to pixels, logarithmically."""

    def __init__(self, low, high, start, end):
        self.low, self.high = low, max(high, low * 1.001)
        self.start, self.end = start, end

    def __call__(self, value):
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self.start + share * (self.end - self.start), 1)


def text(x, y, words, size=12, anchor="middle", colour=TEXT, more=""):
    return (
        f'<text x="{x}" y="{y}" {FONT} font-size="{size}" fill="{colour}" '
        f'text-anchor="{anchor}" {more}>{html.escape(words)}</text>'
    )


def stroke(x1, y1, x2, y2, colour, width=1):
    line = f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"'
    return f'{line} stroke="{colour}" stroke-width="{width}"/>'


def axes(title, x_name, y_name, across, up, x_values):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    yield text((LEFT + right) / 2, 22, title, 14, more='font-weight="600"')
    for value in ticks(up.low, up.high):
        y = up(value)
        yield stroke(LEFT, y, right, y, LINE)
        yield text(LEFT - 6, y + 4, nice(value), 11, "end")
    for value in x_values:
        x = across(value)
        yield stroke(x, bottom, x, bottom + 4, TEXT)
        yield text(x, bottom + 18, nice(value), 11)
    yield stroke(LEFT, bottom, right, bottom, TEXT)
    yield text((LEFT + right) / 2, HEIGHT - 10, x_name)
    middle = (TOP + bottom) / 2
    yield text(16, middle, y_name, more=f'transform="rotate(-90 16 {middle})"')


def series(points, across, up, colour):
    path = " ".join(f"{across(x)},{up(mid)}" for x, (_, mid, _) in points)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.2"/>'
    for x, (low, mid, high) in points:
        yield stroke(across(x), up(low), across(x), up(high), colour)
        yield f'<circle cx="{across(x)}" cy="{up(mid)}" r="3.2" fill="{colour}"/>'


def names(ends):
    """The names of the lines at their ends, moved apart where they would touch."""
    last = -math.inf
    for y, x, name, colour in sorted(ends):
        last = max(y + 4, last + 14)
        yield text(x + 8, last, name, 12, "start", colour)


def panel(title, x_name, y_name, lines):
    """lines: {name: [(x, [low, middle, high])]}"""
    values = [v for points in lines.values() for _, spread in points for v in spread]
    x_values = sorted({x for points in lines.values() for x, _ in points})
    across = Scale(x_values[0], x_values[-1], LEFT + 10, WIDTH - RIGHT - 10)
    up = Scale(min(values) / 1.25, max(values) * 1.25, HEIGHT - BOTTOM, TOP)
    yield from axes(title, x_name, y_name, across, up, x_values)
    ends = []
    for name, points in lines.items():
        points = sorted(points)
        colour = COLOURS.get(name, TEXT)
        yield from series(points, across, up, colour)
        x, (_, y, _) = points[-1]
        ends.append((up(y), across(x), name, colour))
    yield from names(ends)


def write(path, panels):
    """panels: of (title, name of x, name of y, lines)."""
    parts = []
    for i, one in enumerate(panels):
        parts.append(f'<g transform="translate({i * WIDTH} 0)">')
        parts.extend(panel(*one))
        parts.append("</g>")
    width = WIDTH * len(panels)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" '
        f'viewBox="0 0 {width} {HEIGHT}">\n<rect width="{width}" height="{HEIGHT}" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )
