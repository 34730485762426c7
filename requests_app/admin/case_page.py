"""What the page of a case shows, read once and put into words; the templates only lay it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from requests_app import facts, guards, identifying, limiting, rights, stating, waiting
from requests_app.admin.desk import unsealed
from requests_app.admin.queue import badge, near_badge, right_in_words, state_badge
from requests_app.admin.sureness import of_ground, of_limit, sureness_badge
from requests_app.admin.timeline import names_of
from requests_app.law.limits import LimitCount
from requests_app.law.wording import spell_date
from requests_app.law.words import Degree, EvidenceKind, Right, Route, Sureness
from requests_app.models import Case, CorrectionAsked, Duty, Evidence, ExemptionClaim, Message, MessageState
from requests_app.models.decision import OfCase
from requests_app.residence import place_name
from requests_app.roles import Actor
from requests_app.services import extending, letters, opt_outs, telling
from requests_app.services import identity as proving
from requests_app.services.history import local_day, record_access
from requests_app.states import Outcome, State

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as Text

DEGREES = {
    Degree.NONE: gettext_lazy("none"),
    Degree.REASONABLE: gettext_lazy("reasonable"),
    Degree.REASONABLY_HIGH: gettext_lazy("reasonably high"),
}
EVIDENCE = {
    EvidenceKind.MAILBOX: gettext_lazy("Mailbox confirmed"),
    EvidenceKind.ACCOUNT: gettext_lazy("Signed in to the account"),
    EvidenceKind.DATA_POINTS: gettext_lazy("Data points matched"),
    EvidenceKind.DECLARATION: gettext_lazy("Declaration signed"),
    EvidenceKind.PERMISSION: gettext_lazy("Signed permission accepted"),
    EvidenceKind.POWER_OF_ATTORNEY: gettext_lazy("Power of attorney accepted"),
    EvidenceKind.COURT_PAPER: gettext_lazy("Paper of a guardian or executor accepted"),
    EvidenceKind.PARENT_SHOWN: gettext_lazy("Parent shown to be one, and accepted"),
    EvidenceKind.CONFIRMATION: gettext_lazy("Permission confirmed by the person"),
    EvidenceKind.SHOWN_TO_STAFF: gettext_lazy("Shown to staff"),
}
DELIVERY_TONES = {
    MessageState.QUEUED: "wait",
    MessageState.ACCEPTED: "sure",
    MessageState.FAILED: "late",
    MessageState.BOUNCED: "late",
    MessageState.TO_POST: "near",
}


@dataclass(frozen=True)
class Row:
    """One line of the request: what was asked for, by whom."""

    label: Text
    text: str
    is_long: bool = False


@dataclass(frozen=True)
class EvidenceLine:
    """One proved fact."""

    label: Text
    proved_at: datetime
    matched_points: int
    statement: str


@dataclass(frozen=True)
class Identity:
    """What the law asks to know about who asks, and what is known."""

    needed: Text
    reached: Text
    is_enough: bool
    is_forbidden: bool  # proof may not be asked for
    instead: str  # then: from when on the request counts
    missing: str
    cannot_ask: bool  # the person's page has no question left, and says to write to us
    citations: tuple[str, ...]
    sureness: SafeString
    is_doubted: bool
    mailbox_suffices: bool  # nothing else may be asked as long as nobody doubts
    evidence: list[EvidenceLine]


@dataclass(frozen=True)
class DutyLine:
    """One duty: by when, under which law, why that date, and how it stands."""

    label: Text
    law: str
    due_on: date
    target_on: date | None
    standing: SafeString | str
    working: str
    citation: str
    sureness: SafeString
    void_extension: str
    defensible_due_on: date | None


@dataclass(frozen=True)
class Counted:
    """How many answers a law has had us give to this person so far, by its limit or free of charge."""

    law: str
    count: LimitCount
    sureness: SafeString


@dataclass(frozen=True)
class LetterLine:
    """One letter to the person; the text stays hidden where it holds a code."""

    pk: str
    subject: str
    state: SafeString
    queued_at: datetime
    text: str
    has_code: bool
    told: str  # how else the person was told, or that it came back


@dataclass(frozen=True)
class DecisionLine:
    """What somebody decided, on which ground, and why."""

    label: str
    citation: str
    sureness: SafeString  # of the ground
    reason: str
    who: str
    at: datetime


def context_of(request: HttpRequest, case: Case) -> dict[str, object]:
    """What all pages of a case have in common."""
    return {
        **admin.site.each_context(request),
        "title": case.submission.reference,
        "opts": Case._meta,
        "original": case,
        "case": case,
        "right": right_in_words(case),
        "state_badge": state_badge(case),
    }


def note_look(actor: Actor, case: Case, *, at: datetime) -> None:
    """Note that somebody saw what a case holds."""
    with transaction.atomic():
        record_access(by=actor, what="case", at=at, case=str(case.pk))


def content_of(case: Case, on: date) -> Mapping[str, object]:
    """The panels of a case that this floor knows, as the template takes them."""
    return {
        "rows": rows_of(case),
        "siblings": case.submission.cases.exclude(pk=case.pk).order_by("right"),
        "answer": answer_of(case),
        "related": related_to(case),
        "identity": identity_of(case),
        "duties": duties_of(case, on),
        "stands_still": case.state == State.CLARIFYING and waiting.stands_still(case),
        "limit": limit_of(case),
        "free_answers": free_answers_of(case),
        "decisions": decisions_of(case),
        "letters": letters_of(case),
    }


def answer_of(case: Case) -> str:
    """The answer that goes out when the decision is approved; empty where none is written, or it went out."""
    answer = case.answers.current()
    return unsealed(answer, "text") if answer else ""


def related_to(case: Case) -> list[tuple[Text, Case]]:
    """The case that this one is about, and those that are about this one."""
    found: list[tuple[Text, Case]] = []
    if case.about:
        found.append((_("Goes on under") if case.outcome == Outcome.DUPLICATE else _("About"), case.about))
    for other in case.followed_by.select_related("submission"):
        found.append((_("Duplicate") if other.outcome == Outcome.DUPLICATE else other.right_asked.label, other))
    return found


def rows_of(case: Case) -> list[Row]:
    """The request as it arrived, unsealed."""
    submission = case.submission
    rows = [
        Row(_("Name"), unsealed(submission, "name")),
        Row(_("E-mail"), unsealed(submission, "email")),
        Row(_("Postal address"), unsealed(submission, "postal_address"), is_long=True),
        Row(_("Account number"), unsealed(submission, "account_number")),
        Row(_("Lives in"), place_name(submission.residence)),
        Row(_("Came by"), submission.get_channel_display()),
        Row(_("Asks for"), submission.get_look_back_display() if case.right_asked in rights.ANSWERED_WITH_DATA else ""),
        *_correction_rows(case),
        Row(_("Details"), unsealed(submission, "details"), is_long=True),
    ]
    return [row for row in rows if row.text]


def _correction_rows(case: Case) -> list[Row]:
    rows = []
    for asked in CorrectionAsked.objects.select_related("case__submission").filter(case=case):
        rows += [
            Row(_("Correction %(number)s") % {"number": asked.number}, named(asked)),
            Row(_("In the person's words"), unsealed(asked, "words")),
            Row(_("Value now, as the person says"), unsealed(asked, "value_now")),
            Row(_("Right value"), unsealed(asked, "value")),
        ]
    return rows


def named(asked: CorrectionAsked) -> str:
    """The field of a correction as people call it and as the data map does, or that it was told in words."""
    if not asked.field:
        return str(asked)
    title = stating.names_of([asked], "en")[asked.number]
    return asked.field if title == asked.field else f"{title} ({asked.field})"


def identity_of(case: Case) -> Identity:
    """The degree needed and reached, what is missing in words, and the evidence."""
    needed, reached = guards.requirement(case), guards.degree_reached(case)
    missing = identifying.what_is_missing(case, get_language() or "en")
    if case.submission.confirmed_at is None:
        missing = f"{guards.not_reached_yet(case.submission)} {missing}".strip()
    return Identity(
        needed=DEGREES[needed.degree],
        reached=DEGREES[reached],
        is_enough=reached >= needed.degree,
        is_forbidden=needed.degree == Degree.NONE,
        instead=_counts_from(case),
        missing=missing,
        cannot_ask=_cannot_ask(case),
        citations=needed.citations,
        sureness=sureness_badge(needed.sureness),
        is_doubted=identifying.is_doubted(case),
        mailbox_suffices=needed.mailbox_suffices,
        evidence=[_evidence_line(item) for item in case.submission.evidence.all()],
    )


def _counts_from(case: Case) -> str:
    """From when on a request counts that takes no proof; empty for what is only answered."""
    if case.right_asked == Right.OPT_IN:
        return _("The choice counts once the person has confirmed it a second time.")
    if ended_at := opt_outs.ended_at(case):
        ended = _("The request was in force until %(day)s: on that day a later choice to opt in ended it.")
        return ended % {"day": spell_date(local_day(ended_at), get_language() or "en")}
    return _("The request is in force at once.") if case.route == Route.DIRECT else ""


def _cannot_ask(case: Case) -> bool:
    is_asked = case.submission.confirmed_at is not None and Case.objects.unproved().filter(pk=case.pk).exists()
    return is_asked and not proving.has_questions(case.submission)


def _evidence_line(item: Evidence) -> EvidenceLine:
    return EvidenceLine(
        EVIDENCE[EvidenceKind(item.kind)], item.proved_at, item.matched_points, unsealed(item, "statement")
    )


def duties_of(case: Case, on: date) -> list[DutyLine]:
    """Every duty of the case, the nearest date first."""
    titles = {pack.slug: pack.short_title.in_language(get_language() or "en") for pack in case.packs()}
    return [_duty_line(duty, titles, on) for duty in case.duties.order_by("due_on", "kind")]


def _duty_line(duty: Duty, titles: Mapping[str, str], on: date) -> DutyLine:
    return DutyLine(
        label=facts.DUTY_LABELS[duty.duty_kind],
        law=titles.get(duty.law, duty.law),
        due_on=duty.due_on,
        target_on=duty.target_on,
        standing=_standing(duty, on),
        working=duty.explained(get_language() or "en"),
        citation=duty.citation,
        sureness=sureness_badge(Sureness(duty.sureness)),
        void_extension=extending.void_in_words(duty),
        defensible_due_on=duty.defensible_due_on,
    )


def _standing(duty: Duty, on: date) -> SafeString | str:
    if duty.void:
        return badge(_("no longer owed"), "quiet")
    if duty.met_on is None:
        return near_badge(duty.due_on, on)
    if duty.is_late(on):
        return badge(_("met late, %(day)s") % {"day": duty.met_on}, "late")
    return badge(_("met %(day)s") % {"day": duty.met_on}, "sure")


def limit_of(case: Case) -> Counted | None:
    """How often information was provided, for rights that a law limits."""
    count = limiting.limit_count(case) if case.right_asked in rights.LIMITED else None
    return _counted(case, count) if count else None


def free_answers_of(case: Case) -> list[Counted]:
    """Under each law that gives so many answers free of charge, how many this person had: no ground to refuse."""
    return [_counted(case, count) for count in limiting.free_answers(case)]


def _counted(case: Case, count: LimitCount) -> Counted:
    titles = {pack.slug: pack.short_title.in_language(get_language() or "en") for pack in case.packs()}
    return Counted(titles[count.law], count, of_limit(case, count))


def decisions_of(case: Case) -> list[DecisionLine]:
    """What somebody decided or noted, with the reason, the oldest first."""
    found: list[tuple[str, str, OfCase]] = []
    if hasattr(case, "limit_decision"):
        found.append(
            (_("Limit: %(choice)s") % {"choice": case.limit_decision.get_choice_display()}, "", case.limit_decision)
        )
    for answer in case.clarifications.select_related("case__submission"):
        found.append((_("Question answered"), "", answer))
    for doubt in case.identity_doubts.select_related("case__submission"):
        found.append((_("Identity doubted"), "", doubt))
    for link in case.person_links.select_related("case__submission"):
        label = _("Linked, and unlinked again") if link.unlinked_at else _("Linked with another record")
        found.append((label, "", link))
    for claim in case.exemption_claims.select_related("case__submission"):
        found.append((_("Refused: %(ground)s") % {"ground": facts.in_words("code", claim.code)}, claim.citation, claim))
    found += _written_by_hand(case)
    names = names_of(row.decided_by for _label, _citation, row in found)
    lines = [
        DecisionLine(
            label,
            citation,
            of_ground(case, row.code) if isinstance(row, ExemptionClaim) else SafeString(),
            unsealed(row, "reason"),
            names[row.decided_by],
            row.decided_at,
        )
        for label, citation, row in found
    ]
    return sorted(lines, key=lambda line: line.at)


def _written_by_hand(case: Case) -> list[tuple[str, str, OfCase]]:
    """Answers, balancings, work by hand, and mistakes that somebody found."""
    found: list[tuple[str, str, OfCase]] = []
    found += [(_("Answer written"), "", row) for row in case.answers.select_related("case__submission")]
    found += [(_("Balancing"), "", row) for row in case.balancings.select_related("case__submission")]
    found += [(_("Done by hand"), "", row) for row in case.hand_work.select_related("case__submission")]
    found += [(_("Reopening asked for"), "", row) for row in case.reopenings_asked.select_related("case__submission")]
    return found


def letters_of(case: Case) -> list[LetterLine]:
    """The letters of the case, and those of its whole request, the oldest first."""
    of_request = Message.objects.filter(submission=case.submission, case__isnull=True)
    written = (of_request | Message.objects.filter(case=case)).select_related("submission").order_by("queued_at")
    return [_letter_line(message) for message in written]


def _letter_line(message: Message) -> LetterLine:
    has_code = letters.has_code(message)  # staff never read one
    return LetterLine(
        pk=str(message.pk),
        subject=message.subject,
        state=badge(message.get_state_display(), DELIVERY_TONES[MessageState(message.state)]),
        queued_at=message.queued_at,
        text="" if has_code else unsealed(message, "text"),
        has_code=has_code,
        told=telling.in_words(message),
    )
