"""Accounts, people, seats, staff, and how they come in."""

from __future__ import annotations

import datetime as dt
import hashlib

import factory

from domain.permissions import MemberRole, StaffRole
from models import (
    AccessToken,
    Account,
    AccountAncestor,
    AllowedNetwork,
    Department,
    File,
    Interest,
    KnownDevice,
    LoginAsSession,
    LoginConsent,
    Member,
    MemberInterest,
    MemberInvitation,
    MemberPreview,
    MemberRoleGrant,
    MemberType,
    OwnershipChange,
    Passkey,
    PasswordReset,
    PasswordResetKind,
    PayApproval,
    Person,
    PersonKind,
    RecoveryCode,
    SignInAttempt,
    SignInDoor,
    SignInSession,
    SocialIdentity,
    StaffDepartment,
    StaffMember,
    TelegramBinding,
    TotpFactor,
)
from tests.factories.base import NOW, RowFactory


def digest_of(number: int) -> str:
    """A believable hash of 64 digits, another one for each number."""
    return hashlib.sha256(str(number).encode()).hexdigest()


class AccountFactory(RowFactory):
    class Meta:
        model = Account

    client_id = factory.Sequence(lambda n: str(20001 + n))
    name = factory.Sequence(lambda n: f"Company {n}")
    billing_name = factory.SelfAttribute("name")
    contact_email = factory.LazyAttribute(lambda account: f"office@{account.client_id}.example")
    billing_email = factory.LazyAttribute(lambda account: f"billing@{account.client_id}.example")
    country = "US"
    currency = "USD"
    created_at = NOW


class AccountAncestorFactory(RowFactory):
    class Meta:
        model = AccountAncestor

    account = factory.SubFactory(AccountFactory)
    ancestor = factory.SelfAttribute("account")
    depth = 0


class FileFactory(RowFactory):
    class Meta:
        model = File

    key = factory.Sequence(lambda n: f"2026/05/{n}")
    name = factory.Sequence(lambda n: f"report-{n}.pdf")
    size = 1024
    content_type = "application/pdf"
    sha256 = factory.Sequence(digest_of)
    created_at = NOW


class PersonFactory(RowFactory):
    """A member's person; ``StaffPersonFactory`` makes one of the staff."""

    class Meta:
        model = Person

    kind = PersonKind.MEMBER
    email = factory.Sequence(lambda n: f"person{n}@people.example")
    email_verified_at = NOW
    first_name = "Robin"
    last_name = factory.Sequence(lambda n: f"Miller {n}")
    checked_at = NOW
    created_at = NOW


class StaffPersonFactory(PersonFactory):
    kind = PersonKind.STAFF
    email = factory.Sequence(lambda n: f"staff{n}@provider.example")


class MemberFactory(RowFactory):
    class Meta:
        model = Member

    account = factory.SubFactory(AccountFactory)
    person = factory.SubFactory(PersonFactory)
    type = MemberType.TECHNICAL
    created_at = NOW


class OwnerFactory(MemberFactory):
    is_owner = True
    is_first = True


class MemberRoleGrantFactory(RowFactory):
    class Meta:
        model = MemberRoleGrant

    member = factory.SubFactory(MemberFactory)
    account_id = factory.SelfAttribute("member.account_id")
    role = MemberRole.BILLING
    created_at = NOW


class InterestFactory(RowFactory):
    class Meta:
        model = Interest

    name = factory.Sequence(lambda n: f"Interest {n}")
    created_at = NOW


class MemberInterestFactory(RowFactory):
    class Meta:
        model = MemberInterest

    member = factory.SubFactory(MemberFactory)
    account_id = factory.SelfAttribute("member.account_id")
    interest = factory.SubFactory(InterestFactory)


class MemberInvitationFactory(RowFactory):
    class Meta:
        model = MemberInvitation

    member = factory.SubFactory(MemberFactory)
    account_id = factory.SelfAttribute("member.account_id")
    email = factory.SelfAttribute("member.person.email")
    token_hash = factory.Sequence(digest_of)
    expires_at = NOW + dt.timedelta(days=30)
    created_at = NOW


class OwnershipChangeFactory(RowFactory):
    class Meta:
        model = OwnershipChange

    from_member = factory.SubFactory(OwnerFactory)
    account_id = factory.SelfAttribute("from_member.account_id")
    to_member = factory.SubFactory(MemberFactory, account=factory.SelfAttribute("..from_member.account"))
    expires_at = NOW + dt.timedelta(days=30)
    created_at = NOW


class PayApprovalFactory(RowFactory):
    class Meta:
        model = PayApproval

    member = factory.SubFactory(MemberFactory)
    account_id = factory.SelfAttribute("member.account_id")
    amount = 50000
    currency = "USD"
    created_at = NOW


