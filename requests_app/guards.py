"""Why a move is shut, and what opens it: each ``check_…`` raises MoveShut with a sentence, and a law's citation.

G1 to G20 number the rules that the laws set for the moves of a case.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dsar.ledger import chains
from requests_app import denied_before, known_first, limiting, supporting, waiting
from requests_app.events import EventKind
from requests_app.identifying import authority, what_is_missing
from requests_app.identifying import degree_reached as degree_reached  # noqa: PLC0414 - guards answer for it, too
from requests_app.identifying import requirement as requirement  # noqa: PLC0414
from requests_app.law import exemptions, extension, identity, packs
from requests_app.law.values import Exemption
from requests_app.law.words import DutyKind, Ground, Level, Right, Route
from requests_app.models import (
    Case,
    Identifier,
    IdentifierStatus,
    LimitChoice,
    LimitDecision,
    Submission,
)
from requests_app.ports import systems, work
from requests_app.rights import ABOUT_AUTOMATED, HARMFUL
from requests_app.roles import Actor, Role
from requests_app.states import State

# The only grounds against an opt-out: fraud (11 CCR 7026(e)), or an agent without permission (7063).
AGAINST_OPT_OUTS = frozenset({Ground.FRAUD, Ground.NO_PERMISSION})
AGAINST_OPT_INS = frozenset({Ground.PARENT_NOT_SHOWN})  # of who signs for a child
# Who has done one of these has prepared the decision, and can't be the second pair of eyes on it.
PREPARING = (
    EventKind.START_GATHERING,
    EventKind.GATHER_AGAIN,
    EventKind.WITHHOLD,
    EventKind.WITHHOLD_BY_RULE,
    EventKind.BLACK_OUT,
    EventKind.DECIDE_PASSAGES,
    EventKind.MARK_AREA,
    EventKind.UNMARK_AREA,
    EventKind.BRING_COPY,
    EventKind.DECIDE_DOCUMENT,
    EventKind.DECIDE_CORRECTION,
    EventKind.LIFT_WITHHOLDING,
    EventKind.WAIVE_SOURCE,
    EventKind.TASK_ANSWERED,
    EventKind.CHOOSE_RECORDS,
    EventKind.REMOVE_IDENTIFIER,
    EventKind.DECIDE_LIMIT,
)
# What holds in every round of gathering.
LASTING = (EventKind.CHOOSE_RECORDS, EventKind.REMOVE_IDENTIFIER, EventKind.DECIDE_LIMIT)
# Who typed a case in or handed it on has decided nothing about it.
IDLE = (EventKind.RECEIVED, EventKind.ASSIGN)
ROUND_BEGINS = (EventKind.START_GATHERING, EventKind.GATHER_AGAIN)
VERIFIED = frozenset({State.REVIEWING, State.GATHERING, State.DECIDING})


class MoveShut(Exception):
    """A move that may not be made now: says why, what opens it, and the citation where a law says so."""

    def __init__(self, sentence: str, citation: str = "") -> None:
        self.sentence = sentence
        self.citation = citation
        super().__init__(f"{sentence} ({citation})" if citation else sentence)


def check_limit(case: Case) -> None:
    """Refuse to go on while the limit is reached and no person has decided to answer anyway (G8)."""
    count = limiting.limit_count(case)
    if count is None or not count.reached or _decided(case) == LimitChoice.ANSWER_ANYWAY:
        return
    often_enough = [item.code for item in grounds_to_refuse(case) if item.ground is Ground.ANSWERED_OFTEN_ENOUGH]
    first = _("Decide on the limit first: answer anyway, or refuse with the ground %(ground)s.")
    raise MoveShut(
        f"{count.already_provided(get_language() or 'en')} {first % {'ground': _(' or ').join(often_enough)}}",
        count.citation,
    )


def check_decide_limit(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """The limit is decided only where it is reached; who decided to refuse may still decide to answer."""
    _check_reached(case)
    if _decided(case) == LimitChoice.ANSWER_ANYWAY:
        raise MoveShut(_("It is decided already: this request is answered anyway."))


def _check_reached(case: Case) -> None:
    """The limit can be used only where every law that gives the right has one, and it is reached."""
    count = limiting.limit_count(case)
    if count is None:
        raise MoveShut(_("Not every law of this case limits how often this right may be used."))
    if not count.reached:
        raise MoveShut(
            _("The limit is not reached: information was provided %(counted)s of %(allowed)s times.")
            % {"counted": count.counted, "allowed": count.allowed},
            count.citation,
        )


def _decided(case: Case) -> str | None:
    decision: LimitDecision | None = getattr(case, "limit_decision", None)
    return decision.choice if decision else None


def check_accept_proof(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """The evidence must reach the degree (G5, G6)."""
    needed = requirement(case)
    if degree_reached(case) < needed.degree:
        cited = dict.fromkeys((*authority(case).citations, *needed.citations))
        raise MoveShut(
            what_is_missing(case, get_language() or "en") or not_reached_yet(case.submission), "; ".join(cited)
        )


def not_reached_yet(submission: Submission) -> str:
    """What is missing before any evidence counts."""
    if submission.has_mailbox:
        return _("The mailbox is not confirmed yet.")
    return _("Nobody has noted yet how the person showed who asks.")


def check_fall_back(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """A law of the case must know such an answer; categories need a degree of their own (11 CCR 7024(a))."""
    if identity.falls_back_to(case.packs(), case.right_asked, on=case.received_on()) is None:
        raise MoveShut(
            _(
                "No law of this case lets it be answered as categories instead: wait for the proof, or refuse with a"
                " ground."
            )
        )
    needed = requirement(case, Right.KNOW_CATEGORIES)
    if degree_reached(case, Right.KNOW_CATEGORIES) < needed.degree:
        raise MoveShut(_("The evidence does not reach the degree for categories either."), "; ".join(needed.citations))


def check_start_gathering(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Gathering needs a system to look into, an accepted identity, which the state proves, and a decided limit."""
    if not systems().are_known():
        raise MoveShut(
            _("No company system is set up: there is nothing to look into. An administrator has to load a data map.")
        )
    if case.submission.subject_id is None:
        raise MoveShut(_("The person's record is still being looked for. Try again in a moment."))
    _check_something_finds(case)
    check_limit(case)


