"""The measurements as Markdown, and which of them miss their target."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.commands import CommandRun
from bench.exports import Exports
from bench.serving import BARE, GENERATED
from bench.timing import CASES, HEALTH, Case, Key, Measured

MOST_TIMES_BY_HAND = 2.5
MOST_STATEMENTS = 7  # one of them asks how the visitor wants the list to stand
MOST_GROWTH = 1.3
MOST_TIMES_COPY = 6.0
MOST_MEGABYTES = 40.0


@dataclass(frozen=True, slots=True)
class Line:
    """One page at both sizes."""

    name: str
    small: Measured
    large: Measured
    small_bare: Measured
    large_bare: Measured
    growth_counts: bool

    @property
    def ratio(self) -> float:
        return self.large.median / self.large_bare.median

    @property
    def small_ratio(self) -> float:
        return self.small.median / self.small_bare.median

    @property
    def quiet_ratio(self) -> float:
        """The same of the fastest tenth, which other work on the machine disturbs least."""
        return self.large.fastest / self.large_bare.fastest

    @property
    def statements(self) -> int:
        return max(self.small.statements, self.large.statements)

    @property
    def growth(self) -> float:
        return self.large.median / self.small.median

    def misses(self) -> list[str]:
        if self.name == HEALTH:
            return []
        found = []
        if max(self.ratio, self.small_ratio) > MOST_TIMES_BY_HAND:
            found.append(f"{self.name}: {max(self.ratio, self.small_ratio):.2f} times the page by hand")
        if self.statements > MOST_STATEMENTS:
            found.append(f"{self.name}: {self.statements} SQL statements")
        if self.growth_counts and self.growth >= MOST_GROWTH:
            found.append(f"{self.name}: grows {self.growth:.2f} times")
        return found


def lines_of(found: Mapping[Key, Measured], small: int, large: int) -> list[Line]:
    """A line for each page, and one for the page that does nothing."""
    cases = [*CASES, Case(HEALTH, "staff", growth_counts=False)]
    return [
        Line(
            case.name,
            found[case.name, GENERATED, small],
            found[case.name, GENERATED, large],
            found[case.name, BARE, small],
            found[case.name, BARE, large],
            case.growth_counts,
        )
        for case in cases
    ]


def misses(lines: Iterable[Line], exports: Exports | None) -> list[str]:
    """What is slower or bigger than it may be."""
    found = [miss for line in lines for miss in line.misses()]
    return found + (export_misses(exports) if exports is not None else [])


def export_misses(exports: Exports) -> list[str]:
    """What of an export is slower or bigger than it may be."""
    found = []
    if exports.ratio > MOST_TIMES_COPY:
        found.append(f"export: {exports.ratio:.1f} times \\copy")
    if max(exports.megabytes) > MOST_MEGABYTES:
        found.append(f"export: {max(exports.megabytes):.0f} MB above the idle process")
    return found


PAGES = f"""
Medians of {{tries}} tries, the programs and sizes in turn. *By hand* is `bench/bare.py`: the same rows by the same
query, written by hand in plain Flask. *The fastest tenth* compares the quickest 10% of both. *kB* is the size of the
page, generated / by hand. To hold: at most {MOST_TIMES_BY_HAND} times by hand at both sizes, at most {MOST_STATEMENTS}
SQL statements, growth below {MOST_GROWTH}. Search has no target for growth: it reads the index's list of each trigram,
and in numbers that begin alike those are as long as the table. `/healthz` does nothing; it is here for comparison.
""".strip()

EXPORTS = f"""
Medians of {{turns}} exports as CSV, each in a process alone, against psql's `\\copy` of the same select. To hold:
at most {MOST_TIMES_COPY:.0f} times `\\copy`, at most {MOST_MEGABYTES:.0f} MB above the idle process.
""".strip()


def text(
    facts: Sequence[str],
    lines: Sequence[Line],
    exports: Exports | None,
    commands: Sequence[CommandRun],
    missed: Sequence[str],
    others: Sequence[str] = (),
) -> str:
    """The whole report. ``others`` are the parts of the other modules of this bench, ready."""
    parts = ["# How fast it is", "Written by `make bench`, everything measured in the same run, warm."]
    parts.append("\n".join(f"- {fact}" for fact in facts))
    parts += ["## Lists of invoices", PAGES.format(tries=len(lines[0].large.seconds)), pages_table(lines)]
    if exports is not None:
        parts += ["## Export", EXPORTS.format(turns=len(exports.export)), exports_table(exports)]
    parts += others
    if commands:
        parts += ["## Commands", "Once each on this machine, the start of the program included."]
        parts.append(commands_table(commands))
    parts += ["Missed:", "\n".join(f"- {miss}" for miss in missed)] if missed else ["Every target is held."]
    return "\n\n".join(parts) + "\n"


def pages_table(lines: Sequence[Line]) -> str:
    head = [
        "page",
        f"generated, {lines[0].small.invoices:,}",
        f"generated, {lines[0].large.invoices:,}",
        f"by hand, {lines[0].large.invoices:,}",
        "times by hand",
        "of the fastest tenth",
        "grows",
        "SQL",
        "kB",
    ]
    return table(head, [_cells(line) for line in lines])


def _cells(line: Line) -> list[str]:
    return [
        line.name,
        ms(line.small.median),
        ms(line.large.median),
        ms(line.large_bare.median),
        f"{line.ratio:.2f}" if line.name == HEALTH else f"**{line.ratio:.2f}**",
        f"{line.quiet_ratio:.2f}",
        f"{line.growth:.2f}" + ("" if line.growth_counts else " (no target)"),
        f"{line.statements}",
        f"{line.large.size / 1000:.0f} / {line.large_bare.size / 1000:.0f}",
    ]


def exports_table(exports: Exports) -> str:
    head = ["rows", "file", "export", "`\\copy`", "times `\\copy`", "above the idle process"]
    row = [
        f"{exports.rows:,}",
        f"{exports.file_megabytes:.0f} MB",
        f"{statistics.median(exports.export):.1f} s",
        f"{statistics.median(exports.copy):.1f} s",
        f"**{exports.ratio:.1f}**",
        f"**{max(exports.megabytes):.0f} MB**",
    ]
    return table(head, [row])


def commands_table(runs: Sequence[CommandRun]) -> str:
    rows = [[f"`{run.name}`", run.database, f"{run.seconds:.0f} s", f"{run.megabytes:.0f} MB"] for run in runs]
    return table(["command", "database", "time", "most memory"], rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    ruler = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ruler, *rows))


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
