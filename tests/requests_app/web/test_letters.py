"""The letters, in every language: exact, plain text, with nothing missing and nothing escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from requests_app.law.words import Right
from requests_app.models import Submission
from requests_app.services import intake, letters
from requests_app.services.letters import Letter
from requests_app.services.paragraphs import WIDTH, paragraphs
from tests.requests_app.web.conftest import NOW, FileRequest

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

NAME = "Concepción <b>O'Hara</b> & Söhne " + "Wolfeschlegelsteinhausenbergerdorff " * 4
GROUND = {
    "grounds": (("We couldn't verify <who> asks.", "11 CCR 7022(a)"), ("Nor under <that> law.", "Art. 12(6)")),
    "explanation": "Two people use this <mailbox>.",
    "ways_on": ("You can complain to <them>.",),
}
DONE = {"account": ("Orders & lines: 3 records deleted.", "Invoices: kept (Civ. Code 1798.105(d)(8))."), "withheld": 2}
# What each letter is given, beside what all are given; and the right whose case it tells of.
WORDS: Mapping[Letter, tuple[Right, Mapping[str, object]]] = {
    Letter.RECEIPT: (Right.DELETE, {"code": "ABCD2345"}),
    Letter.OPT_OUT_CONFIRMED: (Right.OPT_OUT_SALE_SHARE, {}),
    Letter.ENTRY_CODE: (Right.DELETE, {"code": "ABCD2345"}),
    Letter.DOWNLOAD_CODE: (Right.KNOW_SPECIFIC, {"code": "ABCD2345"}),
    Letter.CLARIFICATION: (Right.DELETE, {"question": "Which shop's account <is> it?"}),
    Letter.EXTENSION: (Right.DELETE, {"reason": "Two systems didn't answer.", "due_on": "Feb. 21, 2027"}),
    Letter.ANSWER_READY: (Right.KNOW_SPECIFIC, DONE),
    Letter.MEDIUM: (Right.KNOW_SPECIFIC, {}),
    Letter.PASSPHRASE: (Right.KNOW_SPECIFIC, {"passphrase": "ABCD-2345-EFGH"}),
    Letter.CATEGORIES: (Right.KNOW_CATEGORIES, DONE),
    Letter.DELETED: (Right.DELETE, DONE),
    Letter.CORRECTED: (Right.CORRECT, DONE),
    Letter.REFUSAL: (Right.DELETE, GROUND),
    Letter.OPT_OUT_REFUSED: (Right.OPT_OUT_SALE_SHARE, GROUND),
    Letter.WITHDRAWN: (Right.DELETE, {}),
    Letter.ANSWER: (Right.DELETE, {"answer": "It was <us>, and it is over.", "reopened": "R-ABCD-2345"}),
    Letter.IN_FORCE: (Right.OPT_OUT_SALE_SHARE, {}),
    Letter.OPT_IN_CONFIRM: (Right.OPT_OUT_SALE_SHARE, {"code": "ABCD2345"}),
    Letter.OPT_IN_DONE: (Right.OPT_OUT_SALE_SHARE, {}),
    Letter.OPT_IN_REFUSED: (Right.OPT_OUT_SALE_SHARE, {**GROUND, "missing": "Still missing: <what shows it>."}),
    Letter.REDIRECTED: (
        Right.DELETE,
        {"to": "Fern & Sons", "contact": "privacy@fern.example", "citation": "Art. 28", "restriction_ends": True},
    ),
    Letter.MERGED: (Right.DELETE, {"other": "R-ABCD-2345"}),
    Letter.REOPENED: (Right.DELETE, {"by_appeal": True, "at_once": True, "must_prove": True}),
    Letter.RESTRICTION_ENDED: (Right.DELETE, {"explanation": "The accuracy is <settled>."}),
    Letter.REMINDER: (Right.DELETE, {"titles": ("Delete <it>",), "is_last": True, "refusal_on": "Jan. 6, 2027"}),
    Letter.CONFIRM_PERMISSION: (Right.DELETE, {"code": "ABCD2345"}),
    Letter.PERSON_CODE: (Right.DELETE, {"code": "ABCD2345"}),
}
ALL = [(letter, language) for letter in Letter for language in intake.LANGUAGES]


def composed(submission: Submission, letter: Letter, **changes: object) -> tuple[str, str]:
    """Subject and text of a letter with all of its words."""
    right, words = WORDS[letter]
    case = (
        None
        if letter in (Letter.RECEIPT, Letter.ENTRY_CODE, Letter.DOWNLOAD_CODE, Letter.PASSPHRASE)
        else submission.cases.get(right=right)
    )
    return letters.compose(submission, letter, on=NOW, case=case, **{**words, **changes})


def flat(word: object) -> Iterator[object]:
    """What a letter is given, one by one."""
    if isinstance(word, tuple):
        for part in word:
            yield from flat(part)
    else:
        yield word


def asks_for_everything(file_request: FileRequest, language: str = "en") -> Submission:
    """A submission with a case of each right that has a letter."""
    return file_request(*sorted({right for right, _words in WORDS.values()}), name=NAME, language=language)


@pytest.mark.parametrize(("letter", "language"), ALL)
def test_every_letter_is_whole_and_plain(file_request: FileRequest, letter: Letter, language: str) -> None:
    submission = asks_for_everything(file_request, language)
    subject, text = composed(submission, letter)
    assert submission.reference in subject
    assert "Concepción" not in subject
    assert "Concepción <b>O'Hara</b> & Söhne" in text
    assert not re.search(r"&\w+;|&#|[{}]|%\(|\bNone\b", text)
    assert all(len(line) <= WIDTH or " " not in line.strip() for line in text.splitlines())
    assert "\n\n\n" not in text
    assert not re.search(r"[ \t]$", text, re.MULTILINE)
    assert "privacy@acorn.example" in text
    for word in WORDS[letter][1].values():
        for said in flat(word):
            assert isinstance(said, int) or " ".join(str(said).split()) in " ".join(text.split())


@pytest.mark.parametrize("language", intake.LANGUAGES)
def test_the_receipt_says_how_the_request_is_processed_and_by_when(file_request: FileRequest, language: str) -> None:
    """11 CCR 7021(a): processing, verification in general terms, when to expect an answer."""
    submission = asks_for_everything(file_request, language)
    _subject, text = composed(submission, Letter.RECEIPT)
    assert f"http://localhost:8000/confirm/{submission.reference}/ABCD2345/" in text.splitlines()
    assert text.count({"en": "Jan. 7, 2027", "es": "7 de enero de 2027"}[language]) == 4
    for case in submission.cases.all():
        assert letters.right_title(case, language) in " ".join(text.split())


@pytest.mark.parametrize("language", intake.LANGUAGES)
def test_what_is_no_reason_for_a_refusal_stands_below_the_reasons(file_request: FileRequest, language: str) -> None:
    submission = asks_for_everything(file_request, language)
    words = {
        "account": ("Orders: 3 records kept.", "Visits: 2 records kept."),
        "besides": ("Ask <them> for the rest.",),
    }
    why = {"en": "These are the reasons:", "es": "Estos son los motivos:"}[language]
    _subject, text = composed(submission, Letter.REFUSAL, grounds=(), explanation="", **words)
    reasons = f"{why}\n\n- Orders: 3 records kept.\n- Visits: 2 records kept.\n\n"
    assert f"{reasons}Ask <them> for the rest.\n\n" in text


def test_what_belongs_to_an_item_of_a_list_stands_below_its_words(file_request: FileRequest) -> None:
    submission = asks_for_everything(file_request)
    listed = ("Orders: " + "kept as the law says " * 8 + "until 2030.", "What we sold:\n  - Names: " + "sold " * 30)
    _subject, text = composed(submission, Letter.DELETED, account=listed)
    lines = text.splitlines()
    for first, beginning in (("- Orders:", "  "), ("  - Names:", "    ")):
        below = lines[next(place for place, line in enumerate(lines) if line.startswith(first)) + 1]
        assert below.startswith(beginning)
        assert not below.startswith(f"{beginning} ")


def test_who_limits_sensitive_data_is_not_told_of_an_opt_out(file_request: FileRequest) -> None:
    submission = file_request(Right.LIMIT_SENSITIVE)
    case = submission.cases.get()
    subject, text = letters.compose(submission, Letter.OPT_OUT_CONFIRMED, on=NOW, case=case)
    assert subject == f"Your limit is in force: {submission.reference}"
    assert "opt-out" not in text


def test_a_refusal_under_californian_law_pretends_no_appeal(file_request: FileRequest) -> None:
    submission = asks_for_everything(file_request)
    for letter in (Letter.REFUSAL, Letter.OPT_OUT_REFUSED):
        assert "appeal" not in composed(submission, letter)[1].lower()


def test_the_answer_to_a_deletion_says_that_a_record_of_the_request_is_kept(file_request: FileRequest) -> None:
    """11 CCR 7022(e)."""
    _subject, text = composed(asks_for_everything(file_request), Letter.DELETED)
    assert "keep a record of this request" in " ".join(text.split())


@pytest.mark.parametrize(
    ("letter", "one", "several"),
    [
        (Letter.ANSWER_READY, "The file is not complete.", "The file is not complete."),
        (Letter.CATEGORIES, "This answer is not complete", "This answer is not complete"),
        (Letter.DELETED, "in part", "in part"),
        (Letter.CORRECTED, "We did not correct one item", "We did not correct 2 items"),
    ],
)
def test_an_answer_says_how_much_was_withheld_and_speaks_of_nothing_where_nothing_was(
    file_request: FileRequest, letter: Letter, one: str, several: str
) -> None:
    submission = asks_for_everything(file_request)
    whole, first, second = (" ".join(composed(submission, letter, withheld=number)) for number in (0, 1, 2))
    assert one in " ".join(first.split())
    assert several in " ".join(second.split())
    for word in ("in part", "one item", "not complete", "2 items"):
        assert word not in whole
    assert "\n\n\n" not in whole


def test_who_is_answered_with_categories_instead_is_told_why(file_request: FileRequest) -> None:
    """11 CCR 7024(a)."""
    submission = asks_for_everything(file_request)
    fallen = submission.cases.get(right=Right.KNOW_SPECIFIC)
    fallen.answered_as = Right.KNOW_CATEGORIES
    _subject, text = letters.compose(submission, Letter.CATEGORIES, on=NOW, case=fallen, account=("x",), withheld=0)
    assert "We could not verify your identity" in text
    assert "We could not verify your identity" not in composed(submission, Letter.CATEGORIES)[1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("One line.\n", ["One line."]),
        ("x" * 70 + "\nsentence that was broken\n", ["x" * 70 + " sentence that was broken"]),
        ("Street 1\nTown\n\n\nNext\n", ["Street 1\nTown", "Next"]),
        ("- " + "x" * 70 + "\n  sentence of an item\n", ["- " + "x" * 70 + " sentence of an item"]),
        ("- Delete it\n  We answer by then.\n", ["- Delete it\n  We answer by then."]),
    ],
)
def test_lines_that_were_broken_to_fit_are_joined_again(text: str, shown: list[str]) -> None:
    assert paragraphs(text) == shown


def test_a_letter_on_the_screen_has_the_words_of_the_letter(file_request: FileRequest) -> None:
    submission = asks_for_everything(file_request)
    _subject, text = composed(submission, Letter.RECEIPT)
    shown = paragraphs(text)
    assert " ".join(shown).split() == text.split()
    assert not any(line.endswith("what happens next,") for paragraph in shown for line in paragraph.splitlines())
