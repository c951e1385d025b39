"""The texts in Python code that people read.

A text needs no mark: whatever begins with a capital letter and is no message to programmers is taken for one. A few
that nobody ever sees cost a translator less than one that was forgotten. One that begins otherwise, or holds facts,
stands in ``Sentence``, ``counted``, ``gettext`` or ``ngettext``. The members of an enum are its words, and its name
is their context.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MARKED: Final = {"Sentence": 1, "gettext": 1, "lazy_gettext": 1, "counted": 2, "ngettext": 2}
"""Calls whose first arguments are messages: how many of them."""

_SILENT_CALLS: Final = frozenset({"Markup", "TypeVar", "NewType", "compile", "getLogger", "get_logger", "type", "log"})
_LOGGING: Final = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
_OF_PROGRAMMERS: Final = re.compile(r"\w*(Error|Exception|Mistake)|NotImplemented").fullmatch
_A_TEXT: Final = re.compile(r"[“(]?(?:[A-ZÀ-Þ]|\d+[- ][a-z])(?=.*[a-z])[^<>\n]*(?:\n[^<>]*)*", re.DOTALL).fullmatch
_NO_TEXT: Final = re.compile(
    r"[A-Z][a-z]*(-[A-Z][a-zA-Z]*)+"  # a header
    r"|[A-Z][a-z]+([A-Z][a-z]*)+|[A-Za-z]+(\.\w+)+|\w+\[\w+\]"  # a name in the code
    r"|\S*[/\\_=@]\S*"  # an address, a path, a setting
).fullmatch
_PLACES: Final = re.compile(r"%\(\w+\)[sd]|[^a-zA-Z]")
_SILENT: Final = (ast.Assert, ast.Compare, ast.JoinedStr)
_SILENT_ENUMS: Final = frozenset({"P", "Dmarc"})  # permissions, and what mail servers say to each other
_ENUMS: Final = frozenset({"Enum", "StrEnum", "IntEnum"})


@dataclass(frozen=True, slots=True)
class Text:
    """A message, or (one, many), with the file it stands in."""

    message: str | tuple[str, ...]
    file: str
    context: str | None = None


def texts_of(source: str, file: str, *, marked_only: bool = False) -> Iterator[Text]:
    """Every message of a module, in order."""
    finder = _Finder(file, marked_only)
    finder.visit(ast.parse(source))
    yield from finder.found


class _Finder(ast.NodeVisitor):
    def __init__(self, file: str, marked_only: bool) -> None:
        self.file = file
        self.marked_only = marked_only
        self.found: list[Text] = []

    def visit_Constant(self, node: ast.Constant) -> None:
        if not self.marked_only and isinstance(node.value, str) and _A_TEXT(node.value) and not _NO_TEXT(node.value):
            self.found.append(Text(node.value, self.file))

    def visit_Call(self, node: ast.Call) -> None:
        name = _name(node.func)
        if name in _MARKED:
            self._add(node, _MARKED[name])
        elif name not in _SILENT_CALLS and not (name in _LOGGING and _is_logger(node.func)):
            self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if any(_name(base) in _ENUMS for base in node.bases):
            if node.name not in _SILENT_ENUMS and not self.marked_only:
                self._add_enum(node)
        else:
            self._visit_all(_without_docstring(node.body))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for default in (*node.args.defaults, *(each for each in node.args.kw_defaults if each is not None)):
            self.visit(default)
        self._visit_all(_without_docstring(node.body))

    def visit_Module(self, node: ast.Module) -> None:
        self._visit_all(node.body)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        if not any(_name(target).startswith("__") for target in node.targets):
            self.visit(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)  # what is looked up is a key

    def visit_Raise(self, node: ast.Raise) -> None:
        if isinstance(node.exc, ast.Call) and not _OF_PROGRAMMERS(_name(node.exc.func)):
            self.visit(node.exc)

    def visit_Dict(self, node: ast.Dict) -> None:
        self._visit_all(node.values)

    def visit(self, node: ast.AST) -> None:
        if not isinstance(node, _SILENT):
            super().visit(node)

    def _visit_all(self, nodes: list[ast.stmt] | list[ast.expr]) -> None:
        for node in nodes:
            self.visit(node)

    def _add(self, call: ast.Call, count: int) -> None:
        given = [
            node.value for node in call.args[:count] if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        if len(given) == count and _PLACES.sub("", given[0]):
            self.found.append(Text(tuple(given) if count > 1 else given[0], self.file))
        self._visit_all(call.args[count:])
        self._visit_all([keyword.value for keyword in call.keywords])

    def _add_enum(self, node: ast.ClassDef) -> None:
        for statement in node.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Tuple):
                self.visit(statement.value)  # a value with its words
            elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
                value = statement.value.value
                if isinstance(value, str) and value:
                    words = value.replace("_", " ")
                    self.found.append(Text(words[:1].upper() + words[1:], self.file, node.name))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _is_logger(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and "log" in ast.unparse(node.value).lower()


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    return body[1:] if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else body
