"""Which degree is needed, which is reached, and what is still missing."""

from __future__ import annotations

import pickle
from datetime import date

import pytest

from requests_app.law import identity, packs
from requests_app.law.identity import Requirement, VerificationForbidden
from requests_app.law.packs import RightNotGiven
from requests_app.law.words import Degree, Right, Sureness
from tests.law.made_up import SINCE, a_law, another_law, law_data

CCPA = [packs.law_pack("ccpa")]
HOUSE = [packs.house()]
NOW = date(2026, 11, 23)
ADMT = date(2027, 2, 1)
NONE, REASONABLE, HIGH = Degree.NONE, Degree.REASONABLE, Degree.REASONABLY_HIGH


@pytest.mark.parametrize(
    ("right", "on", "data", "needed"),
    [
        (Right.KNOW_CATEGORIES, NOW, None, (REASONABLE, 2, False)),
        (Right.KNOW_SPECIFIC, NOW, None, (HIGH, 3, True)),
        (Right.KNOW_SPECIFIC, NOW, REASONABLE, (HIGH, 3, True)),
        (Right.PORTABILITY, NOW, None, (HIGH, 3, True)),
        (Right.DELETE, NOW, None, (HIGH, 3, True)),
        (Right.DELETE, NOW, REASONABLE, (REASONABLE, 2, False)),
        (Right.DELETE, NOW, NONE, (REASONABLE, 2, False)),
        (Right.CORRECT, NOW, HIGH, (HIGH, 3, True)),
        (Right.CORRECT, NOW, REASONABLE, (REASONABLE, 2, False)),
        (Right.OPT_OUT_SALE_SHARE, NOW, None, (NONE, 0, False)),
        (Right.LIMIT_SENSITIVE, NOW, HIGH, (NONE, 0, False)),
        (Right.ACCESS_AUTOMATED, ADMT, None, (HIGH, 3, True)),
        (Right.OPT_OUT_AUTOMATED, ADMT, None, (NONE, 0, False)),
        (Right.APPEAL_AUTOMATED, ADMT, REASONABLE, (REASONABLE, 2, False)),
    ],
)
def test_the_degree_that_california_asks(
    right: Right, on: date, data: Degree | None, needed: tuple[Degree, int, bool]
) -> None:
    found = identity.required(CCPA, right, on=on, data_degree=data)
    assert (found.degree, found.data_points, found.declaration) == needed
    assert found.citations


@pytest.mark.parametrize("right", [given.right for given in packs.house().rights if CCPA[0].gives(given.right, NOW)])
def test_the_house_asks_what_california_asks(right: Right) -> None:
    for data in (None, REASONABLE):
        ours = identity.required(HOUSE, right, on=NOW, data_degree=data)
        theirs = identity.required(CCPA, right, on=NOW, data_degree=data)
        assert (ours.degree, ours.data_points, ours.declaration) == (
            theirs.degree,
            theirs.data_points,
            theirs.declaration,
        )


@pytest.mark.parametrize(
    ("right", "on", "sureness"),
    [
        (Right.DELETE, NOW, Sureness.VERIFIED),
        (Right.ACCESS_AUTOMATED, ADMT, Sureness.INTERPRETATION),
        (Right.OPT_OUT_SALE_SHARE, NOW, Sureness.VERIFIED),
    ],
)
def test_a_requirement_is_as_sure_as_the_least_sure_of_what_it_rests_on(
    right: Right, on: date, sureness: Sureness
) -> None:
    assert identity.required(CCPA, right, on=on, data_degree=None).sureness is sureness


def test_a_requirement_cites_the_degree_and_what_reaches_it() -> None:
    needed = identity.required(CCPA, Right.DELETE, on=NOW, data_degree=None)
    assert needed.citations == ("11 CCR 7062(d)", "11 CCR 7062(c)")


