"""flask messages: what there is to translate, and how far it is translated."""

from __future__ import annotations

from io import BytesIO

import click
from babel.messages import Catalog
from babel.messages.pofile import write_po
from flask import current_app
from flask.cli import with_appcontext

from commands.messages.sources import collect
from domain.languages import SPOKEN, TRANSLATED
from services.catalogs import TEMPLATE, catalog_path, read_catalog

WIDTH = 120


@click.group("messages")
def command() -> None:
    """Collect the messages to translate, and bring the catalogs up to date."""


@command.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when the template is not up to date.")
@with_appcontext
def extract(check: bool) -> None:
    """Write translations/messages.pot from templates, code and the mounted records, or check that it is up to date."""
    found = collect(current_app)
    if check:
        if as_text(found) != (TEMPLATE.read_bytes() if TEMPLATE.exists() else b""):
            raise click.ClickException("translations/messages.pot is old. Run: flask --app app messages update")
        click.echo("translations/messages.pot is up to date.")
        return
    TEMPLATE.parent.mkdir(exist_ok=True)
    TEMPLATE.write_bytes(as_text(found))
    click.echo(f"translations/messages.pot holds {len(found)} messages.")


@command.command()
@click.pass_context
@with_appcontext
def update(context: click.Context) -> None:
    """Extract, and take what is new into the catalog of each language; what nobody says any more is dropped."""
    context.invoke(extract, check=False)
    template = read_catalog(TEMPLATE)
    for language in TRANSLATED:
        path = catalog_path(language.code)
        kept = read_catalog(path, language.code) if path.exists() else Catalog(locale=language.code)
        kept.update(template, no_fuzzy_matching=True)
        kept.obsolete.clear()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_text(kept))
        said = len([message for message in kept if message.id and _is_said(message.string)])
        state = "spoken" if language.code in SPOKEN else "not offered yet, see domain/languages.py"
        click.echo(f"{language.code}: {said} of {len(kept)} messages are translated ({state}).")


def as_text(messages: Catalog) -> bytes:
    """The file: in order, with the files that messages stand in and no lines, so that it changes when words do."""
    written = BytesIO()
    write_po(written, messages, width=WIDTH, sort_output=True, include_lineno=False, ignore_obsolete=True)
    kept = (line for line in written.getvalue().splitlines(keepends=True) if b"-Date: " not in line)
    return b"".join(kept)


def _is_said(string: str | list[str] | tuple[str, ...] | None) -> bool:
    return all(string) if isinstance(string, (list, tuple)) else bool(string)
