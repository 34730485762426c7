"""How a case comes to where a move is tried on it, and what the move is given; for the matrix of all moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest

from requests_app import choices, confirmable, duplicates, guards, holding, who_asks
from requests_app.law.agents import Requester
from requests_app.law.words import Degree, Right, Route
from requests_app.models import Case, Channel, CodePurpose, Message, Submission
from requests_app.services import (
    confirming,
    entering,
    identity,
    intake,
    letters,
    opting_in,
    people,
    permissions,
    statements,
)
from requests_app.services.letters import Letter
from requests_app.states import State
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

# What is asked for where the move itself does not ask for another right.
ASKED = {
    Route.FULL: (Right.KNOW_SPECIFIC, "US-CA"),
    Route.DECIDE_ONLY: (Right.OBJECT, "DE"),
    Route.DIRECT: (Right.OPT_OUT_SALE_SHARE, "US-CA"),
}
FINDING = {"finding": "1:1", "field": ""}
AREA = {"page": "1", "left": "0", "top": "0", "right": "1000", "bottom": "100"}
INPUTS = {
    "ask_clarification": {"question": "Which of the two?"},
    "clarified": {"reason": "The first."},
    "decide_limit": {"choice": "answer_anyway", "reason": "Short."},
    "waive_source": {"source": "shop", "reason": "It is down."},
    "choose_records": {"source": "shop", "records": "1", "reason": "Her number."},
    "remove_identifier": {"reason": "It was sold."},
    "hold": {"kind": "legal", "matter": "Docket 26-101", "told": "told"},
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
    "withhold_by_rule": {"rule": "shop.people", "field": "", "code": "ca_130a3_security_data"},
    "black_out": {**FINDING, "field": "body", "words": "Sam", "code": "ca_130a3_security_data"},
    "decide_passages": {"passages": "shop:social_security_number", "choice": "black_out"},
    "mark_area": {**AREA, "code": "ca_130a3_security_data"},
    "unmark_area": {"area": "1"},
    "decide_document": {"document": "1", "choice": "withhold", "code": "ca_130a3_security_data"},
    "lift_withholding": FINDING,
    "decide_correction": {"correction": "1", "verdict": "not_held", "reason": "Nothing of it is held."},
    "extend": {"reason": "Many sources."},
    "assign": {"to": "nobody"},
    "refuse": {"explanation": "See there.", "reason": "No permission came.", "balancing": "Fraud weighs more."},
    "refuse_opt_out": {"explanation": "As your bank says.", "reason": "The bank called."},
    "refuse_opt_in": {"explanation": "The call did not show it.", "reason": "Another voice answered."},
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
        if case.proved_by.exists() and not older.proved_by.exists():
            offer(older.submission, **{kind: SAM[kind] for kind in identity.questions(older.submission)})
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


def signed_for_a_child(company: Company, route: Route, state: State) -> Case:
    """Somebody signed as a parent, and nobody has accepted what shows it."""
    if route != Route.DIRECT or state != State.RECEIVED:
        return at_first(company, route, state)
    asks: dict[str, Any] = {"requester": Requester.PARENT, "requester_name": "Pat", "born_on": date(2018, 5, 1)}
    case = a_case(Right.OPT_IN, requester_email="pat@example.com", **asks)
    code = code_in(case.submission, Letter.OPT_IN_CONFIRM)
    assert opting_in.confirm(case.submission, code, at=AT, declared_name="Pat")
    return fresh(case)


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


def to_be_corrected(company: Company, route: Route, state: State) -> Case:
    """A name is said to be wrong."""
    return walked(route, state, Right.CORRECT) if route == Route.FULL else at_first(company, route, state)


def with_a_device_found(company: Company, route: Route, state: State) -> Case:
    """The shop gave a device on the way."""
    case = at_first(company, route, state)
    if state in {State.GATHERING, State.DECIDING} and route == Route.FULL:
        people.derive_identifier(case, "device_id", "d-1", "shop.devices", at=AT)
    return case


def on_hold(company: Company, route: Route, state: State) -> Case:
    """A hold keeps this person's data, once something names the person."""
    case = at_first(company, route, state)
    if route == Route.FULL and holding.known_of(case):
        move(case, "hold", **INPUTS["hold"])
    return fresh(case)


