"""Where random histories begin: people, a company that watches itself, a post office with moods, and open cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import ClassVar
from uuid import UUID

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Q

from requests_app import guards, ports
from requests_app.events import EventKind
from requests_app.law import packs
from requests_app.law.words import Level, Right
from requests_app.models import Case, LimitDecision, Submission, Verdict
from requests_app.move import InputRefused
from requests_app.roles import Actor, Role
from requests_app.services import review
from requests_app.services.history import record
from requests_app.states import State
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    OTHER_ANALYST,
    a_case,
    answered,
    case_in,
    days,
    move,
)

PAT = {
    "email": "pat@example.com",
    "account_number": "A-2002",
    "phone": "415 555 0202",
    "postal_code": "94110",
    "birth_date": "1991-11-03",
}
KIM = {
    "email": "kim@example.com",
    "account_number": "A-3003",
    "phone": "415 555 0303",
    "postal_code": "94703",
    "birth_date": "2001-06-30",
}
KNOWN = (SAM, PAT)  # Kim is nobody whom the company knows
PEOPLE = (*KNOWN, KIM)
PLACES = ("US-CA", "US-CA", "US-CA", "US-VA", "DE")
QUESTIONS = ("account_number", "phone", "postal_code", "birth_date")
OUTSIDER = Actor("staff:4", frozenset({Role.APPROVER}))
STAFF = (ANALYST, OTHER_ANALYST, APPROVER, OUTSIDER)
ALL_CODES = tuple(sorted({item.code for pack in packs.all_packs().values() for item in pack.exemptions}))
WORDS = "Written down by hand."
FRAUD = "ca_7026e_fraud"
NOT_A_CONSUMER = "ca_140_not_consumer"
# What comes round for the sake of the house, and touches no case; it has tests of its own.
UPKEEP = {"destroy_orphaned_keys", "anchor_histories", "mail_checkpoint"}
# The law of California alone lets an answer be declined for its number: two in twelve months.
LIMITED = {"US-CA": (Right.KNOW_CATEGORIES, Right.KNOW_SPECIFIC, Right.PORTABILITY)}
ALLOWED = 2


class PostOffice(BaseEmailBackend):
    """A mail server with moods: it takes a letter, refuses the address for good, or does not answer."""

    mood: ClassVar[str] = "takes"

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        """Take them in, or not."""
        if self.mood == "refuses":
            raise SMTPRecipientsRefused({"somebody": (550, b"no such user")})
        if self.mood == "is down":
            raise SMTPServerDisconnected
        return len(messages)


class WatchedCompany(Company):
    """The company in memory, that looks at every release itself, and keeps findings back when it is told to."""

    def release(self, case_id: UUID, at: datetime) -> None:  # type: ignore[override]
        """Release, and look whether the limit allowed it."""
        super().release(case_id, at)
        case = Case.objects.select_related("submission__subject").get(pk=case_id)
        if case.answered_as in LIMITED.get(case.submission.residence, ()):
            check_limit(case)


def check_limit(case: Case) -> None:
    """Not released while two or more count for its day of receipt, unless a person decided so."""
    submission = case.submission
    on = submission.received_on
    a_year_before = on.replace(year=on.year - 1)  # no history comes to a 29 February
    root = submission.subject and (submission.subject.root_id or submission.subject_id)
    others = Submission.objects.filter(
        Q(subject=root) | Q(subject__root=root),
        provided_at__isnull=False,
        received_on__gt=a_year_before,
        received_on__lte=on,
        cases__answered_as__in=LIMITED["US-CA"],
        cases__carried_out_at__isnull=False,
    ).exclude(pk=submission.pk)
    decided = LimitDecision.objects.filter(case=case, choice="answer_anyway").exists()
    before = others.distinct().count()
    assert before < ALLOWED or decided, f"released as number {before + 1}, and nobody decided"


def withhold(case: Case, *, actor: Actor, at: datetime, finding: str, field: str, code: str, **_words: str) -> None:
    """In the place of the findings' own service: one more record is kept back."""
    if guards.check_refusal_code(case, code).level is not Level.DATA:
        raise InputRefused({"code": "Not against data."})
    _company().kept_back[case.pk] += 1
    record(case, EventKind.WITHHOLD, by=actor, at=at, code=code)


