"""The words of mails: templates/emails/<event>/subject.txt, body.txt and body.html, rendered without Flask.

What people write in Markdown goes through ``markdown`` in the HTML, and through ``readable`` in the text.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from css_inline import CSSInliner
from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup

from domain.languages import ENGLISH
from domain.sentences import Amount, Moment, Sentence, WholeDay
from services.catalogs import Catalog, catalog
from services.markdown import markdown, readable

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "emails"
STOP = "You chose to get mails like this one. Stop these mails:"
_STYLE = "mail.css"
_WRITTEN = (dt.date, WholeDay, Moment, Amount, enum.Enum)
"""What each language writes in its own way."""


@dataclass(frozen=True, slots=True)
class MailText:
    """A subject of one line, and a body: as text, and as HTML that says and links the same (empty without a template).

    ``notice`` is the text as the portal shows it: without what stands below a mail.
    """

    subject: str
    text: str
    html: str = ""
    notice: str = ""


class MailTexts:
    """Renders the mail of an event. A value that a template needs and nobody gave is an error, never a gap."""

    def __init__(self, loader: BaseLoader) -> None:
        # Plain text (.txt) is not escaped. Values from people stay inside the body, and the subject is one line.
        self.environment = Environment(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=select_autoescape(("html",)),
            trim_blocks=True,
            lstrip_blocks=True,
        )
        speak(self.environment)
        self.environment.filters.update(
            markdown=markdown, readable=readable, strong=lambda value: Markup("<strong>%s</strong>") % value
        )
        names = set(loader.list_templates())
        self._bodies = {name for name in names if name.endswith("/body.html")}
        self._inliner = CSSInliner(
            keep_at_rules=True,
            load_remote_stylesheets=False,
            extra_css=self._source(_STYLE) if _STYLE in names else None,
        )
        self.bind(brand_name="Foyer", base_url="")

    def bind(self, *, brand_name: str, base_url: str) -> None:
        """Use this provider's name, and this address in front of every link."""
        self.environment.globals.update(brand_name=brand_name, base_url=base_url)
        self.brand_name = brand_name
        self.base_url = base_url
        self.host = urlsplit(base_url).hostname or "localhost"

    def render(self, event: str, *, language: str = ENGLISH.code, unsubscribe_url: str = "", **values: Any) -> MailText:
        """Fill the templates of the event in a language. ``unsubscribe_url`` is for mails that may be switched off.

        Sentences, days, amounts and choices among the values are said in that language; text stays as it is.
        """
        speaker = catalog(language)
        values = {**said_values(values, speaker), "unsubscribe_url": unsubscribe_url, "speaker": speaker}
        subject = self.environment.get_template(f"{event}/subject.txt").render(values)
        notice = self.environment.get_template(f"{event}/body.txt").render(values).strip() + "\n"
        foot = f"\n-- \n{speaker.say(STOP)}\n{unsubscribe_url}\n"
        return MailText(
            subject=" ".join(subject.split()),
            text=notice + foot if unsubscribe_url else notice,
            html=self._html(f"{event}/body.html", values),
            notice=notice,
        )

    def events(self) -> Iterable[str]:
        """The events that have a mail."""
        return sorted({name.split("/")[0] for name in self.environment.list_templates() if "/" in name})

    def _html(self, name: str, values: dict[str, Any]) -> str:
        if name not in self._bodies:
            return ""
        return self._inliner.inline(self.environment.get_template(name).render(values))

    def _source(self, name: str) -> str:
        assert self.environment.loader is not None  # noqa: S101  it was handed in
        return self.environment.loader.get_source(self.environment, name)[0]


def speak(environment: Environment) -> None:
    """Let templates be written as all of ours are, with ``_`` and ``ngettext``; ``speaker`` is the language."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]


def said_values(values: dict[str, Any], speaker: Catalog) -> dict[str, Any]:
    """The values for a template, as the language writes them. Numbers stay numbers, which templates compare."""
    return {name: _said(value, speaker) for name, value in values.items()}


def _said(value: Any, speaker: Catalog) -> Any:
    if isinstance(value, Sentence):
        return speaker.say(value)
    if not isinstance(value, _WRITTEN):
        return value
    return speaker.shown(value)


@pass_context
def _gettext(context: Context, message: str) -> str:
    return _speaker(context).gettext(message)


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int) -> str:
    return _speaker(context).ngettext(one, many, count)


def _speaker(context: Context) -> Catalog:
    speaker: Catalog = context.get("speaker") or catalog(ENGLISH.code)
    return speaker


mail_texts = MailTexts(FileSystemLoader(TEMPLATES))
