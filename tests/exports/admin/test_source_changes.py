"""Sources come and change by two people, who look at the difference."""

from __future__ import annotations

import shutil
import sqlite3
import uuid

import pytest
from django.test import Client

from dsar.jobs.models import Job, State
from dsar.jobs.queue import enqueue
from dsar.jobs.running import execute
from dsar.ledger import chains
from dsar.ledger.models import Event
from exports import source_changes
from exports.fulfil.trouble import what_to_do
from exports.models import DataSource, NotedSchema, SourceChange
from exports.models.source import HostChanged
from exports.source_changes import Proposal
from exports.source_drafts import MOST_TEXT
from requests_app.law.words import Right
from requests_app.models import Organisation, Suppression
from requests_app.roles import Role
from requests_app.services.staffing import add_staff
from requests_app.services.standing import RuleRefused
from requests_app.states import State as CaseState
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


def test_who_accepts_is_told_which_column_keeps_flags_that_the_map_sets_no_more(desk: Desk) -> None:
    who = {"organisation": Organisation.objects.get(), "right": Right.OPT_OUT_SALE_SHARE, "case_id": uuid.uuid4()}
    for kind in ("email", "account_number"):
        Suppression.objects.create(kind=kind, digest=kind, in_force_since=NOW, value_key=uuid.uuid4(), **who)
    moved = MAP.replace("{opted_out: true}", "{points: 1}")
    press(desk.client(Role.SOURCE_OWNER), **PROPOSED | {"text": moved})
    page = text_of(desk.client(Role.APPROVER), CHANGES)
    nothing = "members.opted_out: nothing takes off the flags that were set there"
    assert f"{nothing} (opt-out of sale and sharing; requests: 1)" in page
    SourceChange.objects.update(text=RENAMED)
    assert "flags that were set there" not in text_of(desk.client(Role.APPROVER), CHANGES)
    ended = RENAMED.replace("{opted_out: true}", "{opted_out: true}, opt_in: {opted_out: false}")
    assert ended != RENAMED
    SourceChange.objects.update(text=ended)
    press(desk.client(Role.APPROVER), do="accept", row=SourceChange.objects.get().pk)
    press(desk.client(Role.SOURCE_OWNER), **PROPOSED | {"text": MAP})
    assert nothing in text_of(desk.client(Role.APPROVER), CHANGES), "an opt-in would no longer take it off"


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
    only_variables = PROPOSED | {"text": MAP, "read_url_variable": "OTHER_URL", "read_host": "db/club"}
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
        ({"read_url_variable": "DSAR_MASTER_KEY"}, "is a setting of this program, and no company system"),
        ({"write_url_variable": "club write"}, "Name an environment variable such as SHOP_READ_URL"),
        ({"position": "-1"}, "greater than or equal to 0"),
        ({"read_url_variable": "OTHER_URL"}, "OTHER_URL is not set on this machine: write the host"),
        ({"read_host": "reader:secret@db/club"}, "Write the host alone, without user and password"),
        ({"read_host": "postgresql://db/club"}, "Write the host alone, without user and password"),
        ({"text": "x" * (MOST_TEXT + 1)}, f"at most {MOST_TEXT} characters"),
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


def work() -> None:
    for job in Job.objects.filter(state=State.WAITING):
        execute(job.pk)


def test_once_a_map_is_accepted_a_worker_notes_the_schema_and_the_page_says_so(desk: Desk) -> None:
    press(desk.client(Role.ADMINISTRATOR), **PROPOSED)
    press(desk.client(Role.APPROVER), do="accept", row=SourceChange.objects.get().pk)
    page = f"/admin/exports/datasource/{club().pk}/change/"
    assert "not yet: a worker reads it" in text_of(desk.client(Role.ADMINISTRATOR), page)
    work()
    assert NotedSchema.objects.get().map_version == club().map_version
    noted = desk.client(Role.ADMINISTRATOR).get(page).content.decode()
    assert "not yet: a worker reads it" not in noted
    assert "2026-11-23" in noted[noted.index("Schema noted") :]


def test_a_schema_that_can_t_be_noted_is_told_on_the_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    press(desk.client(Role.ADMINISTRATOR), **PROPOSED)
    press(desk.client(Role.APPROVER), do="accept", row=SourceChange.objects.get().pk)
    monkeypatch.delenv("CLUB_READ_URL")
    work()
    page = text_of(desk.client(Role.ADMINISTRATOR), f"/admin/exports/datasource/{club().pk}/change/")
    assert "An environment variable of the source" in page


