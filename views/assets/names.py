"""Which names of classes our code can give to an element.

Read from the source itself, so that nobody keeps a list: whatever word stands in a template, a script or Python code
that pages come from may become a class. That takes too many ("row" of a table's row, "active" of a sentence), which
costs a few rules; it never takes too few. A name put together at run time leaves its beginning (``btn-{{ kind }}``,
``"btn-" + kind``, ``f"btn-{kind}"``) or its end in the source, and stands for all names that begin or end so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PLACES = (("templates", "*.html"), ("static/js", "*.js"), ("panel", "*.py"), ("views", "*.py"))
"""Where markup is made, below the root of the program. Nothing below the views names a class, which a test looks at."""

WORD = re.compile(r"[A-Za-z][\w-]*")
BEGINNING = re.compile(r"""([A-Za-z][\w-]*-)(?=[{$'"`]|%[s(])""")
END = re.compile(r"""(?<=[}'"`])-[A-Za-z][\w-]*""")


@dataclass(frozen=True)
class Names:
    """Whole names, and the beginnings and ends of those that are put together at run time."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]
    ends: tuple[str, ...]

    def hold(self, name: str) -> bool:
        return name in self.whole or name.startswith(self.beginnings) or name.endswith(self.ends)


def names_in(texts: Iterable[str]) -> Names:
    """The names that these sources can give."""
    whole, beginnings, ends = set[str](), set[str](), set[str]()
    for text in texts:
        whole.update(WORD.findall(text))
        beginnings.update(BEGINNING.findall(text))
        ends.update(END.findall(text))
    return Names(frozenset(whole), tuple(sorted(beginnings)), tuple(sorted(ends)))


def sources(root: Path) -> Iterator[Path]:
    """The files that markup comes from, in an order that is always the same."""
    for place, pattern in PLACES:
        yield from sorted((root / place).rglob(pattern))
