"""flask permissions: who may do what, written into docs/permissions.md from the tables and the mounted records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from domain.permissions import MEMBER_GRANTS, STAFF_GRANTS, P

FILE = Path(__file__).resolve().parent.parent / "docs" / "permissions.md"

HEAD = """# Permissions

Who may do what. This page is written by `flask --app app permissions` out of `domain/permissions.py` and the Resources
as they are mounted; `make check` refuses a page that says something else. Change those, then run the command.

Nothing else grants anything: what no row of a role names is refused, and a verb that stands in no row below does not
exist. A member holds any number of roles, staff hold exactly one. A permission without `staff:` means the same act in
both realms: a member over the rows of their account, staff over all.
"""
READING = {"list": "list", "details": "open", "export": "download"}
WRITING = {"create": "add", "edit": "change", "delete": "delete"}
EVERYBODY = "*"


@click.command("permissions")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when the page is not up to date.")
@with_appcontext
def command(check: bool) -> None:
    """Write docs/permissions.md, or check that it is up to date."""
    text = permission_page(current_app)
    there = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    if check:
        if there != text:
            raise click.ClickException("docs/permissions.md is not up to date. Run: flask --app app permissions")
        click.echo("docs/permissions.md is up to date.")
        return
    FILE.write_text(text, encoding="utf-8")
    click.echo("docs/permissions.md is written." if there != text else "docs/permissions.md was up to date already.")


def permission_page(app: Flask) -> str:
    """The whole page."""
    parts = [
        HEAD,
        "## Roles of members\n",
        "\n".join(_roles(MEMBER_GRANTS, [permission for permission in P if not permission.staff_only])) + "\n",
        "## Roles of staff\n",
        "\n".join(_roles(STAFF_GRANTS, list(P))) + "\n",
    ]
    for site in app.extensions["sites"]:
        parts.append(f"## Records in the realm “{site.realm.label}” (`{site.realm.prefix}`)\n")
        parts.append("\n".join(_records(site)) + "\n")
    return "\n".join(parts)


def _roles(grants: Mapping[Any, frozenset[P]], permissions: list[P]) -> Iterator[str]:
    """A table of permissions by roles."""
    roles: list[StrEnum] = list(grants)
    yield "| Permission | " + " | ".join(_words(role) for role in roles) + " |"
    yield "|---|" + ":-:|" * len(roles)
    for permission in permissions:
        marks = ["✓" if permission in grants[role] else "" for role in roles]
        yield f"| `{permission.value}` | " + " | ".join(marks) + " |"


def _records(site: Any) -> Iterator[str]:
    """A table of what can be done to each record, and of the pages that are no record."""
    yield "| Record or page | Act | Permission |"
    yield "|---|---|---|"
    for rule, grant in sorted({(route.rule, route.grant) for route in site.routes() if route.slug not in site.mounted}):
        yield f"| `{rule}` | use | {_permission(grant)} |"
    for mounted in site.mounted.values():
        name = f"{mounted.resource.title} (`{mounted.slug}`)"
        for grant, acts in _verbs(mounted).items():
            yield f"| {name} | {', '.join(acts)} | {_permission(grant)} |"
        for action in mounted.actions.values():
            yield f"| {name} | {action.label} (`{action.slug}`) | {_permission(action.grant)} |"


def _verbs(mounted: Any) -> dict[str, list[str]]:
    """The verbs that need the same permission stand in one row."""
    acts: dict[str, list[str]] = {}
    for verb, word in {**READING, **WRITING}.items():
        grant = mounted.grant(verb)
        if grant:
            acts.setdefault(grant, []).append(word)
    return acts


def _permission(grant: str) -> str:
    return "everybody who is here" if grant == EVERYBODY else f"`{grant}`"


def _words(role: StrEnum) -> str:
    return role.value.replace("_", " ").capitalize()
