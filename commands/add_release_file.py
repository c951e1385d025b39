"""flask add-release-file: a file of any size for a release, from this machine."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from domain.actor import system_actor
from domain.refusals import Refusal
from extensions import db
from models import Product, Release
from services.releases import add_release_file
from services.unit_of_work import unit_of_work


@click.command("add-release-file")
@click.argument("product")
@click.argument("version")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--platform", default="", help="What it runs on, like Windows.")
@with_appcontext
def command(product: str, version: str, path: Path, platform: str) -> None:
    """Add the file at PATH to release VERSION of the product with the code PRODUCT."""
    found = select(Release).join(Product).where(Product.code == product, Release.version_number == version)
    try:
        with unit_of_work(), path.open("rb") as content:
            release = db.session.scalars(found).one_or_none()
            if release is None:
                raise click.ClickException(f"There is no release {version} of {product}. Create it under Releases.")
            added = add_release_file(
                release,
                path.name,
                content,
                platform=platform,
                actor=system_actor("add-release-file"),
                now=dt.datetime.now(dt.UTC),
            )
            click.echo(f"{added.name}: {added.size} bytes, SHA-256 {added.sha256}")
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from None
