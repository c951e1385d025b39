"""What members are asked to accept: staff write and publish it, and read who decided what."""

from __future__ import annotations

from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from domain.permissions import P
from models import Policy, PolicyDecision
from panel import STAFF, Action, Choice, Column, DateRange, Related, Resource, YesNo, reading
from panel.form import Form
from services.policies import LONGEST_TEXT, PolicyTextMissing, PolicyTextTooLong, create_policy, publish_version
from services.records import edit_record


class PolicyTextForm(Form):
    """The text people decide on."""

    body = TextAreaField(
        "Text",
        [InputRequired(PolicyTextMissing.message), Length(max=LONGEST_TEXT, message=PolicyTextTooLong.message)],
        description="Plain text; an empty line begins a paragraph. A text that is published never changes.",
        render_kw={"rows": 16},
    )


class PolicyResource(Resource):
    model, slug, title, noun = Policy, "policies", "Policies", "Policy"
    description = (
        "What members are asked to accept. A mandatory one opens the portal only once its newest text is accepted."
    )
    group, icon, key, label, status = "Administration", "journal-check", "key", "name", ""
    realms = frozenset({STAFF})
    columns = (
        Column("name", sort=True, link=True),
        Column("key"),
        Column("mandatory"),
        Column("retired"),
        Column("created_at", "Added"),
    )
    filters = (YesNo("mandatory"), YesNo("retired"))
    default_sort = "name"
    form = {"create": ("name", "key", "mandatory"), "edit": ("name", "mandatory", "retired")}
    form_extras = {"create": PolicyTextForm}
    help = {
        "key": "A short word for addresses and exports, like terms. It does not change.",
        "mandatory": "Members accept it before anything else opens.",
        "retired": "Nobody is asked about it any more; what was decided stays.",
    }
    saves = {"create": create_policy, "edit": edit_record}
    grants = {
        **reading(P.STAFF_SETTINGS_READ),
        "create": P.STAFF_SETTINGS_EDIT,
        "edit": P.STAFF_SETTINGS_EDIT,
    }
    actions = (
        Action(
            publish_version,
            "Publish a new version",
            grant=P.STAFF_SETTINGS_EDIT,
            form=PolicyTextForm,
            confirm="Everybody decides anew on the new text. Where it is mandatory, the portal opens to nobody before.",
            done="The new version is published.",
            name="publish-version",
        ),
    )
    related = (Related("versions", columns=("number", "published_at", "body"), label="Versions", order="-number"),)


class PolicyDecisionResource(Resource):
    model, slug, title, noun = PolicyDecision, "policy-decisions", "Policy decisions", "Policy decision"
    description = "Who accepted or declined which version, when and from where. Nothing in it is ever changed."
    group, icon, key, label, status = "Administration", "journal-text", "id", "id", ""
    realms = frozenset({STAFF})
    columns = (
        Column("decided_at", "Decided", sort=True),
        Column("person.email", "E-mail"),
        Column("person.first_name", "First name"),
        Column("person.last_name", "Last name"),
        Column("policy_version.policy.name", "Policy"),
        Column("policy_version.number", "Version"),
        Column("decision"),
        Column("ip", "IP address"),
    )
    filters = (Choice("decision"), DateRange("decided_at", "Decided"))
    default_sort = "-decided_at"
    grants = {verb: grant for verb, grant in reading(P.STAFF_AUDIT_READ).items() if verb != "details"}
