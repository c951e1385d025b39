"""What is wrong with a file: one problem a place, and the refusal that names them all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct. ``line`` is where the row begins, counted from 1; ``column`` is named as in the header."""

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        where = f"Line {self.line}, column {self.column}" if self.column else f"Line {self.line}"
        return f"{where}: {self.message}"


class ImportRefused(Refusal):
    """The file is refused as a whole; ``problems`` hold every one, in the order of the lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        count = len(self.problems)
        found = "One problem was" if count == 1 else f"{count:,} problems were"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{found} found, and nothing was imported. Correct the file and import it again.\n{lines}")


class CellNotReadable(Refusal):
    """The text of a cell is not what its column takes; the message says what it takes."""
