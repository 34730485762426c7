"""Sources come and change by two people, who look at the difference."""

from __future__ import annotations

import pytest
from django.test import Client

from dsar.ledger import chains
from exports import source_changes
from exports.models import DataSource, SourceChange
from exports.source_changes import Proposal
from requests_app.roles import Role
from requests_app.services.staffing import add_staff
from requests_app.services.standing import RuleRefused
from tests.requests_app.admin.conftest import MAP, NOW, PASSWORD, Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow, pytest.mark.usefixtures("club")]

CHANGES = "/admin/exports/datasource/changes/"
RENAMED = MAP.replace("title: Club", "title: Rowing club", 1)
PROPOSED = {
    "do": "propose",
    "text": RENAMED,
    "read_url_variable": "CLUB_READ_URL",
    "write_url_variable": "",
    "position": "3",
}


def press(client: Client, **given: object) -> str:
    assert client.post(CHANGES, given).status_code == 302
    return text_of(client, CHANGES)


def club() -> DataSource:
    return DataSource.objects.get(slug="club")


def second_administrator() -> Client:
    client = Client()
    client.force_login(add_staff("second", "second@acorn.example", PASSWORD, [Role.ADMINISTRATOR]))
    return client


@pytest.mark.parametrize("role", [Role.SOURCE_OWNER, Role.ADMINISTRATOR])
def test_one_proposes_and_another_accepts_the_difference(desk: Desk, role: Role) -> None:
    page = press(desk.client(role), **PROPOSED)
    assert "Accept this difference" not in page
    assert club().title == "Club"
    page = text_of(desk.client(Role.APPROVER), CHANGES)
    assert "-title: Club" in page
    assert "+title: Rowing club" in page
    assert "-# written by CLUB_WRITE_URL" in page
    assert "+# read only" in page
    change = SourceChange.objects.get()
    press(desk.client(Role.APPROVER), do="accept", row=change.pk)
    source = club()
    assert (source.title, source.write_url_variable, source.position) == ("Rowing club", "", 3)
    assert source.map_version.text == RENAMED
    events = chains.history("access:2026-11-23").filter(kind__startswith="set.source_")
    assert [(event.kind, event.actor) for event in events] == [
        ("set.source_proposed", f"staff:{desk.staff[role].pk}"),
        ("set.source_accepted", f"staff:{desk.staff[Role.APPROVER].pk}"),
    ]


def test_a_new_source_is_shown_whole_and_is_not_searched_before_it_is_accepted(desk: Desk) -> None:
    text = RENAMED.replace("source: club", "source: rowing", 1)
    assert text != RENAMED
    press(desk.client(Role.ADMINISTRATOR), **PROPOSED | {"text": text})
    assert not DataSource.objects.filter(slug="rowing").exists()
    other = second_administrator()
    assert "+source: rowing" in text_of(other, CHANGES)
    press(other, do="accept", row=SourceChange.objects.get().pk)
    assert DataSource.objects.get(slug="rowing").read_url_variable == "CLUB_READ_URL"


def test_nobody_accepts_what_they_proposed_themselves(desk: Desk) -> None:
    client = desk.client(Role.ADMINISTRATOR)
    press(client, **PROPOSED)
    page = press(client, do="accept", row=SourceChange.objects.get().pk)
    assert "You proposed this change yourself" in page
    assert club().title == "Club"


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR, Role.SOURCE_OWNER])
def test_only_approvers_and_administrators_accept(desk: Desk, role: Role) -> None:
    press(desk.client(Role.ADMINISTRATOR), **PROPOSED)
    page = press(desk.client(role), do="accept", row=SourceChange.objects.get().pk)
    assert "Approvers and administrators accept changes" in page
    assert club().title == "Club"


@pytest.mark.parametrize("role", [Role.ANALYST, Role.APPROVER, Role.AUDITOR])
def test_only_source_owners_and_administrators_propose(desk: Desk, role: Role) -> None:
    assert desk.client(role).post(CHANGES, PROPOSED).status_code == 403
    with pytest.raises(RuleRefused, match="Source owners and administrators propose"):
        source_changes.propose(Proposal(RENAMED, "CLUB_READ_URL"), by=desk.staff[role].as_actor(), at=NOW)
    assert "Propose a change" not in text_of(desk.client(role), CHANGES)
    assert not SourceChange.objects.exists()


