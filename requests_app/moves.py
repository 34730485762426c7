"""The registry of moves: who may make which, when, with what inputs. One admin view, the API and the tests read it.

A move that changes the state has the same slug as its row in ``states.STATE_MOVES``; the others change no state.
The service that does a move registers itself with :func:`performs`; :mod:`requests_app.services.moving` runs it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from django.utils.translation import gettext_lazy

from requests_app import endings, guards, rights, who_asks, whose_data
from requests_app.choices import (
    ANSWERS,
    BALANCING,
    EXPLAINED,
    EXPLANATION,
    GROUND,
    REASON,
    REVIEW,
    channels,
    check_one_not_arrived,
    check_one_sent,
    colleagues,
    content_keys,
    controllers,
    drafted_answer,
    identifiers_found,
    letters_not_arrived,
    letters_sent,
    limit_choices,
    older_cases,
    other_channels,
    signed,
    ways_to_show,
)
from requests_app.correction_moves import AROUND_CORRECTIONS
from requests_app.finding_moves import ON_FINDINGS
from requests_app.guards import MoveShut
from requests_app.hold_moves import ON_HOLDS
from requests_app.law.words import Right, Route
from requests_app.models import Case
from requests_app.move import APPROVER, DESK, Input, Move, Service
from requests_app.opting_moves import ON_OPTING
from requests_app.roles import Actor
from requests_app.states import (
    ALL_ROUTES,
    DECIDE_ONLY,
    DECIDED,
    DIRECT,
    NOT_YET_CARRYING_OUT,
    OPEN,
    State,
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
            rights=frozenset({Right.KNOW_SPECIFIC, Right.PORTABILITY}),
        ),
        Move(
            "ask_clarification",
            gettext_lazy("Ask a question…"),
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
            gettext_lazy("Question answered…"),
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
            gettext_lazy("Decide on the limit…"),
            gettext_lazy("Information was provided as often as the law asks: answer anyway, or go on to refuse."),
            DESK,
            guards.check_decide_limit,
            (
                Input("choice", gettext_lazy("Decision"), choices=limit_choices),
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
            gettext_lazy("Waive a source…"),
            gettext_lazy("The answer goes without this source, and tells the person of the gap."),
            DESK,
            endings.check_waive_source,
            (Input("source", gettext_lazy("Source"), gettext_lazy("Its short name, e.g. shop.")), REASON),
            only_in=frozenset({State.GATHERING, State.DECIDING, State.CARRYING_OUT}),
        ),
        Move(
            "choose_records",
            gettext_lazy("Which of these?…"),
            gettext_lazy("Only what belongs to the chosen records is gathered and changed; it is gathered anew."),
            DESK,
            whose_data.check_choose_records,
            (
                Input("source", gettext_lazy("Source"), gettext_lazy("Its short name, e.g. shop.")),
                Input(
                    "records",
                    gettext_lazy("Records"),
                    gettext_lazy("Their numbers on the page: 1, or 1,3 for one person's two; 0: none of these."),
                    most=60,
                ),
                REASON,
            ),
            only_in=frozenset({State.GATHERING, State.DECIDING}),
        ),
        Move(
            "remove_identifier",
            gettext_lazy("Remove an identifier…"),
            gettext_lazy("It finds nothing for this person any more; what was searched by it is searched anew."),
            DESK,
            whose_data.check_remove_identifier,
            (
                Input("identifier", gettext_lazy("Identifier"), choices=identifiers_found),
                REASON,
            ),
            only_in=frozenset({State.GATHERING, State.DECIDING}),
        ),
        Move(
            "gather_again",
            gettext_lazy("Gather again"),
            gettext_lazy("The findings are set aside and every source is searched once more."),
            DESK,
            guards.check_start_gathering,
        ),
        *ON_FINDINGS,
        *ON_HOLDS,
        *AROUND_CORRECTIONS,
        Move(
            "write_answer",
            gettext_lazy("Write the answer…"),
            gettext_lazy("Kept until the decision is approved, and then sent word for word. A newer one replaces it."),
            DESK,
            inputs=(
                Input(
                    "text",
                    gettext_lazy("Answer to the person"),
                    gettext_lazy("Sent as written."),
                    long=True,
                    most=20_000,
                    draft=drafted_answer,
                ),
                Input(
                    "proof",
                    gettext_lazy("What was done, and how it is proved"),
                    gettext_lazy("Kept with the record, sealed; the person does not see it."),
                    long=True,
                ),
                replace(BALANCING, required=False),
                REVIEW,
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
            keys=lambda case: content_keys(case.about) if case.right_asked == Right.APPEAL and case.about else (),
        ),
        Move(
            "note_done",
            gettext_lazy("Note what was done by hand…"),
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
            inputs=(Input("to", gettext_lazy("To"), choices=colleagues),),
            only_in=OPEN,
            only_on=ALL_ROUTES,
        ),
        Move(
            "identity_shown",
            gettext_lazy("Identity shown to us…"),
            gettext_lazy("For who has no mailbox: what was shown stands for it, and the answers are compared."),
            DESK,
            who_asks.check_identity_shown,
            (
                Input("how", gettext_lazy("How it was shown"), choices=ways_to_show),
                *ANSWERS,
                Input("declaration", gettext_lazy("Declaration under penalty of perjury"), choices=signed),
                REASON,
            ),
            only_in=frozenset({State.RECEIVED, State.VERIFYING}),
        ),
        Move(
            "told_otherwise",
            gettext_lazy("Told another way…"),
            gettext_lazy("What you note counts like a mail: it meets what is owed, and may close the case."),
            DESK,
            check_one_not_arrived,
            (
                Input("letter", gettext_lazy("Letter"), choices=letters_not_arrived),
                Input("how", gettext_lazy("How"), choices=other_channels),
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
            check_one_sent,
            (
                Input("letter", gettext_lazy("Letter"), choices=letters_sent),
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
        *ON_OPTING,
        Move(
            "redirect",
            gettext_lazy("Send on to our customer…"),
            gettext_lazy("The case closes; the person is told whose data it is, and how to reach that company."),
            DESK,
            endings.check_redirect,
            (
                Input(
                    "controller",
                    gettext_lazy("Our customer"),
                    gettext_lazy("As the data maps name them; or write another below."),
                    choices=controllers,
                    required=False,
                ),
                Input(
                    "to",
                    gettext_lazy("Name of our customer"),
                    gettext_lazy("Told to the person, in place of the one chosen."),
                    required=False,
                    most=200,
                ),
                Input(
                    "contact",
                    gettext_lazy("How to reach them"),
                    gettext_lazy("An address to which the person can send the request; empty: as the data map says."),
                    required=False,
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
            (Input("into", gettext_lazy("Older case"), choices=older_cases, why_not=endings.why_not_into),),
        ),
        Move(
            "end_restriction",
            gettext_lazy("End the restriction…"),
            gettext_lazy("The person is told why; the restriction ends once that letter is accepted for delivery."),
            DESK,
            endings.check_end_restriction,
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
                Input("channel", gettext_lazy("Came by"), choices=channels),
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
            keys=content_keys,
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