def _something_finds(case: Case) -> bool:
    """Whether an identifier that sources are searched by stood in the record on which the case was accepted."""
    return Identifier.objects.filter(evidence__cases=case).exclude(status=IdentifierStatus.REMOVED).exists()


def _check_something_finds(case: Case) -> None:
    """Without an identifier from the record that matched, sources would untruly answer that they hold nothing."""
    if not _something_finds(case):
        raise MoveShut(
            _(
                "Nothing that was proved finds this person's records in a source. Ask the person to send the request"
                " again, and to prove it with an account number that we know; refuse this one with a ground."
            )
        )


def needs_second_person(case: Case) -> bool:
    """The four-eyes policy: where data is changed, where something is withheld from an answer, and on an appeal."""
    return case.right_asked in HARMFUL | {Right.APPEAL} or work().withheld(case) > 0


def check_approve(case: Case, actor: Actor, on: date) -> None:
    """The decision needs a decided limit, an answered request to know, findings that can be carried out as they are,
    and a second person where the policy says so; where nothing is gathered, a written answer.
    """
    check_limit(case)
    if case.route == Route.DECIDE_ONLY:
        check_fresh_eyes_on_appeal(case, actor)
        _check_grant(case, actor)
        _check_answer_is_written(case)
        return
    _check_something_finds(case)
    if because := known_first.why_not_deleted(case):
        raise MoveShut(because)
    _check_findings(case, on)
    if needs_second_person(case) and actor.slug in _who_worked_on(case):
        raise MoveShut(
            _(
                "Four eyes: this case changes data or withholds something, and you worked on it yourself."
                " Another analyst or an approver has to approve it."
            )
        )


