"""The process that draws documents, taken over by a hostile one: it reaches nothing, and is believed nothing."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from exports.documents import frames, lockdown
from exports.documents.frames import Drawn
from exports.documents.kinds import MOST_DRAWN, MOST_PAGES, Fault, Faulty, Kind
from exports.documents.lockdown import CannotLockDown
from exports.documents.sandbox import Sandbox
from tests.exports.documents.hostile import ATTEMPTS, REFUSED

HOSTILE = "tests.exports.documents.hostile"
ANSWERED = {"memory", "loop", "environment", "descriptors", "modules", "nothing"}  # by no refusal of a call

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing can be locked up"),
    pytest.mark.slow,
]


def attempted(what: str, **changes: object) -> Drawn:
    """The page that a renderer draws that tries this."""
    (page,) = Sandbox(module=HOSTILE, **changes).draw(f"%PDF-{what}".encode(), Kind.PDF)  # type: ignore[arg-type]
    assert isinstance(page, Drawn)
    return page


@pytest.mark.parametrize("what", sorted(set(ATTEMPTS) - ANSWERED))
def test_whatever_it_asks_of_the_system_is_refused(what: str) -> None:
    with pytest.raises(Faulty) as refused:
        attempted(what)
    assert refused.value.fault in (REFUSED, Fault.TOO_MUCH_WORK)  # said no, or ended on the spot


def test_it_is_the_lock_that_refuses_and_limits_alone_still_let_no_file_be_opened() -> None:
    for what in ("write to another descriptor", "memory that can be run"):
        assert attempted(what, unlocked=True).pixels
    for what in ("read", "write", "socket"):
        with pytest.raises(Faulty):
            attempted(what, unlocked=True)


def test_it_has_no_environment_no_descriptor_and_nothing_of_the_house(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSAR_MASTER_KEY", "a secret")
    with Path("/etc/hostname").open():
        for what in ("environment", "descriptors", "modules"):
            assert attempted(what).pixels == b"\0\0\0", what


@pytest.mark.slow
def test_memory_and_time_are_bounded() -> None:
    for what in ("memory", "loop"):
        begun = time.monotonic()
        with pytest.raises(Faulty) as ended:
            attempted(what, seconds=8)
        assert ended.value.fault == Fault.TOO_MUCH_WORK
        assert time.monotonic() - begun < 30


def test_without_a_lock_it_refuses_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockdown.platform, "machine", lambda: "mips")
    with pytest.raises(CannotLockDown):
        lockdown.lock_down()
    with pytest.raises(CannotLockDown):
        list(Sandbox(module="tests.exports.documents.unlockable").draw(b"%PDF-", Kind.PDF))
    assert attempted("nothing", unlocked=True).pixels == b"\0\0\0"


SAID = {
    "nothing after the greeting": b"",
    "half a frame": frames.frame(frames.PAGE, 1, 1, b"abc")[:10],
    "fewer bytes than it says": frames.HEADER.pack(frames.PAGE, 1, 1, 3) + b"a",
    "more bytes than pixels": frames.frame(frames.PAGE, 1, 1, b"abcd"),
    "a page of no size": frames.frame(frames.PAGE, 0, 1, b""),
    "a page of a million rows": frames.frame(frames.PAGE, 1, MOST_DRAWN + 1, b""),
    "a length that nothing holds": frames.HEADER.pack(frames.PAGE, 1, 1, 2**63),
    "another kind of frame": frames.frame(b"X", 1, 1, b"abc"),
    "an attachment longer than its mail": frames.frame(frames.ATTACHMENT, 1, 0, b"a" * 1000),
    "another count than there were": frames.frame(frames.PAGE, 1, 1, b"abc") + frames.frame(frames.END, 2, 0),
    "no page": frames.frame(frames.END, 0, 0),
    "more pages than any has": frames.frame(frames.PAGE, 1, 1, b"abc") * (MOST_PAGES + 1),
    "words after its end": frames.frame(frames.PAGE, 1, 1, b"abc") + frames.frame(frames.END, 1, 0) + b"!",
    "a fault that nobody knows": frames.frame(frames.FAULT, 99, 0),
}


@pytest.mark.parametrize("what", SAID)
def test_what_is_not_exactly_a_page_is_believed_to_be_none(what: str) -> None:
    liar = Sandbox(module="tests.exports.documents.liar")
    with pytest.raises(Faulty) as found:
        list(liar.draw(b"%PDF-" + SAID[what], Kind.PDF))
    assert found.value.fault in (Fault.BROKEN, Fault.TOO_MUCH_WORK)


def test_a_photograph_that_carries_another_is_drawn_as_both() -> None:
    photograph, other = io.BytesIO(), Image.new("RGB", (16, 16), "blue")
    Image.new("RGB", (32, 16), "red").save(photograph, "MPO", save_all=True, append_images=[other])
    pages = list(Sandbox().draw(photograph.getvalue(), Kind.JPEG))
    assert [(page.width, page.height) for page in pages if isinstance(page, Drawn)] == [(32, 16), (16, 16)]


@pytest.mark.parametrize("kind", [Kind.PNG, Kind.GIF, Kind.WEBP])
def test_a_picture_becomes_its_pixels(kind: Kind) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (30, 20), (1, 2, 3)).save(picture, kind.value, lossless=True)
    (page,) = Sandbox().draw(picture.getvalue(), kind)
    assert isinstance(page, Drawn)
    assert (page.width, page.height, page.pixels) == (30, 20, bytes([1, 2, 3]) * 600)
    assert Sandbox().look(picture.getvalue(), kind) == 1
