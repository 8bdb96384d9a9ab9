#!/usr/bin/env python3
"""Draws the plots beside this file from results.jsonl, the lines that `cargo bench --bench workloads` prints."""

import json
import math
import pathlib

HERE = pathlib.Path(__file__).parent
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 70, 170, 40, 50
COLOURS = ["#1b6ca8", "#c8553d", "#588b4a"]


def lines():
    for text in (HERE / "results.jsonl").read_text().splitlines():
        if text.startswith("{"):
            yield json.loads(text)


def series(bench, what):
    found = [line for line in lines() if line["bench"] == bench and line["what"] == what]
    return sorted((line["x"], line["us"], line["bare_commit_us"]) for line in found)


def short(number):
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= size and number % size == 0:
            return f"{number // size} {unit}"
    return f"{number:g}"


def draw(name, title, x_title, named):
    """One plot, both axes logarithmic: microseconds a step, and a bare commit of the same rounds as the dashed line."""
    named = [(label, points) for label, points in named if points]
    if not named:
        return
    every = [point for _, points in named for point in points]
    low_x, high_x = min(p[0] for p in every), max(p[0] for p in every)
    values = [v for p in every for v in p[1:]]
    low_y, high_y = 10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values)))

    def at(x, y):
        across = (math.log10(x) - math.log10(low_x)) / (math.log10(high_x) - math.log10(low_x) or 1)
        up = (math.log10(y) - math.log10(low_y)) / (math.log10(high_y) - math.log10(low_y))
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{title}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{x_title}</text>',
        f'<text x="16" y="{HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 16 {HEIGHT / 2})">µs a step</text>',
    ]
    y = low_y
    while y <= high_y:
        _, place = at(low_x, y)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place:.1f}" y2="{place:.1f}" stroke="#dddddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{place + 4:.1f}" text-anchor="end">{short(y)}</text>')
        y *= 10
    for x in sorted({p[0] for p in every}):
        place, _ = at(x, low_y)
        out.append(f'<text x="{place:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{short(x)}</text>')
    labels = []
    for (label, points), colour in zip(named, COLOURS):
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in (at(x, us) for x, us, _ in points))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, us, _ in points:
            a, b = at(x, us)
            out.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"><title>{us} µs</title></circle>')
        labels.append((at(*points[-1][:2])[1], label, colour))
    bare = [(x, bare) for x, _, bare in named[0][1]]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in (at(x, us) for x, us in bare))
    out.append(f'<polyline points="{path}" fill="none" stroke="#888888" stroke-dasharray="5 4"/>')
    labels.append((at(*bare[-1])[1], "a bare commit", "#666666"))
    last = -100.0
    for place, label, colour in sorted(labels):
        last = max(place, last + 15)
        out.append(f'<text x="{WIDTH - RIGHT + 8}" y="{last + 4:.1f}" fill="{colour}">{label}</text>')
    out.append("</svg>")
    (HERE / name).write_text("\n".join(out) + "\n")


draw(
    "stored.svg",
    "A step, by what the store holds already",
    "entries stored",
    [
        ("one run", series("growth-store", "stored entries, one run")),
        ("128 runs in flight", series("growth-store", "stored entries, 128 in flight")),
    ],
)
draw("length.svg", "A step, by the length of its run", "steps of the run", [("one run", series("growth-run", "steps of the run"))])
draw("at_once.svg", "A step, by the runs at once", "runs at once", [("each of 20 steps", series("growth-concurrent", "runs at once"))])
