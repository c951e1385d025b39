"""What setting a PDF costs beyond the bare typesetter: ``python -m bench.documents`` measures it and prints a table.

The same template and data are set by our typesetter (a child process, asked over pipes) and by a bare call of the
library in this process, in turn. Needs no database.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from bench import machine
from integrations.pdf import Typesetter, set_here

TEMPLATE = "paper.typ"
TARGET = 1.5
PAGES = {"1 page": 8, "20 pages": 800}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.documents", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=30, help="how often each document is set")
    options = parser.parse_args()
    print("\n".join(f"- {fact}" for fact in machine.facts()))
    print("\n| document | lines | ours | bare | ratio | target |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    typesetter, missed = Typesetter(renewed_after=10**9), False
    try:
        for name, lines in PAGES.items():
            paper = paper_of(lines)
            data = json.dumps(paper)
            ours, bare = in_turn(
                partial(typesetter.typeset, TEMPLATE, paper),
                partial(set_here, TEMPLATE, data),
                max(3, options.repetitions // (1 if lines < 100 else 10)),
            )
            ratio = ours / bare
            missed = missed or (lines < 100 and ratio > TARGET)
            target = f"{TARGET}" if lines < 100 else ""
            print(f"| {name} | {lines} | {ours * 1000:.1f} ms | {bare * 1000:.1f} ms | {ratio:.2f} | {target} |")
    finally:
        typesetter.close()
    return int(missed)


def in_turn(ours: Callable[[], bytes], bare: Callable[[], bytes], times: int) -> tuple[float, float]:
    """The median seconds of each, one after the other, after one that warms up."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(times + 1):
        for place, act in enumerate((ours, bare)):
            began = time.perf_counter()
            act()
            if number:
                taken[place].append(time.perf_counter() - began)
    return statistics.median(taken[0]), statistics.median(taken[1])


def paper_of(lines: int) -> dict[str, Any]:
    """An invoice of so many lines, as services/papers.py makes it."""
    rows = [
        {
            "what": f"PBXware Business 50, line {place}",
            "why": "1 × 100.00 EUR monthly; VAT 19 %, in force from 2020-07-01",
            "cells": ["1", "€100.00", "19 %", "€100.00"],
            "running": f"€{place * 100:,}.00",
        }
        for place in range(1, lines + 1)
    ]
    return {
        "language": "en",
        "right_to_left": False,
        "words": {"page": "Page {page} of {pages}", "carried": "Carried over", "to_carry": "To carry over"},
        "brand": "TELCOware GmbH",
        "accent": "#1f5fbf",
        "title": "Invoice",
        "number": "INV-2026-0001",
        "date": [2026, 5, 15],
        "seller": ["TELCOware GmbH"],
        "sender": "TELCOware GmbH · Hafenstraße 12 · 20457 Hamburg · DE",
        "buyer": ["Ελληνική Εταιρεία", "Acme Telecom", "DE"],
        "footer": "TELCOware GmbH",
        "facts": [{"label": "Issued on", "value": "May 15, 2026"}],
        "columns": ["Description", "Quantity", "Unit price", "Tax", "Net"],
        "running": True,
        "rows": rows,
        "totals": [{"label": "Total", "value": f"€{lines * 119:,}.00", "strong": True}],
        "notes": [],
    }


if __name__ == "__main__":
    sys.exit(main())
