"""What is done by the clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dsar.vault import keys
from dsar.vault.errors import KeyDestroyed
from requests_app.models import Organisation, Submission
from requests_app.services import upkeep

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

NOW = timezone.now()
LONG_AGO = NOW - timedelta(days=3)


def test_a_key_that_no_row_uses_is_destroyed_after_a_day() -> None:
    orphan = keys.create("record", at=LONG_AGO)
    assert upkeep.destroy_orphaned_keys(at=NOW) == 1
    with pytest.raises(KeyDestroyed):
        keys.cipher(orphan)


def test_a_key_in_use_and_a_fresh_key_are_kept() -> None:
    used = keys.create("record", at=LONG_AGO)
    organisation = Organisation.objects.create(slug="house", legal_name="House")
    Submission.objects.create(
        intake_key=used, organisation=organisation, reference="R-2222-3333", channel="web", received_at=NOW,
        received_on=NOW.date(), residence="US-CA", record_key=used, email_digest="digest",
    )  # fmt: skip
    keys.create("record", at=NOW)
    assert upkeep.destroy_orphaned_keys(at=NOW) == 0
    assert upkeep.submissions_by_channel() == {"web": 1}


@pytest.mark.parametrize("purpose", sorted(upkeep.KEYS_IN_USE))
def test_orphans_of_every_purpose_are_found(purpose: str) -> None:
    keys.create(purpose, at=LONG_AGO)
    assert upkeep.destroy_orphaned_keys(at=NOW) == 1
