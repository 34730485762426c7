"""A download that broke off goes on where it stopped, and slow ones leave room for everybody else."""

from __future__ import annotations

import gc
from threading import BoundedSemaphore

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError
from django.http import StreamingHttpResponse
from django.test import Client

from dsar.ledger import chains
from exports.models import Bundle, Download
from exports.web import ranges
from exports.web.ranges import NotSatisfiable, asked_for
from requests_app.models import Case
from requests_app.web import downloads
from tests.exports.house import House
from tests.exports.web.fetching import HERE, open_file

pytestmark = pytest.mark.django_db(databases="__all__")

ETAG = '"of-this-file"'


# ---- what a request asks for, of a file of ten bytes


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        pytest.param(None, 0, 9, id="no range: the whole file"),
        pytest.param("bytes=0-", 0, 9, id="from the beginning"),
        pytest.param("bytes=4-", 4, 9, id="the rest"),
        pytest.param("bytes=4-6", 4, 6, id="a piece, both ends with it"),
        pytest.param("bytes=9-9", 9, 9, id="the last byte"),
        pytest.param("bytes=4-400", 4, 9, id="an end beyond the file is the end of the file"),
        pytest.param("bytes=-3", 7, 9, id="the last three"),
        pytest.param("bytes=-30", 0, 9, id="more than there is: all of it"),
        pytest.param("bytes=6-4", 0, 9, id="an end before the beginning is no range"),
        pytest.param("bytes=0-1,4-5", 0, 9, id="several ranges: passed over"),
        pytest.param("lines=1-2", 0, 9, id="another unit: passed over"),
        pytest.param("bytes=-", 0, 9, id="no number: passed over"),
        pytest.param("bytes=٣-", 0, 9, id="other digits: passed over"),
        pytest.param("bytes=" + "9" * 40 + "-", 0, 9, id="no number of bytes: passed over"),
    ],
)
def test_a_range_is_read_as_the_standard_says(header: str | None, first: int, last: int) -> None:
    found = asked_for(header, size=10, if_range=None, etag=ETAG)
    assert (found.first, found.last) == (first, last)


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_a_range_outside_the_file_is_refused(header: str) -> None:
    with pytest.raises(NotSatisfiable):
        asked_for(header, size=10, if_range=None, etag=ETAG)


@pytest.mark.parametrize(("if_range", "first"), [(ETAG, 4), ('"of-another"', 0), ("Mon, 23 Nov 2026 18:00:00 GMT", 0)])
def test_the_rest_of_another_version_is_the_whole_of_this_one(if_range: str, first: int) -> None:
    assert asked_for("bytes=4-", size=10, if_range=if_range, etag=ETAG).first == first


def test_a_range_says_itself_as_the_header_wants_it() -> None:
    assert str(ranges.ByteRange(4, 9, 10)) == "bytes 4-9/10"


# ---- over the web


def body(answer: StreamingHttpResponse) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[arg-type]


@pytest.fixture
def opened(entered: Client, house: House, case: Case) -> Client:
    open_file(entered, house, case)
    return entered


def test_what_broke_off_goes_on_where_it_stopped(opened: Client, case: Case) -> None:
    answer = opened.get(f"{HERE}file/")
    whole, etag = body(answer), answer["ETag"]
    middle = len(whole) // 2
    rest = opened.get(f"{HERE}file/", headers={"range": f"bytes={middle}-", "if-range": etag})
    assert rest.status_code == 206
    assert rest["Content-Range"] == f"bytes {middle}-{len(whole) - 1}/{len(whole)}"
    assert int(rest["Content-Length"]) == len(whole) - middle
    assert whole[:middle] + body(rest) == whole
    piece = body(opened.get(f"{HERE}file/", headers={"range": "bytes=100-299"}))
    assert piece == whole[100:300]
    facts = [event.facts for event in chains.history(case.chain).filter(kind="downloaded")]
    parts = [(fact["first_byte"], fact["size"]) for fact in facts if "size" in fact]
    assert parts == [(middle, len(whole) - middle), (100, 200)]
    assert len(facts) == 3
    assert Download.objects.count() == 1, "the desk counts files, and not into how many parts a download broke"


def test_the_first_bytes_alone_are_noted_as_no_whole_download(opened: Client, case: Case) -> None:
    assert len(body(opened.get(f"{HERE}file/", headers={"range": "bytes=0-9"}))) == 10
    (event,) = chains.history(case.chain).filter(kind="downloaded")
    assert (event.facts["first_byte"], event.facts["size"]) == (0, 10)


def test_a_range_outside_the_file_is_told_how_long_it_is(opened: Client, case: Case) -> None:
    size = Bundle.objects.get(case=case).clear_size
    answer = opened.get(f"{HERE}file/", headers={"range": f"bytes={size}-"})
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{size}")


def test_a_range_needs_a_ticket_like_the_whole(entered: Client) -> None:
    assert entered.get(f"{HERE}file/", headers={"range": "bytes=0-9"}).status_code == 302


def test_slow_downloads_leave_room_for_everybody_else(opened: Client) -> None:
    slow = [opened.get(f"{HERE}file/") for _one in range(2)]
    busy = opened.get(f"{HERE}file/")
    assert (busy.status_code, busy["Retry-After"]) == (503, "30")
    assert "Yours is ready and stays ready" in busy.content.decode()
    assert opened.get("/case/me/").status_code == 200
    pieces = slow[0]._iterator
    next(pieces)
    pieces.close()  # broken off
    assert body(opened.get(f"{HERE}file/"))
    body(slow[1])
    assert opened.get(f"{HERE}file/").status_code == 200


def test_a_file_that_can_t_be_opened_takes_nobodys_place(opened: Client, house: House, case: Case) -> None:
    path = house.data / Bundle.objects.get(case=case).path
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    for _try in range(3):
        assert opened.get(f"{HERE}file/").status_code == 302
    path.write_bytes(content)
    assert opened.get(f"{HERE}file/").status_code == 200


def test_a_download_whose_session_can_t_be_saved_keeps_no_place(
    opened: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_session: SessionStore, must_create: bool = False) -> None:
        raise DatabaseError

    opened.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(SessionStore, "save", fail)
        for _place in range(2):
            assert opened.get(f"{HERE}file/").status_code == 500
    gc.collect()  # an error on its way through the middleware may have left circles
    assert body(opened.get(f"{HERE}file/"))


def test_a_place_is_given_back_once() -> None:
    places = BoundedSemaphore(1)
    places.acquire()
    place = downloads.Place(places)
    place.give_back()
    place.give_back()
    del place
    assert places.acquire(blocking=False)
    assert not places.acquire(blocking=False)


def test_who_asks_for_the_headers_alone_gets_those_of_the_file_and_has_fetched_nothing(
    opened: Client, case: Case
) -> None:
    asked = opened.head(f"{HERE}file/", headers={"range": "bytes=4-"})
    assert (asked.status_code, asked.content) == (200, b"")
    assert not Download.objects.exists()
    answer = opened.get(f"{HERE}file/")
    for name in ("Content-Length", "Accept-Ranges", "ETag", "Content-Type", "Content-Disposition"):
        assert asked[name] == answer[name]
    assert len(body(answer)) == int(asked["Content-Length"])


def test_without_a_ticket_nobody_is_told_how_long_the_file_is(entered: Client, case: Case) -> None:
    answer = entered.head(f"{HERE}file/")
    assert (answer.status_code, "ETag" in answer) == (302, False)
