"""What stands in a PDF, as pdftotext (Debian's poppler-utils) reads it."""

from __future__ import annotations

import subprocess

from tests.support.surroundings import PDFTOTEXT


def text_of(pdf: bytes, *options: str) -> str:
    """The text, page by page (parted by form feeds)."""
    PDFTOTEXT.require()
    done = subprocess.run(["pdftotext", *options, "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()
