"""What a file is by its content, whatever its name says."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.file_kinds import ANYTHING, FileKind, kind_of
from tests.support.hostile_files import bomb, hostile_files, nested, picture

NEVER_RUN_BY_A_BROWSER = {
    ANYTHING, "text/plain", "application/pdf", "application/zip", "image/png", "image/jpeg", "image/gif", "image/webp",
}  # fmt: skip


def of(content: bytes, name: str = "file") -> FileKind:
    return kind_of(io.BytesIO(content), name)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_pictures_are_shown_by_their_own_type_whatever_their_name(kind):
    for name in ("photo.png", "photo.html", "photo"):
        assert of(picture(kind), name) == FileKind(f"image/{kind.lower()}", safe_image=True)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("trace.txt", b"2026-11-30 10:02:11 INVITE sip:100@pbx", "text/plain"),
        ("trace", "zwölf Straßen\n".encode(), "text/plain"),
        ("manual.pdf", b"%PDF-1.7\n1 0 obj\n", "application/pdf"),
        ("trace.pcap", b"\xd4\xc3\xb2\xa1\x02\0\x04\0", ANYTHING),
        ("logs.zip", nested(1), "application/zip"),
        ("page.html", b"<!DOCTYPE html><p>Hello", "text/plain"),
        ("config.json", b'{"a": 1}', "text/plain"),
        ("old.txt", "Grüße".encode("latin-1"), ANYTHING),
        ("empty", b"", "text/plain"),
    ],
)
def test_other_files_are_told_by_a_type_that_no_browser_runs(name, content, told):
    assert of(content, name) == FileKind(told)


def test_a_text_that_is_cut_within_a_letter_is_a_text():
    assert of(b"a" * 4095 + "ü".encode() + b"more").content_type == "text/plain"


def test_a_picture_with_too_many_pixels_is_not_shown():
    assert of(bomb(13_000), "large.png") == FileKind(ANYTHING)


def test_of_hostile_files_programs_are_known_and_no_other_is_told_as_what_a_browser_runs():
    files = hostile_files()
    assert len(files) >= 150
    for name, content, program in files:
        kind = of(content, name)
        assert kind.program is program, name
        assert kind.content_type in NEVER_RUN_BY_A_BROWSER, (name, kind)
        if kind.safe_image:
            assert content.startswith((b"\x89PNG", b"\xff\xd8", b"GIF8", b"RIFF")), name


@given(st.binary(max_size=300), st.text(max_size=30))
def test_any_bytes_are_of_some_kind_and_stand_at_their_beginning(content, name):
    file = io.BytesIO(content)
    assert kind_of(file, name).content_type
    assert file.tell() == 0
