"""Scripts: our small modules joined into one and shrunk, each still alone with its own names.

A bundle is a module itself, so it runs after the page is read, once and strictly, as its parts did. The modules stand
in it in the order in which a browser would run them: what one imports comes before it. Only what our house writes is
understood (``import { a, b } from "./other.js";`` and ``export`` before a function or constant); anything else of
imports and exports is refused, and a test reads every script.
"""

from __future__ import annotations

import re
from pathlib import Path

import rjsmin

IMPORT = re.compile(r'^import (?:\{ (?P<names>[\w, ]+) \} from )?"\./(?P<module>\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const) (?P<name>\w+))", re.MULTILINE)
LEFT_OVER = re.compile(r"^\s*(?:import|export)\b.*|\bimport[.(].*", re.MULTILINE)


class NotOurForm(ValueError):
    """A module imports or exports in a way that is not joined here. The message names it and the line."""


def join_modules(folder: Path, first: str) -> str:
    """The module ``first`` of this folder and all that it imports, as one. Raises NotOurForm."""
    parts: dict[str, str] = {}
    _add(folder, first, parts)
    return "\n".join(parts.values())


def shrink(script: str) -> str:
    """The script without white space and comments; names stay, so that a browser's complaint can be read."""
    return str(rjsmin.jsmin(script))


def _add(folder: Path, module: str, parts: dict[str, str]) -> None:
    """Put a module behind those that it imports. Modules that import each other in a circle end in RecursionError."""
    if module in parts:
        return
    source = (folder / f"{module}.js").read_text("utf-8")
    for match in IMPORT.finditer(source):
        _add(folder, match["module"], parts)
    parts[module] = _closed(module, source)


def _closed(module: str, source: str) -> str:
    """A module as a function that is called at once and answers what the module exports."""
    body = IMPORT.sub(
        lambda match: f"const {{ {match['names']} }} = ${match['module']};" if match["names"] else "", source
    )
    exported = [match["name"] for match in EXPORT.finditer(body)]
    body = EXPORT.sub("", body)
    left_over = LEFT_OVER.search(body)
    if left_over:
        raise NotOurForm(f"{module}.js: {left_over.group().strip()}")
    if not exported:
        return f"(() => {{\n{body}\n}})();"
    return f"const ${module} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();"
