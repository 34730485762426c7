"""A search of a service goes on at the cursor where it stopped, and is begun anew only where the service refuses it."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

import pytest

from exports.sources.bookmark import Bookmark
from exports.sources.connector import Connector, Mode
from exports.sources.errors import BrokenDataError, SourceUnavailableError
from exports.sources.http import walking
from exports.sources.since import Since
from tests.exports.sources.service import EMAIL, ORDERS, Reply, Service, Trick, always, answered

ALL = [f"o{number}" for number in range(7)]  # on four answers
OVER = always(429, {"Retry-After": "3600"}, b"")


def through(_service: Service, _path: str, _question: dict[str, Any]) -> None:
    """As it would answer by itself."""


def taken(club: Connector, bookmark: Bookmark, size: int = 5000, **options: Any) -> list[str]:
    """The numbers that one attempt takes; the bookmark knows them afterwards, as if they had been kept."""
    found: list[str] = []
    pages = club.pages("orders", EMAIL, mode=Mode.PLAN, size=size, after=bookmark.after, bookmark=bookmark, **options)
    try:
        for page in pages:
            found += [str(key[0]) for key in page.keys]
            bookmark.given += bookmark.digests(page.keys)
            bookmark.after = page.last_key
    except SourceUnavailableError:
        pass
    return found


def begun(service: Service, club: Connector, answers: int = 2) -> Bookmark:
    """A walk that an earlier attempt left behind so many answers."""
    service.tricks = [*[through] * answers, OVER]
    bookmark = Bookmark()
    assert taken(club, bookmark) == ALL[: 2 * answers]
    service.tricks.clear()
    service.asked.clear()
    return bookmark


def cursors(service: Service) -> list[str | None]:
    return [question["cursor"] for _path, question, _headers in service.asked]


@pytest.mark.parametrize(("quota", "days"), [(1, 4), (2, 2), (3, 2), (4, 1)])
def test_a_service_that_answers_so_many_calls_a_day_is_searched_in_as_few_days_as_it_has_pages(
    service: Service, club: Connector, quota: int, days: int
) -> None:
    bookmark, found, refused = Bookmark(), list[str](), 0
    for _day in range(days):
        service.tricks = [*[through] * quota, OVER]
        found += taken(club, bookmark)
        refused += not service.tricks
    assert found == ALL
    assert len(service.asked) - refused == 4, "each page was given once"
    service.asked.clear()
    assert (taken(club, bookmark), cursors(service)) == ([], []), "it is at its end, and asked for nothing more"


def test_answers_in_which_nothing_is_for_the_person_are_not_asked_for_again(service: Service, club: Connector) -> None:
    service.tricks = [through, through, OVER]
    bookmark, since = Bookmark(), Since(date(2015, 1, 1), UTC)
    assert taken(club, bookmark, since=since) == []
    assert taken(club, bookmark, since=since) == ["o5", "o6"]
    assert cursors(service) == [None, "2", "4", "4", "6"]


def test_a_page_that_ends_within_an_answer_is_gone_on_with_behind_its_last_row(
    service: Service, club: Connector
) -> None:
    bookmark = Bookmark()
    pages = club.pages("orders", EMAIL, mode=Mode.PLAN, size=3, bookmark=bookmark)
    page = next(pages)
    bookmark.after, bookmark.given = page.last_key, bookmark.digests(page.keys)
    pages.close()  # the worker dies
    service.asked.clear()
    assert taken(club, bookmark) == ALL[3:]
    assert cursors(service) == ["2", "4", "6"]


# An old cursor


def from_the_beginning(service: Service, _path: str, question: dict[str, Any]) -> Reply:
    """A service that does not know the cursor, and does not say so."""
    return answered(service.lookup(question | {"cursor": None}))


@pytest.mark.parametrize(
    "refusal",
    [
        *([always(status, {}, b"gone")] for status in (400, 404, 409, 410, 422)),
        [always(500, {}, b"KeyError")] * 3,
        [always(*answered({"records": [], "next": None}))],
        [from_the_beginning],
    ],
    ids=["400", "404", "409", "410", "422", "500", "as if at its end", "as if at its beginning"],
)
def test_where_an_old_cursor_is_refused_the_search_begins_anew_and_takes_each_row_once(
    service: Service, club: Connector, refusal: list[Trick]
) -> None:
    bookmark = begun(service, club)
    service.tricks = list(refusal)
    assert taken(club, bookmark) == ALL[4:]
    assert cursors(service) == [*["4"] * len(refusal), None, "2", "4", "6"]


def test_a_search_that_was_begun_anew_and_broke_off_again_goes_on_at_its_newest_cursor(
    service: Service, club: Connector
) -> None:
    bookmark = begun(service, club, answers=3)
    service.tricks = [always(410, {}, b""), through, OVER]
    assert taken(club, bookmark) == []
    service.asked.clear()
    assert taken(club, bookmark) == ["o6"]
    assert cursors(service) == ["2", "4", "6"]


@pytest.mark.parametrize("trick", [OVER, always(500, {"Retry-After": "3600"}, b""), always(401, {}, b"")])
def test_a_service_that_is_down_keeps_its_cursor(service: Service, club: Connector, trick: Trick) -> None:
    bookmark = begun(service, club)
    place, service.tricks = bookmark.place, [trick] * 9
    assert taken(club, bookmark) == []
    assert (bookmark.place, set(cursors(service))) == (place, {"4"})


def test_rows_that_changed_meanwhile_may_appear_and_none_comes_twice(service: Service, club: Connector) -> None:
    bookmark = begun(service, club)
    service.orders.insert(0, dict(ORDERS[0], id="new"))  # its cursors count rows, against the contract
    assert taken(club, bookmark) == ALL[4:]
    service.begin()
    bookmark = begun(service, club)
    service.orders.insert(7, dict(ORDERS[1]))
    with pytest.raises(BrokenDataError, match="answer 4, record 1 has come before: a service gives each record once"):
        taken(club, bookmark)


def test_a_cursor_is_used_for_the_question_that_it_was_given_for_alone(service: Service, club: Connector) -> None:
    bookmark = begun(service, club)
    options = {"mode": Mode.PLAN, "after": bookmark.after, "bookmark": bookmark}
    list(club.pages("orders", EMAIL | {"email": ["ann@club.example", "ann@other.example"]}, **options))
    assert cursors(service)[0] is None


def test_a_cursor_longer_than_the_contract_says_is_followed_and_not_kept(
    service: Service, club: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "LONGEST_KEPT", 0)
    bookmark = begun(service, club)
    assert bookmark.place == ""
    assert taken(club, bookmark) == ALL[4:]
    assert cursors(service) == [None, "2", "4", "6"]


def test_an_answer_that_was_being_prepared_is_asked_for_first_and_under_the_same_id(
    service: Service, club: Connector
) -> None:
    bookmark = Bookmark()
    service.tricks = [through, through, always(202, {"Retry-After": "3600"}, b"")]
    assert taken(club, bookmark) == ALL[:4]
    *_before, (_path, asked, headers) = service.asked
    service.asked.clear()
    assert taken(club, bookmark) == ALL[4:]
    assert (service.asked[0][1], service.asked[0][2]["dsar-request"]) == (asked, headers["dsar-request"])


def test_nothing_of_a_cursor_is_told(service: Service, club: Connector) -> None:
    bookmark = begun(service, club)
    assert '"4"' in bookmark.place
    assert "4" not in repr(bookmark).partition(" at ")[0]
    service.tricks = [always(*answered({"records": [], "next": "4"}))]
    with pytest.raises(BrokenDataError, match="'next' is a new text") as told:
        taken(club, bookmark)
    assert str(told.value) == "club: orders, answer 3: 'next' is a new text, or null at the end"
