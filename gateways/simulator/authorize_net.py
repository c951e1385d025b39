"""Authorize.net as we use it: transactions, Accept Hosted, CIM profiles, lists of transactions, and its webhooks."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from werkzeug import Request, Response
from werkzeug.utils import redirect

from gateways.simulator import pages
from gateways.simulator.authorize_net_wire import (
    CURRENCY,
    TEXTS,
    Refused,
    answer_of,
    check_transaction,
    given_in,
    minor,
    moment,
    setting,
)
from gateways.simulator.ledger import Ledger, new_id
from gateways.simulator.wire import tell

LOGIN_ID: Final = "simulated-login"
TRANSACTION_KEY: Final = "simulated-key"
SIGNATURE_KEY: Final = "51A0" * 32
CARDS: Final = {
    "visa": ("Visa ending in 4242, works", "Visa", "4242"),
    "mastercard": ("Mastercard ending in 4444, works", "MasterCard", "4444"),
    "declined": ("Visa ending in 0002, is declined", "Visa", "0002"),
    "later": ("Visa ending in 0341, can be kept, then is declined", "Visa", "0341"),
}
PAGE_SECONDS: Final = 15 * 60
_TAKEN: Final = ("capturedPendingSettlement", "settledSuccessfully")
_MONEY: Final = (
    "createTransactionRequest",
    "getHostedPaymentPageRequest",
    "getHostedProfilePageRequest",
    "deleteCustomerPaymentProfileRequest",
)


class SimulatedAuthorizeNet:
    """One merchant's account. Amounts are decimal texts in requests and numbers in answers, as on the wire."""

    name = "authorize_net"

    def __init__(self, ledger: Ledger, url: str) -> None:
        self._ledger, self._url = ledger, f"{url}/{self.name}"
        self.settles_at_once = True  # Authorize.net does once a day; a part can be given back only after that

    def moves_money(self, request: Request, path: str) -> bool:
        return path.startswith("xml/") and any(name in given_in(request) for name in _MONEY)

    def sign(self, body: str, *, forged: bool = False) -> Mapping[str, str]:
        return self.signature(body, "E2" * 64 if forged else SIGNATURE_KEY)

    @staticmethod
    def signature(body: str, key: str = SIGNATURE_KEY) -> Mapping[str, str]:
        """The header that Authorize.net signs a delivery with."""
        return {"X-ANET-Signature": f"sha512={hmac.digest(key.encode(), body.encode(), hashlib.sha512).hex().upper()}"}

    def answer(self, request: Request, path: str) -> Response:
        with self._ledger.transaction():
            if path in ("payment/payment", "customer/addPayment"):
                return self._page(request)
            if path != "xml/v1/request.api" or request.method != "POST":
                return Response("no such address\n", 404)
            return self._carry_out(given_in(request))

    def taken(self) -> int:
        """What all charges took, less what was given back, in minor units."""
        found = self._ledger.all_of(self.name, "transaction")
        charges = sum(minor(each["settleAmount"]) for each in found if each["transactionStatus"] in _TAKEN)
        return charges - sum(minor(each["settleAmount"]) for each in found if each["type"] == "refundTransaction")

    def _carry_out(self, given: Mapping[str, Any]) -> Response:
        name = next(iter(given), "")
        asked = given.get(name) or {}
        handle = self._requests().get(name)
        try:
            if handle is None:
                raise Refused("E00003", "The element is not known.")
            who = asked.get("merchantAuthentication") or {}
            if (who.get("name"), who.get("transactionKey")) != (LOGIN_ID, TRANSACTION_KEY):
                raise Refused("E00007", "User authentication failed due to invalid authentication values.")
            return answer_of(handle(asked), asked)
        except Refused as refused:
            return answer_of({}, asked, refused)

    def _requests(self) -> dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]]:
        return {
            "authenticateTestRequest": lambda _asked: {},
            "createTransactionRequest": self._transact,
            "getHostedPaymentPageRequest": self._payment_page,
            "getHostedProfilePageRequest": self._profile_page,
            "createCustomerProfileRequest": self._new_customer,
            "getCustomerProfileRequest": self._customer,
            "deleteCustomerPaymentProfileRequest": self._delete_profile,
            "getTransactionDetailsRequest": self._details,
            "getUnsettledTransactionListRequest": lambda asked: self._list(asked, settled=False),
            "getSettledBatchListRequest": self._batches,
            "getTransactionListRequest": lambda asked: self._list(asked, settled=True),
        }

    # Transactions

    def _transact(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        wanted = asked["transactionRequest"]
        check_transaction(wanted)
        kind = wanted["transactionType"]
        if kind == "authCaptureTransaction":
            profile = self._profile_of(wanted["profile"])
            return self._response(*self._charge(wanted, profile["card"]))
        charge = self._find_transaction(wanted["refTransId"])
        if kind == "voidTransaction":
            return self._void(charge)
        return self._refund(wanted, charge)

    def _charge(self, wanted: Mapping[str, Any], card: str, *, kept: bool = True) -> tuple[dict[str, Any] | None, str]:
        """The transaction and the reason code of a refusal; no transaction for a duplicate."""
        invoice, asked = wanted["order"]["invoiceNumber"], minor(wanted["amount"])
        for each in self._ledger.all_of(self.name, "transaction"):
            same = (each["invoiceNumber"], each["asked"], each["card"]) == (invoice, asked, card)
            if same and each["transactionStatus"] in _TAKEN:
                return None, "11"
        refused = card == "declined" or (kept and card == "later") or bool(self._ledger.fault(self.name, "decline"))
        took = asked - (0 if refused else 1 if self._ledger.fault(self.name, "wrong_amount") else 0)
        status = "declined" if refused else self._settled_or("capturedPendingSettlement", "settledSuccessfully")
        made = self._add_transaction(wanted, card, status, took, asked)
        if not refused:
            self._tell("net.authorize.payment.authcapture.created", self._payload(made))
        return made, "2" if refused else ""

    def _refund(self, wanted: Mapping[str, Any], charge: Mapping[str, Any]) -> dict[str, Any]:
        if charge["transactionStatus"] != "settledSuccessfully":
            return self._response(None, "54")
        number = wanted["payment"]["creditCard"]["cardNumber"]
        if number != CARDS[charge["card"]][2]:
            return self._response(None, "54")
        before = [each for each in self._ledger.all_of(self.name, "transaction") if each["ref"] == charge["transId"]]
        if any(each["invoiceNumber"] == wanted["order"]["invoiceNumber"] for each in before):
            return self._response(None, "11")
        asked = minor(wanted["amount"])
        if asked > minor(charge["settleAmount"]) - sum(minor(each["settleAmount"]) for each in before):
            return self._response(None, "55")
        status = self._settled_or("refundPendingSettlement", "refundSettledSuccessfully")
        made = self._add_transaction(wanted, charge["card"], status, asked, asked, ref=charge["transId"])
        self._tell("net.authorize.payment.refund.created", self._payload(made))
        return self._response(made, "")

    def _void(self, charge: dict[str, Any]) -> dict[str, Any]:
        if charge["transactionStatus"] != "capturedPendingSettlement":
            return self._response(None, "16")
        charge |= {"transactionStatus": "voided"}
        self._ledger.save(charge)
        self._tell("net.authorize.payment.void.created", self._payload(charge))
        return self._response(charge, "")

    def _settled_or(self, before: str, after: str) -> str:
        return after if self.settles_at_once else before

    def _add_transaction(
        self, wanted: Mapping[str, Any], card: str, status: str, took: int, asked: int, *, ref: str = ""
    ) -> dict[str, Any]:
        number = str(60_000_000_000 + 1 + len(self._ledger.all_of(self.name, "transaction")))
        _label, brand, last_four = CARDS[card]
        made = {
            "id": f"transaction-{number}",
            "transId": number,
            "submitTimeUTC": moment(),
            "transactionStatus": status,
            "invoiceNumber": wanted["order"]["invoiceNumber"],
            "accountType": brand,
            "accountNumber": f"XXXX{last_four}",
            "settleAmount": took / 100,
            "order": wanted["order"],
            "payment": {"creditCard": {"cardNumber": f"XXXX{last_four}", "expirationDate": "XXXX", "cardType": brand}},
            "type": wanted["transactionType"],
            "card": card,
            "asked": asked,
            "ref": ref,
        }
        self._ledger.add(self.name, "transaction", made)
        return made

    @staticmethod
    def _response(made: Mapping[str, Any] | None, code: str) -> dict[str, Any]:
        if not code and made is not None:
            done = {"code": "1", "description": "This transaction has been approved."}
            return {"transactionResponse": {"responseCode": "1", "transId": made["transId"], "messages": [done]}}
        error = {"errorCode": code, "errorText": TEXTS[code]}
        number = made["transId"] if made is not None else "0"
        state = "2" if code == "2" else "3"
        return {"transactionResponse": {"responseCode": state, "transId": number, "errors": [error]}}

    def _details(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"transaction": self._find_transaction(asked["transId"])}

    def _list(self, asked: Mapping[str, Any], *, settled: bool) -> dict[str, Any]:
        found = [
            each
            for each in self._ledger.all_of(self.name, "transaction")
            if each["transactionStatus"].lower().endswith("settledsuccessfully") is settled
        ]
        limit, page = int(asked["paging"]["limit"]), int(asked["paging"]["offset"])
        shown = found[limit * (page - 1) : limit * page]
        return {"transactions": shown, "totalNumInResultSet": len(shown)} if shown else {}

    def _batches(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        span = dt.datetime.fromisoformat(asked["lastSettlementDate"]) - dt.datetime.fromisoformat(
            asked["firstSettlementDate"]
        )
        if not dt.timedelta() <= span <= dt.timedelta(days=31):
            raise Refused("E00003", "The settlement dates span more than 31 days.")
        return {"batchList": [{"batchId": "12345", "settlementState": "settledSuccessfully"}]}

    # Customers and their cards

    def _new_customer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        wanted = asked["profile"]
        known = self._ledger.all_of(self.name, "customer")
        for each in known:
            if each["merchantCustomerId"] == wanted["merchantCustomerId"]:
                raise Refused("E00039", f"A duplicate record with ID {each['number']} already exists.")
        number = str(900_000_001 + len(known))
        made = {"id": f"customer-{number}", "number": number, "profiles": [], **wanted}
        self._ledger.add(self.name, "customer", made)
        return {"customerProfileId": number}

    def _customer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        customer = self._find_customer(asked["customerProfileId"])
        shown = []
        for each in customer["profiles"]:
            _label, brand, last_four = CARDS[each["card"]]
            until = each["until"] if asked.get("unmaskExpirationDate") == "true" else "XXXX"
            card = {"cardNumber": f"XXXX{last_four}", "expirationDate": until, "cardType": brand}
            shown.append({"customerPaymentProfileId": each["number"], "payment": {"creditCard": card}})
        profile = {"customerProfileId": customer["number"], "merchantCustomerId": customer["merchantCustomerId"]}
        return {"profile": profile | ({"paymentProfiles": shown} if shown else {})}

    def _delete_profile(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        customer = self._find_customer(asked["customerProfileId"])
        left = [each for each in customer["profiles"] if each["number"] != asked["customerPaymentProfileId"]]
        if len(left) == len(customer["profiles"]):
            raise Refused("E00040", "The record cannot be found.")
        self._ledger.save(customer | {"profiles": left})
        told = {
            "customerProfileId": int(customer["number"]),
            "entityName": "customerPaymentProfile",
            "id": asked["customerPaymentProfileId"],
        }
        self._tell("net.authorize.customer.paymentProfile.deleted", told)
        return {}

    def _profile_of(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        customer = self._find_customer(wanted["customerProfileId"])
        for each in customer["profiles"]:
            if each["number"] == wanted["paymentProfile"]["paymentProfileId"]:
                return dict(each)
        raise Refused("E00040", "Customer Profile ID or Customer Payment Profile ID not found.")

    # What a payer does on the pages

    def _payment_page(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        check_transaction(asked["transactionRequest"])
        options = setting(asked["hostedPaymentSettings"], "hostedPaymentReturnOptions")
        return self._new_page(wanted=asked["transactionRequest"], options=json.loads(options))

    def _profile_page(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        self._find_customer(asked["customerProfileId"])
        back = setting(asked["hostedProfileSettings"], "hostedProfileReturnUrl")
        return self._new_page(customer=asked["customerProfileId"], options={"url": back, "cancelUrl": back})

    def _new_page(self, **values: Any) -> dict[str, Any]:
        token = new_id("token-")
        self._ledger.add(self.name, "page", {"id": token, "opened": time.time(), "used": False, **values})
        return {"token": token}

    def _page(self, request: Request) -> Response:
        page = self._ledger.find(request.form.get("token", ""))
        if page is None or page["used"] or time.time() - page["opened"] > PAGE_SECONDS:
            return Response(pages.closed(), 410, mimetype="text/html")
        if "cancel" in request.form:
            return redirect(page["options"]["cancelUrl"], 303)
        if "pay" not in request.form:
            return Response(_ask(page), mimetype="text/html")
        card = request.form.get("card", "")
        if card not in CARDS:
            return Response(_ask(page, said="Choose a card."), 400, mimetype="text/html")
        refusal = self._use(page, card)
        if refusal:
            return Response(_ask(page, said=TEXTS[refusal]), 402, mimetype="text/html")
        self._ledger.save(page | {"used": True})
        return redirect(page["options"]["url"], 303)

    def _use(self, page: Mapping[str, Any], card: str) -> str:
        """Pay with a card or keep it; the reason code when it is refused."""
        if "wanted" in page:
            return self._charge(page["wanted"], card, kept=False)[1]
        if card == "declined":
            return "2"
        customer = self._find_customer(page["customer"])
        number = str(800_000_001 + sum(len(each["profiles"]) for each in self._ledger.all_of(self.name, "customer")))
        taken = {each["number"] for each in customer["profiles"]} | {customer.get("newest", "0")}
        number = str(max(int(number), *(int(each) + 1 for each in taken)))
        kept = {"number": number, "card": card, "until": f"{time.gmtime().tm_year + 3}-12"}
        self._ledger.save(customer | {"profiles": [*customer["profiles"], kept], "newest": number})
        return ""

    # What the wire needs

    def _find_transaction(self, number: str) -> dict[str, Any]:
        found = self._ledger.find(f"transaction-{number}")
        if found is None:
            raise Refused("E00040", "The record cannot be found.")
        return found

    def _find_customer(self, number: str) -> dict[str, Any]:
        found = self._ledger.find(f"customer-{number}")
        if found is None:
            raise Refused("E00040", "The record cannot be found.")
        return found

    @staticmethod
    def _payload(made: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "responseCode": 1,
            "authAmount": made["settleAmount"],
            "merchantReferenceId": made["invoiceNumber"],
            "invoiceNumber": made["invoiceNumber"],
            "entityName": "transaction",
            "id": made["transId"],
        }

    def _tell(self, name: str, payload: Mapping[str, Any]) -> None:
        event = {"notificationId": str(uuid.uuid4()), "eventType": name, "eventDate": moment(), "payload": payload}
        tell(self._ledger, self.name, event, forged=event | {"notificationId": str(uuid.uuid4())})


def _ask(page: Mapping[str, Any], *, said: str = "") -> str:
    cards, fields = {name: card[0] for name, card in CARDS.items()}, {"token": page["id"]}
    if "wanted" not in page:
        return pages.ask("Keep this card", cards, said=said, fields=fields)
    wanted = page["wanted"]
    money = pages.money(minor(wanted["amount"]), CURRENCY)
    return pages.ask("Pay", cards, money=money, what=wanted["order"]["description"], said=said, fields=fields)