def test_a_proposal_that_was_made_on_another_map_is_out_of_date(desk: Desk) -> None:
    administrator, approver = desk.client(Role.ADMINISTRATOR), desk.client(Role.APPROVER)
    press(administrator, **PROPOSED)
    press(administrator, **PROPOSED | {"text": MAP.replace("title: Club", "title: Chess club", 1)})
    later, earlier = SourceChange.objects.all()
    press(approver, do="accept", row=later.pk)
    assert "was changed meanwhile" in press(approver, do="accept", row=earlier.pk)
    assert club().title == "Chess club"


def test_other_variables_alone_are_a_change_too_and_make_others_out_of_date(desk: Desk) -> None:
    administrator, approver = desk.client(Role.ADMINISTRATOR), desk.client(Role.APPROVER)
    only_variables = PROPOSED | {"text": MAP, "read_url_variable": "OTHER_URL", "write_url_variable": "CLUB_WRITE_URL"}
    press(administrator, **PROPOSED | {"text": MAP, "write_url_variable": ""})
    press(administrator, **only_variables)
    later, earlier = SourceChange.objects.all()
    press(approver, do="accept", row=later.pk)
    assert club().read_url_variable == "OTHER_URL"
    assert "was changed meanwhile" in press(approver, do="accept", row=earlier.pk)


def test_a_change_is_taken_back_once(desk: Desk) -> None:
    client = desk.client(Role.SOURCE_OWNER)
    press(client, **PROPOSED)
    row = SourceChange.objects.get().pk
    assert "taken back; nothing is done" in press(client, do="end", row=row)
    assert "waits for nobody any more" in press(desk.client(Role.APPROVER), do="accept", row=row)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": ""}, "This field is required."),
        ({"text": "source: club\ntitle: Club\nmaybe: yes\n"}, "line 3: "),
        ({"text": "- no map"}, "line 1: "),
        ({"text": RENAMED.replace("title: Rowing club", 'title: "decide: a name"', 1)}, "not decided yet: a name"),
        ({"read_url_variable": "postgresql://a:secret@db/b"}, "Name an environment variable such as SHOP_READ_URL"),
        ({"read_url_variable": ""}, "name the environment variable with its reading URL"),
        ({"write_url_variable": "club write"}, "Name an environment variable such as SHOP_READ_URL"),
        ({"position": "-1"}, "greater than or equal to 0"),
        ({"text": MAP, "write_url_variable": "CLUB_WRITE_URL", "position": "0"}, "how the source is set up already"),
        ({"text": "x" * 500_001}, "at most 500000 characters"),
    ],
)
def test_what_can_t_be_proposed_is_told_and_kept_in_the_form(desk: Desk, changes: dict[str, str], said: str) -> None:
    response = desk.client(Role.ADMINISTRATOR).post(CHANGES, PROPOSED | changes)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not SourceChange.objects.exists()


def test_the_form_begins_with_the_source_as_it_is(desk: Desk) -> None:
    page = desk.client(Role.ADMINISTRATOR).get(f"{CHANGES}?source=club").content.decode()
    assert "source: club" in page
    assert 'value="CLUB_READ_URL"' in page
    for nothing in ("nothing", "%00", "'"):  # no database takes a character of no width
        assert desk.client(Role.ADMINISTRATOR).get(f"{CHANGES}?source={nothing}").status_code == 200


@pytest.mark.parametrize("given", [{"do": "accept"}, {"do": "accept", "row": "x"}, {"do": "end", "row": "999"}, {}])
def test_a_step_about_nothing_is_refused_with_a_sentence(desk: Desk, given: dict[str, str]) -> None:
    page = press(desk.client(Role.ADMINISTRATOR), **given)
    assert "There is no such change." in page or "There is no such step." in page


def test_the_list_says_how_many_wait(desk: Desk) -> None:
    press(desk.client(Role.ADMINISTRATOR), **PROPOSED)
    assert "Changes (1)" in text_of(desk.client(Role.APPROVER), "/admin/exports/datasource/")