@pytest.mark.parametrize(
    ("points", "declaration", "account", "degree", "because"),
    [
        (0, False, False, NONE, "nothing"),
        (1, True, False, NONE, "one point is not reasonable"),
        (2, False, False, REASONABLE, "two points"),
        (9, False, False, REASONABLE, "however many points: without a declaration no more"),
        (2, True, False, REASONABLE, "the declaration needs three points"),
        (3, True, False, HIGH, "three points and a declaration"),
        (0, False, True, HIGH, "the account's fresh sign-in"),
    ],
)
def test_the_degree_that_evidence_reaches(
    points: int, declaration: bool, account: bool, degree: Degree, because: str
) -> None:
    reached = identity.reached(
        CCPA,
        Right.KNOW_SPECIFIC,
        NOW,
        matched_points=points,
        declaration=declaration,
        account_reauthenticated=account,
    )
    assert reached is degree, because


@pytest.mark.parametrize(
    ("points", "declaration", "account", "codes", "sentence"),
    [
        (
            0,
            False,
            False,
            ("data_points:3", "declaration"),
            "Still missing: 3 more data points that match our records and a signed declaration.",
        ),
        (2, True, False, ("data_points:1",), "Still missing: 1 more data point that matches our records."),
        (4, False, False, ("declaration",), "Still missing: a signed declaration."),
        (3, True, False, (), ""),
        (0, False, True, (), ""),
    ],
)
def test_what_is_missing_is_said_in_words(
    points: int, declaration: bool, account: bool, codes: tuple[str, ...], sentence: str
) -> None:
    needed = identity.required(CCPA, Right.KNOW_SPECIFIC, on=NOW, data_degree=None)
    missing = identity.missing(needed, matched_points=points, declaration=declaration, account_reauthenticated=account)
    assert missing == codes
    assert identity.sentence(missing, "en") == sentence


# ---- laws that let identity be asked for only on reasonable doubts (GDPR Art. 12(6))

ON_DOUBT = [{"degree": "reasonable", "rights": ["delete"], "on_doubt_only": True, **SINCE}]


@pytest.mark.parametrize(
    ("points", "in_record", "doubted", "degree", "missing", "because"),
    [
        (0, False, False, NONE, ("data_points:1",), "a mailbox that stands nowhere is a doubt of its own"),
        (1, True, False, HIGH, (), "a mailbox that stands in the record, and nobody doubts"),
        (1, True, True, NONE, ("data_points:1",), "whoever reads the mailbox may be somebody else"),
        (2, True, True, REASONABLE, (), "another point ends the doubt"),
        (1, False, True, REASONABLE, (), "so does a point that is no mailbox"),
    ],
)
def test_identity_is_asked_for_only_on_doubt(
    *, points: int, in_record: bool, doubted: bool, degree: Degree, missing: tuple[str, ...], because: str
) -> None:
    packs_ = [a_law(degrees=ON_DOUBT)]
    needed = identity.required(packs_, Right.DELETE, on=NOW, data_degree=None, doubted=doubted)
    reached = identity.reached(
        packs_,
        Right.DELETE,
        NOW,
        matched_points=points,
        declaration=False,
        mailbox_in_record=in_record,
        doubted=doubted,
    )
    assert (needed.degree, needed.mailbox_suffices) == (REASONABLE, not doubted)
    assert reached is degree, because
    found = identity.missing(needed, matched_points=points, declaration=False, mailbox_in_record=in_record)
    assert found == missing, because


def test_one_law_that_asks_in_any_case_asks_for_all() -> None:
    both = [a_law(degrees=ON_DOUBT), another_law()]
    assert not identity.required(both, Right.DELETE, on=NOW, data_degree=None).mailbox_suffices
    reached = identity.reached(both, Right.DELETE, NOW, matched_points=0, declaration=False, mailbox_in_record=True)
    assert reached is NONE


def test_a_confirmation_from_a_mailbox_that_stands_in_the_record_is_asked_for_in_words() -> None:
    assert identity.sentence((identity.RECORD_MAILBOX,), "en") == (
        "Still missing: a confirmation from a mailbox of the person that stands in our records."
    )


def test_what_is_missing_is_said_in_spanish() -> None:
    assert identity.sentence(("data_points:2", "declaration"), "es") == (
        "Todavía falta: 2 datos más que coincidan con nuestros registros y una declaración firmada."
    )
    assert identity.sentence(("data_points:1",), "es") == (
        "Todavía falta: 1 dato más que coincida con nuestros registros."
    )


