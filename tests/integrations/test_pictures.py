"""Pictures from people become harmless squares, or are refused before they are decoded."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from integrations.pictures import LARGEST_FILE, PictureNotReadable, PictureTooLarge, square_png
from tests.support.pictures import (
    moving_gif,
    opened,
    picture,
    png_that_claims,
    upside_down_jpeg_with_a_place,
)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_of_each_kind_becomes_a_square_png(kind):
    drawn = opened(square_png(picture(kind=kind), 256))
    assert (drawn.format, drawn.size) == ("PNG", (256, 256))
    red, green, blue, alpha = drawn.convert("RGBA").getpixel((128, 128))
    assert red > 240
    assert max(green, blue) < 15
    assert alpha == 255


def test_a_picture_is_upright_and_its_metadata_are_gone():
    sent = upside_down_jpeg_with_a_place()
    assert b"SECRET-PLACE" in sent
    made = square_png(sent, 256)
    drawn = opened(made)
    assert b"SECRET-PLACE" not in made
    assert not drawn.getexif()
    assert drawn.info == {}
    assert drawn.convert("RGB").getpixel((250, 128))[0] > 200  # yellow at the right
    assert drawn.convert("RGB").getpixel((5, 128))[2] > 200  # blue at the left


def test_of_a_moving_picture_the_first_frame_is_shown():
    drawn = opened(square_png(moving_gif(), 256))
    assert getattr(drawn, "n_frames", 1) == 1
    assert drawn.convert("RGB").getpixel((128, 128))[0] > 240


@pytest.mark.parametrize(("width", "height"), [(30_000, 20), (20, 30_000), (6001, 10), (60_000, 60_000)])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch, width, height):
    decoded = []
    monkeypatch.setattr(Image.Image, "load", lambda self: decoded.append(self))
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", lambda self: decoded.append(self))
    with pytest.raises(PictureTooLarge):
        square_png(png_that_claims(width, height), 256)
    assert decoded == []


def test_a_real_picture_30000_pixels_wide_is_refused():
    with pytest.raises(PictureTooLarge):
        square_png(picture(30_000, 1), 256)


def test_a_file_of_too_many_bytes_is_refused():
    with pytest.raises(PictureTooLarge):
        square_png(picture() + b"\0" * LARGEST_FILE, 256)


def _bytes_of(kind: str) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (30, 30)).save(written, kind)
    return written.getvalue()


BAD = {
    "nothing": b"",
    "text": b"this is no picture",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<html><script>alert(1)</script></html>",
    "truncated PNG": picture(200, 200)[:120],
    "truncated JPEG": picture(400, 400, "JPEG")[:200],
    "only a header": b"\x89PNG\r\n\x1a\n",
    "too little data": png_that_claims(100, 100),
    "BMP": _bytes_of("BMP"),
    "TIFF": _bytes_of("TIFF"),
    "ICO": _bytes_of("ICO"),
    "PDF": b"%PDF-1.7\n%%EOF",
    "zip": b"PK\x03\x04" + b"\0" * 100,
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_what_is_no_picture_of_ours_is_refused(content):
    with pytest.raises(PictureNotReadable):
        square_png(content, 256)


def test_what_else_a_picture_carries_is_left_behind():
    script = b"<script>alert(document.domain)</script>"
    made = square_png(picture(kind="GIF") + script, 256)
    assert script not in made
    assert made.startswith(b"\x89PNG")
