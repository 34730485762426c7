"""Maps drafted for the desk: a worker reads the schema, people decide what it asks, and two of them put it in force."""

from __future__ import annotations

import re
import sqlite3
from html import unescape
from pathlib import Path

import pytest
from django.core import serializers
from django.test import Client

from dsar.jobs.models import Job
from exports import source_drafts
from exports.models import DataSource, SourceChange, SourceDraft
from exports.source_drafts import MOST_TEXT
from requests_app.roles import Role
from requests_app.services.standing import RuleRefused
from tests.requests_app.admin.conftest import NOW, Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow, pytest.mark.usefixtures("club")]

CHANGES = "/admin/exports/datasource/changes/"
ASKED = {"do": "draft", "source": "library", "variable": "LIBRARY_READ_URL", "sample_rows": "50"}
ANSWERS = {
    "controller, or {processor_for: legal name of the controller}": "controller",
    "what the data is used for, as people read it; a line with a name for each purpose": "Lend books",
    "[] if nobody gets data from here, else a list as in dsar/demo/maps/shop.yaml": "[]",
    "true if two rows are two people, else false": "true",
    "true if people gave it themselves, false if we made or observed it": "true",
    "a list of names from purposes at the top, such as [main]": "[main]",
    "a list of names from origins at the top, such as [person, us]": "[person]",
    "delete, {keep: {ground: …, years: …}} with a ground of the law, or {deidentify: {each column: clear, random,"
    " keyed_hash, year, {truncate: …}, {constant: …} or keep}}": "delete",
}


