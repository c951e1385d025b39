"""The guides that come with Foyer, as the help pages of both realms show them: one's own first (services/guides.py)."""

from __future__ import annotations

from typing import Any, Final

from flask import abort, render_template, send_file
from flask.typing import ResponseReturnValue
from flask_admin import expose

from panel import PORTAL, STAFF, RealmPage, Visit
from panel.words import gettext, in_a_sentence, inside
from services.guides import FOLDER, Guide, guide, guides_of, own_guides, readable_guides
from services.markdown import markdown
from views.locale import said, select_language
from views.resources import RESOURCES

PICTURES: Final = FOLDER.parent / "static" / "img" / "guides"
_ONE_DAY: Final = 86_400  # seconds
_NOUN_OF_ADDING: Final = {f"Add {in_a_sentence(each.noun_label())}": each.noun_label() for each in RESOURCES}
"""The buttons that are no message of their own, with the noun they are made of."""


class GuideReading(RealmPage):
    """The page of one guide, for the help pages."""

    @expose("/guides/<realm>/<role>")
    def guide(self, realm: str, role: str) -> ResponseReturnValue:
        """What somebody in this role does, step by step. Refused to who may not do it; members know no other realm."""
        visit = self.visit
        known = realm in (visit.realm.name, PORTAL) and role in guides_of(realm)
        if not known:
            abort(404)
        if visit.realm.name == realm and role not in readable_guides(realm, visit.grants):
            abort(403)
        found = _guide(realm, role)
        return render_template(
            "pages/library/guide.html",
            layout=self.realm.layout,
            visit=visit,
            title=found.title,
            lead=found.lead,
            language=found.language,
            pictures_url=f"{visit.base_url}/{self.slug}/guides/pictures/",
            steps=[
                {"title": each.title, "text": markdown(each.text), "picture": each.picture, "alt": each.alt}
                for each in found.steps
            ],
            is_in_other_language=found.language != _language(),
            list_label=self.title,
            list_url=f"{visit.base_url}/{self.slug}/",
        )

    @expose("/guides/pictures/<picture>")
    def picture(self, picture: str) -> ResponseReturnValue:
        """A picture of a guide, for everybody of the realm: it shows the demo and nothing of an account."""
        file = next((each for each in PICTURES.iterdir() if each.name == picture), None)
        if file is None:
            abort(404)
        return send_file(file, mimetype="image/webp", max_age=_ONE_DAY)


def guide_parts(visit: Visit, url: str, words: str) -> list[dict[str, Any]]:
    """The guides as parts of a list: one's own, of other roles, and in the back office those that members read.

    ``url``: below which they stand. Each of the ``words`` stands in the title or the paragraph, without regard to case.
    """
    realm = visit.realm.name
    own = own_guides(realm, visit.grants)
    others = [role for role in readable_guides(realm, visit.grants) if role not in own]
    parts = [("For you", realm, own), ("For other roles", realm, others)]
    if realm == STAFF:
        parts.append(("For members of an account", PORTAL, guides_of(PORTAL)))
    return [
        {"label": label, "items": [card for role in roles if (card := _card(where, role, url, words))], "all_url": ""}
        for label, where, roles in parts
    ]


def _card(realm: str, role: str, url: str, words: str) -> dict[str, str] | None:
    found = _guide(realm, role)
    text = f"{found.title} {found.lead}".casefold()
    if not all(word in text for word in words.casefold().split()):
        return None
    return {"title": found.title, "summary": found.lead, "day": "", "language": "", "url": f"{url}{realm}/{role}"}


def _guide(realm: str, role: str) -> Guide:
    found = guide(realm, role, _language(), named=on_screen)
    if found is None:
        raise LookupError(f"there is no guide for {role} in {realm}")
    return found


def _language() -> str:
    return select_language().code


def names_of_adding() -> set[str]:
    """The buttons that add a record, in English: no message of their own, and still names of the screen."""
    return set(_NOUN_OF_ADDING)


def on_screen(name: str) -> str:
    """A name that a guide puts in bold, as the reader sees it on the screen."""
    noun = _NOUN_OF_ADDING.get(name)
    return said(name) if noun is None else gettext("Add %(noun)s", noun=inside(noun))
