"""Another sign-in e-mail for a member or a colleague: an act of staff, for nobody may change their own."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import InputRequired, Length

from domain.contact import LONGEST_EMAIL, EmailNotReadable
from domain.permissions import P
from models import Member, StaffMember
from panel import STAFF, Action
from panel.form import Form
from services.email_changes import change_member_email, change_staff_email
from services.members import NoPortalAccess

_CONFIRM = (
    "Both addresses are told. Links, temporary passwords and invitations that were sent to the old address stop "
    "working. Make sure it is really them who ask."
)


class NewEmailForm(Form):
    """The address somebody will sign in with."""

    email = StringField(
        "New e-mail address",
        [
            InputRequired(EmailNotReadable.message),
            Length(max=LONGEST_EMAIL, message="Enter at most %(max)d characters."),
        ],
        render_kw={"type": "email"},
    )


CHANGE_MEMBER_EMAIL = Action(
    change_member_email,
    "Change sign-in e-mail",
    grant=P.MEMBERS_RESET,
    when=Member.can_reset_second_factor,
    why_not=NoPortalAccess.message,
    form=NewEmailForm,
    sensitive=True,
    realms={STAFF},
    confirm=_CONFIRM,
    done="The address is changed, and both addresses are told.",
    name="change-email",
)

CHANGE_STAFF_EMAIL = Action(
    change_staff_email,
    "Change sign-in e-mail",
    grant=P.STAFF_STAFF_EDIT,
    when=StaffMember.can_disable,
    form=NewEmailForm,
    sensitive=True,
    confirm=_CONFIRM,
    done="The address is changed, and both addresses are told.",
    name="change-email",
)
