"""What a file is by its content. What its sender says of it is never believed."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import BinaryIO, Final

import puremagic
from PIL import Image

LOOKED_AT: Final = 4096
ANYTHING: Final = "application/octet-stream"
PLAIN_TEXT: Final = "text/plain"

# Kinds that are told to a browser by name, so that a telephone opens them. A browser runs no script in any of them, so
# HTML, XML and SVG are not among these: they are told as plain text.
_TOLD: Final = frozenset(
    {
        "application/pdf",
        "application/zip",
        "application/x-gzip",
        "application/x-7z-compressed",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "audio/mpeg",
        "video/mp4",
    }
)
_IMAGES: Final = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
_LARGEST_SIDE: Final = 12_000
_MOST_PIXELS: Final = 50_000_000

# Programs by their first bytes: of Windows (PE), Linux (ELF), macOS (Mach-O, both orders and universal) and Java.
_PROGRAMS: Final = (
    b"MZ",
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)
# What Windows and macOS run when it is opened, whatever it holds: the kinds that mail services refuse.
_RUN_WHEN_OPENED: Final = re.compile(
    "ade|adp|apk|appx|appxbundle|bat|cab|chm|cmd|com|cpl|dll|dmg|exe|hta|ins|isp|iso|jar|js|jse|lib|lnk|mde|msc|msi|msix"
    "|msp|mst|nsh|pif|ps1|scr|sct|shb|sys|vb|vbe|vbs|vxd|wsc|wsf|wsh"
)


@dataclass(frozen=True, slots=True)
class FileKind:
    """``content_type`` may be told to a browser as it is; a ``safe_image`` may be shown; a ``program`` can be run."""

    content_type: str
    safe_image: bool = False
    program: bool = False


def kind_of(content: BinaryIO, name: str) -> FileKind:
    """Look at a content that can be wound back; it stands at its beginning afterwards."""
    content.seek(0)
    head = content.read(LOOKED_AT)
    content.seek(0)
    if head.startswith(_PROGRAMS) or _RUN_WHEN_OPENED.fullmatch(_suffix(name)):
        return FileKind(ANYTHING, program=True)
    image = _image(content)
    content.seek(0)
    if image is not None:
        return image
    return FileKind(_told(head, name))


def _suffix(name: str) -> str:
    """The last extension. Windows drops dots and spaces at the end of a name, so they hide none."""
    stem, dot, suffix = name.rstrip(". ").rpartition(".")
    return suffix.strip().lower() if dot and stem else ""


def _image(content: BinaryIO) -> FileKind | None:
    """A picture whose header is sound; one that is too large to be shown is told as anything."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(content, formats=tuple(_IMAGES)) as picture:
                fits = max(picture.size) <= _LARGEST_SIDE and picture.width * picture.height <= _MOST_PIXELS
                told = _IMAGES[str(picture.format)]
                picture.verify()
        except Image.DecompressionBombError:
            return FileKind(ANYTHING)
        except Exception:  # noqa: BLE001  decoders raise whatever they meet in damaged pictures
            return None
    return FileKind(told, safe_image=True) if fits else FileKind(ANYTHING)


def _told(head: bytes, name: str) -> str:
    try:
        guesses = puremagic.magic_string(head, filename=name) if head else []
    except (puremagic.PureError, ValueError):
        guesses = []
    if guesses and guesses[0].mime_type in _TOLD:
        return str(guesses[0].mime_type)
    return PLAIN_TEXT if _is_text(head) else ANYTHING


def _is_text(head: bytes) -> bool:
    """UTF-8 without control characters; the last character may be cut off."""
    if b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return len(head) == LOOKED_AT and error.start > LOOKED_AT - 4
    return True
