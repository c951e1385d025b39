"""The words of mails: templates/emails/<event>/subject.txt, body.txt and body.html, rendered without Flask.

What people write in Markdown goes through ``markdown`` in the HTML, and through ``readable`` in the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from css_inline import CSSInliner
from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.markdown import markdown, readable

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "emails"
_STYLE = "mail.css"


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
        self._environment = Environment(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=select_autoescape(("html",)),
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(markdown=markdown, readable=readable)
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
        self._environment.globals.update(brand_name=brand_name, base_url=base_url)
        self.brand_name = brand_name
        self.base_url = base_url
        self.host = urlsplit(base_url).hostname or "localhost"

    def render(self, event: str, *, unsubscribe_url: str = "", **values: Any) -> MailText:
        """Fill the templates of the event. ``unsubscribe_url`` is for mails that may be switched off."""
        values = {**values, "unsubscribe_url": unsubscribe_url}
        subject = self._environment.get_template(f"{event}/subject.txt").render(values)
        notice = self._environment.get_template(f"{event}/body.txt").render(values).strip() + "\n"
        foot = f"\n-- \nYou chose to get mails like this one. Stop these mails:\n{unsubscribe_url}\n"
        return MailText(
            subject=" ".join(subject.split()),
            text=notice + foot if unsubscribe_url else notice,
            html=self._html(f"{event}/body.html", values),
            notice=notice,
        )

    def events(self) -> Iterable[str]:
        """The events that have a mail."""
        return sorted({name.split("/")[0] for name in self._environment.list_templates() if "/" in name})

    def _html(self, name: str, values: dict[str, Any]) -> str:
        if name not in self._bodies:
            return ""
        return self._inliner.inline(self._environment.get_template(name).render(values))

    def _source(self, name: str) -> str:
        assert self._environment.loader is not None  # noqa: S101  it was handed in
        return self._environment.loader.get_source(self._environment, name)[0]


mail_texts = MailTexts(FileSystemLoader(TEMPLATES))
