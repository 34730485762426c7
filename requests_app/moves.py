"""The registry of moves: who may make which, when, with what inputs. One admin view, the API and the tests read it.

A move that changes the state has the same slug as its row in ``states.STATE_MOVES``; the others change no state.
The service that does a move registers itself with :func:`performs`; :mod:`requests_app.services.moving` runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Protocol

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app import endings, guards, rights, who_asks
from requests_app.guards import MoveShut
from requests_app.law import exemptions
from requests_app.law.values import Exemption
from requests_app.law.wording import spell_list
from requests_app.law.words import Right, Route
from requests_app.models import Case, Channel, LimitChoice, Message, OtherChannel, User
from requests_app.plain_text import is_usable
from requests_app.ports import systems
from requests_app.roles import Actor, Role
from requests_app.states import (
    ALL_ROUTES,
    DECIDE_ONLY,
    DECIDED,
    DIRECT,
    FULL,
    NOT_YET_CARRYING_OUT,
    OPEN,
    STATE_MOVES,
    State,
)

Text = str | Promise
Choices = Callable[[Case], list[tuple[str, str]]]

DESK = frozenset({Role.ANALYST, Role.APPROVER})
APPROVER = frozenset({Role.APPROVER})
NOBODY = "nobody"
SIGNED = "signed"


class Service(Protocol):
    """What does a move: one transaction, with the row already locked and the guards passed.

    Besides its inputs, the service of a move that names keys takes them as ``keys``: they were made beforehand.
    """

    def __call__(self, case: Case, *, actor: Actor, at: datetime, **inputs: Any) -> None: ...


@dataclass(frozen=True)
class Input:
    """One thing that a move asks for; ``choices`` makes it a selection, ``rights`` narrows whom it is asked of."""

    name: str
    label: Text
    help: Text = ""
    choices: Choices | None = None
    long: bool = False
    required: bool = True
    most: int = 2000
    is_day: bool = False
    rights: frozenset[Right] = field(default_factory=lambda: frozenset(Right))


class InputRefused(Exception):
    """Inputs that a move can't take: what is wrong, by input."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__("; ".join(f"{name}: {error}" for name, error in errors.items()))


def _open_to_all(case: Case, actor: Actor, on: date) -> None:
    """A move that its state and roles alone decide on."""


@dataclass(frozen=True)
class Move:
    """One move of the desk. ``roles`` may make it; ``sources`` are the states in which it is open."""

    slug: str
    label: Text
    consequence: Text  # what happens then, in one sentence, shown before it is made
    roles: frozenset[Role]
    guard: Callable[[Case, Actor, date], None] = _open_to_all
    inputs: tuple[Input, ...] = ()
    only_in: frozenset[State] = frozenset()  # this and the next: for moves that change no state
    only_on: frozenset[Route] = FULL
    rights: frozenset[Right] = field(default_factory=lambda: frozenset(Right))
    keys: Callable[[Case], tuple[str, ...]] | None = None  # purposes of the keys that its service takes

    @property
    def sources(self) -> frozenset[State]:
        """The states in which the move is open."""
        return STATE_MOVES[self.slug].sources if self.slug in STATE_MOVES else self.only_in

    @property
    def routes(self) -> frozenset[Route]:
        """The routes on which it exists."""
        return STATE_MOVES[self.slug].routes if self.slug in STATE_MOVES else self.only_on

    def open_in(self, route: Route) -> frozenset[State]:
        """The states in which the move is open on this route."""
        return STATE_MOVES[self.slug].from_states(route) if self.slug in STATE_MOVES else self.only_in

    def asked_of(self, case: Case) -> tuple[Input, ...]:
        """What the move asks for on such a case."""
        return tuple(wanted for wanted in self.inputs if case.right_asked in wanted.rights)

    def concerns(self, case: Case) -> bool:
        """Whether the move can ever be made on such a case: its right and route."""
        return Route(case.route) in self.routes and not self.rights.isdisjoint({case.right_answered, case.right_asked})

    def check(self, case: Case, actor: Actor, on: date) -> None:
        """Raise MoveShut with a sentence that says why not, and what opens the move."""
        if not self.concerns(case):
            raise MoveShut(_("This move does not exist for such a request."))
        if not self.roles & actor.roles:
            roles = _(" or ").join(sorted(self.roles))
            raise MoveShut(_("This needs the role %(roles)s.") % {"roles": roles})
        sources = self.open_in(Route(case.route))
        if case.state not in sources:
            states = _(" or ").join(str(state.label) for state in State if state in sources)
            raise MoveShut(
                _("Open only while the case is %(states)s; it is %(state)s.")
                % {"states": states, "state": State(case.state).label}
            )
        self.guard(case, actor, on)

    def clean(self, case: Case, given: Mapping[str, str]) -> dict[str, str]:
        """The inputs, checked; raises InputRefused that names every fault. What is not asked of this case is empty."""
        errors: dict[str, str] = {}
        cleaned: dict[str, str] = {wanted.name: "" for wanted in self.inputs}
        for wanted in self.asked_of(case):
            value = given.get(wanted.name, "").strip()
            cleaned[wanted.name] = value
            if not value and wanted.required:
                errors[wanted.name] = _("Please fill this in.")
            elif len(value) > wanted.most:
                errors[wanted.name] = _("Please use at most %(most)s characters.") % {"most": wanted.most}
            elif not is_usable(value):
                errors[wanted.name] = _("This contains characters that can't be used. Please type it again.")
            elif value and wanted.is_day and not _is_day(value):
                errors[wanted.name] = _("Please give a day such as 2026-11-23.")
            elif value and wanted.choices and value not in dict(wanted.choices(case)):
                errors[wanted.name] = _("Please choose one of the offered values.")
        if errors:
            raise InputRefused(errors)
        return cleaned


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _letters_not_arrived(case: Case) -> list[tuple[str, str]]:
    """The letters that have not reached the person."""
    return [_as_choice(letter) for letter in _letters(case) if letter.reached_on is None]


