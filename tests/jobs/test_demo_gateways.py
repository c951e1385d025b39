"""The demo's payment providers: there while the program runs, and only in the demo."""

from __future__ import annotations

import httpx2

from gateways.port import Mode
from jobs.demo_gateways import DemoGateways
from jobs.gateways import gateways_of


def test_the_demo_offers_simulated_cards_while_it_runs(make_app):
    app = make_app(FOYER_ENV="demo")
    beside = DemoGateways(app)
    beside.start()
    try:
        stripe = gateways_of(app).get("stripe")
        (origin,) = stripe.page_origins()
        assert stripe.mode is Mode.SIMULATED
        assert httpx2.get(f"{origin}/stripe/page/cs_test_nothing").status_code == 410
    finally:
        beside.stop()


def test_outside_the_demo_nothing_is_simulated(make_app):
    app = make_app()
    beside = DemoGateways(app)
    beside.start()
    beside.stop()
    assert "stripe" not in gateways_of(app)


def test_who_has_keys_pays_for_real_in_the_demo_too(make_app):
    app = make_app(FOYER_ENV="demo", STRIPE_SECRET_KEY="sk_test_1", STRIPE_WEBHOOK_SECRET="whsec_1")
    beside = DemoGateways(app)
    beside.start()
    try:
        assert gateways_of(app).get("stripe").mode is Mode.TEST
    finally:
        beside.stop()
