"""Whether a person may ask if a value is the one that we hold, where we may not say which one that is (7023(j))."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from dsar.vault import digests
from requests_app import guards
from requests_app.guards import MoveShut
from requests_app.law.values import Provision
from requests_app.law.words import Degree, ProvisionKind, Right
from requests_app.models import AskedBy, Case, Identifier, Submission, ValueAsked
from requests_app.models.people import as_tried
from requests_app.ports import CorrectableField, systems
from requests_app.roles import Actor
from requests_app.states import State

# The law sets no number of tries: whoever may guess without end learns what may never be told. A house setting, our
# reading of 11 CCR 7024(d) beside 7023(j).
WITHIN = timedelta(days=30)
WHILE = guards.VERIFIED | {State.CARRYING_OUT}
IS_HELD, IS_NOT_HELD = "yes", "no"


def provision_of(case: Case) -> Provision | None:
    """What lets a value be compared in this case; None where no law of it says so."""
    if case.right_asked != Right.CORRECT:
        return None
    found = (pack.provision(ProvisionKind.VALUE_CONFIRMED, Right.CORRECT, case.received_on()) for pack in case.packs())
    return next((provision for provision in found if provision), None)


def fields_of(case: Case, language: str) -> tuple[CorrectableField, ...]:
    """What may be asked about now; none where the law knows no such way, or it is not known well enough who asks."""
    if provision_of(case) is None or not is_proved(case):
        return ()
    return systems().confirmable_fields(language)


def is_proved(case: Case) -> bool:
    """Whether the identity was accepted, and to the degree that the specific pieces need.

    A "yes" is worth as much to a stranger as the piece itself.
    """
    stands = case.clarifying_from or case.state
    needed = guards.requirement(case, Right.KNOW_SPECIFIC).degree
    return stands in WHILE and guards.degree_reached(case, Right.KNOW_SPECIFIC) >= max(needed, Degree.REASONABLE)


def tries_left(case: Case, field: str, *, at: datetime) -> int:
    """How often this person may still ask about this field, in whichever request; what failed at our side is no try.

    The person is who proved the same identifiers, from whichever mailbox, or has a record that is linked with this one.
    """
    theirs = Q(case__submission=case.submission_id) | Q(
        case__submission__in=Submission.objects.same_person_as(case.submission)
    )
    known_as = [digest for person in asking(case) for digest in person]
    same = theirs | Q(pk__in=AskedBy.objects.filter(digest__in=known_as).values("asked"))
    since = at - WITHIN
    recent = Q(asked_at__gt=since) | Q(compared_at__gt=since)  # a person may answer weeks later
    tried = ValueAsked.objects.filter(same & recent, field=field)
    failed = tried.filter(compared_at__isnull=False, is_held=None)
    return max(0, settings.VALUE_TRIES - tried.exclude(pk__in=failed).count())


def asking(case: Case) -> list[list[str]]:
    """Who asks: of each identifier with which the case was accepted the digests it may be known by, the present first.

    However it is spelt: as tries to prove it are counted.
    """
    proved = Identifier.objects.filter(evidence__cases=case).select_related("subject").distinct()
    known = digests.Digester("values_asked")
    return [known.candidates(f"{one.kind}:{as_tried(one.kind, one.value)}") for one in proved]


def check_ask(case: Case, field: str, *, at: datetime) -> Provision:
    """What lets this value be compared now; raises MoveShut."""
    provision = provision_of(case)
    if provision is None or field not in {known.slug for known in fields_of(case, "en")}:
        raise MoveShut(_("This can't be asked here, or we are not sure enough yet that it is you who asks."))
    if not tries_left(case, field, at=at):
        raise MoveShut(_("This was asked too often in the last 30 days. Please write to us."))
    return provision


# ---- what no machine could compare


def unanswered(case: Case) -> list[ValueAsked]:
    """The tries that no machine could compare; only of what may still be asked about, of whom it may be told."""
    known = {field.slug for field in fields_of(case, "en")}
    found = case.values_asked.select_related("case__submission").filter(compared_at__isnull=False, is_held=None)
    return [asked for asked in found if asked.field in known]


def to_answer(case: Case) -> list[tuple[str, str]]:
    """What a person may note the answer to; the value itself is gone."""
    titles = {field.slug: field.title for field in fields_of(case, "en")}
    return [
        (str(asked.pk), _("%(title)s, asked on %(day)s") % {"title": titles[asked.field], "day": _moment(asked)})
        for asked in unanswered(case)
    ]


def answers(_case: Case) -> list[tuple[str, str]]:
    """What was found: that it is the value, or that it is not. Where nothing is held it is not."""
    return [(IS_HELD, _("yes, this value is held of this person")), (IS_NOT_HELD, _("no, it is not"))]


def check_answer_value(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only what was asked and could not be compared, while it is certain enough who asks."""
    if provision_of(case) is None or not is_proved(case):
        raise MoveShut(_("A value is compared only where a law says so, and once it is certain enough who asks."))
    if not unanswered(case):
        raise MoveShut(_("There is no value that was asked about and that no machine could compare."))


def _moment(asked: ValueAsked) -> str:
    return f"{localtime(asked.asked_at):%Y-%m-%d %H:%M}"
