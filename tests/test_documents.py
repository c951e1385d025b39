"""The documents: what they link to and show is there, every picture says what it shows, and none is left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.browser.picture_pages import PHONE, TOUR

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "img"
MOST_BYTES = 2_500_000
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
DOCUMENTS = sorted(
    file for file in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")) if file.is_file()
)


def links_of(document):
    """(whether it is a picture, its words, where it leads) of each link to a file of ours."""
    for sign, words, target in LINK.findall(document.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:|#", target):
            yield bool(sign), words, (document.parent / target.partition("#")[0]).resolve()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_a_document_links_to_is_there_and_every_picture_has_its_words(document):
    assert [str(target) for _, _, target in links_of(document) if not target.exists()] == []
    assert [str(target) for is_picture, words, target in links_of(document) if is_picture and len(words) < 10] == []


def test_every_picture_of_the_documents_is_shown_and_all_of_them_are_light():
    shown = {target for document in DOCUMENTS for is_picture, _, target in links_of(document) if is_picture}
    kept = set(PICTURES.iterdir())
    assert kept == {target for target in shown if target.parent == PICTURES}
    assert sum(file.stat().st_size for file in kept) < MOST_BYTES


def test_the_tour_shows_its_pages_in_both_themes():
    text = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
    assert len(TOUR) == 10
    for view in (*TOUR, *PHONE):
        for theme in ("light", "dark"):
            assert f"(img/{view.name}-{theme}.webp)" in text
