"""Where messages come from: templates, the code, the mounted records and WTForms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import wtforms.i18n
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from flask import Flask
from sqlalchemy import inspect
from wtforms.fields.core import UnboundField

from commands.messages.texts import Text, texts_of
from domain.audit import SENTENCES
from domain.settings import SETTINGS
from services.catalogs import read_catalog

ROOT: Final = Path(__file__).resolve().parent.parent.parent
ROOMS: Final = ("domain", "models", "services", "gateways", "integrations", "jobs", "panel", "views")
SILENT: Final = (
    *("services/demo/", "services/imports/", "gateways/simulator/", "panel/checks.py"),
    *("domain/mail_", "domain/incoming_mail.py", "domain/quoted_text.py", "domain/browsers.py", "domain/languages.py"),
    "services/pseudo_catalogs.py",
    "services/unit_of_work.py",
)
"""What speaks to operators on the command line, plays a provider, writes example data, or knows foreign words. There
only what is marked is a message."""

_TEMPLATES: Final = [("**.html", "jinja2"), ("**.txt", "jinja2")]
_OPTIONS: Final = {pattern: {"trimmed": "true", "newstyle_gettext": "true"} for pattern, _ in _TEMPLATES}


def collect(app: Flask) -> Catalog:
    """Every message there is."""
    found = Catalog(project="Foyer", charset="utf-8", fuzzy=False)
    found.header_comment = "# What Foyer says. Written by `flask --app app messages update`; translate the .po files."
    for text in (*_from_templates(), *_from_code(), *_from_records(app), *_from_vocabulary(), *_from_wtforms()):
        found.add(text.message, locations=[(text.file, 0)], context=text.context, flags=_flags(text))
    return found


def _from_templates() -> Iterator[Text]:
    folder = ROOT / "templates"
    for file, _line, message, _comments, context in extract_from_dir(
        folder, _TEMPLATES, _OPTIONS, keywords=_keywords(), strip_comment_tags=True
    ):
        yield Text(message, f"templates/{file}", context)


def _keywords() -> dict[str, Any]:
    return {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3)}


def _from_code() -> Iterator[Text]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            texts = texts_of(path.read_text(encoding="utf-8"), name, marked_only=name.startswith(SILENT))
            yield from (text for text in texts if text.context or room != "models")  # tables have choices only


def _from_records(app: Flask) -> Iterator[Text]:
    """What columns, filters and fields are called where nobody wrote it: made from their names."""
    for site in app.extensions["sites"]:
        for mounted in site.mounted.values():
            resource, file = mounted.resource, f"{mounted.resource.__module__.replace('.', '/')}.py"
            labels = [resource.noun_label(), *(label for _, _, label in mounted.columns)]
            labels += [bound.label for bound in (*mounted.filters, *mounted.related)]
            labels += [cell.label for bound in mounted.related for cell in bound.table.cells]
            labels += [label for maker in mounted.forms.values() for label in _field_labels(maker.form_class)]
            labels += [resource.label_of(column.key) for column in inspect(mounted.model).column_attrs]
            yield from (Text(label, file) for label in dict.fromkeys(labels) if label)


def _from_vocabulary() -> Iterator[Text]:
    """What the timelines say of plain saves, made from verbs and nouns; and the units of settings."""
    yield from (Text(sentence, "domain/audit.py") for sentence in SENTENCES.values())
    yield from (Text(spec.unit, "domain/settings.py") for spec in SETTINGS.values() if spec.unit)


def _field_labels(form: type[Any]) -> Iterator[str]:
    for name in dir(form):
        field = getattr(form, name)
        if isinstance(field, UnboundField):
            label = field.kwargs.get("label") or (field.args[0] if field.args else "")
            if isinstance(label, str):
                yield label


def _from_wtforms() -> Iterator[Text]:
    """WTForms' own messages: it is not translated into all of our languages."""
    for message in read_catalog(Path(wtforms.i18n.messages_path()) / "wtforms.pot"):
        if message.id:
            yield Text(message.id if isinstance(message.id, str) else tuple(message.id), "wtforms")


def _flags(text: Text) -> list[str]:
    return ["python-format"] if "%(" in str(text.message) else []
