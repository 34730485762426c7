"""Withholding a record or a field on a ground, and lifting that: only what is there, only on grounds that fit, once."""

from __future__ import annotations

import re
import uuid
from html import unescape

import pytest
from django.test import Client

from dsar.ledger import chains
from exports.fulfil.withholding import withhold
from exports.models import Part, Withholding
from requests_app.facts import SURENESS_LABELS
from requests_app.guards import MoveShut
from requests_app.law import exemptions
from requests_app.law.words import Level, Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.roles import Role
from requests_app.states import State
from tests.requests_app.admin.conftest import NOW, Desk

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def withheld(case: Case) -> list[tuple[int, str, str]]:
    return list(
        Withholding.objects.filter(case=case).order_by("number", "field").values_list("number", "field", "code")
    )


def test_a_record_is_withheld_with_its_ground(desk: Desk, case: Case, letters: Part, ground: str) -> None:
    desk.move(case, "withhold", finding=f"{letters.pk}:3", field="", code=ground)
    row = Withholding.objects.get()
    assert withheld(case) == [(3, "", ground)]
    assert row.citation == exemptions.usable(case.packs(), ground, case.right_asked, on=case.received_on()).citation
    assert row.withheld_by == f"staff:{desk.staff[Role.ANALYST].pk}"


def test_what_is_withheld_shows_how_sure_its_ground_is(
    desk: Desk, analyst: Client, case: Case, letters: Part, ground: str
) -> None:
    desk.move(case, "withhold", finding=f"{letters.pk}:3", field="", code=ground)
    used = exemptions.usable(case.packs(), ground, case.right_asked, on=case.received_on())
    word = SURENESS_LABELS[used.sureness]
    page = unescape(analyst.get(f"/admin/requests_app/case/{case.pk}/change/").content.decode())
    panel = page[page.index('id="panel-withheld"') :]
    assert re.search(rf"<cite>{re.escape(used.citation)}</cite> <span [^>]+>{word}</span>", panel)
    findings = f"/admin/requests_app/case/{case.pk}/findings/?source=club&collection=letters"
    assert f"{used.title} ({used.citation}, {word})" in unescape(analyst.get(findings).content.decode())


def test_the_event_holds_place_and_ground_and_no_value(desk: Desk, case: Case, letters: Part, ground: str) -> None:
    desk.move(case, "withhold", finding=f"{letters.pk}:3", field="body", code=ground)
    facts = chains.history(case.chain).get(kind="withhold").facts
    assert facts == {
        "part": str(letters.pk),
        "number": 3,
        "field": "body",
        "code": ground,
        "citation": Withholding.objects.get().citation,
    }


def test_fields_are_withheld_one_by_one(desk: Desk, case: Case, letters: Part, ground: str) -> None:
    for field in ("body", "sent_at"):
        desk.move(case, "withhold", finding=f"{letters.pk}:3", field=field, code=ground)
    assert withheld(case) == [(3, "body", ground), (3, "sent_at", ground)]


@pytest.mark.parametrize(("first", "second"), [("body", "body"), ("", ""), ("", "body")])
def test_what_is_withheld_is_not_withheld_again(
    desk: Desk, letters: Part, ground: str, first: str, second: str
) -> None:
    case = letters.run.case
    desk.move(case, "withhold", finding=f"{letters.pk}:3", field=first, code=ground)
    with pytest.raises(InputRefused, match="is withheld already"):
        desk.move(case, "withhold", finding=f"{letters.pk}:3", field=second, code=ground)
    assert withheld(case) == [(3, first, ground)]


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("{part}:3/", "Club · Letters · record 4"),
        ("{part}:3/body", "Club · Letters · record 4 · Text"),
        ("{part}:all/body", "Club · Letters · all records · Text"),
    ],
)
def test_the_page_of_the_move_says_in_words_what_it_is_about(
    case: Case, letters: Part, analyst: Client, named: str, told: str
) -> None:
    move = f"/admin/requests_app/case/{case.pk}/move/withhold/"
    finding, _slash, field = named.format(part=letters.pk).partition("/")
    page = analyst.get(move, {"finding": finding, "field": field}).content.decode()
    assert f'<p class="desk-about">{told}</p>' in page
    assert 'type="text"' not in page[page.index('class="desk-form"') :], "nobody types a name that a page gave"
    assert "desk-about" not in analyst.get(move).content.decode()


@pytest.mark.parametrize(
    "finding", ["{part}:120", "{part}:-1", "{part}:x", "{part}", "3", f"{uuid.UUID(int=1)}:0", "::"]
)
def test_what_is_not_there_is_not_withheld(desk: Desk, case: Case, letters: Part, ground: str, finding: str) -> None:
    with pytest.raises(InputRefused, match="There is no such record among the findings of this case"):
        desk.move(case, "withhold", finding=finding.format(part=letters.pk), field="", code=ground)


