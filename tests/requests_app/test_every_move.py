"""Every move, in every state, on every route, by everybody: made or refused exactly as the tables here say.

Each case walked to its state through the real services; each try goes through :func:`moving.perform` and is taken back.
The tables are written by hand and are a second statement of the machine: a new move is a new line.

Who may, in a cell: ``desk`` is analyst and approver, ``approver`` the approver alone, ``-`` nobody. All others
(auditor, source owner, administrator, the person, the system, staff without a role) make no move of the desk, anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from dsar.jobs.models import Job
from dsar.ledger.models import Event
from requests_app import endings, guards, who_asks
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.agents import Requester
from requests_app.law.words import Degree, Right, Route
from requests_app.models import Case, Channel, CodePurpose, Message, Submission
from requests_app.move import InputRefused
from requests_app.moves import MOVES, SERVICES
from requests_app.roles import PERSON, SYSTEM, Actor, Role
from requests_app.services import closing, entering, identity, intake, letters, moving, permissions, review
from requests_app.services.letters import Letter
from requests_app.states import STATE_MOVES, State, allowed_pairs
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    a_case,
    a_person_with,
    an_intake,
    case_in,
    code_in,
    confirm,
    days,
    fresh,
    move,
    offer,
    run_jobs,
    write,
)
from tests.requests_app.histories import STAND_INS

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

# On the route that only decides no degree depends on the data: what is enough is accepted by itself in verifying.
TABLES = {
    Route.FULL: """
                     received  verifying  clarifying  reviewing  gathering  deciding  carrying_out  closed
accept_proof         desk      desk       -           -          -          -         -             -
fall_back            -         desk       -           -          -          -         -             -
identity_shown       -         desk       -           -          -          -         -             -
accept_permission    desk      desk       desk        desk       desk       desk      desk          -
doubt_identity       -         desk       -           desk       -          desk      -             -
link_people          desk      desk       desk        desk       desk       desk      desk          -
unlink_people        desk      desk       desk        desk       desk       desk      desk          desk
ask_clarification    desk      desk       -           desk       -          desk      -             -
clarified            -         -          desk        -          -          -         -             -
decide_limit         -         -          -           desk       -          desk      -             -
start_gathering      -         -          -           desk       -          -         -             -
waive_source         -         -          -           -          desk       -         -             -
gather_again         -         -          -           -          -          desk      -             -
withhold             -         -          -           -          -          desk      -             -
lift_withholding     -         -          -           -          -          desk      -             -
approve              -         -          -           -          -          desk      -             -
extend               desk      desk       desk        desk       desk       desk      -             -
assign               desk      desk       desk        desk       desk       desk      desk          -
open_download        -         -          -           -          -          -         desk          desk
refuse               desk      desk       desk        desk       -          desk      -             -
redirect             desk      desk       -           desk       -          desk      -             -
merge                desk      desk       -           desk       -          desk      -             -
told_otherwise       desk      desk       desk        desk       desk       desk      desk          desk
letter_bounced       desk      desk       desk        desk       desk       desk      desk          desk
enter_appeal         -         -          -           -          -          -         -             desk
ask_reopening        -         -          -           -          -          -         -             desk
reopen               -         -          -           -          -          -         -             approver
refuse_opt_out       -         -          -           -          -          -         -             -
note_done            -         -          -           -          -          -         -             -
write_answer         -         -          -           -          -          -         -             -
end_restriction      -         -          -           -          -          -         -             -
""",
    Route.DECIDE_ONLY: """
                     received  verifying  clarifying  deciding  carrying_out  closed
accept_proof         desk      -          -           -         -             -
accept_permission    desk      desk       desk        desk      desk          -
doubt_identity       -         -          -           -         -             -
link_people          desk      desk       desk        desk      desk          -
unlink_people        desk      desk       desk        desk      desk          desk
ask_clarification    desk      desk       -           desk      -             -
clarified            -         -          desk        -         -             -
decide_limit         -         -          -           desk      -             -
write_answer         -         -          -           desk      -             -
approve              -         -          -           desk      -             -
extend               desk      desk       desk        desk      -             -
assign               desk      desk       desk        desk      desk          -
refuse               desk      desk       desk        desk      -             -
redirect             desk      desk       -           desk      -             -
merge                desk      desk       -           desk      -             -
told_otherwise       desk      desk       desk        desk      desk          desk
letter_bounced       desk      desk       desk        desk      desk          desk
end_restriction      -         -          -           -         -             desk
enter_appeal         -         -          -           -         -             desk
ask_reopening        -         -          -           -         -             desk
reopen               -         -          -           -         -             approver
fall_back            -         -          -           -         -             -
identity_shown       -         -          -           -         -             -
start_gathering      -         -          -           -         -             -
waive_source         -         -          -           -         -             -
gather_again         -         -          -           -         -             -
withhold             -         -          -           -         -             -
lift_withholding     -         -          -           -         -             -
open_download        -         -          -           -         -             -
refuse_opt_out       -         -          -           -         -             -
note_done            -         -          -           -         -             -
""",
    Route.DIRECT: """
                     received  carrying_out  closed