def with_a_statement(company: Company, route: Route, state: State) -> Case:
    """A correction was refused, and the person stated what is to be passed on by now."""
    if route != Route.FULL or state != State.CLOSED:
        return at_first(company, route, state)
    then = AT - days(10)
    case = case_in(State.REVIEWING, Right.CORRECT, at=then)
    move(case, "refuse", at=then, code="ca_106_accurate", explanation="The bank confirmed it.", reason="Looked at.")
    statements.file_statement(case.pk, number=1, text="It is wrong.", is_to_pass_on=True, at=then)
    return fresh(case)


def with_a_value_asked(company: Company, route: Route, state: State) -> Case:
    """The person asked if a number is the one held, as soon as that may be asked, and no machine could compare it."""
    if route != Route.FULL:
        return at_first(company, route, state)
    case = walked(route, state, Right.CORRECT)
    if confirmable.is_proved(case):
        asked = confirming.ask(case.pk, field="shop.people.licence", value="D1", at=AT)
        confirming.answered(asked, is_held=None, at=AT, error="SourceDown")
    return fresh(case)


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
    "remove_identifier": with_a_device_found,
    "approve": answerable,
    "note_done": by_hand,
    "refuse_opt_in": signed_for_a_child,
    "enter_appeal": refused,
    "ask_reopening": refused,
    "reopen": wrongly_closed,
    "lift_withholding": with_a_withholding,
    "unmark_area": with_a_withholding,
    "decide_correction": to_be_corrected,
    "open_download": with_a_closed_download,
    "release_hold": on_hold,
    "pass_on_statement": with_a_statement,
    "answer_value": with_a_value_asked,
    "told_otherwise": with_a_letter_under_way,
    "letter_bounced": with_a_letter_sent,
}


# Grounds for which nothing more has to be so: the first that is offered is taken.
GROUNDS = (
    "ca_140_not_consumer",
    "ca_7026e_fraud",
    "ca_7070_parent_not_shown",
    "va_not_consumer",
    "va_fraud",
    "ct_not_consumer",
    "gdpr_21_1_compelling_grounds",
    "house_not_identifiable",
)


def inputs(slug: str, case: Case) -> dict[str, str]:
    """What the move asks for: of letters the last one, of grounds one that fits, of twins the only one."""
    given = dict(INPUTS.get(slug, {}))
    letter = Message.objects.filter(case=case).order_by("queued_at").last()
    given |= {"letter": str(letter.pk) if letter else ""}
    if slug in {"refuse", "refuse_opt_out", "refuse_opt_in"}:
        offered = {ground.code for ground in guards.grounds_to_refuse(case)}
        given["code"] = next((code for code in GROUNDS if code in offered), "")
    if slug == "release_hold":
        given["hold"] = next((value for value, _label in holding.holds_to_release(case)), "")
    if slug == "pass_on_statement":
        given |= {"statement": str(getattr(case.statements.first(), "pk", "")), "proof": "By registered letter."}
    if slug == "answer_value":
        given |= {"asked": str(getattr(case.values_asked.first(), "pk", "")), "answer": "yes"}
    if slug == "merge":
        given["into"] = next((str(twin.pk) for twin in duplicates.older_twins(case)), "")
    if slug == "link_people":
        given["reference"] = Submission.objects.exclude(pk=case.submission_id).latest("received_at").reference
    if slug == "remove_identifier":
        given["identifier"] = next((value for value, _label in choices.identifiers_found(case)), "")
    if slug == "unlink_people":
        given["link"] = next((value for value, _label in who_asks.links(case)), "")
    return given
