"""docs/how-to-add-a-source.md, followed: a library's database is made, its map drafted, decided, loaded and checked."""

from __future__ import annotations

import io
import re
import shlex
import sqlite3
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dsar.jobs.models import Job, State
from dsar.jobs.running import execute
from exports import source_changes
from exports.models import DataSource, SourceChange
from requests_app.models import User
from requests_app.roles import Actor, Role
from requests_app.services.staffing import add_staff

PAGE = (Path(__file__).parents[3] / "docs" / "how-to-add-a-source.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)

APPROVER = Actor("staff:0", frozenset({Role.APPROVER}))

pytestmark = pytest.mark.django_db


def blocks(kind: str) -> list[str]:
    """What stands in the page between fences of this kind."""
    return [text for fence, text in BLOCKS if fence == kind]


TABLES, CHANGES = blocks("sql")
*EXCERPTS, DECIDED, BY_HAND = blocks("yaml")
QUESTION, FINDINGS = blocks("")
DRAFT, LOAD, CHECK, DUMP, CHECK_AGAIN, LOAD_BY_HAND = [line for block in blocks("sh") for line in block.splitlines()]


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    """The library's database, and a folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIBRARY_READ_URL", f"sqlite:///{tmp_path / 'library.sqlite3'}")
    connection = sqlite3.connect(tmp_path / "library.sqlite3")
    connection.executescript(TABLES)
    return connection


@pytest.fixture(autouse=True)
def mira() -> User:
    """Who proposes on the page."""
    return add_staff("mira", "mira@library.example", None, [Role.SOURCE_OWNER])


def accept() -> None:
    """What somebody else does in the admin, and then a worker."""
    source_changes.CHANGES.accept(SourceChange.objects.waiting().get().pk, by=APPROVER, at=timezone.now())
    for job in Job.objects.filter(state=State.WAITING):
        execute(job.pk)


def printed(line: str, out: io.StringIO | None = None) -> str:
    """What a command of the page prints."""
    out = out or io.StringIO()
    command, _, file = line.partition(" > ")
    assert command.startswith("./run manage sources ")
    call_command(*shlex.split(command)[2:], stdout=out)
    if file:
        Path(file).write_text(out.getvalue(), encoding="utf-8")
    return out.getvalue()


def test_the_draft_is_what_the_page_shows_and_asks_what_it_says(library: sqlite3.Connection) -> None:
    drafted = printed(DRAFT)
    assert all(excerpt in drafted for excerpt in EXCERPTS)
    with pytest.raises(CommandError) as refused:
        printed(LOAD)
    assert str(refused.value).splitlines()[0] == QUESTION.strip()
    assert not DataSource.objects.exists()


def test_the_decided_map_is_the_draft_with_answers_and_without_the_librarian(library: sqlite3.Connection) -> None:
    kept = [line for line in printed(DRAFT).splitlines() if "#" not in line and '"decide: ' not in line]
    left_out = ["      - column: lent_by", "        title: Lent by"]
    assert [line for line in kept if line not in DECIDED.splitlines()] == left_out
    assert "decide:" not in DECIDED


@pytest.mark.slow
def test_the_map_is_loaded_checked_and_dumped_and_changes_are_found(library: sqlite3.Connection) -> None:
    Path("library.yaml").write_text(DECIDED, encoding="utf-8")
    assert "library: proposed. Somebody else" in printed(LOAD)
    accept()
    assert printed(CHECK) == "library: answers as its map says.\n"
    assert printed(DUMP) == DECIDED
    library.execute("INSERT INTO readers (id, email) VALUES (1, 'ann@library.example')")
    library.execute("INSERT INTO loans (id, reader_id) VALUES (1, 1)")
    library.commit()
    library.executescript(CHANGES)
    out = io.StringIO()
    with pytest.raises(CommandError) as found:
        printed(CHECK_AGAIN, out)
    assert out.getvalue() == FINDINGS
    assert found.value.returncode == 1


def test_a_map_of_a_system_in_which_a_person_looks_is_loaded_without_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("paper.yaml").write_text(BY_HAND, encoding="utf-8")
    assert "paper: proposed. Somebody else" in printed(LOAD_BY_HAND)
    accept()
    assert printed(CHECK) == "paper: its owner is asked; there is nothing to try.\n"
    assert DataSource.objects.get(slug="paper").is_manual
    Path("paper.yaml").write_text(DECIDED, encoding="utf-8")
    with pytest.raises(CommandError, match="name the environment variable with its reading URL"):
        printed(LOAD_BY_HAND)