assign               desk      desk          -
refuse_opt_out       -         approver      -
note_done            -         desk          -
accept_permission    desk      desk          -
doubt_identity       -         -             -
link_people          desk      desk          -
unlink_people        desk      desk          desk
redirect             desk      -             -
merge                desk      -             -
told_otherwise       desk      desk          desk
letter_bounced       desk      desk          desk
enter_appeal         -         -             desk
ask_reopening        -         -             desk
reopen               -         -             approver
accept_proof         -         -             -
fall_back            -         -             -
identity_shown       -         -             -
ask_clarification    -         -             -
clarified            -         -             -
decide_limit         -         -             -
start_gathering      -         -             -
waive_source         -         -             -
gather_again         -         -             -
withhold             -         -             -
lift_withholding     -         -             -
write_answer         -         -             -
approve              -         -             -
extend               -         -             -
open_download        -         -             -
refuse               -         -             -
end_restriction      -         -             -
""",
}
# The states that a case on this route can be in.
REACHED = {
    Route.FULL: set(State),
    Route.DECIDE_ONLY: set(State) - {State.REVIEWING, State.GATHERING},
    Route.DIRECT: {State.RECEIVED, State.CARRYING_OUT, State.CLOSED},
}
# What is asked for where the move itself does not ask for another right.
ASKED = {
    Route.FULL: (Right.KNOW_SPECIFIC, "US-CA"),
    Route.DECIDE_ONLY: (Right.OBJECT, "DE"),
    Route.DIRECT: (Right.OPT_OUT_SALE_SHARE, "US-CA"),
}
WORDS = {"desk": {"analyst", "approver"}, "approver": {"approver"}, "-": set()}
EVERYBODY = {
    **{role.value: Actor("staff:7", frozenset({role})) for role in Role},
    "person": PERSON,
    "system": SYSTEM,
    "staff without a role": Actor("staff:8"),
}
FINDING = {"finding": "1:1", "field": ""}
INPUTS = {
    "ask_clarification": {"question": "Which of the two?"},
    "clarified": {"reason": "The first."},
    "decide_limit": {"choice": "answer_anyway", "reason": "Short."},
    "waive_source": {"source": "shop", "reason": "It is down."},
    "told_otherwise": {"how": "post", "on": "2026-11-23"},
    "letter_bounced": {"on": "2026-11-23"},
    "withhold": {**FINDING, "code": "ca_130a3_security_data"},
    "write_answer": {"text": "We have put it right.", "proof": "Ticket 4711."},
    "note_done": {"proof": "Ticket 4711."},
    "identity_shown": {"how": "in_person", "declaration": "signed", "reason": "Came by."},
    "accept_permission": {"paper": "permission", "seen": "on_paper", "receiver": "person", "note": "Signed."},
    "doubt_identity": {"reason": "The signature differs."},
    "link_people": {"reason": "One address."},
    "unlink_people": {"reason": "Two people."},
    "redirect": {"to": "Their Shop", "contact": "privacy@shop.example"},
    "end_restriction": {"explanation": "It was decided."},
    "enter_appeal": {"channel": "post", "received_on": "2026-11-23", "text": "I disagree."},
    "ask_reopening": {"reason": "A mistake."},
    "lift_withholding": FINDING,
    "extend": {"reason": "Many sources."},
    "assign": {"to": "nobody"},
    "refuse": {"explanation": "See there.", "reason": "No permission came.", "balancing": "Fraud weighs more."},
    "refuse_opt_out": {"explanation": "As your bank says.", "reason": "The bank called."},
}


# ---- how a case comes to where the move is tried


def a_received_case(right: Right, *others: Right, **changes: object) -> Case:
    """A case that was just received: it stays so for one transaction only; here its intake stops there."""
    begin = intake._begin

    def begin_others(case: Case, *words: Any, **facts: Any) -> None:
        if case.right != right:
            begin(case, *words, **facts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "_begin", begin_others)
        return a_case(right, *others, **changes)


def walked(route: Route, state: State, right: Right | None = None, residence: str = "") -> Case:
    """A case that walked to this state: of the route's own right and place, if no other are given."""
    usual, place = ASKED[route]
    asked, residence = right or usual, residence or place
    if state == State.RECEIVED:
        return a_received_case(asked, residence=residence)
    return case_in(state, asked, residence=residence)


