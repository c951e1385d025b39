"""House rules that reading the source can prove. Each takes the root of a tree and returns one line for each breach."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOMS = ("domain", "models", "services", "gateways", "integrations", "jobs", "panel", "views", "commands")
PROGRAM = (*ROOMS, "app.py", "config.py", "extensions.py", "setting_forms.py", "setting_groups.py")
EVERYTHING = (*PROGRAM, "tests", "bench", "migrations")

# Where rows are reached past the session's scope lock, and why. Keep it short: what stands here is reviewed by hand.
HAND_WRITTEN_SQL = {
    "services/debts.py": "which accounts of this person are suspended? Asked from within another one",
    "services/audit.py": "events of any account are appended to the table: the model would build its hybrids each time",
    "services/prospects.py": "one live reservation over all accounts: a lapsed one of another account is ended too",
    "services/seats.py": "where may this person go? Asked across accounts, before any scope is known",
    "services/standing.py": "what is this person here? Asked across accounts, before any scope is known",
    "services/unit_of_work.py": "takes SQLite's write lock",
    "views/health.py": "asks whether the database answers",
    "views/panel_hooks.py": "hands the engine to exports, which stream on a connection of their own",
}
WORDS_OF_HAND_WRITTEN_SQL = frozenset({"text", "literal_column", "Table", "table", "DDL"})
WAYS_AROUND_THE_SESSION = frozenset({"exec_driver_sql", "__table__", "raw_connection"})

LONGEST_MODULE = 400
LONGEST_TEST = 600

CLOCK_METHODS = frozenset({"now", "utcnow", "today"})
CLOCK_FUNCTIONS = frozenset({"time", "time_ns", "monotonic", "monotonic_ns", "localtime", "gmtime"})
INEXACT_TYPES = frozenset({"Float", "Double", "REAL", "Numeric", "DECIMAL"})

INLINE_CODE = (
    (re.compile(r"""\son[a-z]+\s*=\s*["'{]""", re.IGNORECASE), "an inline handler"),
    (re.compile(r"""\sstyle\s*=\s*["'{]""", re.IGNORECASE), "an inline style"),
    (re.compile(r"<style\b", re.IGNORECASE), "an inline style"),
    (re.compile(r"<script\b(?![^>]*\ssrc\s*=)", re.IGNORECASE), "an inline script"),
    (re.compile(r"javascript:", re.IGNORECASE), "a script in an address"),
    (re.compile(r"\|\s*safe\b"), "text that is not escaped"),
)


def python_files(root: Path, places: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """The modules in these rooms, with their path below the root."""
    for place in places:
        start = root / place
        for file in [start] if start.is_file() else sorted(start.rglob("*.py")):
            yield file.relative_to(root).as_posix(), file


def nodes(root: Path, places: tuple[str, ...]) -> Iterator[tuple[str, ast.AST]]:
    """Every node of the syntax trees of these rooms."""
    for name, file in python_files(root, places):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), name)):
            yield name, node


def calls(root: Path, places: tuple[str, ...]) -> Iterator[tuple[str, ast.Call, str, ast.expr | None]]:
    """Every call: where, the call, the name that is called, and what stands before the dot."""
    for name, node in nodes(root, places):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield name, node, node.func.attr, node.func.value
            elif isinstance(node.func, ast.Name):
                yield name, node, node.func.id, None


def commits_outside_the_unit_of_work(root: Path) -> list[str]:
    """Only services/unit_of_work.py ends a transaction."""
    return [
        f"{name}:{call.lineno}: {called}() outside the unit of work"
        for name, call, called, owner in calls(root, PROGRAM)
        if owner is not None and called in ("commit", "rollback") and name != "services/unit_of_work.py"
    ]


def clock_reads(root: Path) -> list[str]:
    """Rules and operations are told the time: neither the program's clock nor the database's is read."""
    found = []
    for name, call, called, owner in calls(root, ("domain", "services")):
        base = owner.id if isinstance(owner, ast.Name) else ""
        if (owner is not None and called in CLOCK_METHODS) or (base == "time" and called in CLOCK_FUNCTIONS):
            found.append(f"{name}:{call.lineno}: reads the clock by {called}()")
    for name, node in nodes(root, ("domain", "services")):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            found.append(f"{name}:{node.lineno}: imports the clock")
    return found


def floats_near_money(root: Path) -> list[str]:
    """Money is whole minor units, so nothing here turns a value into a float or keeps one in an inexact column."""
    found = [
        f"{name}:{call.lineno}: float()"
        for name, call, called, owner in calls(root, ("domain", "models", "services", "gateways"))
        if owner is None and called == "float"
    ]
    for name, node in nodes(root, ("models",)):
        if isinstance(node, ast.Name) and node.id in INEXACT_TYPES:
            found.append(f"{name}:{node.lineno}: a column of {node.id}")
    return found


def counts_and_offsets(root: Path) -> list[str]:
    """Lists stay fast however long they are: no count of all rows, no OFFSET."""
    return [
        f"{name}:{call.lineno}: .{called}()"
        for name, call, called, owner in calls(root, ("panel", "views"))
        if owner is not None and (called == "offset" or (called == "count" and not call.args))
    ]


