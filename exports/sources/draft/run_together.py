"""Words that a name runs together: PostgreSQL and Oracle keep no capitals, so that PasswordHash becomes passwordhash.

Such a name is parted only where all of it is made of phrases that a rule knows, and of words that stand before them:
a part of a word is no word, and a mailbox no mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from exports.sources.draft.rules import RULES, WHOSE_NAME

Words = tuple[str, ...]

# What stands before the thing that is named, beside whose it is.
BEFORE = (
    "home work primary secondary main default other alternate new old current previous next start end due modified"
    " change company store order unit sub account user mother mothers driver drivers access refresh reset remember"
    " encrypted temporary session"
)
# Who did it stands behind.
BEHIND = ("by",)
SHORTEST = 6  # letters of a name that may be several words
LONGEST_SHORT = 3  # letters of a word that says nothing beside others of its length


def _phrases() -> Iterator[Words]:
    """Those that may stand in a name beside others; of two spellings last the one with more words, of whole words."""
    names = (name for rule in RULES for name in rule.names.split() if not name.startswith("="))
    yield from sorted((tuple(name.split("_")) for name in names), key=_is_spelled_out)


def _is_spelled_out(words: Words) -> tuple[bool, int]:
    """An e_mail and a log_in are one word each."""
    is_of_words = len(words) > 1 and not any(len(word) == 1 or word == "log" for word in words)
    return is_of_words, len(words) if is_of_words else -len(words)


KNOWN = frozenset(part for rule in RULES for name in rule.names.split() for part in name.removeprefix("=").split("_"))
PIECES = {"".join(words): words for words in _phrases()}
LEADING = {word: (word,) for word in f"{BEFORE} {WHOSE_NAME}".split()} | PIECES
LAST = PIECES | {word: (word,) for word in BEHIND}
EACH = LEADING | LAST


@lru_cache(maxsize=4096)
def parted(word: str) -> Words:
    """The words that stand in it, or itself."""
    bare = word.rstrip("0123456789")
    is_word = bare in KNOWN or bare.removesuffix("s") in KNOWN
    pieces = (bare,) if bare in PIECES else () if is_word or len(bare) < SHORTEST else _pieces(bare)
    if not pieces or all(len(piece) <= LONGEST_SHORT for piece in pieces):
        return (word,)
    words = [part for piece in pieces for part in EACH[piece]]
    return (*words[:-1], words[-1] + word[len(bare) :])


@lru_cache(maxsize=4096)
def _pieces(word: str) -> tuple[str, ...]:
    """The fewest that make the whole of it; nothing if none do."""
    if word in LAST:
        return (word,)
    begins = (end for end in range(2, len(word)) if word[:end] in LEADING)
    ways = ((word[:end], *rest) for end in begins if (rest := _pieces(word[end:])))
    return min(ways, key=len, default=())