def check_open_download(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only a download that wrong answers have closed can be opened again."""
    if not case.submission.codes.download_is_closed():
        raise MoveShut(_("The download is not closed: the person can fetch the file with a fresh code."))


def check_extend(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """One extension, while the first period runs, where a law of the case has one (G7)."""
    refusals = []
    for duty in case.duties.of_kind(DutyKind.ANSWER).select_related("pack_version", "calendar_version"):
        try:
            extension.may_extend(
                duty.pack_version.as_pack(),
                case.right_asked,
                received_on=case.received_on(),
                on=on,
                already_extended=duty.extended_on is not None,
                calendar=duty.calendar_version.as_calendar(),
                happened=waiting.happened(case),
            )
        except extension.ExtensionNotAllowed as refusal:
            refusals.append(refusal)
        else:
            return
    raise MoveShut(refusals[0].sentence, refusals[0].citation)


def grounds_to_refuse(case: Case) -> tuple[Exemption, ...]:
    """The grounds on which the whole case may be refused."""
    judged = judged_in(case)
    fitting = exemptions.fitting(judged.packs(), judged.right_asked, judged.received_on())
    return tuple(ground for ground in fitting if judged != case or _is_against_the_whole(case, ground))


def judged_in(case: Case) -> Case:
    """The case whose request is judged: an appeal is refused on the grounds that fit what it is about."""
    return case.about if case.right_asked == Right.APPEAL and case.about else case


def grounds_to_withhold(case: Case) -> tuple[Exemption, ...]:
    """The grounds on which some data may be withheld."""
    return exemptions.fitting(case.packs(), case.right_asked, case.received_on(), level=Level.DATA)


def must_be_explained(ground: Exemption) -> bool:
    """Whether the person is also told what the ground means in this very case.

    Always where the request is called unfounded or excessive: the burden of showing it is ours (Civ. Code
    1798.145(h)(3), GDPR Art. 12(5); G9).
    """
    return ground.explained or ground.ground is Ground.UNFOUNDED_OR_EXCESSIVE


def check_refusal(case: Case, code: str, actor: Actor) -> Exemption:
    """The ground must fit (G10), take the whole request away, and be used as its law says (G8, G9)."""
    ground = check_refusal_code(case, code)
    if case.right_asked == Right.APPEAL:  # what was asked for is judged anew: how far it had come then says nothing
        return ground
    check_nothing_is_done(case)  # the clock refuses by no move
    _check_whole(case, ground)
    if ground.ground is Ground.NOT_VERIFIED:
        _check_not_verified(case, ground)
    if ground.ground is Ground.NO_PERMISSION:
        _check_no_permission(case, ground)
    if ground.ground is Ground.ANSWERED_OFTEN_ENOUGH:
        _check_answered_often_enough(case, ground)
    if because := supporting.unseen_of_case(case, ground.ground):
        raise MoveShut(because)
    if ground.ground is Ground.UNFOUNDED_OR_EXCESSIVE and not _is_second_person(case, actor):
        raise MoveShut(
            _(
                "Two people refuse a request as unfounded or excessive: one prepares the case, and an approver who has"
                " not worked on it refuses."
            ),
            ground.citation,
        )
    return ground


def _check_findings(case: Case, on: date) -> None:
    """What was found must be such that it can be done, and kept only on grounds that fit (G10)."""
    if because := work().shut_because(case, on):
        raise MoveShut(because)
    for code in work().grounds_of(case):
        try:
            ground_to_keep(case, code)
        except exemptions.ExemptionDoesNotFit as misfit:
            raise MoveShut(
                _(
                    "A data map or a hold keeps data from deletion on a ground that can't be used here. %(why)s Correct"
                    " the map, load it, and gather again; of a hold, talk to counsel."
                )
                % {"why": misfit.sentence},
                misfit.citation,
            ) from None


def ground_to_keep(case: Case, code: str) -> Exemption:
    """A map's ground to keep data, as the laws of this case have it (G10); raises ExemptionDoesNotFit."""
    return exemptions.to_keep(case.packs(), code, on=case.received_on(), known=packs.all_packs().values())


def _is_against_the_whole(case: Case, ground: Exemption) -> bool:
    """A ground against data takes the whole request away where it takes all of the data.

    A correction is about one piece of data; of a deletion it is known once the plan shows what is held.
    """
    if denied_before.why_not_repeated(case, ground):
        return False
    if case.route == Route.DIRECT:
        return ground.ground in (AGAINST_OPT_INS if case.right_asked == Right.OPT_IN else AGAINST_OPT_OUTS)
    if case.route == Route.DECIDE_ONLY:  # nothing is gathered of which some could stay back
        return ground.level is not Level.DUTY
    if ground.level is not Level.DATA:
        return ground.level is Level.CASE
    stands = case.clarifying_from or case.state
    return case.right_asked == Right.CORRECT or (case.right_asked == Right.DELETE and stands == State.DECIDING)


def _check_not_verified(case: Case, ground: Exemption) -> None:
    """Who has proved enough is not refused for want of proof; nor who has for what the right falls back to (G5)."""
    if _is_verified(case) and _something_finds(case):
        raise MoveShut(
            _("The identity of this person is accepted: choose another ground, or do what is asked."), ground.citation
        )
    fallen = identity.falls_back_to(case.packs(), case.right_answered, on=case.received_on())
    if fallen and degree_reached(case, fallen) >= requirement(case, fallen).degree:
        raise MoveShut(
            _("What was proved is enough to answer with categories: answer as categories first."), ground.citation
        )


def _check_no_permission(case: Case, ground: Exemption) -> None:
    """Only who asks for another can lack a permission, and only what may be asked for can be missing (11 CCR 7063)."""
    if not case.submission.for_another:
        raise MoveShut(_("This person asks in person: nobody's permission is needed."), ground.citation)
    if authority(case).is_enough:
        raise MoveShut(
            _("Whoever asks has shown what the law lets us ask for: choose another ground."), ground.citation
        )


def _is_verified(case: Case) -> bool:
    """Whether the identity was accepted; a question asked since does not undo that."""
    return (case.clarifying_from or case.state) in VERIFIED


def _check_answered_often_enough(case: Case, ground: Exemption) -> None:
    """A permission to decline, for verified requests only, and only once a person has not decided otherwise (G8)."""
    if not _is_verified(case):
        raise MoveShut(
            _("Whether this person was answered often enough is a question only once the identity is accepted."),
            ground.citation,
        )
    _check_reached(case)
    if _decided(case) == LimitChoice.ANSWER_ANYWAY:
        raise MoveShut(_("It is decided already: this request is answered anyway."), ground.citation)


def _is_second_person(case: Case, actor: Actor) -> bool:
    """Whether an approver looks with fresh eyes at what somebody else has worked on (G9)."""
    others = who_took_part(case)
    return Role.APPROVER in actor.roles and bool(others) and actor.slug not in others


def who_took_part(case: Case) -> set[str]:
    """The staff who did anything on a case but type it in or hand it on."""
    moves = chains.history(case.chain).exclude(kind__in=IDLE).filter(actor__startswith="staff:")
    return set(moves.values_list("actor", flat=True))


def why_not_a_ground(case: Case, code: str) -> str:
    """Why a ground can't be used against this case at all, with the rule; empty for one that just is not offered."""
    try:
        check_refusal_code(case, code)
    except MoveShut as shut:
        return str(shut)
    return ""


def why_not_to_refuse(case: Case, code: str) -> str:
    """Why a ground can't refuse this case, with the rule; empty for one that just is not offered."""
    try:
        _check_whole(case, check_refusal_code(case, code))
    except MoveShut as shut:
        return str(shut)
    return ""


def _check_whole(case: Case, ground: Exemption) -> None:
    if because := denied_before.why_not_repeated(case, ground):
        raise MoveShut(because, ground.citation)
    if not _is_against_the_whole(case, ground):
        raise MoveShut(
            _("This ground is not one against the whole request: choose one of those that are offered."),
            ground.citation,
        )


def check_refusal_code(case: Case, code: str) -> Exemption:
    """The ground must fit the right, the law and the date (G10); MoveShut says why it doesn't."""
    judged = judged_in(case)
    try:
        return exemptions.usable(judged.packs(), code, judged.right_asked, on=judged.received_on())
    except exemptions.ExemptionDoesNotFit as misfit:
        raise MoveShut(misfit.sentence, misfit.citation) from None


def _who_worked_on(case: Case) -> set[str]:
    """The staff who prepared this decision: who vouched for the identity, gathered, withheld or decided on the limit.

    What was done before the present round of gathering prepared nothing of what is decided now; else two colleagues
    who gather in turns would shut each other out. Some decisions hold in every round, and so does what somebody vouched
    for: that the identity was shown, or that a paper is good, is evidence for every case of the submission.
    """
    prepared = chains.history(case.chain).filter(kind__in=PREPARING, actor__startswith="staff:")
    rounds = prepared.filter(kind__in=ROUND_BEGINS)
    begun = rounds.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    of_round = prepared.filter(Q(sequence__gte=begun) | Q(kind__in=LASTING))
    vouched = case.submission.evidence.filter(actor__startswith="staff:")
    return {*of_round.values_list("actor", flat=True), *vouched.values_list("actor", flat=True)}


# ---- deciding without gathering


def _check_answer_is_written(case: Case) -> None:
    """Nothing is approved whose answer nobody has written."""
    if case.answers.current() is None:
        raise MoveShut(_("Write the answer first: what the person is told, and what was done."))


def check_note_done(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only what no worker does, and only once."""
    if case.carried_out_at is not None:
        raise MoveShut(_("It is noted as done already: the case closes once its letter is accepted for delivery."))
    if not work().waits_for_a_person(case):
        raise MoveShut(_("Workers do this, as the data maps say. If one has failed, put that right and try it again."))


# ---- appeals


def check_refuse(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """An appeal, of a refusal or of an automated decision, is refused by somebody who took no part in it."""
    check_nothing_is_done(case)
    check_fresh_eyes_on_appeal(case, actor)


def check_nothing_is_done(case: Case) -> None:
    """Nothing ends as if it had never begun of which a part is done: the letter that says so would be untrue."""
    if because := work().begun_because(case):
        raise MoveShut(because)


def check_fresh_eyes_on_appeal(case: Case, actor: Actor) -> None:
    """Who took part in what an appeal is about does not judge it; granting one opens a refused case again."""
    if any(actor.slug in who_took_part(other) for other in _appealed(case)):
        raise MoveShut(
            _("You took part in the case that this appeal is about: somebody who did not has to decide on the appeal.")
        )


def _appealed(case: Case) -> Iterable[Case]:
    """The case that was refused; or the person's other requests about decisions of machines.

    Who had a hand in such a decision itself is not known here: whoever reviews it has to know.
    """
    if case.right_asked == Right.APPEAL_AUTOMATED:
        of_person = Submission.objects.same_person_as(case.submission)
        theirs = Q(submission=case.submission_id) | Q(submission__in=of_person)
        return Case.objects.filter(theirs, right__in=ABOUT_AUTOMATED)
    return [case.about] if case.right_asked == Right.APPEAL and case.about else []


def _check_grant(case: Case, actor: Actor) -> None:
    """A granted appeal opens the case again that it is about, and one of a machine's decision may overturn it."""
    if Role.APPROVER in actor.roles:
        return
    if case.right_asked == Right.APPEAL:
        raise MoveShut(_("A granted appeal opens the case again that it is about: an approver has to grant it."))
    if case.right_asked == Right.APPEAL_AUTOMATED:
        raise MoveShut(
            _("A person who may overturn the automated decision has to review it: an approver."),
            case.packs()[0].given(case.right_asked, case.received_on()).citation,
        )