@pytest.fixture(autouse=True)
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database with readers in it, and the variable by which workers reach it."""
    path = tmp_path / "library.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE readers (id INTEGER PRIMARY KEY, email VARCHAR(120) UNIQUE, note VARCHAR(20))")
    readers = [(number, f"zoe.quill{number}@library.example", f"078-05-112{number}") for number in range(10)]
    connection.executemany("INSERT INTO readers VALUES (?, ?, ?)", readers)
    connection.commit()
    connection.close()
    monkeypatch.setenv("LIBRARY_READ_URL", f"sqlite:///{path}")


def press(client: Client, **given: object) -> str:
    """What the page says after a button was pressed."""
    response = client.post(CHANGES, given, follow=True)
    assert response.status_code == 200
    return unescape(response.content.decode())


def decided(text: str) -> str:
    """The draft with all its questions answered."""
    for question, answer in ANSWERS.items():
        text = text.replace(f'"decide: {question}"', answer)
    return re.sub(r'"decide: which category"', "commercial", text)


def drafted(desk: Desk, client: Client) -> SourceDraft:
    """A draft that a worker has made."""
    press(client, **ASKED)
    desk.work()
    return SourceDraft.objects.get()


@pytest.mark.parametrize("role", [Role.SOURCE_OWNER, Role.ADMINISTRATOR])
def test_it_is_asked_for_drafted_by_a_worker_and_incomplete_until_people_have_decided(desk: Desk, role: Role) -> None:
    client = desk.client(role)
    assert "A worker reads the schema." in press(client, **ASKED)
    assert "being drafted" in text_of(client, CHANGES)
    desk.work()
    page = unescape(text_of(client, CHANGES))
    asked = len(source_drafts.questions(SourceDraft.objects.get()))
    assert asked > 5
    assert f"incomplete: {asked} questions" in page
    assert "not decided yet: controller, or {processor_for" in page
    assert not DataSource.objects.filter(slug="library").exists()


def test_an_undecided_draft_can_be_kept_and_not_proposed(desk: Desk) -> None:
    client = desk.client(Role.SOURCE_OWNER)
    row = drafted(desk, client)
    form = unescape(text_of(client, f"{CHANGES}?draft={row.pk}"))
    assert "source: library" in form
    assert 'value="LIBRARY_READ_URL"' in form
    variables = {"read_url_variable": "LIBRARY_READ_URL", "position": "0", "draft": row.pk}
    refused = client.post(CHANGES, {"do": "propose", "text": row.text, **variables})
    assert refused.status_code == 422
    assert "not decided yet" in refused.content.decode()
    assert not SourceChange.objects.exists()
    half = row.text.replace(f'"decide: {next(iter(ANSWERS))}"', "controller")
    asked = len(source_drafts.questions(row))
    page = press(client, do="keep", text=half, **variables)
    assert "The draft of library waits for the rest." in page
    assert f"incomplete: {asked - 1} questions" in page
    assert "role: controller" in page


def test_a_decided_draft_is_proposed_and_somebody_else_accepts_it(desk: Desk) -> None:
    client = desk.client(Role.SOURCE_OWNER)
    row = drafted(desk, client)
    page = press(
        client,
        do="propose",
        text=decided(row.text),
        read_url_variable="LIBRARY_READ_URL",
        position="1",
        draft=row.pk,
    )
    assert "Somebody else has to accept it" in page
    assert "Drafts" not in page
    assert not source_drafts.open_drafts().exists()
    press(desk.client(Role.APPROVER), do="accept", row=SourceChange.objects.get().pk)
    assert DataSource.objects.get(slug="library").read_url_variable == "LIBRARY_READ_URL"


def test_a_map_of_a_large_database_fits_into_the_form(desk: Desk) -> None:
    client = desk.client(Role.SOURCE_OWNER)
    row = drafted(desk, client)
    text = f"{row.text}# ".ljust(MOST_TEXT, "ñ")
    assert "The draft of library waits for the rest." in press(client, do="keep", draft=row.pk, text=text)
    assert SourceDraft.objects.get().text == text
    assert 'enctype="multipart/form-data"' in text_of(client, CHANGES), "else a letter may take six bytes"


def propose(client: Client, text: str) -> None:
    press(client, do="propose", text=text, read_url_variable="LIBRARY_READ_URL", position="1")


def test_lines_taken_out_of_a_draft_are_told_before_somebody_else_accepts_it(desk: Desk) -> None:
    client, approver = desk.client(Role.SOURCE_OWNER), desk.client(Role.APPROVER)
    text = decided(drafted(desk, client).text)
    without_note = re.sub(r"\n +- column: note\n(?: {8}.*\n)+", "\n", text)
    assert len(without_note) < len(text)
    propose(client, without_note)
    assert "not compared with the database yet" in text_of(approver, CHANGES)
    desk.work()
    page = text_of(approver, CHANGES)
    assert "incomplete: 1 place" in page
    assert "nothing is decided about readers.note: describe each as a field" in page
    press(client, do="end", row=SourceChange.objects.get().pk)
    propose(client, text)
    desk.work()
    assert SourceChange.objects.latest("pk").undecided == []
    assert "not compared" not in text_of(approver, CHANGES)
    assert "nothing is decided of" not in text_of(approver, CHANGES)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "Set the environment variable LIBRARY_READ_URL for the workers."),
        ("sqlite:////another/place.sqlite3", "For the workers LIBRARY_READ_URL leads elsewhere than was proposed."),
    ],
)
def test_why_a_proposal_could_not_be_compared_with_its_database_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    client = desk.client(Role.SOURCE_OWNER)
    propose(client, decided(drafted(desk, client).text))
    monkeypatch.setenv("LIBRARY_READ_URL", url)
    desk.work()
    page = text_of(desk.client(Role.APPROVER), CHANGES)
    assert "not compared with the database yet" in page
    assert said in page


def test_sampled_values_sharpen_the_guess_and_are_kept_nowhere(desk: Desk) -> None:
    row = drafted(desk, desk.client(Role.SOURCE_OWNER))
    assert "social_security_number" in row.text  # which only the value tells
    everything = serializers.serialize("json", [*SourceDraft.objects.all(), *Job.objects.all()])
    assert "078-05-112" not in everything
    assert "zoe.quill" not in everything


def test_without_samples_no_value_is_looked_at(desk: Desk) -> None:
    client = desk.client(Role.SOURCE_OWNER)
    press(client, **ASKED | {"sample_rows": "0"})
    desk.work()
    assert "social_security_number" not in SourceDraft.objects.get().text


@pytest.mark.parametrize(
    ("variable", "url", "said"),
    [
        ("NOWHERE_READ_URL", None, "Set the environment variable NOWHERE_READ_URL for the workers."),
        ("WRONG_READ_URL", "a secret and no address", "library: its URL is not understood"),
        ("DOWN_READ_URL", "sqlite:////nowhere/at/all.sqlite3", "library: "),
    ],
)
def test_why_there_is_no_draft_is_told_without_the_address(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, variable: str, url: str | None, said: str
) -> None:
    if url:
        monkeypatch.setenv(variable, url)
    client = desk.client(Role.SOURCE_OWNER)
    press(client, **ASKED | {"variable": variable})
    desk.work()
    page = unescape(text_of(client, CHANGES))
    assert "not drafted" in page
    assert said in page
    assert "a secret" not in page
    assert "/nowhere" not in page
    assert "Go on with it" not in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source": "Library"}, "1 to 50 small letters"),
        ({"source": ""}, "This field is required."),
        ({"variable": "postgresql://a:secret@db/b"}, "Name an environment variable such as SHOP_READ_URL"),
        ({"variable": "DSAR_MASTER_KEY"}, "DSAR_MASTER_KEY is a setting of this program, and no company system."),
        ({"variable": "DATABASE_URL"}, "is a setting of this program"),
        ({"variable": "KEYS_DATABASE_URL"}, "is a setting of this program"),
        ({"sample_rows": "1001"}, "less than or equal to 1000"),
        ({"sample_rows": "-1"}, "greater than or equal to 0"),
        ({"sample_rows": "many"}, "Enter a whole number."),
    ],
)
def test_what_can_t_be_drafted_is_told(desk: Desk, changes: dict[str, str], said: str) -> None:
    response = desk.client(Role.ADMINISTRATOR).post(CHANGES, ASKED | changes)
    assert response.status_code == 422
    assert said in unescape(response.content.decode())
    assert not SourceDraft.objects.exists()


def test_one_that_is_being_made_is_not_asked_for_again(desk: Desk) -> None:
    client = desk.client(Role.SOURCE_OWNER)
    press(client, **ASKED)
    again = client.post(CHANGES, ASKED)
    assert "A draft of library is being made already." in unescape(again.content.decode())


def test_what_was_put_away_is_drafted_for_nobody(desk: Desk) -> None:
    client = desk.client(Role.SOURCE_OWNER)
    press(client, **ASKED)
    row = SourceDraft.objects.get()
    assert "The draft of library was put away." in press(client, do="put_away", row=row.pk)
    desk.work()
    row.refresh_from_db()
    assert (row.text, row.drafted_at) == ("", None)
    assert "was proposed or put away meanwhile" in press(client, do="put_away", row=row.pk)
    assert "was proposed or put away meanwhile" in press(client, do="keep", draft=row.pk, text="x")


def test_a_text_that_no_database_can_keep_is_refused(desk: Desk) -> None:
    client = desk.client(Role.SOURCE_OWNER)
    press(client, **ASKED)
    desk.work()
    row = SourceDraft.objects.get()
    said = press(client, do="keep", draft=row.pk, text=f"{row.text}# \x00")
    assert "characters that can't be used" in said
    assert SourceDraft.objects.get().text == row.text


@pytest.mark.parametrize("role", [Role.ANALYST, Role.APPROVER, Role.AUDITOR])
def test_it_is_for_those_who_propose(desk: Desk, role: Role) -> None:
    assert desk.client(role).post(CHANGES, ASKED).status_code == 403
    with pytest.raises(RuleRefused, match="Source owners and administrators propose"):
        source_drafts.ask("library", "LIBRARY_READ_URL", sample_rows=0, by=desk.staff[role].as_actor(), at=NOW)
    assert "Have a map drafted" not in text_of(desk.client(role), CHANGES)


@pytest.mark.parametrize("given", ["0", "x", "99999999999999", "12"])
def test_a_draft_that_is_none_begins_no_form(desk: Desk, given: str) -> None:
    assert "Propose a change, or a new system" in text_of(desk.client(Role.SOURCE_OWNER), f"{CHANGES}?draft={given}")