def test_an_accepted_map_that_does_not_fit_the_database_is_told_on_the_page(desk: Desk, club_url: str) -> None:
    press(desk.client(Role.ADMINISTRATOR), **PROPOSED)
    press(desk.client(Role.APPROVER), do="accept", row=SourceChange.objects.get().pk)
    with sqlite3.connect(club_url.removeprefix("sqlite:///")) as connection:
        connection.execute("ALTER TABLE letters RENAME COLUMN id TO number")
    work()
    page = text_of(desk.client(Role.ADMINISTRATOR), f"/admin/exports/datasource/{club().pk}/change/")
    assert "not built as its data map says; `manage.py sources check` names the place" in page


def test_the_same_map_is_accepted_anew_for_the_schema_as_it_is_now(desk: Desk, club_url: str) -> None:
    same = PROPOSED | {"text": MAP, "write_url_variable": "CLUB_WRITE_URL", "position": "0"}
    club().note_schema(at=NOW)
    with sqlite3.connect(club_url.removeprefix("sqlite:///")) as connection:
        connection.execute("CREATE TABLE wishes (id INTEGER PRIMARY KEY, member INTEGER REFERENCES members)")
    assert club().drift()
    press(desk.client(Role.ADMINISTRATOR), **same)
    approver = desk.client(Role.APPROVER)
    assert "Nothing but the schema: it is noted anew" in text_of(approver, CHANGES)
    press(approver, do="accept", row=SourceChange.objects.get().pk)
    work()
    assert club().drift() == []


@pytest.fixture
def moved(club_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The database was copied to another host, and the variables lead there."""
    elsewhere = club_url.replace("club.sqlite3", "moved.sqlite3")
    shutil.copy(club_url.removeprefix("sqlite:///"), elsewhere.removeprefix("sqlite:///"))
    monkeypatch.setenv("CLUB_READ_URL", elsewhere)
    monkeypatch.setenv("CLUB_WRITE_URL", elsewhere)
    return elsewhere.removeprefix("sqlite:///")


def watched() -> list[object]:
    """What workers note by the clock."""
    enqueue("watch_hosts", {}, key=str(uuid.uuid4()))
    work()
    return [event.facts["found"] for event in Event.objects.filter(kind__startswith="set.source_host")]


def test_a_source_behind_another_host_is_opened_by_nobody_until_two_accept_it(
    desk: Desk, club_url: str, moved: str
) -> None:
    with pytest.raises(HostChanged, match="CLUB_READ_URL leads to"):
        club().open(club().map_version.as_map())
    watched()
    page = text_of(desk.client(Role.ADMINISTRATOR), "/admin/exports/datasource/")
    assert "not opened: another host" in page
    assert f"CLUB_READ_URL leads to {moved}, while" in page
    as_it_was = {"text": MAP, "write_url_variable": "CLUB_WRITE_URL", "position": "0"}
    press(desk.client(Role.ADMINISTRATOR), **PROPOSED | as_it_was)
    approver = desk.client(Role.APPROVER)
    assert f"+# read at {moved}" in text_of(approver, CHANGES)
    with pytest.raises(HostChanged):
        club().open(club().map_version.as_map())
    press(approver, do="accept", row=SourceChange.objects.get().pk)
    with club().open(club().map_version.as_map()) as connector:
        connector.check()
    assert "not opened" not in text_of(approver, "/admin/exports/datasource/")


def test_a_case_that_needs_such_a_source_waits_for_people_and_goes_on_once_two_accepted_the_host(
    desk: Desk, request: pytest.FixtureRequest
) -> None:
    case = desk.case_in(CaseState.GATHERING)
    request.getfixturevalue("moved")
    desk.work()
    run = case.source_runs.get()
    assert (run.state, run.error) == ("failed", "HostChanged")
    assert "leads to another host than two people accepted" in what_to_do(run.error)
    press(desk.client(Role.ADMINISTRATOR), **PROPOSED | {"text": MAP, "write_url_variable": "CLUB_WRITE_URL"})
    press(desk.client(Role.APPROVER), do="accept", row=SourceChange.objects.get().pk)
    desk.work()
    case.refresh_from_db()
    assert (case.state, case.source_runs.get().state) == (CaseState.DECIDING, "done")


def test_a_writing_variable_alone_that_leads_elsewhere_stops_the_source_too(
    club_url: str, moved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUB_READ_URL", club_url)
    with pytest.raises(HostChanged, match=r"^club: CLUB_WRITE_URL leads to"):
        club().open(club().map_version.as_map())
    monkeypatch.delenv("CLUB_WRITE_URL")  # read only: less than was accepted
    with club().open(club().map_version.as_map()) as connector:
        connector.check()


def test_the_log_has_once_that_a_host_changed_and_that_it_was_set_back(
    club_url: str, moved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = watched()
    assert moved in str(found)
    assert watched() == [found]
    monkeypatch.setenv("CLUB_READ_URL", club_url)
    monkeypatch.setenv("CLUB_WRITE_URL", club_url)
    assert watched() == [found, ""]
    assert club().elsewhere == ""
