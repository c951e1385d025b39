"""Pictures of every kind, good and bad, made on the spot."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image


def picture(width: int = 300, height: int = 200, kind: str = "PNG", colour: str = "red", **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(written, kind, **options)
    return written.getvalue()


def upside_down_jpeg_with_a_place() -> bytes:
    """Lies on its side by its metadata, which also say where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif[0x010E] = "SECRET-PLACE"
    side = Image.new("RGB", (300, 300), "blue")
    side.paste("yellow", (0, 0, 300, 100))  # the upper third: at the right once it is upright
    written = io.BytesIO()
    side.save(written, "JPEG", exif=exif.tobytes(), quality=95)
    return written.getvalue()


def moving_gif() -> bytes:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green")]
    written = io.BytesIO()
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:], duration=100)
    return written.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A few bytes whose header names this size: decoding them would fill the memory."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def opened(content: bytes) -> Image.Image:
    found = Image.open(io.BytesIO(content))
    found.load()
    return found
