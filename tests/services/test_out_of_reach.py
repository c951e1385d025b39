"""The second line: while staff are logged in as a member, the services themselves refuse what is out of reach."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from domain.actor import Actor, Source
from services import (
    invitations,
    invoices,
    login_as,
    login_consents,
    members,
    networks,
    orders,
    ownership,
    pay_approvals,
    phones,
    portal_access,
    previews,
    roles,
    social_identities,
    transfers,
)
from services.data_requests import asking as data_requests
from services.month_packs import asking as month_packs
from services.people import NotWhileLoggedInAs

NOW = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)
INSIDE = Actor(
    "Ann Clerk",
    Source.PORTAL,
    person_id=1,
    staff_member_id=1,
    member_id=2,
    account_id=3,
    on_behalf_of_id=4,
    proved_at=NOW,
)

OUT_OF_REACH: list[Callable[..., Any]] = [
    data_requests.ask_about_data,
    data_requests.withdraw_request,
    invitations.invite_member,
    invitations.withdraw_invitation,
    invoices.pay_invoice_from_balance,
    login_as.start_login_as,
    login_as.stop_login_as,
    login_consents.ask_login_consent,
    login_consents.give_login_consent,
    login_consents.decline_login_consent,
    login_consents.withdraw_login_consent,
    login_consents.demand_login_consent,
    members.add_member,
    members.edit_member,
    members.set_pay_limit,
    members.delete_member,
    members.enable_member,
    members.disable_member,
    members.reset_member_password,
    members.reset_member_second_factor,
    networks.add_network,
    networks.remove_network,
    month_packs.ask_for_pack,
    orders.place_order,
    ownership.propose_ownership_change,
    ownership.confirm_ownership_change,
    ownership.decline_ownership_change,
    ownership.withdraw_ownership_change,
    pay_approvals.ask_for_payment,
    pay_approvals.approve_payment,
    pay_approvals.decline_payment,
    pay_approvals.withdraw_question,
    previews.start_preview,
    roles.set_roles,
    roles.add_roles,
    roles.remove_roles,
    transfers.transfer_items,
    transfers.undo_transfer,
]
MODULES = (phones, portal_access, social_identities)


@pytest.mark.parametrize("service", OUT_OF_REACH, ids=lambda service: service.__name__)
def test_the_service_refuses_before_it_looks_at_anything(service: Callable[..., Any]) -> None:
    given: dict[str, Any] = {"actor": INSIDE, "now": NOW}
    for name, parameter in inspect.signature(service).parameters.items():
        if name not in given and parameter.default is inspect.Parameter.empty:
            given[name] = None
    with pytest.raises(NotWhileLoggedInAs):
        service(**given)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_module_knows_the_rule(module: Any) -> None:
    assert "refuse_while_logged_in_as" in vars(module)
