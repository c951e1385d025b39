"""Accounts: the provider's customers, in the back office."""

from __future__ import annotations

from domain.permissions import P
from domain.sentences import Sentence
from models import Account
from panel import STAFF, Action, Choice, Column, DateRange, Lookup, Related, Resource, Section, Text, YesNo, reading
from services.accounts import (
    LONGEST_NAME,
    SHORTEST_NAME,
    create_account,
    reactivate_account,
    suspend_account,
    update_account,
)
from services.audit_checks import verify_audit
from services.deletions import start_deletion, undo_deletion
from views.credit_actions import CREDIT_ACTIONS
from views.credit_figures import credit_facts
from views.deletion_checklist import deletion_checklist
from views.forms import OpeningFields, ReasonForm
from views.logins_as import ASK_FOR_ACCOUNT, LOG_IN_AS_OWNER
from views.money_actions import GIVE_CREDIT, TAKE_BACK_CREDIT

EDITABLE = (
    "name", "country", "region", "time_zone", "contact_name", "contact_email", "contact_phone",
    "billing_name", "billing_email", "billing_line1", "billing_line2", "billing_city", "billing_region",
    "billing_postal_code", "billing_country", "vat_id", "tax_exempt", "parent", "support_contract_until",
    "transfers_allowed", "branding_enabled", "customer_ref", "billing_ref", "type_ref",
)  # fmt: skip


SECTIONS = (
    Section(
        "Organisation",
        (
            "name", "country", "region", "currency", "time_zone", "pricing_model", "payment_mode", "credit_limit",
            "parent",
        ),
    ),
    Section(
        "Owner",
        ("owner_first_name", "owner_last_name", "owner_email"),
        "The first user of the account, with every right in it. They are invited by mail as soon as you save.",
    ),
    Section(
        "Billing",
        (
            "billing_name", "billing_email", "billing_line1", "billing_line2", "billing_postal_code", "billing_city",
            "billing_region", "billing_country", "vat_id", "tax_exempt",
        ),
    ),
    Section("Contact", ("contact_name", "contact_email", "contact_phone")),
    Section(
        "What it may do",
        ("support_contract_until", "transfers_allowed", "branding_enabled"),
    ),
    Section("References", ("customer_ref", "billing_ref", "type_ref"), "Tags of your own, up to three."),
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
        Column("suspended_at", "Suspended", list=False),
        Column("deletion_due_on", "Deletion due on", list=False),
    )
    filters = (
        Choice("status"),
        Text("country", exact=True),
        Text("currency", exact=True),
        Choice("payment_mode"),
        Choice("pricing_model"),
        Lookup("parent", "Reseller", reverse="Customer accounts"),
        DateRange("created_at", "Created"),
        Text("customer_ref", "CustomerRef"),
        YesNo("tax_exempt"),
    )
    search = ("name", "client_id", "contact_email", "billing_email", "customer_ref", "external_ref")
    default_sort = "-created_at"
    form = {
        "create": (*EDITABLE[:3], "currency", "time_zone", "pricing_model", "payment_mode", *EDITABLE[4:]),
        "edit": EDITABLE,
    }
    optional = frozenset({"billing_name"})
    required = frozenset({"pricing_model", "payment_mode", "time_zone"})
    sections = SECTIONS
    view_menu = True
    form_extras = {"create": OpeningFields}
    labels = {
        "vat_id": "VAT ID",
        "parent": "Reseller",
        "transfers_allowed": "May transfer items",
        "contact_email": "Contact e-mail",
        "billing_email": "Billing e-mail",
        "billing_line1": "Address",
        "billing_line2": "Address, second line",
        "billing_city": "City",
        "billing_region": "State or region",
        "billing_postal_code": "Postal code",
        "billing_country": "Country of the address",
        "login_consent_required": "Must consent before staff log in as a member",
        "branding_enabled": "May use own branding",
        "customer_ref": "CustomerRef",
        "billing_ref": "BillingRef",
        "type_ref": "TypeRef",
    }
    help = {
        "name": Sentence(
            "%(shortest_name)s to %(longest_name)s characters, as the company writes itself.",
            shortest_name=SHORTEST_NAME,
            longest_name=LONGEST_NAME,
        ),
        "country": "It decides the tax.",
        "region": "State or province, where the tax depends on it, like CA or Ontario.",
        "currency": "All its prices, invoices and payments are in it. It can never be changed.",
        "time_zone": "For the people of the account until they choose their own.",
        "pricing_model": (
            "App: separate applications. License: one price per license kind."
            " It can never be changed after the account is opened."
        ),
        "payment_mode": "Prepaid: pay before using. Postpaid: be billed for what was used, up to a credit limit.",
        "billing_name": "As it stands on invoices. Left empty, it is the name of the organisation.",
        "billing_email": "Invoices and reminders go here. Left empty, it is the contact e-mail.",
        "vat_id": "With the country in front, like DE136695976. Its form is checked.",
        "tax_exempt": "Invoices carry no tax.",
        "parent": "The reseller this account buys through, by name or client ID.",
        "support_contract_until": "The support chat is open until this day.",
    }
    saves = {"create": create_account, "edit": update_account}
    grants = {**reading(P.ACCOUNTS_READ), "create": P.STAFF_ACCOUNTS_CREATE, "edit": P.STAFF_ACCOUNTS_EDIT}
    actions = (
        LOG_IN_AS_OWNER,
        ASK_FOR_ACCOUNT,
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
        GIVE_CREDIT,
        TAKE_BACK_CREDIT,
        *CREDIT_ACTIONS,
        Action(
            start_deletion,
            "Delete",
            grant=P.STAFF_ACCOUNTS_DELETE,
            when=Account.can_delete,
            form=ReasonForm,
            checks=deletion_checklist,
            typed=True,
            confirm=(
                "Nobody of the account can sign in from now on. It can be undone for some weeks; then the personal data"
                " of its people is replaced for good. Documents stay."
            ),
            done=lambda account: Sentence(
                "Suspended for deletion. It can be undone until %(deletion_due_on)s.",
                deletion_due_on=account.deletion_due_on,
            ),
            danger=True,
            name="deletion",
        ),
        Action(
            undo_deletion,
            "Undo the deletion",
            grant=P.STAFF_ACCOUNTS_DELETE,
            when=Account.can_undo_deletion,
            confirm="The account becomes what it was before: active, or suspended.",
            done="The deletion is undone.",
            name="undo-deletion",
        ),
        Action(
            verify_audit,
            "Verify the audit",
            grant=P.STAFF_AUDIT_READ,
            confirm="Every event of this account is read and its chain of hashes is calculated again.",
            done=lambda checked: Sentence(
                "The audit is intact: %(number)s events, from the first to the last.", number=checked.number
            ),
            name="verify-audit",
        ),
    )
    facts = credit_facts
    related = (
        Related("members", columns=("person.first_name", "person.last_name", "person.email", "status", "is_owner")),
    )
