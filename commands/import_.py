"""flask import: customers and their business from CSV files, everything or nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
from flask.cli import with_appcontext

from domain.actor import Actor, Source
from domain.refusals import Refusal
from services.imports import KINDS, ImportReport, check_import, run_import
from services.unit_of_work import unit_of_work


@click.command("import")
@click.argument("kind", metavar="KIND", type=click.Choice(list(KINDS), case_sensitive=False))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the whole file, tell all that is wrong, and write nothing.")
@with_appcontext
def command(kind: str, file: Path, dry_run: bool) -> None:
    """Import a CSV file. KIND is accounts, members, licenses, subscriptions, invoices, payments or telco.

    One broken row refuses the whole file. A row that is here already is passed over, so a file can be imported again.
    docs/importing.md describes the columns.
    """
    now, chosen = dt.datetime.now(dt.UTC), KINDS[kind.lower()]
    try:
        with file.open("rb") as stream:
            if not stream.seekable():
                raise click.ClickException(f"{file} is no plain file. Save it to disk first: it is read twice.")
            if dry_run:
                click.echo(_told_of_check(check_import(chosen, stream, now=now)))
                return
            actor = Actor("Import", Source.IMPORT)
            with unit_of_work():
                report = run_import(chosen, stream, file_name=file.name, actor=actor, now=now)
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from None
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}.") from None
    click.echo(_told(report))


def _told(report: ImportReport) -> str:
    if not report.rows:
        return "The file has no rows below its header; nothing was changed."
    if not report.new:
        return f"All {report.rows:,} rows are here already; nothing was changed."
    made = ", ".join(f"{count:,} {noun}" for noun, count in report.made.items())
    return f"Imported {made}.{_there(report)}"


def _told_of_check(report: ImportReport) -> str:
    return f"The file is right: {report.new:,} of {report.rows:,} rows are new.{_there(report)} Nothing was written."


def _there(report: ImportReport) -> str:
    return f" {report.there:,} rows are here already and were passed over." if report.there else ""
