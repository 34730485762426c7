"""An opt-out sets the flags that the map names, for the rows that the identifiers lead to."""

from __future__ import annotations

import sqlalchemy as sa

from exports.sources.connector import Connector
from requests_app.law.words import Right
from tests.exports.sources.small_company import everything

ANN = {"email": ["ANN.O'HARA@club.example"]}


def test_the_flag_is_set_for_the_person_only(engine: sa.Engine, company: Connector) -> None:
    before = everything(engine)
    assert company.suppress(Right.OPT_OUT_SALE_SHARE, ANN) == {"members": 1}
    after = everything(engine)
    assert [row[7] for row in after["members"]] == [True, False, False]
    assert {name: rows for name, rows in after.items() if name != "members"} == {
        name: rows for name, rows in before.items() if name != "members"
    }


def test_doing_it_twice_tells_the_same(company: Connector) -> None:
    for _ in range(2):
        assert company.suppress(Right.OPT_OUT_SALE_SHARE, ANN) == {"members": 1}


def test_rows_reached_over_a_join_are_set_too(engine: sa.Engine, company: Connector) -> None:
    assert company.suppress(Right.LIMIT_SENSITIVE, ANN) == {"letters": 2}
    assert [row[2] for row in everything(engine)["letters"]] == ["[limited]", "[limited]", "letter 20", "letter 21"]


def test_an_opt_out_holds_for_everybody_it_may_mean(company: Connector) -> None:
    two = {"email": ["bob@club.example"], "member_no": ["1"]}
    assert company.suppress(Right.OPT_OUT_SALE_SHARE, two) == {"members": 2}


def test_nobody_found_and_no_flag_are_no_error(engine: sa.Engine, company: Connector) -> None:
    before = everything(engine)
    assert company.suppress(Right.OPT_OUT_SALE_SHARE, {"email": ["nobody@club.example"]}) == {"members": 0}
    assert company.suppress(Right.OPT_OUT_SALE_SHARE, {"device_id": ["x"]}) == {}
    assert company.suppress(Right.OBJECT_MARKETING, ANN) == {}
    assert everything(engine) == before