def at_first(company: Company, route: Route, state: State) -> Case:
    """A request for specific pieces, an objection or an opt-out, with nothing special about it."""
    return walked(route, state)


def provable(company: Company, route: Route, state: State) -> Case:
    """Enough was proved, but not yet taken as such: the data were marked anew since, or the case came in late."""
    if route != Route.DIRECT and state == State.RECEIVED:
        right = Right.KNOW_CATEGORIES if route == Route.FULL else Right.OBJECT
        return with_two_points(a_received_case(right, Right.DELETE))
    if route != Route.FULL or state != State.VERIFYING:
        return at_first(company, route, state)
    case = with_two_points(a_case(Right.DELETE))
    company.least_degree = Degree.REASONABLE
    return case


def provable_as_categories(company: Company, route: Route, state: State) -> Case:
    """Two points met, without a signature: enough for categories alone."""
    if route == Route.FULL and state == State.VERIFYING:
        return with_two_points(a_case(Right.KNOW_SPECIFIC))
    return at_first(company, route, state)


def with_two_points(case: Case) -> Case:
    """Mailbox and telephone number were right; that is not enough for this case."""
    before = case.state
    confirm(case.submission)
    offer(case.submission, declared_name="", phone="415 555 0101")
    assert fresh(case).state == before
    return fresh(case)


def shown_on_paper(company: Company, route: Route, state: State) -> Case:
    """The person has no mailbox, and shows to staff who asks."""
    if route == Route.FULL and state == State.VERIFYING:
        unmailed = {"email": "", "channel": Channel.POST, "postal_address": "4 Orchard Lane\nUkiah, CA 95482"}
        intake.receive_submission(an_intake(Right.DELETE, **unmailed), by=ANALYST, at=AT)
        return Case.objects.select_related("submission__organisation", "submission__subject").get()
    return at_first(company, route, state)


def by_an_agent(company: Company, route: Route, state: State) -> Case:
    """Somebody asks for the person; a paper was accepted, and a better one may still come."""
    right, _place = ASKED[route]
    asks: dict[str, Any] = {"requester": Requester.AGENT, "requester_name": "Ada Agent", "residence": "US-CA"}
    asks |= {"requester_email": "ada@agents.example"}
    if state == State.RECEIVED:
        return a_received_case(right, **asks)
    case = a_case(right, **asks)
    if state == State.VERIFYING or (route == Route.DIRECT and state == State.CARRYING_OUT):
        return case
    if state == State.CLARIFYING:
        return move(case, "ask_clarification", question="Which of the two?")
    if route != Route.DIRECT:
        confirm(case.submission)
        offer(case.submission, declared_name="", account_number=SAM["account_number"], phone=SAM["phone"])
        move(case, "accept_permission", **INPUTS["accept_permission"])
        run_jobs()
        permissions.confirm_permission(case.submission, at=AT)  # where the law lets us ask the person
        run_jobs()
    return gone_on(case, state)


def gone_on(case: Case, state: State) -> Case:
    """A proved case that goes on to this state."""
    steps: tuple[Callable[[], object], ...] = (
        lambda: move(case, "start_gathering"),
        run_jobs,
        lambda: move(case, "approve", by=APPROVER),
        run_jobs,
    )
    if case.route == Route.DECIDE_ONLY:
        steps = (lambda: write(case), *steps[2:])
    if case.route == Route.DIRECT:
        steps = (run_jobs,)
    for step in steps:
        if fresh(case).state == state:
            break
        step()
    return fresh(case)


def known_by_a_mailbox(company: Company, route: Route, state: State) -> Case:
    """Under a law that lets identity be asked for only on doubt."""
    if route == Route.FULL:
        return walked(route, state, Right.KNOW_SPECIFIC, "DE")
    return at_first(company, route, state)


