"""Plots as SVG text: bars of CPU time a workload, lines over a logarithmic axis."""

import dataclasses
import math
from xml.sax.saxutils import escape

COLOURS = {"gatehouse": "#0b6e4f", "haproxy": "#3d6cb9", "nginx": "#b5651d", "floor": "#777777"}
LINES = ("#0b6e4f", "#3d6cb9", "#b5651d", "#7b4ea3", "#a33b4e")
WIDTH, LEFT, RIGHT = 760, 130, 90
ROW, BAR = 30, 18


@dataclasses.dataclass(frozen=True)
class Bar:
    label: str
    value: float
    low: float
    high: float
    user: float  # of value; the rest is the kernel's


@dataclasses.dataclass(frozen=True)
class Group:
    title: str
    bars: list
    floor: float | None  # where the dashed line goes


def _text(x, y, text, anchor="start", size=12, colour="#222222", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}"'
            f' font-weight="{weight}">{escape(text)}</text>')


def _line(x1, y1, x2, y2, colour="#222222", extra=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" {extra}/>'


def _rect(x, y, width, height, colour, extra=""):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}" {extra}/>'


def _document(height, title, description, shapes):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' font-family="system-ui, sans-serif">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(description)}</desc>",
        _rect(0, 0, WIDTH, height, "#ffffff"),
        _text(16, 26, title, size=15, weight="600"),
        _text(16, 45, description, size=11, colour="#555555"),
        *shapes, "</svg>", "",
    ])


def nice_step(highest, steps):
    """A step of 1, 2 or 5 times a power of ten that reaches `highest` in at most `steps`."""
    base = 10 ** math.floor(math.log10(highest / steps))
    return next(base * f for f in (1, 2, 5, 10) if base * f * steps >= highest)


def _bar(bar, top, x, scale):
    colour = COLOURS[bar.label.partition("-")[0]]
    middle = top + BAR / 2
    kernel = bar.value - bar.user
    return [
        _text(LEFT - 8, middle + 4, bar.label, anchor="end"),
        _rect(LEFT, top, kernel * scale, BAR, colour, 'fill-opacity="0.45"'),
        _rect(x(kernel), top, bar.user * scale, BAR, colour),
        _line(x(bar.low), middle, x(bar.high), middle, extra='stroke-width="1.5"'),
        _line(x(bar.low), middle - 4, x(bar.low), middle + 4),
        _line(x(bar.high), middle - 4, x(bar.high), middle + 4),
        _text(x(max(bar.value, bar.high)) + 6, middle + 4, f"{bar.value:.1f}"),
    ]


def bars(title, description, groups):
    """Horizontal bars in groups; the floor is a dashed line through its group."""
    highest = max(max(bar.value, bar.high) for group in groups for bar in group.bars)
    scale = (WIDTH - LEFT - RIGHT) / highest
    top = 64
    shapes = []

    def x(value):
        return LEFT + value * scale

    for group in groups:
        shapes.append(_text(16, top + 12, group.title, size=13, weight="600"))
        top += 22
        first = top
        for bar in group.bars:
            shapes += _bar(bar, top, x, scale)
            top += ROW
        if group.floor is not None:
            shapes.append(_line(x(group.floor), first - 4, x(group.floor), top - ROW + BAR + 4, "#c0392b",
                                'stroke-width="1.5" stroke-dasharray="5 3"'))
        top += 14
    return _document(top, title, description, shapes)


def _grid(points, highest, x, y, top, bottom):
    shapes = []
    step = nice_step(highest, 6)
    for i in range(math.floor(highest / step + 1e-9) + 1):
        shapes.append(_line(60, y(i * step), WIDTH - RIGHT, y(i * step), "#dddddd"))
        shapes.append(_text(52, y(i * step) + 4, f"{i * step:g}", anchor="end", size=11))
    for power in range(math.ceil(math.log10(min(points))), math.floor(math.log10(max(points))) + 1):
        shapes.append(_line(x(10**power), top, x(10**power), bottom, "#eeeeee"))
        shapes.append(_text(x(10**power), bottom + 18, f"{10**power:,}", anchor="middle", size=11))
    return shapes


def curves(title, description, series, axis):
    """`series`: name -> [(x, y)], x on a logarithmic axis, y from zero."""
    points = [p for line in series.values() for p in line]
    xs = [p[0] for p in points]
    highest = max(p[1] for p in points) * 1.1
    top, bottom = 70, 330
    low, span = math.log10(min(xs)), max(math.log10(max(xs) / min(xs)), 1e-9)

    def x(value):
        return 60 + (math.log10(value) - low) / span * (WIDTH - RIGHT - 60)

    def y(value):
        return bottom - value / highest * (bottom - top)

    shapes = _grid(xs, highest, x, y, top, bottom)
    for i, (name, line) in enumerate(series.items()):
        colour = LINES[i % len(LINES)]
        path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in sorted(line))
        shapes.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        shapes += [f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3" fill="{colour}"/>' for a, b in line]
        last = max(line)
        shapes.append(_text(x(last[0]) + 8, y(last[1]) + 4, name, size=11, colour=colour))
    shapes.append(_text((60 + WIDTH - RIGHT) / 2, bottom + 40, axis, anchor="middle", size=12))
    return _document(bottom + 56, title, description, shapes)
