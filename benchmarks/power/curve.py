"""The operating curve of the gates as a table and a picture: ``python -m benchmarks.power.curve FILE [--svg FILE]``.

``FILE`` is what ``python -m benchmarks.gate_power --json`` printed; ``-`` reads it from the standard input. The table
goes to the standard output in Markdown, the picture where ``--svg`` says. The same figures make the same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

Point = dict[str, Any]

WIDTH: Final = 720
HEIGHT: Final = 340
LEFT: Final = 56
RIGHT: Final = 170
TOP: Final = 28
BOTTOM: Final = 48
RATES: Final = (0.60, 0.80)
COLOURS: Final = ("#0b62a4", "#c1440e", "#2f7d32", "#7a3e9d")


def table(planted: dict[str, Any]) -> str:
    """One line for each point: what was planted, the share promoted, the reference."""
    rows = [
        "| trades train / test / sealed | win rate | payoff | expectancy | promoted | 95% | reference | refused by |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for point in planted["points"]:
        low, high = point["power_95"]
        refused = ", ".join(f"`{name}` {n}" for name, n in list(point["refused_by"].items())[:2])
        rows.append(
            f"| {' / '.join(map(str, point['trades']))} | {point['win_rate']:.3f} | {point['payoff']:.2f} "
            f"| {point['expectancy_r']:+.3f} R | {point['promoted']}/{point['runs']} | {low:.2f} to {high:.2f} "
            f"| {point['reference_power']:.2f} | {refused or '-'} |"
        )
    return "\n".join(rows) + "\n"


def picture(planted: dict[str, Any]) -> str:
    """Power over win rate, one colour for each number of trades and payoff; the reference is dashed."""
    curves: dict[tuple[int, float], list[Point]] = {}
    for point in planted["points"]:
        curves.setdefault((round(point["trades"][2], -1), point["target_r"]), []).append(point)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="Share of planted edges that the gates promote">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="16">share of planted edges promoted (SIMULATED); dashed: the reference</text>',
        *_axes(),
    ]
    for number, ((sealed, target), points) in enumerate(curves.items()):
        points = sorted(points, key=lambda one: one["win_rate"])
        colour = COLOURS[number % len(COLOURS)]
        parts += _curve(points, colour)
        y = TOP + 20 + 34 * number
        parts.append(f'<rect x="{WIDTH - RIGHT + 14}" y="{y - 9}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 30}" y="{y}">about {sealed} sealed trades,</text>')
        parts.append(f'<text x="{WIDTH - RIGHT + 30}" y="{y + 14}">target {target:g} stops</text>')
    return "\n".join((*parts, "</svg>")) + "\n"


def _axes() -> Iterator[str]:
    for tenth in range(0, 11, 2):
        y = _y(tenth / 10)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#dddddd"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{tenth / 10:.1f}</text>'
    for step in range(5):
        rate = RATES[0] + step * (RATES[1] - RATES[0]) / 4
        yield f'<text x="{_x(rate)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{rate:.2f}</text>'
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">win rate, net</text>'


def _curve(points: Sequence[Point], colour: str) -> Iterator[str]:
    for name, dash in (("reference_power", ' stroke-dasharray="5 4"'), ("power", "")):
        line = " ".join(f"{_x(one['win_rate'])},{_y(one[name])}" for one in points)
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
    for one in points:
        x, (low, high) = _x(one["win_rate"]), one["power_95"]
        yield f'<line x1="{x}" x2="{x}" y1="{_y(low)}" y2="{_y(high)}" stroke="{colour}"/>'
        yield f'<circle cx="{x}" cy="{_y(one["power"])}" r="3.5" fill="{colour}"/>'


def _x(rate: float) -> float:
    return round(LEFT + (rate - RATES[0]) / (RATES[1] - RATES[0]) * (WIDTH - RIGHT - LEFT), 1)


def _y(share: float) -> float:
    return round(HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP), 1)


def main() -> None:
    """Writes both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="figures of benchmarks.gate_power, or -")
    parser.add_argument("--svg", type=Path, help="where the picture goes")
    given = parser.parse_args()
    text = sys.stdin.read() if given.file == "-" else Path(given.file).read_text(encoding="utf-8")
    planted = json.loads(text)["planted"]
    if given.svg is not None:
        given.svg.write_text(picture(planted), encoding="utf-8")
    print(table(planted), end="")


if __name__ == "__main__":
    main()
