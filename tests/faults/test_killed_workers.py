"""Workers that are killed while they gather, change and tell: the case comes to one end, whoever died on the way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.counts import counts
from tests.journeys.conftest import founded
from tests.journeys.premises import ROOT, Premises, on_postgres

__all__ = ["founded"]

pytestmark = [pytest.mark.slow, pytest.mark.no_cover, pytest.mark.timeout(1200)]

BATCHES = 2  # side by side
# Steps of gathering and bundling at which workers of those die, whatever else they die at.
NAMED = (
    "before a page is sealed",
    "os.link findings",
    "after a page is sealed",
    "before pages are written down",
    "before INSERT INTO exports_part",
    "after INSERT INTO exports_part",
    "after pages are written down",
    "source after SELECT orders",
    "call POST /privacy/lookup",  # of a service, which is gone on with behind the last page that was noted
    "before INSERT INTO exports_pagetaken",
    "after INSERT INTO exports_pagetaken",
    "after commit after INSERT INTO exports_pagetaken",
    "before a bundle is sealed",
    "open bundles",
    "before a manifest is signed",
    "after a manifest is signed",
    "os.link bundles",
    "after a bundle is sealed",
    "before INSERT INTO exports_bundle",
    "after commit after UPDATE ledger_chainhead",  # by which it is recorded
)
# Steps of each kind of act that there must be. On SQLite workers die wherever something else is left behind, too: to
# die at any other step leaves the same as to die at the one before it. The soak takes them all, to see that this is so.
# Where one kind of act is done in another way (by a service, by an owner, for a row of several people), most steps are
# the same: there they die at the first of these steps of each name.
EVERYWHERE, EACH_NAME = ("--everywhere",), ("--each-name",)
IN_SOURCE = ("source before commit", "source after commit", "before INSERT INTO exports_act")
TOLD = ("after commit after INSERT INTO jobs_job", "before UPDATE exports_recipientbatch", "answer to POST /privacy")
MAILED = "before UPDATE requests_app_message"
BEGUN, CORRECTED = "after commit after INSERT INTO exports_actbegun", "after commit after INSERT INTO exports_corrected"
BY_OPENDSR = ("call POST /v2/requests", "answer to POST /v2/requests", "answer to GET /v2/requests/…")
BROUGHT = (
    "os.link uploads",
    "before INSERT INTO exports_taskupload",
    "after commit after INSERT INTO exports_taskupload",
    "after DELETE FROM exports_taskupload",  # whose rows were taken in
)
ASKED = ("before INSERT INTO exports_task", "after INSERT INTO exports_tasklink", "before UPDATE exports_taskmail")
ENCRYPTED = "before INSERT INTO exports_encryptedfile"
NOTED = "after commit after UPDATE ledger_chainhead"
ACTS = {
    "delete": (*IN_SOURCE, *TOLD, *BY_OPENDSR, MAILED, "source after DELETE FROM reviews", BEGUN),
    "delete_shared": ("source after DELETE FROM loyalty_cards", "before INSERT INTO exports_keptuntil"),
    "delete_by_call": (BEGUN, "call POST /privacy/delete", "answer to POST /privacy/delete"),
    "delete_by_owner": (*BROUGHT, "before UPDATE exports_task", *ASKED, BEGUN, "before INSERT INTO exports_act"),
    "correct": (*IN_SOURCE, "source amid commit", *TOLD, "source after UPDATE customers", CORRECTED),
    "correct_by_call": ("answer to POST /privacy/lookup", CORRECTED),  # which is when the order goes out
    "delete_instead": ("source after UPDATE customers", "source after commit", CORRECTED),
    "opt_out": (*IN_SOURCE, *TOLD, MAILED, "source after UPDATE customers"),
    "opt_out_by_call": ("call POST /privacy/suppress", "answer to POST /privacy/suppress"),
    "limit": (*IN_SOURCE, *TOLD),
    "object_marketing": IN_SOURCE,
    "withdraw_consent": IN_SOURCE,
    "withdraw_consent_by_hand": ("before INSERT INTO requests_app_handwork", NOTED),
    "opt_in": (*IN_SOURCE, MAILED, "before UPDATE requests_app_suppression", "before INSERT INTO requests_app_optin"),
    "restrict": TOLD,
    "object": ("before INSERT INTO requests_app_message", MAILED),
    "restriction": (
        *IN_SOURCE[:2],
        "source after UPDATE customers",
        "before INSERT INTO exports_sourcerestriction",
        "before UPDATE exports_sourcerestriction",
        "after UPDATE exports_sourcerestriction",
    ),
    "restriction_by_call": (
        "call POST /privacy/suppress",
        "answer to POST /privacy/suppress",
        "before UPDATE exports_sourcerestriction",
    ),
    "straight": (
        "before INSERT INTO exports_encryptedfile",
        "call POST /import",
        "answer to POST /import",
        "os.remove encrypted",
    ),
    "medium": (ENCRYPTED, "before UPDATE exports_medium", MAILED, "os.remove encrypted"),
    "documents": (
        "before INSERT INTO exports_documentpage",
        "before INSERT INTO exports_documentarea",
        "before UPDATE exports_document",
        "before INSERT INTO exports_bundle",
    ),
    "kept": ("before INSERT INTO exports_erasedrow", "before DELETE FROM exports_keptkeys", NOTED),
    "purged": (
        "open destroyed-keys.txt",
        "before DELETE FROM vault_wrappedkey",
        "after commit after DELETE FROM vault_wrappedkey",
        "before INSERT INTO exports_shredding",
        NOTED,
        "os.remove findings",
        "os.remove bundles",
    ),
    "replay": (
        "source after DELETE FROM reviews",
        "source before commit",
        "source after DELETE FROM page_views",
        NOTED,
    ),
    "flags_in_force": (
        *IN_SOURCE[:2],
        "source after UPDATE customers",
        "before INSERT INTO jobs_job",
        "after UPDATE ledger_chainhead",
    ),
    "restored": (
        *IN_SOURCE[:2],
        "source after UPDATE customers",
        "before UPDATE exports_sourcerestriction",
        "before INSERT INTO exports_cameback",
        NOTED,
    ),
}
IN_ANOTHER_WAY = frozenset(
    {
        *("delete_shared", "delete_by_call", "delete_by_owner", "correct_by_call", "opt_out_by_call"),
        *("restriction_by_call", "withdraw_consent_by_hand", "straight", "medium", "documents"),
    }
)
BY_PEOPLE = {"kept", "replay", "restored"}  # no worker of their own
MOST_USUAL = ("delete", "correct", "opt_out")


def played(founded: Premises, own: Path, *asked: str) -> dict[str, Counter[str]]:
    """Play rounds in a process of their own; where its workers died, by state of the case and by name of the step."""
    command = [sys.executable, "-m", "tests.faults", str(founded.folder), founded.name, "--own", str(own), *asked]
    process = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert process.returncode == 0, process.stderr[-2000:]
    return {place: Counter(died) for place, died in json.loads(process.stdout).items()}


@counts(80, soak=200)
@pytest.mark.parametrize("first", range(BATCHES))
def test_a_worker_killed_at_any_step_or_moment_leaves_nothing_lost_and_nothing_twice(
    founded: Premises, tmp_path_factory: pytest.TempPathFactory, first: int, rounds: int
) -> None:
    every_so_many = ("--forked", str(first), str(rounds - len(NAMED)), str(BATCHES))
    named = NAMED[first::BATCHES]
    died = played(founded, tmp_path_factory.mktemp("forked"), *every_so_many, "--at", *named)
    assert died["in"].total() == rounds // BATCHES
    assert died["in"]["gathering"], "the steps of a batch lie in the one as in the other"
    assert died["in"]["carrying_out"]
    assert died["at"].keys() >= set(named)


@pytest.mark.on_both
@pytest.mark.timeout(7200)
@counts(5, soak=200)
def test_a_real_worker_killed_at_any_moment_leaves_nothing_lost_and_nothing_twice(
    founded: Premises, tmp_path_factory: pytest.TempPathFactory, rounds: int
) -> None:
    died = played(founded, tmp_path_factory.mktemp("real"), "--real", str(rounds))["in"]
    assert died.total() == rounds


@pytest.mark.parametrize("story", ACTS)
def test_a_worker_killed_wherever_it_leaves_something_else_behind_leaves_an_act_done_once_and_told(
    founded: Premises, tmp_path_factory: pytest.TempPathFactory, story: str
) -> None:
    where = () if on_postgres() else EACH_NAME if story in IN_ANOTHER_WAY else EVERYWHERE
    died = played(founded, tmp_path_factory.mktemp(story), "--story", story, "--at", *ACTS[story], *where)["at"]
    assert died.keys() >= set(ACTS[story])
    assert bool(where) == (died.total() > len(ACTS[story]))


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("story", ACTS)
def test_a_worker_killed_at_every_step_of_an_act_leaves_it_done_once_and_told(
    founded: Premises, tmp_path_factory: pytest.TempPathFactory, story: str
) -> None:
    died = played(founded, tmp_path_factory.mktemp(story), "--story", story, "--steps", "0", "1")
    for step in ACTS[story]:
        assert died["at"][step], step


@pytest.mark.on_both
@pytest.mark.timeout(7200)
@counts(2, soak=200)
@pytest.mark.parametrize("story", MOST_USUAL)
def test_a_real_worker_killed_while_it_changes_data_leaves_it_done_once_and_told(
    founded: Premises, tmp_path_factory: pytest.TempPathFactory, story: str, rounds: int
) -> None:
    died = played(founded, tmp_path_factory.mktemp(story), "--story", story, "--real", str(rounds))["in"]
    assert died.total() == rounds


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("story", sorted(ACTS.keys() - BY_PEOPLE - {*MOST_USUAL}))
def test_a_real_worker_killed_at_any_other_act_leaves_it_done_once_and_told(
    founded: Premises, tmp_path_factory: pytest.TempPathFactory, story: str
) -> None:
    died = played(founded, tmp_path_factory.mktemp(story), "--story", story, "--real", "40")["in"]
    assert died.total() == 40