def withhold_by_rule(case: Case, *, actor: Actor, at: datetime, code: str, **_rule: str) -> None:
    """In the place of the findings' own service: some records more are kept back."""
    if guards.check_refusal_code(case, code).level is not Level.DATA:
        raise InputRefused({"code": "Not against data."})
    _company().kept_back[case.pk] += 1
    record(case, EventKind.WITHHOLD_BY_RULE, by=actor, at=at, code=code)


def black_out(case: Case, *, actor: Actor, at: datetime, code: str, **_place: str) -> None:
    """In the place of the findings' own service: some words of a record are kept back."""
    if guards.check_refusal_code(case, code).level is not Level.DATA:
        raise InputRefused({"code": "Not against data."})
    _company().kept_back[case.pk] += 1
    record(case, EventKind.BLACK_OUT, by=actor, at=at, code=code)


def decide_passages(case: Case, *, actor: Actor, at: datetime, passages: str, choice: str) -> None:
    """In the place of the findings' own service: a passage is kept back, or left."""
    _company().kept_back[case.pk] += choice == "black_out"
    record(case, EventKind.DECIDE_PASSAGES, by=actor, at=at, choice=choice)


def mark_area(case: Case, *, actor: Actor, at: datetime, code: str, **_place: str) -> None:
    """In the place of the documents' own service: an area more is kept back."""
    if guards.check_refusal_code(case, code).level is not Level.DATA:
        raise InputRefused({"code": "Not against data."})
    _company().kept_back[case.pk] += 1
    record(case, EventKind.MARK_AREA, by=actor, at=at, code=code)


def unmark_area(case: Case, *, actor: Actor, at: datetime, area: str) -> None:
    """In the place of the documents' own service: an area less is kept back."""
    if not _company().kept_back[case.pk]:
        raise InputRefused({"area": "There is none."})
    _company().kept_back[case.pk] -= 1
    record(case, EventKind.UNMARK_AREA, by=actor, at=at)


def decide_document(case: Case, *, actor: Actor, at: datetime, choice: str, **_words: str) -> None:
    """In the place of the documents' own service: a document is kept back, or released."""
    _company().kept_back[case.pk] += choice != "release"
    record(case, EventKind.DECIDE_DOCUMENT, by=actor, at=at, decided=choice)


def lift_withholding(case: Case, *, actor: Actor, at: datetime, **_place: str) -> None:
    """In the place of the findings' own service: one record less is kept back."""
    if not _company().kept_back[case.pk]:
        raise InputRefused({"finding": "Nothing is withheld."})
    _company().kept_back[case.pk] -= 1
    record(case, EventKind.LIFT_WITHHOLDING, by=actor, at=at)


def decide_correction(
    case: Case, *, actor: Actor, at: datetime, correction: str, verdict: str, code: str, **_words: str
) -> None:
    """In the place of the corrections' own service: one that is refused is kept back."""
    if verdict == Verdict.REFUSED and guards.check_refusal_code(case, code).level is not Level.DATA:
        raise InputRefused({"code": "Not against data."})
    _company().kept_back[case.pk] += verdict == Verdict.REFUSED
    record(case, EventKind.DECIDE_CORRECTION, by=actor, at=at, correction=correction, verdict=verdict)


def waive_source(case: Case, *, actor: Actor, at: datetime, source: str, reason: str) -> None:
    """In the place of the gathering's own service: the shop is not waited for."""
    company = _company()
    company.to_search = [waiting for waiting in company.to_search if waiting != case.pk]
    company.kept_back[case.pk] += 1
    record(case, EventKind.WAIVE_SOURCE, by=actor, at=at, source=source)
    review.settle(case, at=at)


def choose_records(case: Case, *, actor: Actor, at: datetime, source: str, records: str, reason: str) -> None:
    """In the place of the gathering's own service: the shop is searched by it."""
    record(case, EventKind.CHOOSE_RECORDS, by=actor, at=at, source=source)
    _search_again(case, actor, at)


