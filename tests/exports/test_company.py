"""What the company's systems answer about themselves, from the maps of what is ours to answer for."""

from __future__ import annotations

import pytest

from exports.company import CompanySystems
from exports.models import DataSource
from requests_app.law.words import Degree, Right
from tests.exports.house import NOW, House
from tests.exports.papers import pdf

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def hold_for_another(source: str) -> None:
    """The source is one that we run for somebody else."""
    known = DataSource.objects.get(slug=source)
    DataSource.set_up(
        known.map_version.text.replace("role: controller", "role: {processor_for: Brightpath Media LLC}"),
        read_url_variable=known.read_url_variable,
        write_url_variable=known.write_url_variable,
        position=known.position,
        at=NOW,
    )


def test_what_is_held_for_another_asks_for_no_degree_no_question_and_no_correction(house: House) -> None:
    systems = CompanySystems()
    assert systems.data_degree(Right.DELETE) is None, "the shop has collections without a mark"
    assert systems.correctable_fields("en")
    assert systems.question_titles("en")
    hold_for_another("shop")
    assert systems.data_degree(Right.DELETE) == Degree.REASONABLE
    assert systems.correctable_fields("en") == ()
    assert systems.question_titles("en") == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pdf("I permit it."), ""),
        (b"%PDF-1.7 I permit it.", "This document is broken or incomplete."),
        (pdf("I permit it.", password="12345"), "This PDF asks for a password."),
    ],
)
def test_a_paper_that_can_t_be_opened_is_told_with_what_to_do(content: bytes, said: str) -> None:
    told = CompanySystems().fault_of_paper(content, "en")
    assert told.startswith(said)
    assert bool(told) is bool(said)