def hand_written_sql(root: Path) -> list[str]:
    """Views and services reach rows through mapped classes and the session, where the scope locks see them."""
    found = []
    for name, node in nodes(root, ("views", "services")):
        if name in HAND_WRITTEN_SQL:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sqlalchemy":
            words = {alias.name for alias in node.names} & WORDS_OF_HAND_WRITTEN_SQL
            found += [f"{name}:{node.lineno}: imports sqlalchemy.{word}" for word in sorted(words)]
        if isinstance(node, ast.Attribute):
            core = isinstance(node.value, ast.Name) and node.value.id in ("sa", "sqlalchemy")
            if node.attr in WAYS_AROUND_THE_SESSION or (core and node.attr in WORDS_OF_HAND_WRITTEN_SQL):
                found.append(f"{name}:{node.lineno}: {node.attr}")
            if node.attr == "engine" and isinstance(node.value, ast.Name) and node.value.id == "db":
                found.append(f"{name}:{node.lineno}: db.engine")
    return found


def inline_code_in_templates(root: Path) -> list[str]:
    """The content policy forbids anything inline, and nothing skips escaping."""
    found = []
    for file in sorted((root / "templates").rglob("*.html")):
        text = re.sub(
            r"\{#.*?#\}",
            lambda comment: "\n" * comment[0].count("\n"),
            file.read_text(encoding="utf-8"),
            flags=re.DOTALL,
        )
        for number, line in enumerate(text.splitlines(), start=1):
            for pattern, what in INLINE_CODE:
                if pattern.search(line):
                    found.append(f"{file.relative_to(root).as_posix()}:{number}: {what}")
    return found


def long_modules(root: Path) -> list[str]:
    """A module is read in one sitting; past that it becomes a package of the same name."""
    found = []
    for name, file in python_files(root, EVERYTHING):
        limit = LONGEST_TEST if name.startswith("tests/") else LONGEST_MODULE
        lines = len(file.read_text(encoding="utf-8").splitlines())
        if lines > limit and not name.startswith("migrations/versions/"):
            found.append(f"{name}: {lines} lines, more than {limit}")
    return found


def modules_without_a_first_line(root: Path) -> list[str]:
    """Every module that is not empty opens with a line that says what lives there."""
    return [
        f"{name}: no docstring"
        for name, file in python_files(root, EVERYTHING)
        if (text := file.read_text(encoding="utf-8")).strip() and not ast.get_docstring(ast.parse(text))
    ]


def things_left_for_later(root: Path) -> list[str]:
    """What is in the tree works: nothing is announced by an error."""
    return [
        f"{name}:{node.lineno}: NotImplementedError"
        for name, node in nodes(root, PROGRAM)
        if isinstance(node, ast.Name) and node.id == "NotImplementedError"
    ]


def imports_of_the_domain(root: Path) -> list[str]:
    """The rules need nothing but Python and each other."""
    found = []
    for name, node in nodes(root, ("domain",)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules = [node.module or ""]
        else:
            continue
        found += [
            f"{name}:{node.lineno}: imports {module}"
            for module in modules
            if module.split(".")[0] not in sys.stdlib_module_names | {"domain"}
        ]
    return found


def writers_that_are_not_told_who_and_when(root: Path) -> list[str]:
    """A public operation that adds rows or records an event is told the time, and takes time and actor by keyword."""
    found = []
    for name, file in python_files(root, ("services",)):
        if name.startswith("services/demo/"):
            continue  # it plays everybody: its agenda tells the time, and who acts is part of the play
        for function in ast.parse(file.read_text(encoding="utf-8")).body:
            if not isinstance(function, ast.FunctionDef) or function.name.startswith("_"):
                continue
            records, adds = _records_an_event(function), _changes_rows(function)
            by_position = {argument.arg for argument in (*function.args.posonlyargs, *function.args.args)}
            by_keyword = {argument.arg for argument in function.args.kwonlyargs}
            wanted = {"actor", "now"} if records else set()
            spoken_of = {"actor", "now"} & by_position if records or adds else set()
            found += [
                f"{name}:{function.lineno}: {function.name} takes no keyword-only {argument}"
                for argument in sorted(spoken_of | (wanted - by_keyword))
            ]
    return found


def _records_an_event(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "record_event"
        for node in ast.walk(function)
    )


def _changes_rows(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ("add", "add_all", "delete", "flush")
        and ast.unparse(node.value) in ("session", "db.session", "db.session()")
        for node in ast.walk(function)
    )


def tests_that_assert_nothing(root: Path) -> list[str]:
    """A test says what must hold: by assert, by an expected error, or by a helper that does one of the two."""
    found = []
    for name, file in python_files(root, ("tests",)):
        if not file.name.startswith("test_"):
            continue
        functions = [
            node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)
        ]
        asserting = {each.name for each in functions if _asserts(each, set())}
        for _again in functions:  # helpers of helpers
            asserting |= {each.name for each in functions if _asserts(each, asserting)}
        found += [
            f"{name}:{each.lineno}: {each.name} asserts nothing"
            for each in functions
            if each.name.startswith("test_") and each.name not in asserting
        ]
    return found


def _asserts(function: ast.FunctionDef, helpers: set[str]) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in helpers or called in ("raises", "fail", "warns") or called.startswith(("assert_", "expect")):
                return True
    return False
