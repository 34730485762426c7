"""The process that draws: locks itself up, then reads a document from its input and writes frames to its output.

Started by :mod:`exports.documents.sandbox`, isolated and without an environment. It knows no setting, no database and
no key; what it was given to draw is all that it ever sees of the house.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator

from exports.documents import frames, lockdown
from exports.documents.frames import Attached, Drawn
from exports.documents.kinds import Fault, Faulty, Kind

CANNOT_LOCK = 3  # how it ends if it can't be locked up
LOOK, DRAW, PAGE = "look", "draw", "page:"  # the last with the number of a page

Drawing = Callable[[bytes, Kind, str], Iterator[Drawn | Attached]]
Looking = Callable[[bytes, Kind, str], int]


def run(arguments: list[str]) -> int:
    """Lock up, draw, and say how it ended. Modules are loaded before, since no file can be opened after."""
    module_name, kind, how, language, *unlocked = arguments
    module = importlib.import_module(module_name)
    draw: Drawing = module.pages
    look: Looking = module.look
    module.get_ready()
    try:
        lockdown.limit()
        if not unlocked:
            lockdown.lock_down()
    except lockdown.CannotLockDown:
        return CANNOT_LOCK
    _say(frames.MAGIC)
    content = _heard()
    try:
        if how == LOOK:
            _say(frames.frame(frames.END, look(content, Kind(kind), language), 0))
        elif how.startswith(PAGE):
            _draw(iter([module.page(content, Kind(kind), language, int(how.removeprefix(PAGE)))]))
        else:
            _draw(draw(content, Kind(kind), language))
    except Faulty as faulty:
        _say(frames.frame(frames.FAULT, faulty.fault, 0))
    except MemoryError:
        _say(frames.frame(frames.FAULT, Fault.TOO_MUCH_WORK, 0))
    except Exception:  # whatever a library stumbles over is a broken document
        _say(frames.frame(frames.FAULT, Fault.BROKEN, 0))
    return 0


def _draw(drawn: Iterator[Drawn | Attached]) -> None:
    pages = attachments = 0
    for item in drawn:
        if isinstance(item, Drawn):
            pages += 1
            _say(frames.frame(frames.PAGE, item.width, item.height, item.pixels))
        else:
            attachments += 1
            _say(frames.frame(frames.ATTACHMENT, attachments, 0, item.content))
    _say(frames.frame(frames.END, pages, attachments))


def _heard() -> bytes:
    pieces = []
    while piece := os.read(lockdown.STDIN, 1024 * 1024):
        pieces.append(piece)
    return b"".join(pieces)


def _say(what: bytes) -> None:
    left = memoryview(what)
    while left:
        left = left[os.write(lockdown.STDOUT, left) :]
