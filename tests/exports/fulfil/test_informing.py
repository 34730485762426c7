"""Who asks to be informed, and for no copy, gets what the law says of it in the letter itself."""

from __future__ import annotations

import pytest
from django.utils import timezone

from exports.models import Bundle, Part
from requests_app.law.words import Right
from requests_app.services import identity
from requests_app.services.letters import Letter
from tests.exports.house import House, fresh
from tests.requests_app.factories import letters_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

ARTICLE_15 = [f"Art. 15({part})" for part in ("1)(a", "1)(b", "1)(c", "1)(d", "1)(e", "1)(f", "1)(g", "1)(h", "2")]


@pytest.mark.parametrize(
    ("residence", "law", "authority"),
    [("DE", "gdpr", "Datenschutz und die Informationsfreiheit"), ("GB", "uk_gdpr", "Information Commission")],
)
def test_under_the_gdpr_all_of_art_15_is_told_and_nothing_is_copied(
    house: House, residence: str, law: str, authority: str
) -> None:
    submission = house.file(Right.KNOW_CATEGORIES, residence=residence)
    identity.note_mailbox(submission, at=timezone.now())
    house.work()
    case = submission.cases.get()
    house.move(case, "start_gathering")
    house.work()
    house.approve(case)
    assert [each.law for each in fresh(case).laws.all()] == [law]
    [text] = letters_of(submission, Letter.CATEGORIES)
    letter = " ".join(text.split())
    assert [part for part in ARTICLE_15 if f"({part})" not in letter] == []
    assert authority in letter
    assert not Part.objects.exists()
    assert not Bundle.objects.exists()