def beside_another_record(company: Company, route: Route, state: State) -> Case:
    """Another mailbox has asked as well, and is known as somebody else's."""
    case = walked(route, state, residence="US-WY" if route == Route.DECIDE_ONLY else "")
    other = a_case(Right.DELETE, email="sam.rivera@work.example")
    with workers_away(company):
        for submission in (case.submission, other.submission):
            identity.note_mailbox(submission, at=AT)
            run_jobs()
    return fresh(case)


def linked(company: Company, route: Route, state: State) -> Case:
    """Both mailboxes were found to be one person's."""
    case = beside_another_record(company, route, state)
    other = Case.objects.exclude(submission=case.submission).get()
    move(other, "link_people", reference=case.submission.reference, reason="One address.")
    return fresh(case)


def answered_as_often_as_must_be(company: Company, route: Route, state: State) -> Case:
    """The person was answered as often as the law asks; a case goes on all the same once somebody decided so."""
    if route == Route.DECIDE_ONLY and state == State.DECIDING:
        case_in(State.CLOSED, Right.SHINE_THE_LIGHT, at=AT - days(40))
        return case_in(state, Right.SHINE_THE_LIGHT)
    if route != Route.FULL or state == State.RECEIVED:
        return at_first(company, route, state)
    if state in {State.VERIFYING, State.CLARIFYING, State.REVIEWING}:
        a_person_with(2)
        return at_first(company, route, state)
    case = at_first(company, route, state)
    with workers_away(company):
        a_person_with(2, before=AT - days(1))
    return fresh(case)


def with_an_older_twin(company: Company, route: Route, state: State) -> Case:
    """The same person has asked the same before, and that is still open."""
    right, residence = ASKED[route]
    if state == State.CLOSED or (route == Route.DIRECT and state != State.RECEIVED):
        return at_first(company, route, state)
    residence = "US-WY" if route == Route.DECIDE_ONLY else residence  # where a mailbox alone proves nothing
    older = a_case(right, at=AT - days(20), residence=residence)
    case = walked(route, state, right, residence)
    with workers_away(company):
        for submission in (older.submission, case.submission):
            identity.note_mailbox(submission, at=AT)
            run_jobs()
    return fresh(case)


@contextmanager
def workers_away(company: Company) -> Iterator[None]:
    """Whatever waits for the company's workers goes on waiting."""
    waiting, company.to_search, company.to_carry_out = (company.to_search, company.to_carry_out), [], []
    yield
    company.to_search, company.to_carry_out = waiting


def answerable(company: Company, route: Route, state: State) -> Case:
    """Where only a decision is made, the answer is written."""
    case = at_first(company, route, state)
    return write(case) if route == Route.DECIDE_ONLY and state == State.DECIDING else case


def by_hand(company: Company, route: Route, state: State) -> Case:
    """What holds at once, and no worker does."""
    if route == Route.DIRECT:
        return walked(route, state, Right.OBJECT_MARKETING, "DE")
    return at_first(company, route, state)


def refused(company: Company, route: Route, state: State) -> Case:
    """Refused under a law that has an appeal; or, before that, one of its cases."""
    if state != State.CLOSED:
        return at_first(company, route, state)
    match route:
        case Route.FULL:
            return refuse(case_in(State.REVIEWING, Right.KNOW_SPECIFIC, residence="US-VA"))
        case Route.DECIDE_ONLY:
            return refuse(case_in(State.DECIDING, Right.REVIEW_AUTOMATED, residence="US-CT"))
        case _:
            case = a_case(Right.OPT_OUT_SALE_SHARE, residence="US-VA")
            return move(case, "refuse_opt_out", by=APPROVER, **inputs("refuse_opt_out", case))


def refuse(case: Case) -> Case:
    """Refused on the first ground that is offered."""
    return move(case, "refuse", **inputs("refuse", case))


def wrongly_closed(company: Company, route: Route, state: State) -> Case:
    """Closed, and somebody has asked to open it again."""
    case = refused(company, route, state)
    return move(case, "ask_reopening", reason="A mistake.") if state == State.CLOSED else case


def with_a_withholding(company: Company, route: Route, state: State) -> Case:
    """Something is kept back."""
    case = at_first(company, route, state)
    company.kept_back[case.pk] = 1
    return case


def with_a_letter_under_way(company: Company, route: Route, state: State) -> Case:
    """A letter is written, and has not reached the person."""
    case = at_first(company, route, state)
    letters.queue(case.submission, Letter.OPT_OUT_CONFIRMED, at=AT + timedelta(hours=1), case=case)
    return fresh(case)


