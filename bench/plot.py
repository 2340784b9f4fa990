#!/usr/bin/env python3
"""Draws docs/performance.svg from bench/results.tsv: scenario, client, wall time in seconds, separated by tabs.

Usage: bench/plot.py [RESULTS [SVG]]
"""

import sys
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GROUPS = [
    (
        "Large files",
        [
            ("one file of 1024 MiB down, plain", "1 GiB down"),
            ("one file of 1024 MiB up, plain", "1 GiB up"),
            ("one file of 1024 MiB down, TLS", "1 GiB down over TLS"),
            ("one file of 1024 MiB up, TLS", "1 GiB up over TLS"),
        ],
    ),
    (
        "Small files, 4 KiB each",
        [
            ("2000 files of 4 KiB down, plain", "2000 down, one connection"),
            ("2000 files of 4 KiB up, plain", "2000 up, one connection"),
            ("2000 files of 4 KiB down, plain, 8 connections", "2000 down, 8 connections"),
            ("2000 files of 4 KiB up, plain, 8 connections", "2000 up, 8 connections"),
        ],
    ),
    (
        "Listings",
        [
            ("a directory of 100000 listed, plain", "one directory of 100,000 entries"),
            ("10000 entries in 100 directories listed, plain", "10,000 entries in 100 directories"),
        ],
    ),
    (
        "Far servers",
        [
            ("60 files of 4 KiB down, plain, connections as found best, 40 ms away", "60 small files, round trip of 40 ms"),
            ("60 files of 4 KiB down, TLS, connections as found best, 40 ms away", "60 small files over TLS, 40 ms"),
            ("one file of 128 MiB down, plain, 50 ms away", "128 MiB, one connection, 50 ms"),
            ("one file of 128 MiB down, plain, 4 connections, 50 ms away", "128 MiB, 4 connections, 50 ms"),
        ],
    ),
]
OXFTP, OTHER, BASELINE, INK, FAINT = "#c2410c", "#9aa5b1", "#d5dbe1", "#1f2933", "#616e7c"
COLUMN, GUTTER, MARGIN, LINE, NAME, BAR = 460, 30, 20, 17, 78, 170


def read(path):
    scenarios = {}
    for line in path.read_text().splitlines():
        scenario, client, seconds = line.split("\t")
        scenarios.setdefault(scenario, []).append((client, float(seconds)))
    return scenarios


def in_words(seconds, oxftp):
    """Compares a time with that of oxftp."""
    ratio = seconds / oxftp
    if 0.95 < ratio < 1.05:
        return "as long as oxftp"
    if ratio < 1:
        return f"{round((1 - ratio) * 100)} % less than oxftp"
    if ratio < 1.95:
        return f"{round((ratio - 1) * 100)} % more than oxftp"
    times = f"{ratio:.1f}".removesuffix(".0") if ratio < 10 else f"{ratio:.0f}"
    return {"2": "twice as long as oxftp"}.get(times, f"{times} times as long as oxftp")


def text(x, y, words, size=12, weight="normal", color=INK):
    style = f'font-size="{size}" font-weight="{weight}" fill="{color}"'
    return f'<text x="{x}" y="{y}" {style}>{escape(words)}</text>'


def panel(x, y, title, rows):
    """Returns the drawing of one scenario, and its height."""
    # Where oxftp took part with one connection and with `-j auto`, the panel compares single connections.
    rows = sorted((row for row in rows if row[0] != "oxftp -j auto"), key=lambda row: row[1])
    oxftp = next(seconds for client, seconds in rows if client == "oxftp")
    longest = min(rows[-1][1], 3 * oxftp)
    parts = [text(x, y + 12, title, 13, "bold")]
    for client, seconds in rows:
        y += LINE
        is_oxftp = client == "oxftp"
        color = OXFTP if is_oxftp else BASELINE if client == "baseline" else OTHER
        length = max(1, round(BAR * min(seconds, longest) / longest))
        left = x + NAME
        parts.append(text(x, y + 13, client, 12, "bold" if is_oxftp else "normal", OXFTP if is_oxftp else INK))
        parts.append(f'<rect x="{left}" y="{y + 3}" width="{length}" height="{LINE - 4}" fill="{color}"/>')
        if seconds > longest:
            # The bar is cut.
            for cut in (length - 24, length - 18):
                parts.append(
                    f'<path d="M{left + cut} {y + LINE} l5 -{LINE}" stroke="#fff" stroke-width="2.5" fill="none"/>'
                )
        words = f"{seconds:.2f} s"
        if not is_oxftp:
            words += f", {in_words(seconds, oxftp)}"
        parts.append(text(left + length + 6, y + 13, words, 11, "bold" if is_oxftp else "normal", INK if is_oxftp else FAINT))
    return parts, LINE * (len(rows) + 1) + 16


def draw(scenarios):
    parts, y = [], MARGIN + 22
    parts.append(text(MARGIN, MARGIN + 10, "Wall time of the same job, shorter is better", 17, "bold"))
    for heading, panels in GROUPS:
        y += 24
        parts.append(text(MARGIN, y, heading, 15, "bold"))
        parts.append(
            f'<path d="M{MARGIN} {y + 6} h{2 * COLUMN + GUTTER}" stroke="{BASELINE}" stroke-width="1" fill="none"/>'
        )
        y += 14
        for index in range(0, len(panels), 2):
            heights = []
            for column, (scenario, title) in enumerate(panels[index : index + 2]):
                drawn, height = panel(MARGIN + column * (COLUMN + GUTTER), y, title, scenarios[scenario])
                parts += drawn
                heights.append(height)
            y += max(heights)
    y += 8
    note = "baseline: blocking sockets without any service of a client. Bars that are cut are longer than drawn."
    parts.append(text(MARGIN, y, note, 11, color=FAINT))
    width, height = 2 * (MARGIN + COLUMN) + GUTTER, y + MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" role="img" aria-label="Wall times of oxftp and other clients">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *parts, "</svg>", ""])


if __name__ == "__main__":
    results, svg = [*map(Path, sys.argv[1:]), *[ROOT / "bench/results.tsv", ROOT / "docs/performance.svg"][len(sys.argv) - 1 :]]
    svg.write_text(draw(read(results)))