@pytest.mark.parametrize(
    ("right", "on", "citation"),
    [
        (Right.OPT_OUT_SALE_SHARE, NOW, "11 CCR 7060(b), 7026(d); Civ. Code 1798.135(c)(1)"),
        (Right.LIMIT_SENSITIVE, NOW, "11 CCR 7060(b), 7027(e)"),
        (Right.OPT_OUT_AUTOMATED, ADMT, "11 CCR 7221(f)"),
    ],
)
def test_nobody_may_be_asked_who_opts_out(right: Right, on: date, citation: str) -> None:
    with pytest.raises(VerificationForbidden, match="act at once") as raised:
        identity.check_may_verify(CCPA, right, on=on)
    assert raised.value.citation == citation
    assert str(raised.value).endswith(f"({citation})")


def test_an_error_of_the_law_travels_between_processes() -> None:
    error = pickle.loads(pickle.dumps(VerificationForbidden("Act at once.", "s.1")))
    assert (type(error), error.sentence, error.citation) == (VerificationForbidden, "Act at once.", "s.1")


def test_data_rights_may_be_verified() -> None:
    identity.check_may_verify(CCPA, Right.DELETE, on=NOW)


def test_a_correction_is_not_proved_with_what_it_contests() -> None:
    contested = ["postal_address"]
    assert identity.may_not_prove(CCPA, Right.CORRECT, on=NOW, contested=contested) == {"postal_address"}
    assert identity.may_not_prove(CCPA, Right.DELETE, on=NOW, contested=contested) == frozenset()


def test_only_who_asked_for_specific_pieces_falls_back_to_categories() -> None:
    assert identity.falls_back_to(CCPA, Right.KNOW_SPECIFIC, on=NOW) is Right.KNOW_CATEGORIES
    assert identity.falls_back_to(CCPA, Right.PORTABILITY, on=NOW) is Right.KNOW_CATEGORIES
    assert identity.falls_back_to(CCPA, Right.KNOW_CATEGORIES, on=NOW) is None
    assert identity.falls_back_to(CCPA, Right.DELETE, on=NOW) is None


def strict() -> packs.LawPack:
    data = law_data()
    data["degrees"][0]["degree"] = "reasonably_high"
    return another_law(degrees=data["degrees"])


def forbidding() -> packs.LawPack:
    data = law_data()
    data["degrees"][0]["degree"] = "none"
    return another_law(degrees=data["degrees"])


def test_of_two_laws_the_higher_degree_is_needed_and_the_lower_reached() -> None:
    two = [a_law(), strict()]
    needed = identity.required(two, Right.DELETE, on=NOW, data_degree=None)
    assert needed == Requirement(HIGH, 2, declaration=False, citations=("Made-up Act s.1",))
    laws = [a_law(), *CCPA]
    assert identity.reached(laws, Right.DELETE, NOW, matched_points=2, declaration=False) is REASONABLE
    assert identity.required(laws, Right.DELETE, on=NOW, data_degree=REASONABLE).data_points == 2


def test_evidence_reaches_what_it_did_on_the_day_of_receipt() -> None:
    reasonable, high = law_data()["evidence"]
    stricter = reasonable | {"data_points": 2, "since": date(2025, 1, 1)}
    law = a_law(evidence=[reasonable | {"until": date(2025, 1, 1)}, stricter, high])
    for on, degree in ((date(2024, 12, 31), REASONABLE), (date(2025, 1, 1), NONE)):
        assert identity.reached([law], Right.DELETE, on, matched_points=1, declaration=False) is degree


def test_a_law_that_forbids_verification_forbids_it_for_all() -> None:
    needed = identity.required([a_law(), forbidding()], Right.DELETE, on=NOW, data_degree=HIGH)
    assert needed.degree is NONE


def test_a_law_that_does_not_give_the_right_asks_nothing() -> None:
    with_portability = [a_law(), *CCPA]
    needed = identity.required(with_portability, Right.PORTABILITY, on=NOW, data_degree=None)
    assert needed.citations == ("11 CCR 7062(c)",)
    with pytest.raises(RightNotGiven):
        identity.required([a_law()], Right.PORTABILITY, on=NOW, data_degree=None)
