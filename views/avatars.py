"""Pictures of people, sent to those who meet them."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, request

from models.person import Person
from services.avatars import CONTENT_TYPE, avatar_for
from views.access import signed_in
from views.identity import current_identity

blueprint = Blueprint("avatars", __name__)

_KEPT_FOR = 3600


def avatar_url(person: Person) -> str:
    """The address of a person's picture, another one for each picture; empty for who has none."""
    return f"/avatars/{person.public_id}?v={person.avatar_file_id}" if person.avatar_file_id is not None else ""


@blueprint.get("/avatars/<public_id>")
@signed_in
def show(public_id: str) -> Response:
    """The picture, by a type of ours whatever was sent to us; 404 for who does not meet the person."""
    identity = current_identity()
    found = avatar_for(identity.person, public_id) if identity is not None and "\0" not in public_id else None
    if found is None:
        abort(404)
    answer = make_response(found.content)
    answer.headers["Content-Type"] = CONTENT_TYPE
    answer.headers["Content-Disposition"] = "inline; filename=avatar.png"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = f"private, max-age={_KEPT_FOR}"
    answer.set_etag(found.sha256)
    answer.make_conditional(request)
    return answer
