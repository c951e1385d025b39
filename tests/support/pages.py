"""The forms of a page as a browser sees them: read, filled in and sent."""

from __future__ import annotations

import html
import itertools
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_numbers = itertools.count(1)
_UNREAD = ("script", "style", "template", "svg")
_PLAIN = ("text", "search", "hidden", "email", "tel", "url", "number", "date", "datetime-local", "password", "textarea")


@dataclass
class Control:
    """One field of a form: what it holds, and what the page says of it."""

    name: str
    type: str
    value: str = ""
    required: bool = False
    lookup_url: str = ""
    inputmode: str = ""
    max_length: int = 0
    options: list[str] = field(default_factory=list)
    ticked: list[str] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    invalid: bool = False


@dataclass
class Button:
    """What sends a form, and where to if not to the form's own address."""

    label: str = ""
    action: str = ""
    name: str = ""
    value: str = ""


@dataclass
class PageForm:
    """A form of a page. ``values`` are what a browser would send if nobody touched it."""

    action: str
    method: str
    controls: dict[str, Control] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)
    lists: dict[str, list[str]] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        sent: dict[str, Any] = {}
        for control in self.controls.values():
            if control.type == "checkbox":
                if control.ticked:
                    sent[control.name] = control.ticked if len(control.options) > 1 else control.ticked[0]
            elif control.type == "select":
                sent[control.name] = control.value or (control.options[0] if control.options else "")
            else:
                sent[control.name] = [control.value, *control.more] if control.more else control.value
        return sent


@dataclass
class Page:
    """A page as somebody has it before them: its words, its links (label and address) and its forms."""

    title: str = ""
    text: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)
    forms: list[PageForm] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.links: list[tuple[str, str]] = []
        self.words: dict[str, list[str]] = {"title": [], "body": []}
        self._by_id: dict[str, PageForm] = {}
        self._tags: list[str] = []
        self._button: Button | None = None
        self._link: str | None = None
        self._label: list[str] = []
        self._form: PageForm | None = None
        self._select: Control | None = None
        self._area: Control | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag in _UNREAD or tag == "title":
            self._tags.append(tag)
        form = self._by_id.get(said["form"]) if "form" in said else self._form
        if tag == "form":
            self._form = PageForm(said.get("action", ""), said.get("method", "get"))
            self.forms.append(self._form)
            if said.get("id"):
                self._by_id[said["id"]] = self._form
        elif tag == "a" and said.get("href"):
            self._link, self._label = said["href"], []
        elif tag == "button" and form is not None and said.get("type", "submit") == "submit":
            self._button = Button("", said.get("formaction", ""), said.get("name", ""), said.get("value", ""))
            self._label = []
            form.buttons.append(self._button)
        elif form is not None and tag in ("input", "select", "textarea") and said.get("name"):
            self._control(form, tag, said)
        elif tag == "option" and self._select is not None:
            self._select.options.append(said.get("value", ""))
            if "selected" in said:
                self._select.value = said.get("value", "")

    def _control(self, form: PageForm, tag: str, said: dict[str, str]) -> None:
        control = Control(
            said["name"],
            said.get("type", "text") if tag == "input" else tag,
            said.get("value", ""),
            required="required" in said,
            lookup_url=said.get("data-lookup-url", ""),
            inputmode=said.get("inputmode", ""),
            max_length=int(said.get("maxlength") or 0),
            invalid=said.get("aria-invalid") == "true",
        )
        known = form.controls.get(control.name)
        if control.type == "checkbox" and known is not None and known.type == "checkbox":
            control = known  # one of several boxes of the same name
        elif control.type == "hidden" and known is not None and known.type == "hidden":
            control, known.more = known, [*known.more, control.value]
        form.controls[control.name] = control
        if control.type == "checkbox":
            value = said.get("value") or "y"
            control.options.append(value)
            control.ticked += [value] if "checked" in said else []
        if tag == "select":
            self._select = control
        elif tag == "textarea":
            self._area = control

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.value += data
        self._label.append(data)
        if not self._tags or self._tags[-1] == "title":
            self.words["title" if self._tags else "body"].append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._tags and self._tags[-1] == tag:
            self._tags.pop()
        if tag == "form":
            self._form = None
        elif tag == "a" and self._link is not None:
            self.links.append((_plain(self._label), self._link))
            self._link = None
        elif tag == "button" and self._button is not None:
            self._button.label, self._button = _plain(self._label), None
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._area is not None:
            self._area.value = self._area.value.removeprefix("\r\n").removeprefix("\n")
            self._area = None


def _plain(words: list[str]) -> str:
    return " ".join("".join(words).split())


def page_of(response: Any) -> Page:
    """The page of an answer. Words apart in the page are apart here, whatever they stand in."""
    reader = _Reader()
    reader.feed(response.get_data(as_text=True))
    text = " ".join(" ".join(reader.words["body"]).split())
    return Page(_plain(reader.words["title"]), text, reader.links, reader.forms)


def forms_of(response: Any) -> list[PageForm]:
    """Every form of a page, those of its frame too."""
    reader = _Reader()
    reader.feed(response.get_data(as_text=True))
    return reader.forms


def form_of(response: Any) -> PageForm:
    """The form that the page is about: the one that is posted to the record, not to the frame."""
    frame = ("/theme", "/language", "/sign-out", "/return")
    found = [form for form in forms_of(response) if form.method == "post" and not form.action.endswith(frame)]
    found = [form for form in found if [button.label for button in form.buttons] != ["Undo"]]  # of what was done before
    assert len(found) == 1, f"{len(found)} forms on the page"
    return found[0]


def filled(form: PageForm, client: Any, **values: Any) -> dict[str, Any]:
    """What somebody sends who fills in what is asked for, and nothing that is optional; ``values`` are typed as given."""
    sent = form.values
    for control in form.controls.values():
        if control.required and not sent.get(control.name):
            sent[control.name] = _typed(control, client)
    return sent | values


def _typed(control: Control, client: Any) -> str:
    number, name = next(_numbers), control.name
    if control.lookup_url:
        offered = json.loads(client.get(control.lookup_url).get_data())
        assert offered, f"nothing to choose for {name}"
        return str(offered[0]["value"])
    if control.type == "select":
        return next(option for option in control.options if option)
    by_type = {
        "number": "1",
        "date": "2030-01-31",
        "datetime-local": "2030-01-31T10:00",
        "email": f"typed{number}@x.example",
    }
    by_name = {"country": "US", "currency": "USD", "time_zone": "UTC"}
    if control.inputmode == "decimal":
        return "10.00"
    if "email" in name:
        return f"typed{number}@people.example"
    return by_type.get(control.type) or by_name.get(name) or f"typed-{number}"


def said_by(response: Any) -> list[str]:
    """What the page says was wrong: the lines of the summary at its head."""
    text = response.get_data(as_text=True)
    summary = re.search(r'class="error-summary".*?</ul>', text, re.DOTALL)
    lines = re.findall(r"<li>(.*?)</li>", summary[0], re.DOTALL) if summary else []
    return [html.unescape(re.sub(r"<[^>]+>", "", line)).strip() for line in lines]
