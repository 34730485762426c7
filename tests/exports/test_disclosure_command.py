"""``manage.py disclosure policy``, and the same page of the desk."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from dsar.demo import company, systems
from exports.models import DataMapVersion, DataSource
from requests_app.roles import Role
from requests_app.services.staffing import add_staff

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

PAGE = "/admin/exports/datasource/policy/"
SET_UP = datetime(2025, 1, 2, 10, tzinfo=UTC)


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, url in systems.addresses(Path("/nowhere")).items():
        monkeypatch.setenv(name, url)
    company.set_up_sources(SET_UP)


def printed(*arguments: str) -> tuple[str, str]:
    """What the command prints, and what it asks to decide."""
    out, err = io.StringIO(), io.StringIO()
    call_command("disclosure", "policy", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def page(role: Role, query: str = "") -> tuple[int, str]:
    client = Client()
    client.force_login(add_staff(role, f"{role}@example.com", "a long password of theirs", [role]))
    response = client.get(PAGE + query)
    return response.status_code, response.content.decode()


@pytest.mark.usefixtures("sources")
def test_it_prints_text_json_and_html_in_both_languages() -> None:
    text, _ = printed("--on", "2026-11-23")
    assert text.startswith("Categories of personal information that we collected in the preceding 12 months\n")
    assert "sold to: marketing list companies; to earn money with address lists" in text
    data = json.loads(printed("--on", "2026-11-23", "--format", "json")[0])
    assert (data["since"], data["on"], data["language"]) == ("2025-11-23", "2026-11-23", "en")
    html, _ = printed("--on", "2026-11-23", "--format", "html", "--language", "es")
    assert html.startswith('<section lang="es">')
    assert "vendida a: empresas de listas de marketing" in html


@pytest.mark.usefixtures("sources")
def test_before_a_sale_began_the_policy_says_that_there_was_none() -> None:
    text, _ = printed("--on", "2021-12-31")
    assert "We have not sold or shared any personal information in the preceding 12 months." in text


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("soon", "write a day such as 2026-11-23"),
        ("2019-12-31", "2020-01-01 or later"),
        ("2026-02-30", "write a day such as"),
    ],
)
@pytest.mark.usefixtures("sources")
def test_a_day_that_can_t_be_is_told(on: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        printed("--on", on)
    assert page(Role.ANALYST, f"?on={on}")[0] == 422


def test_without_a_map_there_is_no_policy() -> None:
    with pytest.raises(CommandError, match="There is no data map yet"):
        printed()
    assert "There is no data map yet" in page(Role.ANALYST)[1]


@pytest.mark.usefixtures("sources")
@pytest.mark.parametrize(
    ("replaced_on", "is_asked"),
    [("2026-11-23", True), ("2025-11-23", True), ("2025-11-22", False), ("2025-02-01", False)],
)
def test_what_only_an_earlier_map_of_the_year_named_has_to_be_decided(replaced_on: str, is_asked: bool) -> None:
    source = DataSource.objects.get(slug="web_log")
    without = source.map_version.text.replace("category: inferences", "category: internet_activity")
    at = datetime.fromisoformat(f"{replaced_on}T18:00:00+00:00")
    source.map_version = DataMapVersion.accept(without.replace("activity, inferences]", "activity]"), at=at)
    source.save()
    _, to_decide = printed("--on", "2026-11-23")
    asked = "To decide: web_log: its map of 2025-01-02 named inferences, and no map does now"
    assert (asked in to_decide) is is_asked


@pytest.mark.usefixtures("sources")
def test_the_desk_shows_the_text_and_what_is_to_be_decided() -> None:
    source = DataSource.objects.get(slug="web_log")
    left_open = source.map_version.text.replace("    purposes: [advertise]\n    tell", "    tell")
    source.map_version = DataMapVersion.accept(left_open, at=SET_UP)
    source.save()
    status, shown = page(Role.ANALYST, "?on=2026-11-23&language=en")
    assert status == 200
    assert "for what Brightpath Media LLC gets the data is not said" in shown
    assert "<dd>sold to: marketing list companies; to earn money with address lists</dd>" in shown
    assert "Cuánto tiempo la conservamos" in page(Role.APPROVER, "?language=es")[1]


@pytest.mark.usefixtures("sources")
def test_it_is_for_who_sees_the_company_s_systems() -> None:
    assert page(Role.SOURCE_OWNER)[0] == 200
    assert page(Role.AUDITOR)[0] == 200
    assert Client().get(PAGE).status_code == 302
