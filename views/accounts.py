"""Accounts: the provider's customers, in the back office."""

from __future__ import annotations

from domain.permissions import P
from models import Account
from panel import STAFF, Action, Choice, Column, DateRange, Lookup, Related, Resource, Text, YesNo, reading
from services.accounts import create_account, reactivate_account, suspend_account, update_account
from views.forms import OwnerFields, ReasonForm

EDITABLE = (
    "name", "country", "region", "time_zone", "payment_mode", "contact_name", "contact_email", "contact_phone",
    "billing_name", "billing_email", "billing_line1", "billing_line2", "billing_city", "billing_region",
    "billing_postal_code", "billing_country", "vat_id", "tax_exempt", "parent", "support_contract_until",
    "transfers_allowed", "branding_enabled", "login_consent_required", "customer_ref", "billing_ref", "type_ref",
)  # fmt: skip


class AccountResource(Resource):
    model, slug, title, noun = Account, "accounts", "Accounts", "Account"
    description = "Companies that buy from us. The client ID is what they read out on the phone."
    group, icon, key, label = "Customers", "buildings", "client_id", "name"
    realms = frozenset({STAFF})
    columns = (
        Column("client_id", "Client ID", sort=True, link=True),
        Column("name", sort=True),
        Column("status"),
        Column("country", sort=True),
        Column("currency"),
        Column("payment_mode"),
        Column("contact_email", "Contact e-mail"),
        Column("created_at", "Created", sort=True),
        Column("pricing_model", list=False),
        Column("parent.name", "Reseller", list=False),
        Column("region", list=False),
        Column("time_zone", list=False),
        Column("contact_name", list=False),
        Column("contact_phone", list=False),
        Column("billing_name", list=False),
        Column("billing_email", "Billing e-mail", list=False),
        Column("billing_line1", "Billing address", list=False),
        Column("billing_line2", "Billing address, second line", list=False),
        Column("billing_city", list=False),
        Column("billing_postal_code", list=False),
        Column("billing_country", list=False),
        Column("vat_id", "VAT ID", list=False),
        Column("tax_exempt", list=False),
        Column("preferred_payment_method", list=False),
        Column("support_contract_until", list=False),
        Column("transfers_allowed", "May transfer items", list=False),
        Column("branding_enabled", list=False),
        Column("login_consent_required", "Asks consent before log in as", list=False),
        Column("customer_ref", "CustomerRef", list=False),
        Column("billing_ref", "BillingRef", list=False),
        Column("type_ref", "TypeRef", list=False),
    )
    filters = (
        Choice("status"),
        Text("country", exact=True),
        Text("currency", exact=True),
        Choice("payment_mode"),
        Choice("pricing_model"),
        Lookup("parent", "Reseller"),
        DateRange("created_at", "Created"),
        Text("customer_ref", "CustomerRef"),
        YesNo("tax_exempt"),
    )
    search = ("name", "client_id", "contact_email", "billing_email", "customer_ref", "external_ref")
    default_sort = "-created_at"
    form = {
        "create": ("name", "country", "region", "currency", "time_zone", "pricing_model", *EDITABLE[4:]),
        "edit": EDITABLE,
    }
    form_extras = {"create": OwnerFields}
    labels = {"vat_id": "VAT ID", "parent": "Reseller", "transfers_allowed": "May transfer items"}
    help = {
        "country": "Two letters, like US or DE. It decides the tax.",
        "vat_id": "With the country in front, like DE136695976.",
    }
    saves = {"create": create_account, "edit": update_account}
    grants = {**reading(P.ACCOUNTS_READ), "create": P.STAFF_ACCOUNTS_CREATE, "edit": P.STAFF_ACCOUNTS_EDIT}
    actions = (
        Action(
            suspend_account,
            "Suspend",
            grant=P.STAFF_ACCOUNTS_SUSPEND,
            when=Account.can_suspend,
            form=ReasonForm,
            confirm="Nobody of the account can sign in and subscriptions do not renew. The balance is kept.",
            done="The account is suspended.",
            danger=True,
            name="suspend",
        ),
        Action(
            reactivate_account,
            "Reactivate",
            grant=P.STAFF_ACCOUNTS_SUSPEND,
            when=Account.can_reactivate,
            confirm="Its people can sign in again at once.",
            done="The account is active again.",
            name="reactivate",
        ),
    )
    related = (
        Related("members", columns=("person.first_name", "person.last_name", "person.email", "status", "is_owner")),
    )
