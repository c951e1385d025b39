"""Files that do harm where somebody believes what they say they are: (name, content, whether it is a program)."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from PIL import Image

HTML = b"<!DOCTYPE html><html><body><script>alert(document.domain)</script></body></html>"
SVG = b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"
PE = b"MZ\x90\0" + b"\0" * 56 + b"\x40\0\0\0PE\0\0"
ELF = b"\x7fELF\x02\x01\x01" + b"\0" * 60
MACHO = b"\xcf\xfa\xed\xfe\x07\0\0\x01" + b"\0" * 60
JAVA = b"\xca\xfe\xba\xbe\0\0\0\x34"
PDF = b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj\n%%EOF"
_RUN = "exe com bat cmd scr pif msi js jse vbs vbe wsf wsh hta ps1 jar lnk cpl chm iso dmg apk dll sys msc sct cab mst".split()  # noqa: SIM905
_HARMLESS_NAMES = (
    "photo.png",
    "photo.jpg",
    "scan.gif",
    "picture.webp",
    "invoice.pdf",
    "notes.txt",
    "log",
    "report.docx",
)


def picture(kind: str, size: tuple[int, int] = (8, 8)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "red").save(written, kind)
    return written.getvalue()


def bomb(side: int) -> bytes:
    """A PNG of side × side pixels in some bytes: only its header says so."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def nested(depth: int) -> bytes:
    """A ZIP in a ZIP in a ZIP."""
    content = PE
    for level in range(depth):
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{level}.zip" if level else "setup.exe", content)
        content = written.getvalue()
    return content


def hostile_files() -> list[tuple[str, bytes, bool]]:
    """150 and more of them."""
    found: list[tuple[str, bytes, bool]] = [(f"readme.{suffix}", b"anything", True) for suffix in _RUN]
    found += [(f"invoice.pdf.{suffix.upper()}", PDF, True) for suffix in _RUN[:12]]
    found += [(f"readme.{suffix}. .", b"anything", True) for suffix in _RUN[:6]]
    programs = {"windows": PE, "linux": ELF, "macos": MACHO, "java": JAVA}
    found += [(name, content, True) for content in programs.values() for name in _HARMLESS_NAMES]
    pages = (HTML, HTML.upper(), b"\xef\xbb\xbf" + HTML, b" \n\t" + HTML, SVG, SVG[21:], b"<script>alert(1)</script>")
    found += [(name, content, False) for content in pages for name in (*_HARMLESS_NAMES, "page.html", "drawing.svg")]
    found += [(name, picture("GIF") + HTML, False) for name in ("both.gif", "both.html", "both.svg")]
    found += [("both.jpg", picture("JPEG") + HTML, False), ("damaged.png", picture("PNG")[:40], False)]
    found += [(f"large-{side}.png", bomb(side), False) for side in (13_000, 50_000, 2**31 - 1)]
    found += [(f"nested-{depth}.zip", nested(depth), False) for depth in (1, 5, 40)]
    found += [("mail.eml", b"Content-Type: text/html\n\n" + HTML, False), ("script.pdf", PDF, False)]
    found += [("feed.xml", b"<?xml version='1.0'?><?xml-stylesheet href='javascript:alert(1)'?><a/>", False)]
    found += [("wide.txt", HTML.decode().encode("utf-16"), False), ("seven.txt", b"+ADw-script+AD4-alert(1)", False)]
    return found


def with_macros(kind: str) -> bytes:
    """An Office file that holds a program of its own; nothing here opens it."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(f"{kind}/vbaProject.bin", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1Sub AutoOpen()")
    return written.getvalue()


def hostile_names() -> list[tuple[str, bytes]]:
    """Files whose names do the harm: paths, ends of lines, turned directions, devices, quotes, and very long ones."""
    names = (
        *(
            "../../etc/passwd",
            "..\\..\\windows\\win.ini",
            "/etc/shadow",
            "C:\\boot.ini",
            "~/.ssh/id_rsa",
            "a/../../b.txt",
        ),
        *("x\r\nSet-Cookie: a=1", "x\nBcc: all@evil.example", "x\r\n\r\n<script>alert(1)</script>.txt", "a\tb.txt"),
        *("\u202egpj.txt", "photo\u202egnp.txt", "\u200b.txt", "a\u2028b.txt", "\ufeff.log", "\U000e0041.txt"),
        *("con", "NUL.txt", "lpt1.log", "aux", ".", "..", "...", " ", ".htaccess", "web.config"),
        *('x"; filename="evil.html', "x'.txt", "x;y.txt", "x%0d%0ay.txt", "%2e%2e%2fx", "=cmd.txt", "{{ 7 * 7 }}.txt"),
        *(
            "<img src=x onerror=alert(1)>.txt",
            "<script>.txt",
            "a" * 255 + ".txt",
            "\u00e9" * 200 + ".txt",
            "\U0001f600.txt",
        ),
        *("report.docm", "sheet.xlsm", "slides.pptm"),
    )
    macros = {"docm": "word", "xlsm": "xl", "pptm": "ppt"}
    return [(name, with_macros(macros[name[-4:]]) if name[-4:] in macros else HTML) for name in names]