def with_a_letter_sent(company: Company, route: Route, state: State) -> Case:
    """A mail server took a letter."""
    case = with_a_letter_under_way(company, route, state)
    letters.accepted(Message.objects.filter(case=case).latest("queued_at"), at=AT)
    return fresh(case)


def with_a_closed_download(company: Company, route: Route, state: State) -> Case:
    """Somebody guessed too often at what opens the file."""
    case = at_first(company, route, state)
    if case.route == Route.FULL and case.submission.confirmed_at:
        for hour in range(10):
            at = AT + days(hour)
            entering.send_code(case.submission, CodePurpose.DOWNLOAD, at=at)
            entering.open_file(case, code=code_in(case.submission, Letter.DOWNLOAD_CODE), answer="?", at=at)
    return fresh(case)


EVENT_OF = {"enter_appeal": "appealed"}
Way = Callable[[Company, Route, State], Case]
WAYS: dict[str, Way] = {
    "accept_proof": provable,
    "fall_back": provable_as_categories,
    "identity_shown": shown_on_paper,
    "accept_permission": by_an_agent,
    "doubt_identity": known_by_a_mailbox,
    "link_people": beside_another_record,
    "unlink_people": linked,
    "decide_limit": answered_as_often_as_must_be,
    "merge": with_an_older_twin,
    "approve": answerable,
    "note_done": by_hand,
    "enter_appeal": refused,
    "ask_reopening": refused,
    "reopen": wrongly_closed,
    "lift_withholding": with_a_withholding,
    "open_download": with_a_closed_download,
    "told_otherwise": with_a_letter_under_way,
    "letter_bounced": with_a_letter_sent,
}


# ---- the tables


def cells(table: str) -> dict[tuple[str, State], set[str]]:
    """Who may, by move and state."""
    head, *lines = table.strip("\n").splitlines()
    states = [State(name) for name in head.split()]
    found = {}
    for line in lines:
        slug, *who = line.split()
        found |= {(slug, state): WORDS[word] for state, word in zip(states, who, strict=True)}
    return found


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings are in memory here: the three moves on them are made by their stand-ins."""
    for slug, service in STAND_INS.items():
        monkeypatch.setitem(SERVICES, slug, service)


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("route", TABLES)
@pytest.mark.parametrize("way", [at_first, *WAYS.values()], ids=lambda way: way.__name__)
def test_every_move_is_made_or_refused_as_the_table_says(way: Way, route: Route, house: Company) -> None:
    table = cells(TABLES[route])
    slugs = [slug for slug in MOVES if WAYS.get(slug, at_first) is way]
    found = {}
    for state in State:
        if state not in REACHED[route]:
            continue
        with taken_back(house):
            case = way(house, route, state)
            assert case.state == state
            for slug in slugs:
                found[slug, state] = {name for name, actor in EVERYBODY.items() if makes(slug, case, actor, house)}
    assert found == {cell: who for cell, who in table.items() if cell[0] in slugs}


def makes(slug: str, case: Case, actor: Actor, company: Company) -> bool:
    """Whether the move goes through, which is then taken back; refused, it says why and has changed nothing."""
    before = all_of(case)
    with taken_back(company):
        try:
            made = moving.perform(
                slug, case_id=case.pk, version=case.version, actor=actor, at=AT, inputs=inputs(slug, case)
            )
        except MoveShut as shut:
            refusal = shut.sentence
        except InputRefused as refused:
            raise AssertionError(f"{slug} of a case that is {case.state}: {refused}") from None
        else:
            check_made(slug, case, made)
            return True
        assert refusal.endswith("."), refusal
        assert all_of(case) == before, f"{slug} was refused, and yet something was done"
    return False


# Grounds for which nothing more has to be so: the first that is offered is taken.
GROUNDS = (
    "ca_7063_agent_no_proof",
    "ca_7026e_fraud",
    "va_no_permission",
    "ct_no_permission",
    "gdpr_21_1_compelling_grounds",
    "house_no_permission",
)


def inputs(slug: str, case: Case) -> dict[str, str]:
    """What the move asks for: of letters the last one, of grounds one that fits, of twins the only one."""
    given = dict(INPUTS.get(slug, {}))
    letter = Message.objects.filter(case=case).order_by("queued_at").last()
    given |= {"letter": str(letter.pk) if letter else ""}
    if slug in {"refuse", "refuse_opt_out"}:
        offered = {ground.code for ground in guards.grounds_to_refuse(case)}
        given["code"] = next((code for code in GROUNDS if code in offered), "")
    if slug == "merge":
        given["into"] = next((str(twin.pk) for twin in endings.older_twins(case)), "")
    if slug == "link_people":
        given["reference"] = Submission.objects.exclude(pk=case.submission_id).latest("received_at").reference
    if slug == "unlink_people":
        given["link"] = next((value for value, _label in who_asks.links(case)), "")
    return given


def check_made(slug: str, before: Case, after: Case) -> None:
    """The move left its event, and went where its row of the table of states leads."""
    assert after.version > before.version, slug
    events = Event.objects.filter(chain=after.chain, sequence__gt=before.version)
    assert events.filter(kind=EVENT_OF.get(slug, slug)).exists(), slug
    if slug in STATE_MOVES:
        (event,) = events.filter(kind=slug)
        assert event.facts["from"] == before.state
        assert event.facts["to"] in STATE_MOVES[slug].targets
    else:
        assert after.state in {before.state, State.DECIDING}  # the last source may have been waived


def all_of(case: Case) -> tuple[object, ...]:
    """What a refused move must leave as it was."""
    row = Case.objects.filter(pk=case.pk).values().get()
    return row, Event.objects.count(), Message.objects.count(), Job.objects.count()


@contextmanager
def taken_back(company: Company) -> Iterator[None]:
    """Whatever is done inside is undone, in the company's memory too."""
    waiting = (list(company.to_search), list(company.to_carry_out), company.kept_back.copy(), company.least_degree)
    with transaction.atomic(), transaction.atomic(using="keys"):
        for alias in ("default", "keys"):
            transaction.get_connection(alias).atomic_blocks[-1]._from_testcase = True
        yield
        for alias in ("default", "keys"):
            transaction.set_rollback(True, using=alias)
    company.to_search, company.to_carry_out, company.kept_back, company.least_degree = waiting