class StaffMemberFactory(RowFactory):
    class Meta:
        model = StaffMember

    person = factory.SubFactory(StaffPersonFactory)
    role = StaffRole.SUPPORT_AGENT
    created_at = NOW


class DepartmentFactory(RowFactory):
    class Meta:
        model = Department

    name = factory.Sequence(lambda n: f"Department {n}")
    created_at = NOW


class StaffDepartmentFactory(RowFactory):
    class Meta:
        model = StaffDepartment

    staff_member = factory.SubFactory(StaffMemberFactory)
    department = factory.SubFactory(DepartmentFactory)


class TotpFactorFactory(RowFactory):
    class Meta:
        model = TotpFactor

    person = factory.SubFactory(PersonFactory)
    secret = "encrypted"
    confirmed_at = NOW
    created_at = NOW


class RecoveryCodeFactory(RowFactory):
    class Meta:
        model = RecoveryCode

    person = factory.SubFactory(PersonFactory)
    code_hash = factory.Sequence(digest_of)
    created_at = NOW


class PasskeyFactory(RowFactory):
    class Meta:
        model = Passkey

    person = factory.SubFactory(PersonFactory)
    name = "Laptop"
    credential_id = factory.Sequence(lambda n: f"credential-{n}".encode())
    public_key = b"key"
    created_at = NOW


class SignInSessionFactory(RowFactory):
    class Meta:
        model = SignInSession

    person = factory.SubFactory(PersonFactory)
    token_hash = factory.Sequence(digest_of)
    ip = "192.0.2.10"
    created_at = NOW
    last_seen_at = NOW
    second_step_at = NOW
    proved_at = NOW
    expires_at = NOW + dt.timedelta(hours=12)


class SignInAttemptFactory(RowFactory):
    class Meta:
        model = SignInAttempt

    door = SignInDoor.PASSWORD
    name_hash = digest_of(0)
    ip = "192.0.2.10"
    at = NOW


class PasswordResetFactory(RowFactory):
    class Meta:
        model = PasswordReset

    person = factory.SubFactory(PersonFactory)
    kind = PasswordResetKind.LINK
    email = factory.SelfAttribute("person.email")
    token_hash = factory.Sequence(digest_of)
    expires_at = NOW + dt.timedelta(minutes=60)
    created_at = NOW


class KnownDeviceFactory(RowFactory):
    class Meta:
        model = KnownDevice

    person = factory.SubFactory(PersonFactory)
    device_hash = factory.Sequence(digest_of)
    last_seen_at = NOW
    created_at = NOW


class AllowedNetworkFactory(RowFactory):
    """A network of a person; give ``person=None, account=…`` for one of an account."""

    class Meta:
        model = AllowedNetwork

    person = factory.SubFactory(PersonFactory)
    cidr = "192.0.2.0/24"
    created_at = NOW


class SocialIdentityFactory(RowFactory):
    class Meta:
        model = SocialIdentity

    person = factory.SubFactory(PersonFactory)
    issuer = "https://accounts.example"
    subject = factory.Sequence(lambda n: f"subject-{n}")
    created_at = NOW


class TelegramBindingFactory(RowFactory):
    class Meta:
        model = TelegramBinding

    person = factory.SubFactory(PersonFactory)
    chat_id = factory.Sequence(lambda n: 7_000_000_000 + n)
    bound_at = NOW
    created_at = NOW


class AccessTokenFactory(RowFactory):
    class Meta:
        model = AccessToken

    person = factory.SubFactory(PersonFactory)
    account = factory.SubFactory(AccountFactory)
    name = "Nightly export"
    prefix = "foyer_ab"
    token_hash = factory.Sequence(digest_of)
    created_at = NOW


class LoginConsentFactory(RowFactory):
    class Meta:
        model = LoginConsent

    account = factory.SubFactory(AccountFactory)
    staff_member = factory.SubFactory(StaffMemberFactory)
    reason = "Look at the invoice you asked about"
    created_at = NOW


class LoginAsSessionFactory(RowFactory):
    class Meta:
        model = LoginAsSession

    staff_member = factory.SubFactory(StaffMemberFactory)
    member = factory.SubFactory(MemberFactory)
    account_id = factory.SelfAttribute("member.account_id")
    sign_in_session = factory.SubFactory(SignInSessionFactory, person=factory.SelfAttribute("..staff_member.person"))
    reason = "Look at the invoice you asked about"
    expires_at = NOW + dt.timedelta(minutes=60)
    created_at = NOW


class MemberPreviewFactory(RowFactory):
    class Meta:
        model = MemberPreview

    member = factory.SubFactory(MemberFactory)
    account_id = factory.SelfAttribute("member.account_id")
    sign_in_session = factory.SubFactory(SignInSessionFactory)
    roles = ("billing",)
    expires_at = NOW + dt.timedelta(minutes=15)
    created_at = NOW
