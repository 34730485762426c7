"""Refusals: a ground that fits right, law and day; a letter that says it; and what is owed afterwards."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dsar.ledger import chains
from requests_app import guards
from requests_app.guards import MoveShut
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case, ExemptionClaim
from requests_app.move import InputRefused
from requests_app.moves import MOVES
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    OTHER_ANALYST,
    REASON,
    a_case,
    a_submission,
    case_in,
    confirm,
    days,
    fresh,
    letters_of,
    move,
    offer,
    run_jobs,
    shut_because,
    the_organisation,
)

EXPLANATION = "Your bank confirmed the number on 3 November."

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]


def refuse(
    case: Case, code: str, *, by: object = ANALYST, reason: str = REASON, explanation: str = EXPLANATION
) -> Case:
    """Make the move."""
    return move(case, "refuse", by=by, code=code, explanation=explanation, reason=reason)  # type: ignore[arg-type]


def grounds_offered(case: Case, slug: str = "refuse") -> dict[str, str]:
    """The grounds that the move offers, with their labels."""
    (choices,) = [wanted.choices for wanted in MOVES[slug].inputs if wanted.name == "code"]
    assert choices
    return dict(choices(case))


def test_a_refusal_closes_the_case_and_keeps_ground_citation_and_sealed_reason() -> None:
    case = refuse(case_in(State.REVIEWING), "ca_140_not_consumer")
    assert (case.state, case.outcome, case.closed_at) == (State.CLOSED, Outcome.REFUSED, AT)
    claim = ExemptionClaim.objects.get()
    assert (claim.code, claim.citation) == ("ca_140_not_consumer", "Civ. Code 1798.140")
    assert (claim.decided_by, claim.decided_at, claim.reason) == ("staff:1", AT, REASON)
    assert str(claim) == "ca_140_not_consumer"
    event = chains.history(case.chain).get(kind="refuse")
    assert event.facts == {
        "from": "reviewing",
        "to": "closed",
        "code": "ca_140_not_consumer",
        "citation": "Civ. Code 1798.140",
    }


@pytest.mark.parametrize(("language", "words"), [("en", "you are not one"), ("es", "usted no lo es")], ids=["en", "es"])
def test_the_letter_carries_the_ground_in_the_persons_words_and_the_citation_but_not_the_reason(
    language: str, words: str
) -> None:
    case = refuse(case_in(State.REVIEWING, language=language), "ca_140_not_consumer")
    (text,) = letters_of(case.submission, Letter.REFUSAL)
    joined = " ".join(text.split())
    assert words in joined
    assert "Civ. Code 1798.140" in joined
    assert REASON not in joined


def test_the_answer_is_owed_until_the_letter_is_accepted_and_nothing_else_is_owed_any_more() -> None:
    case = refuse(case_in(State.REVIEWING, Right.DELETE), "ca_140_not_consumer")
    owed = {duty.kind: (duty.met_at is not None, duty.void) for duty in case.duties.all()}
    assert owed == {
        DutyKind.ACKNOWLEDGE: (True, False),
        DutyKind.ANSWER: (False, False),
        DutyKind.RECIPIENTS_TOLD: (False, True),
        DutyKind.OPT_OUT_OFFERED: (False, False),
    }
    run_jobs(AT + days(1))
    for kind in (DutyKind.ANSWER, DutyKind.OPT_OUT_OFFERED):
        assert case.duties.get(kind=kind).met_at == AT + days(1)


@pytest.mark.parametrize(
    ("residence", "language", "code", "named"),
    [
        ("DE", "en", "gdpr_12_6_identity", "every federal state has an authority of its own"),
        ("FR", "en", "gdpr_12_6_identity", "where you live is: Commission nationale de l'informatique et des"),
        ("ES", "es", "gdpr_12_6_identity", "donde vive es: Agencia Española de Protección de Datos (AEPD)"),
        ("IE", "en", "gdpr_12_6_identity", "The national authority where you live is: Data Protection Commission"),
        ("GB", "en", "gdpr_12_6_identity", "You can complain to the Information Commissioner (ico.org.uk)"),
        ("BR", "en", "br_18_not_verified", "the national data protection authority (ANPD, gov.br/anpd)"),
        ("CA", "en", "ca_pipeda_not_verified", "the Office of the Privacy Commissioner of Canada (priv.gc.ca)"),
        ("US-WY", "en", "gdpr_12_6_identity", "in particular where you live, where you work"),
    ],
)
def test_the_letter_names_the_authority_of_where_the_person_lives(
    residence: str, language: str, code: str, named: str
) -> None:
    the_organisation(laws_everywhere=["gdpr"] if residence == "US-WY" else [])
    right = Right.CORRECT if residence == "CA" else Right.KNOW_SPECIFIC
    case = case_in(State.VERIFYING, right, residence=residence, email="new@example.com", language=language)
    (text,) = letters_of(refuse(case, code).submission, Letter.REFUSAL)
    joined = " ".join(text.split())
    assert named in joined
    names_it = "The national authority where you live is" in joined or "La autoridad nacional del lugar" in joined
    assert names_it == (residence in {"DE", "FR", "ES", "IE"})


def test_what_was_withheld_of_an_answer_names_it_too(house: Company) -> None:
    case = case_in(State.CARRYING_OUT, residence="FR")
    house.kept_back[case.pk] = 1
    run_jobs()
    (text,) = letters_of(case.submission, Letter.ANSWER_READY)
    assert "https://www.cnil.fr" in text


@pytest.mark.parametrize(
    ("residence", "code", "said", "unsaid"),
    [
        (
            "DE",
            "gdpr_12_6_identity",
            ["data protection authority", "to court", "written in: GDPR, Art. 12(6)"],
            ["appeal", "opt out of the sale", "/request/"],
        ),
        ("GB", "gdpr_12_6_identity", ["complain to us", "Information Commissioner", "to court"], ["appeal"]),
        ("US-CA", "ca_140_not_consumer", ["California Privacy Protection Agency"], ["appeal", "to court"]),
        ("US-VA", "va_577_not_verified", ["You may appeal this decision", "within 60 days"], ["to court"]),
        ("US-UT", "ut_not_verified", ["With reasonable efforts we could not"], ["appeal", "to court"]),
    ],
)
def test_the_letter_says_what_the_law_of_the_case_wants_said(
    residence: str, code: str, said: list[str], unsaid: list[str]
) -> None:
    case = refuse(case_in(State.VERIFYING, Right.DELETE, residence=residence, email="new@example.com"), code)
    (text,) = letters_of(case.submission, Letter.REFUSAL)
    joined = " ".join(text.split())
    assert [words for words in said if words not in joined] == []
    assert [words for words in unsaid if words in joined] == []


def test_who_asks_for_categories_under_the_gdpr_is_told_what_it_wants_said_of_a_refusal() -> None:
    """To ask for them is to ask for a part of Art. 15: Art. 12(4)."""
    case = refuse(a_case(Right.KNOW_CATEGORIES, residence="DE"), "gdpr_12_6_identity")
    (text,) = letters_of(case.submission, Letter.REFUSAL)
    joined = " ".join(text.split())
    assert "data protection authority" in joined
    assert "written in: GDPR, Art. 12(6)" in joined


def test_where_our_policy_alone_gives_the_right_authority_and_court_are_named_too() -> None:
    case = refuse(a_case(Right.KNOW_CATEGORIES, residence="CH"), "house_not_verified")
    (text,) = letters_of(case.submission, Letter.REFUSAL)
    said = "the data protection authority of the place where you live, if it has one, and go to court where its law"
    assert said in " ".join(text.split())


@pytest.mark.parametrize(
    ("right", "state", "code", "said"),
    [
        (Right.KNOW_SPECIFIC, State.VERIFYING, "ca_7021_not_verified", "It is here: https://acorn.example/privacy"),
        (
            Right.CORRECT,
            State.DECIDING,
            "ca_106_accurate",
            "ask us instead to delete what we collected from you. Go to",
        ),
    ],
)
def test_the_letter_leads_on_where_the_law_of_california_points_to(
    right: Right, state: State, code: str, said: str
) -> None:
    """11 CCR 7024(a)-(b), 7023(f)."""
    case = refuse(case_in(state, right), code)
    (text,) = letters_of(case.submission, Letter.REFUSAL)
    assert said in " ".join(text.split())


@pytest.mark.parametrize(
    ("right", "code", "sentence"),
    [
        (Right.KNOW_SPECIFIC, "ca_106_accurate", "one against correction"),
        (Right.DELETE, "ca_130b_twice", "one against know"),
        (Right.DELETE, "eu_art_17_3", "No law of this case knows the ground"),
        (Right.KNOW_SPECIFIC, "ca_145m_employee", "is none since 1 January 2023"),
        (Right.KNOW_SPECIFIC, "ca_145k_rights_of_others", "not one against the whole request"),
    ],
    ids=["another right", "a right without limit", "another law", "an expired one", "one against some data"],
)
def test_a_ground_must_fit_right_law_day_and_level(right: Right, code: str, sentence: str) -> None:
    case = case_in(State.REVIEWING, right)
    assert code not in grounds_offered(case)
    with pytest.raises(InputRefused, match=sentence):
        refuse(case, code)
    with pytest.raises(MoveShut, match=sentence):
        guards.check_refusal(case, code, ANALYST)
    assert fresh(case).state == State.REVIEWING
    assert not ExemptionClaim.objects.exists()


def test_a_ground_that_held_on_the_day_of_receipt_may_still_be_used() -> None:
    in_2022 = datetime(2022, 12, 1, 20, 0, tzinfo=UTC)
    case = a_case(at=in_2022)
    assert guards.check_refusal_code(case, "ca_145m_employee").code == "ca_145m_employee"


def test_grounds_are_offered_with_citation_how_sure_it_is_and_with_what_must_be_so() -> None:
    offered = grounds_offered(case_in(State.REVIEWING, Right.DELETE))
    assert offered["ca_7063_agent_no_proof"].endswith("(11 CCR 7063, 7026(j), verified)")
    assert "needs that a written justification shows" in offered["ca_145h3_unfounded_excessive"]


def test_a_correction_is_about_one_datum_so_a_ground_against_data_refuses_it_whole() -> None:
    case = case_in(State.DECIDING, Right.CORRECT)
    assert "ca_106_accurate" in grounds_offered(case)
    assert refuse(case, "ca_106_accurate").outcome == Outcome.REFUSED


def test_a_ground_against_data_refuses_a_deletion_whole_once_the_plan_shows_what_is_held() -> None:
    case = case_in(State.REVIEWING, Right.DELETE)
    assert "ca_105d1_transaction" not in grounds_offered(case)
    move(case, "start_gathering")
    run_jobs()
    assert "ca_105d1_transaction" in grounds_offered(fresh(case))
    assert refuse(case, "ca_105d1_transaction").outcome == Outcome.REFUSED


RECORD = {"en": "We keep a record of this request and of our answer for at least 24", "es": "Conservamos constancia de"}
PURPOSE = {"en": "and we use it for that purpose only", "es": "lo usamos solo para ese fin"}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    ("state", "right", "code", "said"),
    [
        (State.DECIDING, Right.DELETE, "ca_105d1_transaction", (True, True)),
        (State.REVIEWING, Right.DELETE, "ca_140_not_consumer", (True, False)),  # nobody looked for what is kept
        (State.DECIDING, Right.CORRECT, "ca_106_accurate", (False, False)),
    ],
)
def test_who_is_refused_a_deletion_is_told_of_the_record_and_for_what_alone_the_rest_is_used(
    language: str, state: State, right: Right, code: str, said: tuple[bool, bool]
) -> None:
    """11 CCR 7022(e), (f)."""
    case = refuse(case_in(state, right, language=language), code)
    (text,) = letters_of(case.submission, Letter.REFUSAL)
    joined = " ".join(text.split())
    assert (RECORD[language] in joined, PURPOSE[language] in joined) == said


@pytest.mark.parametrize(
    ("right", "code", "by"),
    [
        (Right.CORRECT, "ca_106_accurate", ANALYST),
        (Right.DELETE, "ca_145h3_unfounded_excessive", APPROVER),
    ],
)
def test_a_ground_that_calls_for_an_explanation_is_sent_with_one(right: Right, code: str, by: object) -> None:
    case = case_in(State.DECIDING, right)
    assert "explain it to the person" in grounds_offered(case)[code]
    with pytest.raises(InputRefused, match="This ground has to be explained"):
        refuse(case, code, by=by, explanation=" ")
    assert fresh(case).state == State.DECIDING
    refuse(case, code, by=by)
    (text,) = letters_of(case.submission, Letter.REFUSAL)
    assert EXPLANATION in " ".join(text.split())
    assert REASON not in text


# ---- for want of proof


def test_who_is_verified_is_not_refused_as_not_verified() -> None:
    for state in (State.REVIEWING, State.CLARIFYING, State.DECIDING):
        with pytest.raises(InputRefused, match="The identity of this person is accepted"):
            refuse(case_in(state), "ca_7021_not_verified")
    assert refuse(case_in(State.VERIFYING), "ca_7021_not_verified").outcome == Outcome.REFUSED


def test_who_proved_enough_for_categories_is_answered_with_them_and_not_refused() -> None:
    case = case_in(State.VERIFYING)
    confirm(case.submission)
    offer(case.submission, declared_name="", phone=SAM["phone"])
    assert fresh(case).state == State.VERIFYING
    with pytest.raises(InputRefused, match="answer as categories first") as shut:
        refuse(case, "ca_7021_not_verified")
    assert "7024" in str(shut.value) or "7021" in str(shut.value)
    assert move(case, "fall_back").state == State.REVIEWING


def test_opt_outs_know_two_grounds_only() -> None:
    case = a_case(Right.OPT_OUT_SALE_SHARE)
    assert set(grounds_offered(case, "refuse_opt_out")) == {"ca_7026e_fraud", "ca_7063_agent_no_proof"}
    with pytest.raises(MoveShut, match="not one against the whole request"):
        guards.check_refusal(case, "ca_140_not_consumer", APPROVER)


@pytest.mark.parametrize(
    ("sells", "right", "opted_out", "offered"),
    [
        (True, Right.DELETE, False, True),
        (True, Right.DELETE, True, False),
        (False, Right.DELETE, False, False),
        (True, Right.CORRECT, False, False),
    ],
)
def test_a_refused_deletion_offers_the_opt_out_where_data_is_sold_and_none_is_in_force(
    sells: bool, right: Right, opted_out: bool, offered: bool
) -> None:
    the_organisation(sells_or_shares=sells)
    if opted_out:
        a_submission(Right.OPT_OUT_SALE_SHARE)
    case = refuse(case_in(State.REVIEWING, right), "ca_140_not_consumer")
    (text,) = letters_of(case.submission, Letter.REFUSAL)
    assert ("Would you like to opt out of the sale" in text) is offered
    assert ("it is in force at once. Go to http://localhost:8000/request/" in " ".join(text.split())) is offered


@pytest.mark.parametrize("inputs", [{}, {"code": "ca_140_not_consumer"}, {"code": "", "reason": "x"}])
def test_without_ground_or_reason_nothing_is_refused(inputs: dict[str, str]) -> None:
    case = case_in(State.REVIEWING)
    with pytest.raises(InputRefused, match="Please fill this in"):
        move(case, "refuse", **inputs)
    assert fresh(case).state == State.REVIEWING


def test_a_reason_has_an_end() -> None:
    with pytest.raises(InputRefused, match="at most 2000 characters"):
        refuse(case_in(State.REVIEWING), "ca_140_not_consumer", reason="x" * 2001)


# ---- as unfounded or excessive: a written justification, and two people


def test_as_unfounded_or_excessive_an_approver_refuses_what_somebody_else_has_worked_on() -> None:
    case = case_in(State.DECIDING, Right.DELETE)
    assert refuse(case, "ca_145h3_unfounded_excessive", by=APPROVER).outcome == Outcome.REFUSED


@pytest.mark.parametrize("by", [ANALYST, OTHER_ANALYST])
def test_no_analyst_refuses_as_unfounded_or_excessive(by: object) -> None:
    case = case_in(State.DECIDING, Right.DELETE)
    with pytest.raises(InputRefused, match="Two people refuse a request as unfounded or excessive") as shut:
        refuse(case, "ca_145h3_unfounded_excessive", by=by)
    assert "1798.145(h)(3)" in str(shut.value)


def test_no_approver_refuses_as_excessive_what_nobody_else_or_he_himself_has_worked_on() -> None:
    untouched = case_in(State.REVIEWING, Right.DELETE)
    with pytest.raises(InputRefused, match="Two people"):
        refuse(untouched, "ca_145h3_unfounded_excessive", by=APPROVER)
    own = case_in(State.REVIEWING, Right.DELETE)
    move(own, "start_gathering", by=APPROVER)
    run_jobs()
    with pytest.raises(InputRefused, match="Two people"):
        refuse(own, "ca_145h3_unfounded_excessive", by=APPROVER)


# ---- from which states


def test_a_case_may_be_refused_while_it_waits_but_not_while_workers_have_it() -> None:
    for state in (State.VERIFYING, State.CLARIFYING, State.REVIEWING, State.DECIDING):
        assert shut_because(case_in(state), "refuse") == ""
    for state in (State.GATHERING, State.CARRYING_OUT):
        assert "Open only while the case is" in shut_because(case_in(state), "refuse")