def test_findings_of_another_case_are_not_touched(desk: Desk, case: Case, letters: Part, ground: str) -> None:
    other = desk.case_in(State.DECIDING, Right.PORTABILITY)
    with pytest.raises(InputRefused, match="There is no such record"):
        desk.move(other, "withhold", finding=f"{letters.pk}:0", field="", code=ground)


def test_findings_of_an_earlier_round_are_not_touched(desk: Desk, case: Case, letters: Part, ground: str) -> None:
    desk.move(case, "gather_again")
    desk.work()
    with pytest.raises(InputRefused, match="There is no such record"):
        desk.move(case, "withhold", finding=f"{letters.pk}:0", field="", code=ground)


def test_an_unknown_field_is_refused(desk: Desk, case: Case, letters: Part, ground: str) -> None:
    with pytest.raises(InputRefused, match="This collection has no such field"):
        desk.move(case, "withhold", finding=f"{letters.pk}:0", field="email", code=ground)


def test_what_is_never_disclosed_needs_no_ground(desk: Desk, case: Case, ground: str) -> None:
    members = Part.objects.get(run__case=case, collection="members")
    with pytest.raises(InputRefused, match="This field is never disclosed"):
        desk.move(case, "withhold", finding=f"{members.pk}:0", field="picture", code=ground)


def test_only_grounds_against_data_can_be_chosen(desk: Desk, case: Case, letters: Part) -> None:
    whole = exemptions.fitting(case.packs(), case.right_asked, case.received_on(), level=Level.CASE)[0].code
    with pytest.raises(InputRefused, match="Please choose one of the offered values"):
        desk.move(case, "withhold", finding=f"{letters.pk}:0", field="", code=whole)


def test_the_service_asks_again_whether_the_ground_fits(desk: Desk, case: Case, letters: Part) -> None:
    whole = exemptions.fitting(case.packs(), case.right_asked, case.received_on(), level=Level.CASE)[0].code
    actor = desk.staff[Role.ANALYST].as_actor()
    for code, sentence in ((whole, "against the whole request"), ("nonsense", "No law of this case knows the ground")):
        with pytest.raises(InputRefused, match=sentence):
            withhold(case, actor=actor, at=NOW, finding=f"{letters.pk}:0", field="", code=code, explanation="")
    assert withheld(case) == []


@pytest.mark.parametrize("state", [State.REVIEWING, State.GATHERING, State.CARRYING_OUT])
def test_withholding_is_open_while_deciding_only(desk: Desk, state: State) -> None:
    case = desk.case_in(state)
    with pytest.raises(MoveShut, match="Open only while the case is deciding"):
        desk.move(case, "withhold", finding="x:0", field="", code="x")


def test_a_withholding_is_lifted_and_the_lifting_is_told(desk: Desk, case: Case, letters: Part, ground: str) -> None:
    finding = f"{letters.pk}:3"
    desk.move(case, "withhold", finding=finding, field="body", code=ground)
    desk.move(case, "lift_withholding", finding=finding, field="body")
    assert withheld(case) == []
    facts = chains.history(case.chain).get(kind="lift_withholding").facts
    assert facts == {"part": str(letters.pk), "number": 3, "field": "body", "code": ground}


def test_what_is_not_withheld_is_not_lifted(desk: Desk, case: Case, letters: Part, ground: str) -> None:
    desk.move(case, "withhold", finding=f"{letters.pk}:3", field="body", code=ground)
    with pytest.raises(InputRefused, match="This is not withheld"):
        desk.move(case, "lift_withholding", finding=f"{letters.pk}:3", field="")
    assert withheld(case) == [(3, "body", ground)]


def test_withholding_from_the_findings_leads_back_to_them(
    case: Case, letters: Part, ground: str, analyst: Client
) -> None:
    findings = f"/admin/requests_app/case/{case.pk}/findings/?source=club&collection=letters&page=2"
    page = unescape(analyst.get(findings).content.decode())
    link = page[page.index(f"/admin/requests_app/case/{case.pk}/move/withhold/") :].partition('"')[0]
    form = unescape(analyst.get(link).content.decode())
    assert f'value="{letters.pk}:50"' in form
    posted = {"version": case.version, "back": findings, "finding": f"{letters.pk}:50", "field": "", "code": ground}
    answer = analyst.post(link, posted)
    assert answer["Location"] == findings
    assert withheld(case) == [(50, "", ground)]


def test_who_withheld_can_not_approve(desk: Desk, case: Case, letters: Part, ground: str) -> None:
    desk.move(case, "withhold", Role.APPROVER, finding=f"{letters.pk}:3", field="", code=ground)
    answer = desk.client(Role.APPROVER).get(f"/admin/requests_app/case/{case.pk}/move/approve/", follow=True)
    assert "Four eyes" in answer.content.decode()
