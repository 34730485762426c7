"""Who asks for somebody else: what they and the person may be asked, and what is enough (11 CCR 7063, 7026, 7027)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from requests_app.law import agents
from requests_app.law.agents import Asked, MayNotAsk, Requester, Shown
from requests_app.law.lawpack import LawPack
from requests_app.law.words import Right
from tests.law.made_up import SINCE, TWICE, a_law, another_law

NOW = date(2026, 11, 23)
AGENT, ATTORNEY, PARENT = Requester.AGENT, Requester.ATTORNEY, Requester.PARENT
GUARDIAN, EXECUTOR = Requester.GUARDIAN, Requester.EXECUTOR
DELETE, OPT_OUT, OPT_IN = Right.DELETE, Right.OPT_OUT_SALE_SHARE, Right.OPT_IN
SHOWN = Asked.PARENT_SHOWN
PERMISSION, ONE_OF_TWO = Asked.SIGNED_PERMISSION, Asked.IDENTITY_OR_CONFIRMATION
NOTHING: tuple[Asked, ...] = ()


def rights(*given: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {"right": right, "slugs": [right], "route": route, "name": TWICE, "explanation": TWICE, **SINCE}
        for right, route in given
    ]


LAW = {
    "rights": rights(("delete", "full"), ("opt_out_sale_share", "direct")),
    "duties": None,
    "degrees": [
        {"degree": "reasonable", "rights": ["delete"], **SINCE},
        {"degree": "none", "rights": ["opt_out_sale_share"], **SINCE},
    ],
}
CALIFORNIAN = [  # as 11 CCR 7063 and 7026(j) have it
    {
        "rights": ["delete"],
        "may_ask": ["signed_permission", "identity_or_confirmation"],
        "power_of_attorney_suffices": True,
        "may_refuse_without_permission": True,
        **SINCE,
    },
    {
        "rights": ["opt_out_sale_share"],
        "may_ask": ["signed_permission"],
        "power_of_attorney_suffices": True,
        "may_refuse_without_permission": True,
        **SINCE,
    },
]


def the_law(**sections: Any) -> LawPack:
    return a_law(**LAW | {"agents": CALIFORNIAN} | sections)


def silent_law() -> LawPack:
    """A law that says nothing about agents."""
    return another_law(**LAW)


@pytest.mark.parametrize(
    ("requester", "right", "shown", "may_ask", "missing", "because"),
    [
        (Requester.SELF, DELETE, Shown(), NOTHING, NOTHING, "who asks for himself shows no permission"),
        (AGENT, DELETE, Shown(), (PERMISSION, ONE_OF_TWO), (PERMISSION, ONE_OF_TWO), "both sides may be asked"),
        (AGENT, DELETE, Shown(signed_permission=True), (PERMISSION, ONE_OF_TWO), (ONE_OF_TWO,), "the person is next"),
        (AGENT, DELETE, Shown(confirmation=True), (PERMISSION, ONE_OF_TWO), (PERMISSION,), "a yes is no signature"),
        (AGENT, DELETE, Shown(signed_permission=True, confirmation=True), (PERMISSION, ONE_OF_TWO), NOTHING, "one of"),
        (
            AGENT,
            DELETE,
            Shown(signed_permission=True, identity=True),
            (PERMISSION, ONE_OF_TWO),
            NOTHING,
            "or the other",
        ),
        (AGENT, DELETE, Shown(power_of_attorney=True), NOTHING, NOTHING, "a power of attorney ends all questions"),
        (ATTORNEY, DELETE, Shown(power_of_attorney=True), NOTHING, NOTHING, "so it does whoever shows it"),
        (ATTORNEY, DELETE, Shown(), (PERMISSION, ONE_OF_TWO), (PERMISSION, ONE_OF_TWO), "never demanded: as an agent"),
        (AGENT, OPT_OUT, Shown(), (PERMISSION,), (PERMISSION,), "the person is not asked to confirm an opt-out"),
        (AGENT, OPT_OUT, Shown(signed_permission=True), (PERMISSION,), NOTHING, "the signature is all"),
        (PARENT, DELETE, Shown(), (Asked.PARENTHOOD,), (Asked.PARENTHOOD,), "a parent declares to be one"),
        (PARENT, DELETE, Shown(parenthood=True), (Asked.PARENTHOOD,), NOTHING, "and that is enough"),
        (GUARDIAN, DELETE, Shown(), (Asked.COURT_PAPER,), (Asked.COURT_PAPER,), "a guardian shows the paper"),
        (EXECUTOR, DELETE, Shown(court_paper=True), (Asked.COURT_PAPER,), NOTHING, "so does an executor"),
        (PARENT, OPT_OUT, Shown(), NOTHING, NOTHING, "nobody is verified before an opt-out"),
        (GUARDIAN, OPT_OUT, Shown(), NOTHING, NOTHING, "nor is a guardian"),
        (PARENT, OPT_IN, Shown(parenthood=True), (SHOWN,), (SHOWN,), "to opt a child in takes more than a signature"),
        (PARENT, OPT_IN, Shown(parent_shown=True), (SHOWN,), NOTHING, "something that shows the parent"),
        (GUARDIAN, OPT_IN, Shown(), (Asked.COURT_PAPER,), (Asked.COURT_PAPER,), "or the guardian"),
        (GUARDIAN, OPT_IN, Shown(court_paper=True), (Asked.COURT_PAPER,), NOTHING, "by the paper"),
    ],
)
def test_what_may_be_asked_and_what_is_missing(
    *,
    requester: Requester,
    right: Right,
    shown: Shown,
    may_ask: tuple[Asked, ...],
    missing: tuple[Asked, ...],
    because: str,
) -> None:
    proof = agents.proof_for([the_law()], right, NOW, requester, shown)
    assert (proof.may_ask, proof.missing, proof.is_enough) == (may_ask, missing, not missing), because


@pytest.mark.parametrize(
    ("requester", "right", "may_refuse"),
    [
        (Requester.SELF, DELETE, False),
        (AGENT, DELETE, True),
        (AGENT, OPT_OUT, True),
        (PARENT, DELETE, True),
        (PARENT, OPT_OUT, False),
    ],
)
def test_who_may_be_refused_for_want_of_proof(requester: Requester, right: Right, *, may_refuse: bool) -> None:
    assert agents.proof_for([the_law()], right, NOW, requester, Shown()).may_refuse is may_refuse


def test_what_is_asked_of_an_agent_is_cited() -> None:
    assert agents.proof_for([the_law()], DELETE, NOW, AGENT, Shown()).citations == ("Made-up Act s.1",)


def test_one_law_that_does_not_let_the_person_be_asked_protects_the_person_under_all() -> None:
    strict = another_law(**LAW | {"agents": [{"rights": ["delete"], "may_ask": ["signed_permission"], **SINCE}]})
    proof = agents.proof_for([the_law(), strict], DELETE, NOW, AGENT, Shown())
    assert (proof.may_ask, proof.may_refuse) == ((PERMISSION,), False)
    attorney = agents.proof_for([the_law(), strict], DELETE, NOW, ATTORNEY, Shown(power_of_attorney=True))
    assert attorney.missing == (), "a power of attorney is a signed permission at the least"


def test_one_law_may_forbid_to_ask_for_a_signature() -> None:
    trusting = another_law(
        **LAW | {"agents": [{"rights": ["delete"], "may_ask": ["identity_or_confirmation"], **SINCE}]}
    )
    assert agents.proof_for([trusting], DELETE, NOW, AGENT, Shown()).may_ask == (ONE_OF_TWO,)


def test_a_law_that_is_silent_about_agents_restricts_nothing_that_another_one_permits() -> None:
    assert agents.proof_for([the_law(), silent_law()], DELETE, NOW, AGENT, Shown()).may_ask == (PERMISSION, ONE_OF_TWO)


def test_where_every_law_is_silent_a_signature_is_asked_for_and_the_person_is_left_alone() -> None:
    proof = agents.proof_for([silent_law()], DELETE, NOW, AGENT, Shown())
    assert (proof.may_ask, proof.may_refuse, proof.citations) == ((PERMISSION,), True, ())


def test_a_law_that_does_not_give_the_right_has_no_say() -> None:
    elsewhere = another_law(agents=[{"rights": ["delete"], "may_ask": ["signed_permission"], **SINCE}])
    assert agents.proof_for([the_law(), elsewhere], OPT_OUT, NOW, AGENT, Shown()).may_refuse


@pytest.mark.parametrize(
    ("requester", "shown", "english", "spanish"),
    [
        (
            AGENT,
            Shown(),
            (
                "Still missing: the person's signed permission and that the person confirms the permission, or proves"
                " who they are: one of the two. A power of attorney may be shown instead; nobody may be asked for one."
            ),
            (
                "Todavía falta: la autorización firmada por la persona y que la persona confirme la autorización o"
                " demuestre quién es: una de las dos cosas. Puede mostrarse en su lugar un poder notarial; no se le"
                " puede exigir a nadie."
            ),
        ),
        (
            PARENT,
            Shown(),
            "Still missing: a signed declaration by the parent.",
            "Todavía falta: una declaración firmada por la madre o el padre.",
        ),
        (AGENT, Shown(power_of_attorney=True), "", ""),
    ],
)
def test_what_is_missing_is_said_in_words(requester: Requester, shown: Shown, english: str, spanish: str) -> None:
    proof = agents.proof_for([the_law()], DELETE, NOW, requester, shown)
    assert (proof.sentence("en"), proof.sentence("es")) == (english, spanish)


def test_the_person_is_never_asked_for_both_nor_at_all_beside_a_power_of_attorney() -> None:
    signed = agents.proof_for([the_law()], DELETE, NOW, AGENT, Shown(signed_permission=True))
    agents.check_may_ask(signed, ONE_OF_TWO)
    verified = agents.proof_for([the_law()], DELETE, NOW, AGENT, Shown(signed_permission=True, identity=True))
    with pytest.raises(MayNotAsk, match="it was shown already"):
        agents.check_may_ask(verified, ONE_OF_TWO)
    attorney = agents.proof_for([the_law()], DELETE, NOW, ATTORNEY, Shown(power_of_attorney=True))
    with pytest.raises(MayNotAsk, match="does not let us ask") as raised:
        agents.check_may_ask(attorney, ONE_OF_TWO)
    assert raised.value.citation == "Made-up Act s.1"


@pytest.mark.parametrize(
    ("born", "on", "age", "because"),
    [
        ("2010-11-24", "2026-11-23", 15, "the day before the birthday"),
        ("2010-11-24", "2026-11-24", 16, "from the birthday on"),
        ("2010-12-24", "2026-11-30", 15, "a later month"),
        ("2012-02-29", "2025-02-28", 12, "born on 29 February: not yet on the 28th"),
        ("2012-02-29", "2025-03-01", 13, "but on 1 March"),
        ("2026-11-23", "2026-11-23", 0, "born today"),
    ],
)
def test_ages(born: str, on: str, age: int, because: str) -> None:
    assert agents.age_on(date.fromisoformat(born), date.fromisoformat(on)) == age, because


@pytest.mark.parametrize(
    ("born", "age", "day"),
    [
        ("2010-11-23", 16, "2026-11-23"),
        ("2012-02-29", 16, "2028-02-29"),
        ("2012-02-29", 13, "2025-03-01"),  # no 29 February in that year
    ],
)
def test_a_birthday_is_a_day_of_every_year(born: str, age: int, day: str) -> None:
    assert agents.birthday(date.fromisoformat(born), age) == date.fromisoformat(day)


MINORS = [{"opt_in_under": 16, "parent_under": 13, "ask_again_months": 12, **SINCE}]


@pytest.mark.parametrize(
    ("born", "may", "because"),
    [
        ("2013-11-24", True, "12 years old until tomorrow"),
        ("2013-11-23", False, "13 today: the young person asks"),
        ("2010-11-23", False, "16 today"),
        ("1980-01-01", False, "a grown-up child"),
        ("2026-11-24", False, "not born yet"),
    ],
)
def test_a_parent_asks_for_a_child_below_13(born: str, *, may: bool, because: str) -> None:
    why = agents.why_no_parent([the_law(minors=MINORS)], date.fromisoformat(born), NOW)
    assert (why is None) is may, because


def test_a_parent_who_comes_too_late_is_told_the_rule_and_what_to_do() -> None:
    why = agents.why_no_parent([the_law(minors=MINORS)], date(2011, 1, 1), NOW)
    assert why
    assert why.en == (
        "A parent asks for a child below 13 (Made-up Act s.1). From 13 on the young person asks: please let them send"
        " the request in their own name, or send it as their agent with a permission that they have signed."
    )
    assert "menor de 13 años (Made-up Act s.1)" in why.es


def test_where_no_law_names_an_age_a_parent_asks_until_the_child_is_of_age() -> None:
    assert agents.why_no_parent([silent_law()], date(2008, 11, 24), NOW) is None
    why = agents.why_no_parent([silent_law()], date(2008, 11, 23), NOW)
    assert why
    assert why.en.startswith("A parent asks for a child below 18. From 18 on")