@pytest.mark.parametrize("route", Route)
def test_the_tables_have_a_line_a_move_and_a_column_a_state(route: Route) -> None:
    assert set(cells(TABLES[route])) == {(slug, state) for slug in MOVES for state in REACHED[route]}


def test_no_other_state_can_be_reached_on_a_route() -> None:
    for route, reached in REACHED.items():
        pairs = [pair for pair in allowed_pairs() if pair.route == route]
        found = {State.RECEIVED}
        for _round in State:
            found |= {pair.target for pair in pairs if pair.source in found}
        assert found == reached


# ---- what nobody at the desk does

PERSON_MAY_WITHDRAW = set(State) - {State.CARRYING_OUT, State.CLOSED}


@pytest.mark.parametrize("state", State)
def test_the_person_withdraws_only_before_an_act_has_begun(state: State, house: Company) -> None:
    case = at_first(house, Route.FULL, state)
    before = all_of(case)
    if state in PERSON_MAY_WITHDRAW:
        closing.withdraw(case.pk, at=AT)
        assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "withdrawn")
    else:
        with pytest.raises(MoveShut, match="can't be withdrawn any more"):
            closing.withdraw(case.pk, at=AT)
        assert all_of(case) == before


@pytest.mark.parametrize("state", [State.CARRYING_OUT, State.CLOSED])
def test_nobody_withdraws_an_opt_out_that_holds(state: State, house: Company) -> None:
    case = at_first(house, Route.DIRECT, state)
    before = all_of(case)
    with pytest.raises(MoveShut, match="can't be withdrawn any more"):
        closing.withdraw(case.pk, at=AT)
    assert all_of(case) == before


@pytest.mark.parametrize("state", State)
def test_what_workers_report_moves_a_case_only_where_it_was_waited_for(state: State, house: Company) -> None:
    case = at_first(house, Route.FULL, state)
    house.to_search.clear()
    with transaction.atomic():
        review.settle(fresh(case), at=AT)
    assert fresh(case).state == (State.DECIDING if state == State.GATHERING else state)
    case = fresh(case)
    with transaction.atomic():
        closing.hand_back(case.pk, "limit_reached", at=AT)
    handed_back = Event.objects.filter(chain=case.chain, kind=EventKind.HAND_BACK).exists()
    assert handed_back is (state == State.CARRYING_OUT)
    assert fresh(case).state == (State.DECIDING if handed_back else case.state)
    before = fresh(case).version
    with transaction.atomic():
        closing.carried_out(case.pk, at=AT)
    assert fresh(case).version == before, "what is not being carried out can't be reported done"
