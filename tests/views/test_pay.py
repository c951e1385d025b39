"""PAY NOW over HTTP: choosing, being led away and back, and every answer a gateway gives."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.invoices import InvoiceStatus
from domain.permissions import MemberRole
from extensions import db
from gateways.port import ChargeState
from models import Account, Invoice, Payment, PaymentKind, PaymentStatus
from services.books import check_books
from services.settings import change_setting
from tests.factories.money import PaymentMethodFactory
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, draft, fund, funds, issued
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import form_of, said_by
from tests.support.scripted_gateway import ScriptedGateway, offer_besides, says

CARD = "card:scripted"


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme", country="US", currency="USD")


@pytest.fixture
def gateway(app, monkeypatch):
    found = ScriptedGateway()
    offer_besides(app, monkeypatch, found)
    return found


@pytest.fixture
def desk(app, account, gateway):
    return member_desk(app, account, MemberRole.OWNER)


def fresh(model, row_id):
    db.session.rollback()
    return db.session.get(model, row_id, populate_existing=True)


def payments():
    db.session.rollback()
    return db.session.scalars(select(Payment).order_by(Payment.id)).all()


def send(desk, invoices, *, way=CARD, key=None, path="/pay/", **fields):
    """The form of the page as the browser sends it: every amount, and the ticked invoices."""
    page = desk.get(path)
    assert page.status_code == 200, said_by(page)
    values = dict(form_of(page).values)
    values |= {"invoice": [invoice.number for invoice in invoices], "way": way, **fields}
    if key is not None:
        values["key"] = key
    return desk.client.post(f"{desk.base}{path}", data=values)


def amount_of(invoice):
    return f"amount-{invoice.number}"


def leads_away(request):
    return says(ChargeState.WAITING, handle="h-1", continue_at="https://pay.example/h-1")(request)


# The page


def test_the_button_of_an_invoice_leads_to_the_page_with_it_alone_chosen(desk, account, now):
    first, second = issued(account, now), issued(account, now, net=7_000)
    answer = desk.get(f"/invoices/{first.number}/pay-now")
    assert answer.status_code == 303
    page = desk.client.get(answer.location).get_data(as_text=True)
    chosen = [line for line in page.split("<input") if 'name="invoice"' in line and "checked" in line]
    assert [first.number in chosen[0], len(chosen), second.number in page] == [True, 1, True]


def test_the_page_says_when_no_real_money_moves(desk, account, now):
    issued(account, now)
    assert "Simulated: no real money moves." in desk.get("/pay/").get_data(as_text=True)


def test_nothing_due_is_said(desk):
    assert "Nothing is due" in desk.get("/pay/").get_data(as_text=True)


def test_a_form_may_lead_to_the_gateway_and_nowhere_else(desk, account, now, gateway):
    gateway.page_origins = lambda: frozenset({"https://pay.example"})
    issued(account, now)
    policy = desk.get("/pay/").headers["Content-Security-Policy"]
    assert "form-action 'self' https://pay.example;" in policy
    assert "pay.example" not in desk.get("/invoices/").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("key", "text", "offered"),
    [("card_countries", "DE, FR", False), ("card_countries", "de us", True), ("card_currencies", "EUR", False)],
)
def test_a_way_is_offered_by_country_and_currency(desk, account, now, key, text, offered):
    invoice = issued(account, now)
    change_setting(key, text, actor=CLERK, now=now)
    db.session.commit()
    assert (CARD in desk.get("/pay/").get_data(as_text=True)) is offered
    answer = send(desk, [invoice])
    assert answer.status_code == (303 if offered else 422)
    assert len(payments()) == offered


@pytest.mark.parametrize(
    ("means", "setting", "value"),
    [("bank_transfer", "bank_iban", "DE89370400440532013000"), ("cheque", "cheque_payable_to", "Provider Limited")],
)
def test_by_hand_is_offered_once_it_is_said_where_the_money_goes(desk, account, now, means, setting, value):
    invoice = issued(account, now)
    assert f"{means}:" not in desk.get("/pay/").get_data(as_text=True)
    assert send(desk, [invoice], way=f"{means}:{means}").status_code == 422
    change_setting(setting, value, actor=CLERK, now=now)
    db.session.commit()
    answer = send(desk, [invoice], way=f"{means}:{means}")
    slip = desk.client.get(answer.location).get_data(as_text=True)
    assert value in slip
    assert f"10001 {invoice.number}" in slip
    assert "$100.00" in slip
    assert payments() == []


# Paying


def test_several_invoices_are_paid_at_once_and_in_part(desk, account, now):
    first, second = issued(account, now), issued(account, now, net=7_000)
    ids = first.id, second.id
    answer = send(desk, [first, second], **{amount_of(second): "20.00"})
    page = desk.client.get(answer.location).get_data(as_text=True)
    assert "Paid: $120.00" in page
    (payment,) = payments()
    assert (payment.status, payment.amount, payment.paid_by_id) == (PaymentStatus.SETTLED, 12_000, desk.person.id)
    assert fresh(Invoice, ids[0]).status is InvoiceStatus.PAID
    assert fresh(Invoice, ids[1]).amount_due == 5_000
    assert check_books() == []


def test_only_what_is_ticked_is_paid(desk, account, now):
    first, second = issued(account, now), issued(account, now)
    ids = first.id, second.id
    send(desk, [second])
    assert [fresh(Invoice, each).amount_due for each in ids] == [10_000, 0]


def test_the_same_form_sent_twice_is_one_payment(desk, account, now, gateway):
    invoice = issued(account, now)
    answers = [desk.client.post(f"{desk.base}/pay/", data=body) for body in [filled(desk, invoice)] * 2]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len({answer.location for answer in answers}) == 1
    assert (len(payments()), len(gateway.taken)) == (1, 1)


def filled(desk, invoice):
    return {**form_of(desk.get("/pay/")).values, "invoice": [invoice.number], "way": CARD}


def test_a_payer_is_led_to_the_gateway_and_back(desk, account, now, gateway):
    invoice = issued(account, now)
    gateway.answers = [leads_away]
    answer = send(desk, [invoice])
    assert (answer.status_code, answer.location) == (303, "https://pay.example/h-1")
    (payment,) = payments()
    waiting = desk.get(f"/pay/{payment.number}").get_data(as_text=True)
    assert "https://pay.example/h-1" in waiting
    for _time in range(2):
        answer = desk.get(f"/pay/{payment.number}/return")
        assert answer.status_code == 303
    assert "Paid: $100.00" in desk.client.get(answer.location).get_data(as_text=True)
    assert (len(gateway.taken), check_books()) == (1, [])


def test_where_the_gateway_wants_a_form_the_page_has_it(desk, account, now, gateway):
    invoice = issued(account, now)
    gateway.answers = [
        says(ChargeState.WAITING, handle="h", continue_at="https://pay.example/", continue_fields={"token": "<t&1>"})
    ]
    page = desk.client.get(send(desk, [invoice]).location).get_data(as_text=True)
    assert 'action="https://pay.example/"' in page
    assert 'value="&lt;t&amp;1&gt;"' in page


def test_who_does_not_go_on_frees_the_invoice(desk, account, now, gateway):
    invoice = issued(account, now)
    invoice_id = invoice.id
    gateway.answers = [leads_away]
    send(desk, [invoice])
    (payment,) = payments()
    assert "under way" in desk.get("/pay/").get_data(as_text=True)
    desk.post(f"/pay/{payment.number}/give-up")
    assert payments()[0].status is PaymentStatus.FAILED
    gateway.answers = []
    send(desk, [fresh(Invoice, invoice_id)])
    assert fresh(Invoice, invoice_id).status is InvoiceStatus.PAID


def test_a_second_tab_does_not_pay_again_what_is_under_way(desk, account, now, gateway):
    invoice = issued(account, now)
    body = filled(desk, invoice)
    gateway.answers = [leads_away]
    send(desk, [invoice])
    answer = desk.client.post(f"{desk.base}/pay/", data=body)
    assert answer.status_code == 409
    assert "under way" in " ".join(said_by(answer))
    assert len(payments()) == 1


def test_a_declined_card_says_why_and_what_to_do(desk, account, now, gateway):
    invoice = issued(account, now)
    invoice_id = invoice.id
    gateway.answers = [says(ChargeState.DECLINED, code="51", message="The card has no money.")]
    page = desk.client.get(send(desk, [invoice]).location).get_data(as_text=True)
    assert "The card has no money." in page
    assert "Try again" in page
    assert fresh(Invoice, invoice_id).amount_due == 10_000


def test_an_unknown_outcome_is_shown_as_being_checked_and_looks_again(desk, account, now, gateway):
    invoice = issued(account, now)
    gateway.answers = [says(ChargeState.UNKNOWN)]
    answer = desk.client.get(send(desk, [invoice]).location)
    assert "Being checked" in answer.get_data(as_text=True)
    assert answer.headers["Refresh"] == "5"


def test_the_balance_pays_when_it_holds_enough(desk, account, now):
    fund(account, 25_000, now)
    invoice = issued(account, now)
    account_id = account.id
    page = desk.client.get(send(desk, [invoice], way="balance").location).get_data(as_text=True)
    assert "Paid: $100.00" in page
    assert funds(fresh(Account, account_id)) == 15_000


def test_too_small_a_balance_says_what_is_missing(desk, account, now):
    fund(account, 4_000, now)
    invoice = issued(account, now)
    answer = send(desk, [invoice], way="balance")
    assert answer.status_code == 409
    assert "60.00" in " ".join(said_by(answer))


def test_a_stored_card_is_charged_after_a_recent_proof(desk, account, now, gateway):
    method = PaymentMethodFactory(account=account, gateway="scripted", expires_on=None)
    invoice = issued(account, now)
    db.session.commit()
    answer = send(desk, [invoice], way=f"stored:{method.public_id}")
    assert answer.status_code == 303
    if "/prove" in answer.location:
        assert payments() == []
        return
    assert payments()[0].payment_method_id == method.id


def test_a_stored_card_of_another_account_is_no_choice(desk, account, now):
    other = PaymentMethodFactory(gateway="scripted", expires_on=None)
    invoice = issued(account, now)
    db.session.commit()
    assert send(desk, [invoice], way=f"stored:{other.public_id}").status_code == 422
    assert payments() == []


# Adding funds


def test_money_is_added_to_the_balance_and_covers_the_oldest_debt_first(desk, account, now):
    invoice = issued(account, now)
    invoice_id, account_id = invoice.id, account.id
    page = desk.get("/pay/funds")
    assert form_of(page).values["funds"] == "100.00"
    assert "$100.00 are due" in page.get_data(as_text=True)
    answer = send(desk, [], path="/pay/funds", funds="150.00")
    assert "$50.00 stay as balance" in desk.client.get(answer.location).get_data(as_text=True)
    assert fresh(Invoice, invoice_id).status is InvoiceStatus.PAID
    assert funds(fresh(Account, account_id)) == 5_000


def test_the_balance_does_not_add_to_itself(desk, account, now):
    fund(account, 5_000, now)
    assert 'value="balance"' not in desk.get("/pay/funds").get_data(as_text=True)
    assert send(desk, [], path="/pay/funds", funds="10.00", way="balance").status_code == 422


# Bad input

WRONG = ["", "0", "-1", "0.00", "NaN", "inf", "1e3", "12.345", "9" * 30, "12,50", "12.50 EUR", "１２", "<b>", "\u202e1"]


@pytest.mark.parametrize("amount", WRONG)
def test_an_amount_that_makes_no_sense_takes_nothing(desk, account, now, gateway, amount):
    invoice = issued(account, now)
    answer = send(desk, [invoice], **{amount_of(invoice): amount})
    assert answer.status_code == 422
    assert said_by(answer)
    assert send(desk, [], path="/pay/funds", funds=amount).status_code == 422
    assert (payments(), gateway.calls) == ([], [])


def test_more_than_is_due_is_refused(desk, account, now, gateway):
    invoice = issued(account, now)
    answer = send(desk, [invoice], **{amount_of(invoice): "100.01"})
    assert (answer.status_code, payments(), gateway.calls) == (409, [], [])


def test_no_invoice_chosen_and_no_way_chosen_are_said(desk, account, now):
    invoice = issued(account, now)
    assert "at least one invoice" in " ".join(said_by(send(desk, [])))
    assert send(desk, [invoice], way="card:nobody").status_code == 422
    assert payments() == []


def test_an_invoice_that_was_paid_meanwhile_is_not_paid_again(desk, account, now, gateway):
    invoice, other = issued(account, now), issued(account, now)
    body = {**filled(desk, invoice), "invoice": [invoice.number, other.number]}
    send(desk, [invoice])
    desk.client.post(f"{desk.base}/pay/", data=body)
    assert sum(taken.amount for taken in gateway.taken.values()) <= 20_000
    body = {**filled_anew(desk), "invoice": [invoice.number]}
    answer = desk.client.post(f"{desk.base}/pay/", data=body)
    assert answer.status_code == 422
    assert f"Nothing is due any more on {invoice.number}" in " ".join(said_by(answer))
    assert check_books() == []


def filled_anew(desk):
    return {**form_of(desk.get("/pay/funds")).values, "way": CARD}


@pytest.mark.parametrize("which", ["foreign", "missing", "draft of another"])
def test_an_invoice_of_another_account_is_not_found(desk, account, now, which):
    invoice = issued(account, now)
    other = AccountFactory(currency="USD")
    number = {
        "foreign": issued(other, now).number,
        "missing": "INV-1999-0001",
        "draft of another": draft(other, now).number,
    }[which]
    body = {**filled(desk, invoice), "invoice": [number]}
    assert desk.client.post(f"{desk.base}/pay/", data=body).status_code == 404
    assert desk.get(f"/pay/?invoice={number}").status_code == 404
    assert payments() == []


def test_a_payment_of_another_account_is_not_found(app, desk, account, now, gateway):
    other = AccountFactory(client_id="10002", currency="USD")
    invoice = issued(other, now)
    send(member_desk(app, other, MemberRole.OWNER), [invoice])
    (payment,) = payments()
    for path in ("", "/return"):
        assert desk.get(f"/pay/{payment.number}{path}").status_code == 404
    assert desk.post(f"/pay/{payment.number}/give-up").status_code == 404


# Who may


@pytest.mark.parametrize("role", [role for role in MemberRole if role not in (MemberRole.OWNER, MemberRole.PAYMENTS)])
def test_who_may_not_pay_does_not(app, account, now, gateway, role):
    issued(account, now)
    desk = member_desk(app, account, role)
    for path in ("/pay/", "/pay/funds", "/pay/slip?way=x"):
        assert desk.get(path).status_code == 403
    assert desk.post("/pay/", key="k", way=CARD).status_code == 403
    assert payments() == []


def test_the_payments_role_pays_but_adds_no_funds(app, account, now, gateway):
    invoice = issued(account, now)
    desk = member_desk(app, account, MemberRole.PAYMENTS)
    assert send(desk, [invoice]).status_code == 303
    assert desk.get("/pay/funds").status_code == 403


def test_above_their_limit_a_member_is_told_to_ask_the_owner(app, account, now, gateway):
    invoice = issued(account, now)
    desk = member_desk(app, account, MemberRole.PAYMENTS, pay_limit=5_000, currency="USD")
    answer = send(desk, [invoice])
    assert answer.status_code == 409
    assert "Ask the owner" in " ".join(said_by(answer))
    assert (payments(), gateway.calls) == ([], [])


def test_the_back_office_has_no_such_page(app, account, gateway):
    assert staff_desk(app).get("/pay/").status_code == 404


def test_kinds_of_payment_are_named_as_they_are(desk, account, now):
    send(desk, [issued(account, now)])
    assert payments()[0].method is PaymentKind.CARD