def _letters_sent(case: Case) -> list[tuple[str, str]]:
    """The letters that a mail server took."""
    return [_as_choice(letter) for letter in _letters(case) if letter.mail_counts_from is not None]


def _letters(case: Case) -> Iterable[Message]:
    """The case's own letters, and those of its whole request: the receipt, for codes live too short to come back."""
    of_request = Message.objects.filter(submission=case.submission_id, case__isnull=True)
    receipt = of_request.exclude(letter__in=("entry_code", "download_code"))
    return (receipt | Message.objects.filter(case=case)).order_by("queued_at")


def _as_choice(letter: Message) -> tuple[str, str]:
    written = timezone.localdate(letter.queued_at).isoformat()
    return str(letter.pk), f"{letter.subject} · {written} · {letter.get_state_display()}"


def _check_one_not_arrived(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    if not _letters_not_arrived(case):
        raise MoveShut(_("Every letter of this case has reached the person. If one came back, note that first."))


def _check_one_sent(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    if not _letters_sent(case):
        raise MoveShut(_("No mail server has taken a letter of this case, so that none can have come back."))


def _ways_to_show(_case: Case) -> list[tuple[str, str]]:
    return [
        ("in_person", _("in person, with a document that was looked at and not kept")),
        ("by_telephone", _("by telephone, called back at a number that we knew")),
        ("by_letter", _("by a signed letter")),
    ]


def _questions(_case: Case) -> list[tuple[str, str]]:
    """What a probe can compare; which of them are left in this case is asked when the answers are taken."""
    return [(kind, title) for kind, title in systems().question_titles("en").items() if kind != "email"]


def _signed(_case: Case) -> list[tuple[str, str]]:
    return [("none", _("no declaration")), (SIGNED, _("signed on paper, in our files"))]


def _other_channels(_case: Case) -> list[tuple[str, str]]:
    return [(channel.value, str(channel.label)) for channel in OtherChannel]


def _grounds(case: Case) -> list[tuple[str, str]]:
    return _as_choices(case, guards.grounds_to_refuse(case))


def _grounds_for_data(case: Case) -> list[tuple[str, str]]:
    return _as_choices(case, guards.grounds_to_withhold(case))


def _as_choices(case: Case, grounds: Iterable[Exemption]) -> list[tuple[str, str]]:
    """Each ground with its citation, and what must be so for it to be used: who chooses it says that it is."""
    choices = []
    for ground in grounds:
        needs = [str(item.text) for item in exemptions.conditions(case.packs(), ground, on=case.received_on())]
        condition = _("; needs that %(conditions)s") % {"conditions": spell_list(needs, "en")} if needs else ""
        explained = _("; explain it to the person") if guards.must_be_explained(ground) else ""
        choices.append((ground.code, f"{ground.title} ({ground.citation}){condition}{explained}"))
    return choices


def _colleagues(_case: Case) -> list[tuple[str, str]]:
    """Who works cases, as actors are named in events; and nobody."""
    roles = [role.value for role in DESK]
    staff = User.objects.filter(is_active=True, groups__name__in=roles).distinct().order_by("username")
    return [(NOBODY, _("nobody")), *((f"staff:{user.pk}", user.get_full_name() or user.username) for user in staff)]


def _limit_choices(_case: Case) -> list[tuple[str, str]]:
    return [(choice.value, str(choice.label)) for choice in LimitChoice]


def _older_cases(case: Case) -> list[tuple[str, str]]:
    return [
        (str(twin.pk), f"{twin.submission.reference}, {twin.submission.received_on}")
        for twin in endings.older_twins(case)
    ]


def _channels(_case: Case) -> list[tuple[str, str]]:
    return [(channel.value, str(channel.label)) for channel in (Channel.PHONE, Channel.POST, Channel.EMAIL)]


def _content_keys(case: Case) -> tuple[str, ...]:
    """A key for new content, where that of the old content is destroyed."""
    return ("content",) if endings.content_is_gone(case) else ()


REASON = Input("reason", gettext_lazy("Reason"), gettext_lazy("Kept with the record, sealed."), long=True)
GROUND = Input(
    "code",
    gettext_lazy("Ground"),
    gettext_lazy("Only grounds that fit this right, law and date of receipt are offered."),
    choices=_grounds,
)
EXPLANATION = Input(
    "explanation",
    gettext_lazy("Explanation to the person"),
    gettext_lazy("Sent word for word with the ground. Some grounds need one: those that are marked so."),
    long=True,
    required=False,
)
FINDING = (
    Input("finding", gettext_lazy("Finding"), gettext_lazy("Part and record, as shown on the findings page.")),
    Input("field", gettext_lazy("Field"), gettext_lazy("Empty: the whole record."), required=False),
)

BALANCING = Input(
    "balancing",
    gettext_lazy("Balancing"),
    gettext_lazy("Our compelling grounds against the person's interests, and why they weigh more. Kept sealed."),
    long=True,
    most=8000,
    rights=frozenset({Right.OBJECT}),
)
EXPLAINED = replace(EXPLANATION, help=gettext_lazy("Sent word for word."), required=True)
ANSWERS = (
    Input("question_1", gettext_lazy("First question"), choices=_questions, required=False),
    Input("answer_1", gettext_lazy("Answer"), required=False, most=200),
    Input("question_2", gettext_lazy("Second question"), choices=_questions, required=False),
    Input("answer_2", gettext_lazy("Answer"), required=False, most=200),
    Input("question_3", gettext_lazy("Third question"), choices=_questions, required=False),
    Input("answer_3", gettext_lazy("Answer"), required=False, most=200),
)

MOVES: dict[str, Move] = {
    move.slug: move
    for move in (
        Move(
            "accept_proof",
            gettext_lazy("Accept the identity"),
            gettext_lazy("The evidence reaches the degree that the law asks; the review begins."),
            DESK,
            guards.check_accept_proof,
        ),
        Move(
            "accept_permission",
            gettext_lazy("Accept a paper…"),
            gettext_lazy("Who asks may ask for the person. Where the law lets us, the person is asked to confirm it."),
            DESK,
            who_asks.check_accept_permission,
            (
                Input("paper", gettext_lazy("What it is"), choices=who_asks.papers),
                Input("seen", gettext_lazy("Where you saw it"), choices=who_asks.seen),
                Input(
                    "receiver",
                    gettext_lazy("Who receives data"),
                    gettext_lazy("Who asks receives it only if the paper says so."),
                    choices=who_asks.receivers,
                ),
                Input("note", gettext_lazy("Note"), gettext_lazy("Kept with the record, sealed."), long=True),
            ),
            only_in=OPEN,
            only_on=frozenset(Route),
        ),
        Move(
            "doubt_identity",
            gettext_lazy("Doubt the identity…"),
            gettext_lazy("A mailbox or a sign-in alone is not enough any more: the person is asked for more proof."),
            DESK,
            who_asks.check_doubt_identity,
            (REASON,),
        ),
        Move(
            "link_people",
            gettext_lazy("Link with another record…"),
            gettext_lazy("Both records are one person's: their requests count together for the yearly limit."),
            DESK,
            inputs=(
                Input("reference", gettext_lazy("Reference of a request of the same person"), most=40),
                Input("reason", gettext_lazy("Evidence"), gettext_lazy("Kept with the record, sealed."), long=True),
            ),
            only_in=OPEN,
            only_on=frozenset(Route),
        ),
        Move(
            "unlink_people",
            gettext_lazy("Take a link back…"),
            gettext_lazy("The records are two people's again, and each one's requests count alone."),
            DESK,
            who_asks.check_unlink_people,
            (Input("link", gettext_lazy("Link"), choices=who_asks.links), REASON),
            only_in=frozenset(State),
            only_on=frozenset(Route),
        ),
        Move(
            "fall_back",
            gettext_lazy("Answer as categories"),
            gettext_lazy("Specific pieces can't be verified; the request is answered with categories instead."),
            DESK,
            guards.check_fall_back,
            rights=frozenset({Right.KNOW_SPECIFIC}),
        ),
        Move(
            "ask_clarification",
            gettext_lazy("Ask a question"),
            gettext_lazy(
                "The question is mailed; the case waits for the answer. A legal date moves only where its law says so."
            ),
            DESK,
            inputs=(
                Input("question", gettext_lazy("Question to the person"), gettext_lazy("Sent as written."), long=True),
            ),
        ),
        Move(
            "clarified",
            gettext_lazy("Question answered"),
            gettext_lazy("The case goes back to where it stood."),
            DESK,
            inputs=(
                Input(
                    "reason",
                    gettext_lazy("What was answered"),
                    gettext_lazy("Kept with the record, sealed."),
                    long=True,
                ),
            ),
        ),
        Move(
            "decide_limit",
            gettext_lazy("Decide on the limit"),
            gettext_lazy("Information was provided as often as the law asks: answer anyway, or go on to refuse."),
            DESK,
            guards.check_decide_limit,
            (
                Input("choice", gettext_lazy("Decision"), choices=_limit_choices),
                REASON,
            ),
            only_in=frozenset({State.REVIEWING, State.DECIDING}),
            only_on=DECIDED,
            rights=rights.LIMITED,
        ),
        Move(
            "start_gathering",
            gettext_lazy("Start gathering"),
            gettext_lazy("Workers look into every source. Nothing is changed, nothing leaves the building."),
            DESK,
            guards.check_start_gathering,
        ),
        Move(
            "waive_source",
            gettext_lazy("Waive a source"),
            gettext_lazy("The answer goes without this source, and tells the person of the gap."),
            DESK,
            inputs=(Input("source", gettext_lazy("Source"), gettext_lazy("Its short name, e.g. shop.")), REASON),
            only_in=frozenset({State.GATHERING}),
        ),
        Move(
            "gather_again",
            gettext_lazy("Gather again"),
            gettext_lazy("The findings are set aside and every source is searched once more."),
            DESK,
            guards.check_start_gathering,
        ),
        Move(
            "withhold",
            gettext_lazy("Withhold"),
            gettext_lazy("The record or field stays back, or is not deleted; the person is told the ground."),
            DESK,
            inputs=(*FINDING, Input("code", gettext_lazy("Ground"), choices=_grounds_for_data), EXPLANATION),
            only_in=frozenset({State.DECIDING}),
            rights=rights.WITHHELD_FROM,
        ),
        Move(
            "lift_withholding",
            gettext_lazy("Lift a withholding"),
            gettext_lazy("The record or field is released, or deleted, with the rest."),
            DESK,
            inputs=FINDING,
            only_in=frozenset({State.DECIDING}),
            rights=rights.WITHHELD_FROM,
        ),
        Move(
            "write_answer",
            gettext_lazy("Write the answer…"),
            gettext_lazy("Kept until the decision is approved, and then sent word for word. A newer one replaces it."),
            DESK,
            inputs=(
                Input(
                    "text", gettext_lazy("Answer to the person"), gettext_lazy("Sent as written."), long=True, most=8000
                ),
                Input(
                    "proof",
                    gettext_lazy("What was done, and how it is proved"),
                    gettext_lazy("Kept with the record, sealed; the person does not see it."),
                    long=True,
                ),
                replace(BALANCING, required=False),
            ),
            only_in=frozenset({State.DECIDING}),
            only_on=DECIDE_ONLY,
        ),
        Move(
            "approve",
            gettext_lazy("Approve"),
            gettext_lazy("The decision is carried out and the person is told; then the case closes."),
            DESK,
            guards.check_approve,
            keys=lambda case: _content_keys(case.about) if case.right_asked == Right.APPEAL and case.about else (),
        ),
        Move(
            "note_done",
            gettext_lazy("Note what was done by hand"),
            gettext_lazy("No worker does this. The case closes once the person has been told."),
            DESK,
            guards.check_note_done,
            (
                Input(
                    "proof",
                    gettext_lazy("What was done, and how it is proved"),
                    gettext_lazy("Kept with the record, sealed; the person does not see it."),
                    long=True,
                ),
            ),
            only_in=frozenset({State.CARRYING_OUT}),
            only_on=DIRECT,
            rights=rights.BY_HAND_AT_ONCE,
        ),
        Move(
            "extend",
            gettext_lazy("Extend the time…"),
            gettext_lazy("The one extension of this law is taken; the person is told why."),
            DESK,
            guards.check_extend,
            (Input("reason", gettext_lazy("Reason"), gettext_lazy("Told to the person, word for word."), long=True),),
            only_in=NOT_YET_CARRYING_OUT,
            only_on=DECIDED,
        ),
        Move(
            "assign",
            gettext_lazy("Assign…"),
            gettext_lazy("The queue shows whose case it is. Others may still work on it."),
            DESK,
            inputs=(Input("to", gettext_lazy("To"), choices=_colleagues),),
            only_in=OPEN,
            only_on=ALL_ROUTES,
        ),
        Move(
            "identity_shown",
            gettext_lazy("Identity shown to us…"),
            gettext_lazy("For who has no mailbox: what was shown stands for it, and the answers are compared."),
            DESK,
            guards.check_identity_shown,
            (
                Input("how", gettext_lazy("How it was shown"), choices=_ways_to_show),
                *ANSWERS,
                Input("declaration", gettext_lazy("Declaration under penalty of perjury"), choices=_signed),
                REASON,
            ),
            only_in=frozenset({State.RECEIVED, State.VERIFYING}),
        ),
        Move(
            "told_otherwise",
            gettext_lazy("Told another way…"),
            gettext_lazy("What you note counts like a mail: it meets what is owed, and may close the case."),
            DESK,
            _check_one_not_arrived,
            (
                Input("letter", gettext_lazy("Letter"), choices=_letters_not_arrived),
                Input("how", gettext_lazy("How"), choices=_other_channels),
                Input(
                    "on",
                    gettext_lazy("On"),
                    gettext_lazy("The day on which it was posted, or told. Post is given some days to arrive."),
                    is_day=True,
                ),
            ),
            only_in=frozenset(State),
            only_on=frozenset(Route),
        ),
        Move(
            "letter_bounced",
            gettext_lazy("A letter came back…"),
            gettext_lazy("It counts as not delivered; an extension of which it was the only notice may become void."),
            DESK,
            _check_one_sent,
            (
                Input("letter", gettext_lazy("Letter"), choices=_letters_sent),
                Input("on", gettext_lazy("Came back on"), is_day=True),
            ),
            only_in=frozenset(State),
            only_on=frozenset(Route),
        ),
        Move(
            "open_download",
            gettext_lazy("Open the download again"),
            gettext_lazy("The person may try code and answer again. Make sure first who it is that asks for it."),
            DESK,
            guards.check_open_download,
            only_in=frozenset({State.CARRYING_OUT, State.CLOSED}),
            rights=frozenset({Right.KNOW_SPECIFIC, Right.PORTABILITY}),
        ),
        Move(
            "refuse",
            gettext_lazy("Refuse…"),
            gettext_lazy("The case closes; the person is told the ground and its citation."),
            DESK,
            guards.check_refuse,
            (GROUND, EXPLANATION, REASON, BALANCING),
        ),
        Move(
            "refuse_opt_out",
            gettext_lazy("Refuse the opt-out…"),
            gettext_lazy("The opt-out ends; the person is told why. Only for fraud or a missing permission."),
            APPROVER,
            inputs=(GROUND, EXPLANATION, REASON),
        ),
        Move(
            "redirect",
            gettext_lazy("Send on to our customer…"),
            gettext_lazy("The case closes; the person is told whose data it is, and how to reach that company."),
            DESK,
            endings.check_redirect,
            (
                Input("to", gettext_lazy("Name of our customer"), gettext_lazy("Told to the person."), most=200),
                Input(
                    "contact",
                    gettext_lazy("How to reach them"),
                    gettext_lazy("An address to which the person can send the request."),
                    long=True,
                    most=500,
                ),
            ),
        ),
        Move(
            "merge",
            gettext_lazy("Close as a duplicate…"),
            gettext_lazy("The older case goes on by its own dates; the person is told its reference."),
            DESK,
            endings.check_merge,
            (Input("into", gettext_lazy("Older case"), choices=_older_cases),),
        ),
        Move(
            "end_restriction",
            gettext_lazy("End the restriction…"),
            gettext_lazy("The person is told why; the restriction ends once that letter is accepted for delivery."),
            DESK,
            guards.check_end_restriction,
            (EXPLAINED,),
            only_in=frozenset({State.CLOSED}),
            only_on=DECIDE_ONLY,
            rights=rights.RESTRICTS,
        ),
        Move(
            "enter_appeal",
            gettext_lazy("Enter an appeal…"),
            gettext_lazy("A case of its own begins, with its own dates; somebody who took no part here decides it."),
            DESK,
            endings.check_appeal,
            (
                Input("channel", gettext_lazy("Came by"), choices=_channels),
                Input("received_on", gettext_lazy("Arrived on"), gettext_lazy("A day such as 2026-11-23."), most=10),
                Input("text", gettext_lazy("What the person writes or says"), long=True, most=5000),
            ),
            only_in=frozenset({State.CLOSED}),
            only_on=ALL_ROUTES,
        ),
        Move(
            "ask_reopening",
            gettext_lazy("Ask to open it again…"),
            gettext_lazy("An approver who took no part in this case decides whether it was a mistake."),
            DESK,
            endings.check_ask_reopening,
            (REASON,),
            only_in=frozenset({State.CLOSED}),
            only_on=ALL_ROUTES,
        ),
        Move(
            "reopen",
            gettext_lazy("Open it again"),
            gettext_lazy(
                "Everything is owed again by the dates that it always had, and the person is told. If what was found is"
                " destroyed by now, it is gathered anew."
            ),
            APPROVER,
            endings.check_reopen,
            keys=_content_keys,
        ),
    )
}

SERVICES: dict[str, Service] = {}


def performs(slug: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register the service that does this move."""

    def register(service: Callable[..., None]) -> Callable[..., None]:
        SERVICES[slug] = service
        return service

    return register


@dataclass(frozen=True)
class Offer:
    """A move as shown to one actor: open, or shut with the reason."""

    move: Move
    shut_because: str = ""
    citation: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the actor may make it now."""
        return not self.shut_because


def offers(case: Case, actor: Actor, on: date) -> list[Offer]:
    """Every move that exists for such a case, the open ones first."""
    found = []
    for move in MOVES.values():
        if not move.concerns(case):
            continue
        try:
            move.check(case, actor, on)
        except MoveShut as shut:
            found.append(Offer(move, shut.sentence, shut.citation))
        else:
            found.append(Offer(move))
    return sorted(found, key=lambda offer: not offer.is_open)
