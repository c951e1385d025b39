"""Styles, scripts and icons as they are served: all of ours, of Bootstrap what we can use, and kept by browsers for a year."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from views.assets import files, install_assets, scripts, styles
from views.assets.names import PLACES, names_in
from views.icons import ICONS
from views.security_headers import set_security_headers

ROOT = Path(__file__).parents[2]
OURS = ("domain", "gateways", "integrations", "jobs", "models", "panel", "services", "views")


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    app = Flask(__name__, static_folder=None)
    install_assets(app)
    app.after_request(set_security_headers)
    app.add_url_rule("/page/<name>", "page", lambda name: render_template_string("{{ asset(name) }}", name=name))
    with app.test_client() as client:
        yield client


@pytest.mark.parametrize(
    ("name", "mimetype"),
    [
        ("foyer.css", "text/css"),
        ("dark.css", "text/css"),
        ("samples.css", "text/css"),
        ("foyer.js", "text/javascript"),
        ("icons.svg", "image/svg+xml"),
        ("favicon.svg", "image/svg+xml"),
    ],
)
def test_a_file_is_served_at_the_address_of_its_content_and_kept_for_a_year(
    client: FlaskClient, name: str, mimetype: str
) -> None:
    answer = client.get(client.get(f"/page/{name}").text)
    assert answer.status_code == 200
    assert answer.mimetype == mimetype
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


def test_a_file_is_the_same_for_everybody(app: Flask) -> None:
    answer = app.test_client().get(files.all_assets()["foyer.css"].address)
    assert answer.status_code == 200
    assert "Vary" not in answer.headers
    assert "Vary" in app.test_client().get("/sign-in").headers


def test_another_version_or_name_is_not_found_and_not_kept(client: FlaskClient) -> None:
    version = files.all_assets()["foyer.css"].version
    for address in ("/assets/000000000000/foyer.css", f"/assets/{version}/foyer.js", f"/assets/{version}/app.py"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert answer.headers["Cache-Control"] == "no-store"


def test_each_of_our_sheets_and_scripts_is_in_one_of_the_files() -> None:
    sheets = {file.stem for file in (ROOT / "static/css").iterdir()}
    assert sheets == {*files.STYLES, "tokens-dark", "samples"}
    joined = scripts.join_modules(ROOT / "static/js", "app")
    for file in (ROOT / "static/js").iterdir():
        assert file.read_text("utf-8").splitlines()[0] in joined, file.name


def test_processes_make_the_same_files_each_by_itself() -> None:
    ask = "from views.assets.files import all_assets; print(*(each.address for each in all_assets().values()))"
    made = subprocess.run(
        [sys.executable, "-c", ask],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.split() == [each.address for each in files.all_assets().values()]


def test_the_files_are_made_once_in_a_process() -> None:
    assert files.all_assets() is files.all_assets()


def test_who_develops_sees_an_edited_file_at_once(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "static", tmp_path / "static")
    monkeypatch.setattr(files, "STATIC", tmp_path / "static")
    client.application.debug = True
    before = client.get("/page/dark.css").text
    assert client.get("/page/dark.css").text == before
    (tmp_path / "static/css/tokens-dark.css").write_text(":root { --paper: #123456; }")
    after = client.get("/page/dark.css").text
    assert after != before
    assert client.get(after).text == ":root{--paper:#123456}"


# What is kept of Bootstrap.


def words_of_templates() -> set[str]:
    """The words inside of class attributes, with what Jinja would put between them left out."""
    found = set[str]()
    for file in (ROOT / "templates").rglob("*.html"):
        for value in re.findall(r'class="((?:\{\{.*?\}\}|\{%.*?%\}|[^"])*)"', file.read_text("utf-8"), re.DOTALL):
            found.update(re.split(r"[^\w-]+", value))
    return found


def words_of_code() -> set[str]:
    """The words of every text in the Python code and the scripts that make markup."""
    found = set[str]()
    for file in [*(ROOT / "panel").rglob("*.py"), *(ROOT / "views").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(re.split(r"[^\w-]+", node.value))
    for file in (ROOT / "static/js").glob("*.js"):
        for text in re.findall(r'"[^"\n]*"|`[^`]*`', file.read_text("utf-8")):
            found.update(re.split(r"[^\w-]+", text))
    return found


def test_each_rule_of_bootstrap_whose_classes_our_code_names_is_kept() -> None:
    named = words_of_templates() | words_of_code()
    wanted = {need for need in styles.needs_of(files.bootstrap_sheet()) if need <= named}
    assert {frozenset(), frozenset({"btn-primary"}), frozenset({"form-control", "is-invalid"})} <= wanted
    assert wanted <= styles.needs_of(files.used_bootstrap())


def test_markup_is_made_nowhere_but_where_names_are_read() -> None:
    read = {place for place, _pattern in PLACES}
    makers = {
        file.relative_to(ROOT).as_posix()
        for place in OURS
        for file in (ROOT / place).rglob("*.py")
        if place not in read and re.search(r"""\bclass=\\?["']""", file.read_text("utf-8"))
    }
    assert makers == set()


