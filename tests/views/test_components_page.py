"""The page of components: for staff, never in production, and complete."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.desk import staff_desk

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
# Drawn around every page, by a form of its own, or only where somebody stands in for another.
AROUND = {
    "account_menu", "amount_field", "bell_link", "brand_link", "flashes", "help_menu", "jobs_mark", "navigation", "navigation_button",
    "palette", "person_menu", "search_box", "search_link", "settings_navigation", "social_buttons", "stand_in_ribbon",
    "theme_switch", "passkey_form", "network_list", "language_switch", "script_words", "saved_lists",
}  # fmt: skip
# Parts of another one that is shown.
INSIDE = {"field", "field_notes", "filter_field", "icon", "nav_number", "search_field", "sections"}


def test_every_building_block_stands_on_the_page():
    made = set()
    for file in (TEMPLATES / "components").glob("*.html"):
        made |= set(re.findall(r"{%-? macro (\w+)", file.read_text()))
    page = (TEMPLATES / "pages" / "components.html").read_text().replace("chips as chip_list", "")
    shown = {name for name in made if re.search(rf"\b{name}\(", page)} | ({"chips"} if "chip_list(" in page else set())
    assert made - shown - AROUND - INSIDE == set()


def test_staff_see_it_in_a_demo_and_nobody_in_production(app, session, monkeypatch):
    desk = staff_desk(app)
    page = desk.get("/components/")
    assert page.status_code == 200
    assert "Every building block" in page.get_data(as_text=True)
    monkeypatch.setattr("views.components_page._in_production", lambda: True)
    assert desk.get("/components/").status_code == 404
