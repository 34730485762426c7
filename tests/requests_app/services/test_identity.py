"""Who asks: what is proved, to which degree, and what that opens."""

from __future__ import annotations

import json

import pytest

from dsar.jobs.models import Job
from dsar.jobs.running import Outcome as JobOutcome
from dsar.ledger import chains
from dsar.vault import digests
from requests_app.law.words import Degree, EvidenceKind, Right
from requests_app.models import Case, Evidence, Identifier, ProbeTry, ProofOffered, Submission
from requests_app.moves import offers
from requests_app.services import identity
from requests_app.services.correcting import Correction
from requests_app.services.identity import ProofRefused
from requests_app.states import State
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import (
    ANALYST,
    AT,
    a_case,
    a_submission,
    case_in,
    confirm,
    days,
    fresh,
    move,
    offer,
    prove,
    run_jobs,
    shut_because,
    the_case,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

PHONE, BIRTH = SAM["phone"], SAM["birth_date"]
REASONABLE = {"phone": PHONE}  # with the mailbox: two points
REASONABLY_HIGH = {"phone": PHONE, "birth_date": BIRTH}  # three


def confirmed(*rights: Right, **changes: object) -> Submission:
    """A submission from a mailbox that answered."""
    submission = a_submission(*rights, **changes)  # type: ignore[arg-type]
    confirm(submission)
    return submission


def kinds(case: Case) -> list[str]:
    """The kinds of events in a case's history."""
    return [event.kind for event in chains.history(case.chain)]


# ---- the degree


@pytest.mark.parametrize(
    ("right", "points", "declared", "reached"),
    [
        (Right.KNOW_CATEGORIES, {}, False, False),
        (Right.KNOW_CATEGORIES, {}, True, False),
        (Right.KNOW_CATEGORIES, REASONABLE, False, True),
        (Right.KNOW_SPECIFIC, REASONABLE, True, False),
        (Right.KNOW_SPECIFIC, REASONABLY_HIGH, False, False),
        (Right.KNOW_SPECIFIC, {}, True, False),
        (Right.KNOW_SPECIFIC, REASONABLY_HIGH, True, True),
        (Right.PORTABILITY, REASONABLY_HIGH, True, True),
        (Right.DELETE, REASONABLE, True, False),
        (Right.DELETE, REASONABLY_HIGH, True, True),
        (Right.CORRECT, REASONABLY_HIGH, True, True),
    ],
)
def test_the_identity_is_accepted_at_the_degree_that_the_law_asks_and_not_before(
    right: Right, points: dict[str, str], declared: bool, reached: bool
) -> None:
    case = a_case(right)
    confirm(case.submission)
    if points or declared:
        offer(case.submission, declared_name="Sam Rivera" if declared else "", **points)
    assert (fresh(case).state == State.REVIEWING) is reached
    assert ("it is reviewing" in shut_because(case, "accept_proof")) is reached


@pytest.mark.parametrize(
    ("least", "points", "reached"),
    [
        (Degree.REASONABLE, REASONABLE, True),
        (Degree.REASONABLY_HIGH, REASONABLE, False),
        (None, REASONABLE, False),
    ],
)
def test_a_deletion_needs_what_the_data_is_marked_with_and_the_most_if_it_is_not_marked(
    company: Company, least: Degree | None, points: dict[str, str], reached: bool
) -> None:
    company.least_degree = least
    case = a_case(Right.DELETE)
    confirm(case.submission)
    offer(case.submission, declared_name="", **points)
    assert (fresh(case).state == State.REVIEWING) is reached


def test_each_case_of_a_submission_is_accepted_at_its_own_degree() -> None:
    submission = a_submission(Right.KNOW_CATEGORIES, Right.KNOW_SPECIFIC, Right.OPT_OUT_SALE_SHARE)
    confirm(submission)
    offer(submission, declared_name="", **REASONABLE)
    states = {case.right_asked: case.state for case in submission.cases.all()}
    assert states[Right.KNOW_CATEGORIES] == State.REVIEWING
    assert states[Right.KNOW_SPECIFIC] == State.VERIFYING


def test_before_the_mailbox_is_confirmed_no_answer_is_taken() -> None:
    case = a_case(Right.KNOW_CATEGORIES)
    with pytest.raises(ProofRefused, match="Please confirm your mailbox first"):
        offer(case.submission, **REASONABLY_HIGH)
    assert not ProofOffered.objects.exists()


def test_without_the_mailbox_nothing_is_reached_however_much_matched() -> None:
    case = a_case(Right.KNOW_CATEGORIES)
    evidence = Evidence(submission=case.submission, kind=EvidenceKind.DATA_POINTS, proved_at=AT, actor="system")
    evidence.matched_kinds = REASONABLY_HIGH
    evidence.save()
    identity.settle(case.submission, at=AT)
    assert fresh(case).state == State.VERIFYING
    assert "The mailbox is not confirmed yet." in shut_because(case, "accept_proof")
    confirm(case.submission)
    assert fresh(case).state == State.REVIEWING


def test_points_of_different_offers_do_not_add_up() -> None:
    case = a_case(Right.KNOW_SPECIFIC)
    confirm(case.submission)
    offer(case.submission, phone=PHONE)
    offer(case.submission, birth_date=BIRTH)
    assert fresh(case).state == State.VERIFYING


def test_points_of_two_people_do_not_add_up(company: Company) -> None:
    company.people = [SAM, {"email": "pat@example.com", "birth_date": "1999-01-01", "postal_code": "10001"}]
    case = a_case(Right.KNOW_SPECIFIC)
    confirm(case.submission)
    offer(case.submission, phone=PHONE, birth_date="1999-01-01", postal_code="10001")
    assert fresh(case).state == State.VERIFYING
    assert Evidence.objects.get(kind=EvidenceKind.DATA_POINTS).matched_points == 2


def test_the_history_tells_the_degree_the_count_and_the_citation() -> None:
    case = case_in(State.REVIEWING)
    accepted = chains.history(case.chain).get(kind="accept_proof")
    assert accepted.actor == "system"
    assert accepted.facts["degree"] == "reasonably_high"
    assert accepted.facts["matched_points"] == 5
    assert accepted.facts["declaration"] is True
    assert "11 CCR 7062(c)" in str(accepted.facts["citations"])


def test_an_analyst_is_told_what_is_missing_and_where_the_law_says_so() -> None:
    case = a_case(Right.KNOW_SPECIFIC)
    confirm(case.submission)
    offer(case.submission, declared_name="", **REASONABLE)
    reason = shut_because(case, "accept_proof")
    assert "1 more data point" in reason
    assert "a signed declaration" in reason
    assert "11 CCR 7062(c)" in reason


def test_an_analyst_may_accept_what_reached_the_degree_while_nobody_looked(company: Company) -> None:
    case = a_case(Right.DELETE)
    confirm(case.submission)
    offer(case.submission, declared_name="", **REASONABLE)
    company.least_degree = Degree.REASONABLE  # the data map was completed meanwhile
    assert move(case, "accept_proof").state == State.REVIEWING
    assert chains.history(case.chain).get(kind="accept_proof").actor == ANALYST.slug


# ---- falling back


@pytest.mark.parametrize("right", [Right.KNOW_SPECIFIC, Right.PORTABILITY])
def test_specific_pieces_that_cannot_be_verified_are_answered_as_categories(right: Right) -> None:
    case = a_case(right)
    confirm(case.submission)
    assert "does not reach the degree for categories either" in shut_because(case, "fall_back")
    offer(case.submission, declared_name="", **REASONABLE)
    fallen = move(case, "fall_back")
    assert (fallen.state, fallen.right_asked) == (State.REVIEWING, right)
    assert fallen.right_answered == Right.KNOW_CATEGORIES


def test_no_other_right_falls_back() -> None:
    offered = offers(fresh(a_case(Right.DELETE)), ANALYST, AT.date())
    assert "fall_back" not in [offer.move.slug for offer in offered]


# ---- data points


def test_what_was_typed_is_erased_by_the_probe_and_only_digests_stay() -> None:
    submission = a_submission()
    confirm(submission)
    identity.offer_proof(submission, points=REASONABLE, declared_name="", at=AT)
    waiting = ProofOffered.objects.get()
    assert json.loads(waiting.points) == REASONABLE
    run_jobs()
    probed = ProofOffered.objects.get()
    assert (probed.points, probed.points_sealed) == ("", None)
    assert (probed.probed_at, probed.matched_points) == (AT, 2)
    assert list(probed.digests) == ["phone"]
    assert PHONE not in json.dumps(probed.digests)


def test_a_probe_that_runs_twice_changes_nothing() -> None:
    submission = a_submission()
    confirm(submission)
    offered = identity.offer_proof(submission, points=REASONABLE, declared_name="", at=AT)
    run_jobs()
    Job.objects.filter(kind="probe").update(state="waiting", finished_at=None)
    run_jobs(AT + days(1))
    identity.record_probe(ProofOffered.objects.get(pk=offered.pk), {}, 5, at=AT + days(1))
    assert ProofOffered.objects.get().matched_points == 2
    assert Evidence.objects.filter(kind=EvidenceKind.DATA_POINTS).count() == 1


def test_a_probe_that_matches_nothing_leaves_no_evidence() -> None:
    case = a_case(email="nobody@example.com")
    confirm(case.submission)
    offer(case.submission, declared_name="", phone="1")
    assert not Evidence.objects.filter(kind=EvidenceKind.DATA_POINTS).exists()
    assert chains.history(case.chain).get(kind="probed").facts == {"matched_points": 0}


def test_a_source_that_is_down_is_asked_again(company: Company) -> None:
    case = a_case(Right.KNOW_CATEGORIES)
    confirm(case.submission)
    company.is_down = True
    identity.offer_proof(case.submission, points=REASONABLE, declared_name="", at=AT)
    assert run_jobs(may_fail=True) == [JobOutcome.TRY_AGAIN]
    assert ProofOffered.objects.get().points
    company.is_down = False
    run_jobs(AT + days(1))
    assert fresh(case).state == State.REVIEWING


def test_a_source_that_stays_down_erases_what_was_typed_and_the_person_may_offer_it_again(company: Company) -> None:
    case = a_case(Right.KNOW_CATEGORIES)
    confirm(case.submission)
    company.is_down = True
    identity.offer_proof(case.submission, points=REASONABLE, declared_name="", at=AT)
    at = AT
    while Job.objects.get(kind="probe").state == "waiting":
        at += days(1)
        run_jobs(at, may_fail=True)
    offered = ProofOffered.objects.get()
    assert (offered.points, offered.probed_at, offered.matched_points) == ("", at, None)
    assert chains.history(case.chain).get(kind="probe_failed").facts == {"error": "SourceDown"}
    company.is_down = False
    offer(case.submission, at=at, **REASONABLE)
    assert fresh(case).state == State.REVIEWING


def test_a_submitted_account_number_is_compared_without_being_asked_again() -> None:
    submission = a_submission(account_number=SAM["account_number"])
    assert set(identity.questions(submission)) == {"phone", "postal_code", "birth_date"}
    confirm(submission)
    offer(submission, **REASONABLE)
    assert the_case(submission, Right.KNOW_SPECIFIC).state == State.REVIEWING


def test_identifiers_in_the_record_that_matched_whole_are_the_persons() -> None:
    submission = a_submission(account_number=SAM["account_number"])
    confirm(submission)
    assert {row.kind: row.status for row in Identifier.objects.all()} == {
        "email": "confirmed",
        "account_number": "claimed",
    }
    offer(submission, **REASONABLE)
    assert {row.kind: (row.status, row.provenance) for row in Identifier.objects.all()} == {
        "email": ("confirmed", "mailbox"),
        "account_number": ("confirmed", "probe"),
        "phone": ("confirmed", "probe"),
    }


def test_a_point_that_did_not_match_makes_no_identifier_and_spoils_no_other() -> None:
    submission = confirmed(account_number="A-9999")
    offer(submission, phone=PHONE, birth_date="1901-01-01")
    assert {row.kind for row in Identifier.objects.filter(status="confirmed")} == {"email", "phone"}


@pytest.mark.parametrize(
    ("points", "name", "sentence"),
    [
        ({}, " ", "Please answer at least one question"),
        ({"phone": "  "}, "", "Please answer at least one question"),
        ({"shoe_size": "44"}, "Sam", "Please answer only the questions on this page."),
        ({"email": "other@example.com"}, "Sam", "Please answer only the questions on this page."),
        ({"phone": "5" * 201}, "", "Please use at most 200 characters."),
        ({}, "x" * 201, "Please use at most 200 characters."),
    ],
)
def test_an_offer_that_cannot_be_taken_says_so_and_writes_nothing(
    points: dict[str, str], name: str, sentence: str
) -> None:
    submission = a_submission()
    confirm(submission)
    with pytest.raises(ProofRefused, match=sentence):
        identity.offer_proof(submission, points=points, declared_name=name, at=AT)
    assert not ProofOffered.objects.exists()
    assert not ProbeTry.objects.exists()


def test_once_all_is_proved_nothing_more_is_taken() -> None:
    submission = a_submission()
    prove(submission)
    with pytest.raises(ProofRefused, match="Nothing has to be proved any more"):
        identity.offer_proof(submission, points=REASONABLE, declared_name="", at=AT)


def test_an_opt_out_asks_for_no_proof_and_takes_none() -> None:
    submission = a_submission(Right.OPT_OUT_SALE_SHARE)
    identity.note_mailbox(submission, at=AT)
    with pytest.raises(ProofRefused, match="Nothing has to be proved any more"):
        identity.offer_proof(submission, points=REASONABLE, declared_name="", at=AT)


# ---- few tries


def refused(submission: Submission, at: object = AT, **points: str) -> bool:
    """Whether an offer is refused for having been tried too often."""
    try:
        identity.offer_proof(submission, points=points, declared_name="", at=at)  # type: ignore[arg-type]
    except ProofRefused as refusal:
        return "tried too often" in str(refusal)
    return False


def test_one_mailbox_has_five_tries_a_day_across_all_of_its_submissions() -> None:
    first, second = confirmed(), confirmed()
    assert [refused(submission, phone="1") for submission in (first, second) * 3] == [False] * 5 + [True]
    assert not refused(first, AT + days(1), phone="2")


def test_one_typed_identifier_has_five_tries_a_day_whoever_asks() -> None:
    guessers = [confirmed(email=f"guesser{place}@example.com") for place in range(6)]
    assert [refused(guesser, account_number="a-1001 ".strip()) for guesser in guessers] == [False] * 5 + [True]
    assert not refused(guessers[5], phone="another")


def test_an_identifier_that_came_with_the_form_is_counted_as_well() -> None:
    guessers = [confirmed(email=f"g{place}@example.com", account_number="A-1001") for place in range(6)]
    assert [refused(guesser, birth_date=BIRTH) for guesser in guessers] == [False] * 5 + [True]


def test_what_many_people_share_is_not_used_up_by_others() -> None:
    neighbours = [confirmed(email=f"neighbour{place}@example.com") for place in range(8)]
    assert not any(refused(neighbour, postal_code="94607", birth_date="1980-01-01") for neighbour in neighbours)


def test_tries_are_counted_across_a_rotation_of_the_digest_key() -> None:
    submission = confirmed()
    for _ in range(5):
        assert not refused(submission, phone="1")
    digests.rotate("tries", at=AT)
    assert refused(submission, phone="1")


def test_tries_hold_digests_only() -> None:
    offer(confirmed(), phone=PHONE)
    kept = list(ProbeTry.objects.values_list("digest", flat=True))
    assert len(kept) == 2
    assert not [digest for digest in kept if "555" in digest.partition(".")[2] and PHONE in digest]
    assert str(ProbeTry.objects.first()) == "try 2026-11-23"


# ---- what is in dispute proves nothing


def test_the_contested_item_is_neither_asked_nor_compared() -> None:
    submission = confirmed(Right.CORRECT, correct_field="shop.people.phone", correct_value="415 555 0199")
    assert identity.contested_kinds(submission) == {"phone"}
    assert "phone" not in identity.questions(submission)
    with pytest.raises(ProofRefused, match="only the questions on this page"):
        identity.offer_proof(submission, points={"phone": PHONE}, declared_name="Sam Rivera", at=AT)
    assert "phone" in identity.questions(a_submission(Right.CORRECT, correct_field="shop.people.nickname"))


def test_an_item_in_dispute_proves_nothing_in_the_whole_submission() -> None:
    submission = a_submission(Right.KNOW_SPECIFIC, Right.CORRECT, correct_field="shop.people.phone")
    assert "phone" not in identity.questions(submission)


@pytest.mark.parametrize(
    ("words", "language", "kinds"),
    [
        ("my phone number is old", "en", {"phone", "account_number"}),
        ("the TELEPHONE", "es", {"phone"}),
        ("my phone", "en", {"phone"}),
        ("my birthday", "en", {"birth_date"}),
        ("what you call me", "en", set()),
    ],
)
def test_what_own_words_may_mean_is_in_dispute(words: str, language: str, kinds: set[str]) -> None:
    correction = Correction(words=words, value="something else")
    submission = a_submission(Right.CORRECT, corrections=(correction,), language=language)
    assert identity.contested_kinds(submission) == kinds
    assert not kinds & set(identity.questions(submission))


def test_a_value_told_in_own_words_proves_nothing_whatever_the_words_are() -> None:
    correction = Correction(words="how you reach me", now="(415) 555 0101", value="415 555 0199")
    submission = a_submission(Right.CORRECT, corrections=(correction,))
    typed = {"phone": "415-555-0101", "postal_code": "94110"}
    assert "phone" not in identity.with_submitted(submission, typed)
    assert identity.with_submitted(submission, typed)["postal_code"] == "94110"


# ---- the declaration


@pytest.mark.parametrize(("language", "words"), [("en", "under penalty of perjury"), ("es", "bajo pena de perjurio")])
def test_the_declaration_is_kept_as_signed_in_the_persons_language(language: str, words: str) -> None:
    submission = a_submission(language=language)
    confirm(submission)
    offer(submission, declared_name=" Sam Rivera ", phone="1")
    signed = Evidence.objects.get(kind=EvidenceKind.DECLARATION)
    assert words in signed.statement
    assert signed.statement.endswith("Sam Rivera")
    assert str(signed) == "declaration"


# ---- the question at hand-over


def test_the_hand_over_asks_for_an_answer_that_helped_to_prove_the_identity() -> None:
    submission = a_submission()
    confirm(submission)
    offer(submission, phone="1", birth_date="1")  # somebody who reads the mailbox and knows nothing else
    assert ProofOffered.objects.get().matched_points == 1
    prove_with = {"phone": PHONE, "birth_date": BIRTH}
    offer(submission, **prove_with)
    case = the_case(submission, Right.KNOW_SPECIFIC)
    assert case.state == State.REVIEWING
    assert identity.was_proved_with(case, "1980 02 29")
    assert not identity.was_proved_with(case, "1")
    assert not identity.was_proved_with(case, SAM["email"])
    assert not identity.was_proved_with(case, "")


def test_nothing_proved_nothing_matches() -> None:
    assert not identity.was_proved_with(a_case(), "")


def test_an_answer_of_one_submission_opens_no_other() -> None:
    submission, other = a_submission(), a_submission()
    prove(submission)
    prove(other, at=AT + days(2))
    assert ProofOffered.objects.first()
    assert identity.told(submission, "a") != identity.told(other, "a")


# ---- questions that interrupt


def test_proof_that_comes_while_a_question_is_open_counts_when_it_is_answered() -> None:
    case = a_case(Right.KNOW_CATEGORIES)
    confirm(case.submission)
    move(case, "ask_clarification", question="Which of the two?")
    offer(case.submission, **REASONABLE)
    assert fresh(case).state == State.CLARIFYING
    assert move(case, "clarified", reason="The first.").state == State.REVIEWING
    assert kinds(case)[-2:] == ["clarified", "accept_proof"]


def test_nothing_is_answered_as_categories_where_no_law_knows_such_an_answer() -> None:
    case = a_case(residence="DE")
    assert shut_because(case, "fall_back").startswith("No law of this case lets it be answered as categories instead")


def test_the_mailbox_is_noted_once_in_the_history_of_every_case() -> None:
    submission = a_submission(Right.DELETE, Right.OPT_OUT_SALE_SHARE)
    confirm(submission)
    identity.note_mailbox(submission, at=AT + days(1))
    for case in submission.cases.all():
        assert kinds(case).count("mailbox_confirmed") == 1