def test_most_of_bootstrap_is_left_out_and_its_license_stays() -> None:
    whole, kept = files.bootstrap_sheet(), files.used_bootstrap()
    assert len(kept) < len(whole) / 4
    assert frozenset({"carousel"}) in styles.needs_of(whole) - styles.needs_of(kept)
    assert "MIT" in kept[:500]
    assert "MIT" in files.all_assets()["foyer.css"].body.decode()[:500]


@pytest.mark.parametrize(
    ("sheet", "kept"),
    [
        (".used{a:b}.other{a:b}", ".used{a:b}"),
        (".used.other{a:b}.other .used{a:b}.used>.used{a:b}", ".used>.used{a:b}"),
        (".used,.other,p{a:b}", ".used,p{a:b}"),
        ("p,[type=x],:root{a:b}", "p,[type=x],:root{a:b}"),
        (".used:not(.other){a:b}", ".used:not(.other){a:b}"),
        ("@media (x:y){.used{a:b}.other{a:b}}", "@media (x:y){.used{a:b}}"),
        ("@media (x:y){.other{a:b}}p{a:b}", "p{a:b}"),
        ("@supports (x:y){@media (x:y){.used{a:b}}}", "@supports (x:y){@media (x:y){.used{a:b}}}"),
        ("@keyframes turn{to{a:b}}", "@keyframes turn{to{a:b}}"),
        ('@charset "UTF-8";/*! whose */ /* why */.used{a:b}', '@charset "UTF-8";/*! whose */.used{a:b}'),
        (".used{a:url(\"data:x,.other{y}\");b:'}'}", '.used{a:url("data:x,.other{y}");b:"}"}'),
    ],
)
def test_rules_stay_whose_classes_are_used(sheet: str, kept: str) -> None:
    assert styles.keep_used(sheet, lambda name: name == "used") == kept


@pytest.mark.parametrize(
    ("source", "name", "held"),
    [
        ('<p class="lead">', "lead", True),
        ('<p class="lead">', "lea", False),
        ("element.classList.add('show')", "show", True),
        ("btn btn-{{ kind }}", "btn-dark", True),
        ('"btn-" + kind', "btn-dark", True),
        ("`btn-${kind}`", "btn-dark", True),
        ('f"btn-{kind}"', "btn-dark", True),
        ('"btn-%s" % kind', "btn-dark", True),
        ("btn-{% if big %}lg{% endif %}", "btn-lg", True),
        ("btn-primary", "btn-dark", False),
        ("{{ box }}-title", "card-title", True),
        ("%Y-%m-%d", "m-0", False),
    ],
)
def test_a_name_is_held_when_the_source_can_make_it(source: str, name: str, held: bool) -> None:
    assert names_in([source]).hold(name) is held


# Scripts.


def write_modules(folder: Path, **modules: str) -> None:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text, "utf-8")


def test_modules_stand_behind_those_they_import_each_once_and_with_names_of_their_own(tmp_path: Path) -> None:
    write_modules(
        tmp_path,
        first='import "./second.js";\nimport { say } from "./words.js";\nsay(kept);\n',
        second='import { say, sayOf } from "./words.js";\nconst kept = sayOf(say);\n',
        words="const kept = 1;\nexport function say() {}\nexport const sayOf = say;\n",
    )
    joined = scripts.join_modules(tmp_path, "first")
    assert re.sub(r"\s+", " ", joined) == (
        "const $words = (() => { const kept = 1; function say() {} const sayOf = say; return { say, sayOf }; })(); "
        "(() => { const { say, sayOf } = $words; const kept = sayOf(say); })(); "
        "(() => { const { say } = $words; say(kept); })();"
    )


@pytest.mark.parametrize(
    "line",
    [
        "export default 1;",
        "export { a };",
        'import * as all from "./words.js";',
        'import words from "./words.js";',
        'import { say } from "/elsewhere/words.js";',
        'const late = import("./words.js");',
        "const here = import.meta.url;",
    ],
)
def test_a_module_of_another_form_is_refused(tmp_path: Path, line: str) -> None:
    write_modules(tmp_path, first=line, words="")
    with pytest.raises(scripts.NotOurForm, match=r"first\.js: .*port"):
        scripts.join_modules(tmp_path, "first")


# Icons.


def test_each_icon_of_the_sprite_is_named_somewhere() -> None:
    texts = [
        file.read_text("utf-8")
        for place, pattern in PLACES
        for file in (ROOT / place).rglob(pattern)
        if file != ROOT / "views/icons.py"
    ]
    named = {name for text in texts for name in re.findall(r"""["']([a-z0-9-]+)["']""", text)}
    assert sorted(set(ICONS) - named) == []
