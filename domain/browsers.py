"""A browser in words: what its User-Agent says of it, as far as it helps a person to know their own devices again."""

from __future__ import annotations

from typing import Final

from domain.sentences import Sentence

UNKNOWN: Final = Sentence("An unknown browser")

# The first that is found wins: most of them also claim to be one of those further down.
_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("MSIE ", "Internet Explorer"),
    ("Trident/", "Internet Explorer"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("python-requests/", "A Python program"),
    ("Firefox", "Firefox"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
    ("Macintosh", "macOS"), ("Mac OS X", "macOS"), ("Linux", "Linux"), ("FreeBSD", "FreeBSD"),
)  # fmt: skip


def browser_in_words(user_agent: str | None) -> str:
    """Browser and system, like "Firefox on Windows". Never any text of the header itself: anybody can write it."""
    said = user_agent or ""
    browser = next((name for mark, name in _BROWSERS if mark in said), "")
    system = next((name for mark, name in _SYSTEMS if mark in said), "")
    if browser and system:
        return Sentence("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or (Sentence("A browser on %(system)s", system=system) if system else UNKNOWN)
