"""The look: icons, theme, headers and the markup of rows, without a database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from markupsafe import Markup

from views import theme
from views.icons import ICONS, cut_sprite
from views.look import fill_row, install_look
from views.resources import RESOURCES
from views.security_headers import set_security_headers

TEMPLATES = Path(__file__).parents[2] / "templates"


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    app = Flask(__name__)
    install_look(app)
    app.register_blueprint(theme.blueprint)
    app.after_request(set_security_headers)
    app.add_url_rule("/page", "page", lambda: render_template_string("{{ theme }}"))
    with app.test_client() as client:
        yield client


def test_the_sprite_holds_each_icon_once() -> None:
    sprite = cut_sprite(ICONS)
    assert sorted(re.findall(r'<symbol id="([^"]+)"', sprite)) == sorted(ICONS)


def test_an_icon_that_does_not_exist_is_refused() -> None:
    with pytest.raises(LookupError, match="no-such-icon"):
        cut_sprite(("house", "no-such-icon"))


def test_every_icon_a_template_or_a_resource_names_is_in_the_sprite() -> None:
    named = {resource.icon for resource in RESOURCES}
    for file in TEMPLATES.rglob("*.html"):
        named.update(re.findall(r'\bicon\("([a-z0-9-]+)"\)', file.read_text("utf-8")))
    assert named
    assert named <= set(ICONS)


@pytest.mark.parametrize(("cookie", "drawn"), [("dark", "dark"), ("auto", "auto"), ("purple", "light"), ("", "light")])
def test_a_page_is_drawn_in_the_theme_of_the_cookie(client: FlaskClient, cookie: str, drawn: str) -> None:
    client.set_cookie("theme", cookie)
    assert client.get("/page").text == drawn


def test_choosing_a_theme_without_script_keeps_it_and_goes_back(client: FlaskClient) -> None:
    answer = client.post("/theme", data={"theme": "dark", "next": "/page?sort=total"})
    assert (answer.status_code, answer.location) == (303, "/page?sort=total")
    assert client.get("/page").text == "dark"


def test_an_unknown_theme_is_not_kept(client: FlaskClient) -> None:
    answer = client.post("/theme", data={"theme": "<b>", "next": "/page"})
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nb", "", "x"])
def test_the_theme_form_leads_nowhere_else(client: FlaskClient, address: str) -> None:
    assert client.post("/theme", data={"theme": "dark", "next": address}).location == "/"


def test_every_answer_carries_the_policy_and_pages_are_not_stored(client: FlaskClient) -> None:
    headers = client.get("/page").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers
    assert "Strict-Transport-Security" in client.get("/page", base_url="https://localhost").headers


def test_cells_are_escaped_unless_they_are_markup() -> None:
    shape = Markup("<td>%s</td><td>100%%</td><td>%s</td>")
    assert fill_row(shape, [Markup("<b>1</b>"), "<i>%s</i>"]) == (
        "<td><b>1</b></td><td>100%</td><td>&lt;i&gt;%s&lt;/i&gt;</td>"
    )


def test_no_template_holds_inline_style_script_or_unescaped_text() -> None:
    forbidden = re.compile(
        r"\sstyle=|\son[a-z]+=\"|\|\s*safe\b|<style|<script(?![^>]*\ssrc=)|href=\"javascript:", re.IGNORECASE
    )
    found = [
        f"{file.relative_to(TEMPLATES)}: {match.group()}"
        for file in TEMPLATES.rglob("*.html")
        if "emails" not in file.parts
        for match in forbidden.finditer(file.read_text("utf-8"))
    ]
    assert found == []
