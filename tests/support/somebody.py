"""Somebody at their browser, who does what people do: opens pages, reads them, follows links and sends forms.

    ida = Somebody(app, "ida@fjord.example")
    ida.signs_in()
    ida.goes("/portal/20001/members/")
    ida.clicks("max@fjord.example")
    ida.clicks("Reset password")
    ida.presses("Reset password")
    assert ida.sees("A new password is on its way")

Nothing is sent that the page before them does not offer: links and buttons are found by their words, fields by their
names, and the token of a form goes with it. Redirects are followed, as a browser does.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from tests.support.door import PASSWORD
from tests.support.pages import Page, PageForm, page_of, said_by

_MOST_REDIRECTS = 8


class Somebody:
    """One browser. ``where`` is the address it shows, ``status`` how the server answered, ``page`` what stands there."""

    def __init__(self, app: Flask, email: str = "", password: str = PASSWORD) -> None:
        self.client: Any = app.test_client()
        self.email, self.password = email, password
        self.where, self.status, self.page = "", 0, Page()
        self.answer: Any = None

    def __repr__(self) -> str:
        """What a failed test shows of it."""
        return f"<{self.email or 'somebody'} at {self.where} ({self.status}): {self.page.text[:2000]}>"

    # What they read.

    @property
    def path(self) -> str:
        """The address without its query."""
        return urlsplit(self.where).path

    @property
    def complaints(self) -> list[str]:
        """What the page says was wrong."""
        return said_by(self.answer)

    def sees(self, words: str) -> bool:
        """Whether the page says so."""
        return words in self.page.text or words in self.page.title

    def sees_link(self, label: str) -> bool:
        return any(words == label for words, _address in self.page.links)

    def sees_button(self, label: str) -> bool:
        return any(button.label == label for form in self.page.forms for button in form.buttons)

    # What they do.

    def goes(self, address: str) -> Somebody:
        """Type an address, or open one from a mail."""
        self._ask("GET", address)
        return self

    def opens(self, address: str) -> bool:
        """Whether the page at this address is shown to them, and not another in its place."""
        self.goes(address)
        return self.status == 200 and self.path == urlsplit(address).path

    def clicks(self, label: str, *, to: str = "") -> Somebody:
        """Follow the link with these words; ``to`` is a piece of its address, where several are called the same."""
        found = {address for words, address in self.page.links if words == label and to in address}
        assert len(found) == 1, f"{len(found)} links {label!r} on {self.where}: {sorted(self.page.links)}"
        return self.goes(found.pop())

    def presses(self, label: str, **fields: Any) -> Somebody:
        """Fill in the form that has this button, and press it. Fields keep what the page has them hold."""
        form, button = self._form_with(label)
        unknown = set(fields) - set(form.controls)
        assert not unknown, f"no field {unknown} beside {label!r} on {self.where}: {list(form.controls)}"
        for name, value in fields.items():
            options, values = form.controls[name].options, value if isinstance(value, list) else [value]
            assert not options or set(values) <= set(options), f"{name} offers {options}, not {value!r}"
        sent = form.values | fields
        if button.name:
            sent[button.name] = button.value
        address = button.action or form.action or self.where
        if form.method.lower() == "get":
            self._ask("GET", address, query_string=sent)
        else:
            self._ask("POST", address, data=sent)
        return self

    def signs_in(self, password: str = "") -> Somebody:
        """By the form, opened anew; let in, they stand on the page they wanted, or on their first."""
        self.goes(self.where if self.path == "/sign-in" else "/sign-in")
        return self.presses("Sign in", email=self.email, password=password or self.password)

    def proves(self, **by: str) -> Somebody:
        """Answer the page that asks again who they are, by ``password`` or by ``code``."""
        assert self.path == "/prove", (self.where, self.status)
        return self.presses("Confirm", **by or {"password": self.password})

    def takes_seat(self, link: str) -> Somebody:
        """Open the link of an invitation, choose a password, sign in with it, and find the data as they should be."""
        self.goes(link)
        self.presses("Take the seat", new_password=self.password, repeated=self.password)
        return self.signs_in().presses("These data are right")

    def _form_with(self, label: str) -> tuple[PageForm, Any]:
        found = [(form, button) for form in self.page.forms for button in form.buttons if button.label == label]
        labels = [button.label for form in self.page.forms for button in form.buttons]
        assert len(found) == 1, f"{len(found)} buttons {label!r} on {self.where} ({self.status}): {labels}"
        return found[0]

    def _ask(self, method: str, address: str, **sent: Any) -> None:
        headers = {"Referer": f"http://localhost{self.where}"} if self.where else {}
        for _hop in range(_MOST_REDIRECTS):
            address = _own_path(address, self.where)
            self.answer = self.client.open(address, method=method, headers=headers, **sent)
            self.where = self.answer.request.full_path.rstrip("?")
            if self.answer.status_code not in (301, 302, 303, 307, 308):
                break
            method, address, sent = "GET", self.answer.location, {}
        else:
            raise AssertionError(f"{_MOST_REDIRECTS} redirects, the last to {address}")
        self.status = self.answer.status_code
        self.page = page_of(self.answer) if self.answer.mimetype == "text/html" else Page()


def _own_path(address: str, here: str) -> str:
    """The address below our own house; those of others are not opened."""
    parts = urlsplit(address)
    assert parts.netloc in ("", "localhost"), f"the address {address} leads elsewhere"
    path = parts.path or urlsplit(here).path
    return f"{path}?{parts.query}" if parts.query else path
