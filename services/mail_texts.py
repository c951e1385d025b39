"""The words of mails: templates/emails/<event>/subject.txt and body.txt, rendered without Flask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "emails"


@dataclass(frozen=True, slots=True)
class MailText:
    """A subject of one line, and a body."""

    subject: str
    text: str


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
        self.bind(brand_name="Foyer", base_url="")

    def bind(self, *, brand_name: str, base_url: str) -> None:
        """Use this provider's name, and this address in front of every link."""
        self._environment.globals.update(brand_name=brand_name, base_url=base_url)
        self.host = urlsplit(base_url).hostname or "localhost"

    def render(self, event: str, **values: Any) -> MailText:
        """Fill the two templates of the event."""
        subject = self._environment.get_template(f"{event}/subject.txt").render(values)
        text = self._environment.get_template(f"{event}/body.txt").render(values)
        return MailText(subject=" ".join(subject.split()), text=text.strip() + "\n")

    def events(self) -> Iterable[str]:
        """The events that have a mail."""
        return sorted({name.split("/")[0] for name in self._environment.list_templates()})


mail_texts = MailTexts(FileSystemLoader(TEMPLATES))
