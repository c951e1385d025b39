"""Styles, scripts and icons at addresses that hold a digest of their content, so that browsers keep them for a year."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Flask, Response, abort, current_app, g
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from views.access import public
from views.assets.files import Asset, all_assets, edition_on_disk

blueprint = Blueprint("assets", __name__)

FOR_EVER = "public, max-age=31536000, immutable"


class SessionsBesideAssets(SecureCookieSessionInterface):
    """Flask's own sessions, of which answers that are kept for ever know nothing.

    Flask-Login looks into the session after every request, and Flask then says that the answer varies with the cookies.
    Browsers that believe it would load styles anew whenever a cookie changed.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not response.cache_control.immutable:
            super().save_session(app, session, response)


def install_assets(app: Flask) -> None:
    """Serve the files, and give templates ``asset("foyer.css")``, the address of one. The first question makes them."""
    app.register_blueprint(blueprint)
    app.session_interface = SessionsBesideAssets()
    app.jinja_env.globals["asset"] = address_of


def address_of(name: str) -> str:
    """The address of a file of `views/assets/files.py`. An unknown name raises KeyError."""
    return _assets()[name].address


@blueprint.get("/assets/<version>/<name>")
@public
def serve(version: str, name: str) -> Response:
    """Answer a file in the version that its address names; of another there is none, so nothing wrong is ever kept."""
    asset = _assets().get(name)
    if asset is None or asset.version != version:
        abort(404)
    answer = Response(asset.body, mimetype=asset.mimetype)
    answer.headers["Cache-Control"] = FOR_EVER
    return answer


def _assets() -> Mapping[str, Asset]:
    """The files of this start; while somebody develops (``flask run --debug``), those of what is on the disk now."""
    if not current_app.debug:
        return all_assets()
    if "assets" not in g:
        g.assets = all_assets(edition_on_disk())
    found: Mapping[str, Asset] = g.assets
    return found
