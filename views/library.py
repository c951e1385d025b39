"""What is read and watched: the resources centre, and the guides and video tutorials of the help menu (SPEC E10)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from domain.permissions import P
from models import ArticleKind, ResourceArticle
from panel import EVERYONE, RealmPage, Visit
from panel.addresses import address, key_in
from services.library import CENTRE, HELP, article_of, articles, can_be_opened
from views.guides import GuideReading, guide_parts

LONGEST_SEARCH = 200
_FIRST = 6
_KINDS = {
    ArticleKind.ARTICLE: ("Articles", "Article"),
    ArticleKind.STORY: ("Stories", "Story"),
    ArticleKind.WEBINAR: ("Webinars", "Webinar"),
    ArticleKind.VIDEO: ("Videos", "Video"),
    ArticleKind.GUIDE: ("Guides", "Guide"),
    ArticleKind.TUTORIAL: ("Video tutorials", "Video tutorial"),
}
_WATCHED = frozenset({ArticleKind.WEBINAR, ArticleKind.VIDEO, ArticleKind.TUTORIAL})
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}").fullmatch
_PARAGRAPHS = re.compile(r"(?:\r?\n[ \t]*){2,}")


class LibraryPage(RealmPage):
    """Pieces of some kinds: an overview of each kind, all of one kind, a search, and one piece to read.

    What is shown is chosen in the address (``?kind=webinar``, ``?q=words``), so that it can be kept and sent.
    """

    kinds: ClassVar[tuple[ArticleKind, ...]] = ()
    lead: ClassVar[str] = ""
    group, icon = "", "newspaper"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(("index", "article"), P.RESOURCES_READ)

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it."""
        return visit.owner_id is not None and visit.allows(P.RESOURCES_READ)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The newest of each kind; all of one kind; or what a search finds."""
        kind = next((each for each in self.kinds if each.value == request.args.get("kind")), None)
        words = request.args.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
        shown = (kind,) if kind is not None else self.kinds
        found = articles(shown, day=self.hooks.now().date(), words=words)
        whole = kind is not None or bool(words)
        parts = [*self._own_parts(shown, words), *(self._part(each, found, whole=whole) for each in shown)]
        return render_template(
            "pages/library/list.html",
            **self._frame(_KINDS[kind][0] if kind is not None else self.title),
            lead=self.lead if kind is None else "",
            kind=kind.value if kind is not None else "",
            words=words,
            parts=[part for part in parts if part["items"]],
            url=self._url(),
            home={"label": self.title, "url": self._url()} if whole else None,
        )

    @expose("/<public_id>")
    def article(self, public_id: str) -> ResponseReturnValue:
        """One piece: its text, and the way to what stands elsewhere."""
        name, day = key_in(public_id), self.hooks.now().date()
        found = article_of(name, self.kinds, day=day) if _NAME(name) else None
        if found is None:
            abort(404)
        many, one = _KINDS[found.kind]
        return render_template(
            "pages/library/article.html",
            **self._frame(found.title),
            kind=one,
            summary=found.summary,
            day=self._day(found),
            language=self._language(found),
            paragraphs=[text for text in _PARAGRAPHS.split(found.body.strip()) if text],
            elsewhere=found.url if can_be_opened(found.url) else "",
            elsewhere_label="Watch" if found.kind in _WATCHED else "Read on",
            list_label=many,
            list_url=self._url(f"?kind={found.kind.value}"),
        )

    def _own_parts(self, kinds: Sequence[ArticleKind], words: str) -> list[dict[str, Any]]:
        """What stands above the pieces and is none of them."""
        return []

    def _part(self, kind: ArticleKind, found: Sequence[ResourceArticle], *, whole: bool) -> dict[str, Any]:
        """A kind with its pieces: the first of them, and where all are, unless they are shown whole."""
        own = [each for each in found if each.kind is kind]
        return {
            "label": _KINDS[kind][0],
            "items": [self._card(each) for each in (own if whole else own[:_FIRST])],
            "all_url": "" if whole or len(own) <= _FIRST else self._url(f"?kind={kind.value}"),
        }

    def _card(self, found: ResourceArticle) -> dict[str, str]:
        return {
            "title": found.title,
            "summary": found.summary,
            "day": self._day(found),
            "language": self._language(found),
            "url": self._url(address(found.public_id)),
        }

    def _day(self, found: ResourceArticle) -> str:
        return str(format_date(found.published_on, "medium", locale=self.visit.locale))

    def _language(self, found: ResourceArticle) -> str:
        """The language of a piece, where it is another than the reader's."""
        if found.language.partition("-")[0] == str(self.visit.locale).partition("_")[0]:
            return ""
        try:
            return str(Locale.parse(found.language, sep="-").get_display_name(self.visit.locale) or found.language)
        except (UnknownLocaleError, ValueError):
            return found.language

    def _frame(self, title: str) -> dict[str, Any]:
        return {"layout": self.realm.layout, "visit": self.visit, "title": title}

    def _url(self, part: str = "") -> str:
        return f"{self.visit.base_url}/{self.slug}/{part}"


class ResourcesCentrePage(LibraryPage):
    """``resources-centre/``: articles, stories, webinars and videos."""

    slug, title = "resources-centre", "Resources centre"
    group = "Support"
    kinds = CENTRE
    lead = "Articles, stories, webinars and videos about what you run."


class HelpPage(GuideReading, LibraryPage):
    """``help/`` of both realms: the guides for one's roles, and below them what the provider wrote for members.

    The help menu in the bar leads here. Everybody of the realm reads it (docs/decisions/0014).
    """

    slug, title = "help", "Help"
    group, icon = "Support", "question-circle"
    kinds = HELP
    lead = "How to do things here, to read and to watch."
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(("index", "article", "guide", "picture"), EVERYONE)

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """In the menu of everybody."""
        return visit.allows(EVERYONE)

    def _own_parts(self, kinds: Sequence[ArticleKind], words: str) -> list[dict[str, Any]]:
        return guide_parts(self.visit, self._url("guides/"), words) if ArticleKind.GUIDE in kinds else []


def help_menu(visit: Visit) -> list[dict[str, str]]:
    """The help menu of the bar: guides and video tutorials; for members the resources centre and, who may, a ticket."""
    links = [(_KINDS[kind][0], f"{HelpPage.slug}/?kind={kind.value}") for kind in HELP]
    if ResourcesCentrePage.is_offered(visit):
        links.append((ResourcesCentrePage.title, f"{ResourcesCentrePage.slug}/"))
    if visit.owner_id is not None and visit.allows(P.TICKETS_WRITE):
        links.append(("Ask support", "tickets/new"))
    return [{"label": label, "url": f"{visit.base_url}/{path}"} for label, path in links]