def remove_identifier(case: Case, *, actor: Actor, at: datetime, identifier: str, reason: str) -> None:
    """In the place of the gathering's own service: the shop is searched without it."""
    record(case, EventKind.REMOVE_IDENTIFIER, by=actor, at=at, identifier=identifier)
    _search_again(case, actor, at)


def _search_again(case: Case, actor: Actor, at: datetime) -> None:
    if case.state == State.DECIDING:
        review.gather_again(case, actor=actor, at=at)


STAND_INS = {
    "withhold": withhold,
    "withhold_by_rule": withhold_by_rule,
    "black_out": black_out,
    "decide_passages": decide_passages,
    "mark_area": mark_area,
    "unmark_area": unmark_area,
    "decide_document": decide_document,
    "lift_withholding": lift_withholding,
    "decide_correction": decide_correction,
    "waive_source": waive_source,
    "choose_records": choose_records,
    "remove_identifier": remove_identifier,
}


def _company() -> Company:
    company = ports.work()
    assert isinstance(company, Company)
    return company


@dataclass(frozen=True)
class Beginning:
    """What every history finds: cases in all states, which walked there through the services before."""

    cases: tuple[Case, ...]
    people: Mapping[UUID, Mapping[str, str]]  # by submission
    to_search: tuple[UUID, ...]
    to_carry_out: tuple[UUID, ...]


def before_all_histories(company: Company) -> Beginning:
    """Sam was answered once this year and Pat twice; each asks again, and so does Kim, whom nobody knows.

    What waits for the workers comes last, so that it still waits.
    """
    company.people = list(KNOWN)
    for person, ago in ((SAM, 20), (PAT, 200), (PAT, 20)):
        answered(at=AT - days(ago), email=person["email"])
    at = AT - days(2)
    deciding = _begun(State.DECIDING, Right.KNOW_SPECIFIC, SAM, at)
    deleting = _begun(State.DECIDING, Right.DELETE, PAT, at - days(1))
    reviewing = _begun(State.REVIEWING, Right.KNOW_SPECIFIC, PAT, at)
    provided = _begun(State.CLOSED, Right.KNOW_SPECIFIC, SAM, at - days(700))
    approved = _begun(State.DECIDING, Right.KNOW_CATEGORIES, SAM, at - days(1))
    verifying = [
        a_case(right, at=at, email=person["email"], account_number=person["account_number"])
        for right, person in ((Right.KNOW_SPECIFIC, SAM), (Right.CORRECT, PAT), (Right.DELETE, KIM))
    ]
    objecting = case_in(State.DECIDING, Right.OBJECT, at=at - days(5), email=SAM["email"], residence="DE")
    complaining = a_case(Right.COMPLAINT, at=at, email=KIM["email"])
    refused = _begun(State.DECIDING, Right.DELETE, SAM, at - days(9))
    move(refused, "refuse", at=at, code=NOT_A_CONSUMER, explanation=WORDS, reason=WORDS)
    asked = move(a_case(Right.DELETE, at=at, email=PAT["email"]), "ask_clarification", at=at, question=WORDS)
    gathering = _begun(State.GATHERING, Right.PORTABILITY, SAM, at - days(3))
    move(approved, "approve", by=APPROVER, at=at)
    opted_out = a_case(Right.OPT_OUT_SALE_SHARE, at=at, email=PAT["email"])
    cases = (
        deciding,
        approved,
        reviewing,
        *verifying,
        deleting,
        gathering,
        opted_out,
        provided,
        objecting,
        complaining,
        refused,
        asked,
    )
    by_address = {person["email"]: person for person in PEOPLE}
    return Beginning(
        cases,
        {case.submission_id: by_address[case.submission.email] for case in cases},
        tuple(company.to_search),
        tuple(company.to_carry_out),
    )


def _begun(state: State, right: Right, person: Mapping[str, str], at: datetime) -> Case:
    return case_in(state, right, at=at, email=person["email"])
