"""Whether what is disputed may be deleted in place of a correction: under which law, for what was received when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from requests_app.law.instead import deletion_instead
from requests_app.law.packs import all_packs, law_pack
from requests_app.law.words import Right, Sureness

NOW = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("laws", "on", "may_be", "because"),
    [
        (["ccpa"], NOW, True, "11 CCR 7023(e)"),
        (["ccpa"], date(2023, 1, 1), True, "the day on which the right began"),
        (["ccpa"], date(2022, 12, 31), False, "the right began on 1 January 2023"),
        (["gdpr"], NOW, False, "Art. 16 knows rectification and completion alone"),
        (["us_va"], NOW, False, "the statute does not say it"),
        (["ccpa", "gdpr"], NOW, False, "what one law permits takes nothing away that another one gives"),
        (["ccpa", "us_ia"], NOW, True, "Iowa gives no correction, and so takes no part"),
        (["house"], NOW, False, "the organisation promises a correction"),
        ([], NOW, False, "no law of the case gives a correction"),
    ],
)
def test_it_may_be_deleted_where_every_law_that_gives_the_correction_says_so(
    laws: Sequence[str], on: date, may_be: bool, because: str
) -> None:
    assert (deletion_instead([law_pack(law) for law in laws], on=on) is not None) is may_be, because


def test_no_other_law_of_ours_lets_it_be_deleted_and_this_one_is_read_in_its_text() -> None:
    may = {slug: found for slug, pack in all_packs().items() if (found := deletion_instead([pack], on=NOW))}
    assert list(may) == ["ccpa"]
    assert (may["ccpa"].citation, may["ccpa"].sureness) == ("11 CCR 7023(e)", Sureness.VERIFIED)
    assert may["ccpa"].rights == {Right.CORRECT}
