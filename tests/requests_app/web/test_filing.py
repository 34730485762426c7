"""Filing a request by the web form."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from dsar.vault import keys
from requests_app.law.words import Right
from requests_app.models import LookBack, Message, Organisation, Submission, Suppression
from requests_app.ports import Receiver
from requests_app.residence import COUNTRIES, US_STATES
from requests_app.services import people
from requests_app.services.letters import Letter
from requests_app.web.places import place_groups
from tests.requests_app.web.company import SmallCompany
from tests.requests_app.web.conftest import NOW, FileRequest, enter, page

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

FORM = "/request/US-CA/"
BANK = Receiver("7", "First Harbor Bank, N.A.")
GOOD = {
    "rights": ["know_specific"],
    "name": "Sam Rivera",
    "email": "sam@example.com",
    "look_back": "twelve_months",
}


def typed(**changes: object) -> dict[str, object]:
    """A filled-in form, as the browser sends it."""
    return {**GOOD, "intake_key": str(uuid.uuid4()), **changes}


def test_a_site_without_an_organisation_says_how_to_set_one_up(client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 503
    assert "./run demo" in answer.content.decode()


def test_the_start_page_leads_to_the_form_and_to_the_case_page(client: Client, organisation: Organisation) -> None:
    start = page(client, "/")
    assert 'href="/request/"' in start
    assert 'href="/case/"' in start
    assert "Acorn &amp; Oak" in start


def test_the_place_of_residence_leads_to_its_form(client: Client, organisation: Organisation) -> None:
    assert client.get("/request/", {"residence": "US-CA"}).headers["Location"] == FORM
    assert "Please choose the place where you live." in page(client, "/request/?residence=XX")
    assert "Please choose the place where you live." in page(client, "/request/?residence=")
    assert client.get("/request/XX/").status_code == 404


def test_every_place_is_listed_once_in_both_languages() -> None:
    for language in ("en", "es"):
        codes = [code for _group, places in place_groups(language) for code, _name in places]
        assert sorted(codes) == sorted([*US_STATES, *COUNTRIES, "ZZ"])


def test_each_right_stands_in_the_law_s_own_words_with_its_date(client: Client, organisation: Organisation) -> None:
    form = page(client, FORM)
    assert "Get a copy of the personal information we have about you" in form
    assert "Jan. 7, 2027" in form  # 45 calendar days
    assert "Dec. 14, 2026" in form  # 15 business days
    assert "everything since Jan. 1, 2022" in form


@pytest.mark.parametrize(
    ("residence", "said", "unsaid"),
    [
        ("US-IA", ["Delete the personal data that I gave you", "Feb. 21, 2027", "Iowa CDPA"], ["targeted advertising"]),
        ("US-VA", ["sale of my personal data and of targeted advertising", "Jan. 7, 2027"], ["Feb. 21, 2027"]),
        ("US-OK", ["Delete my personal data", "Privacy policy"], ["Oklahoma CDPA"]),
    ],
    ids=["90 days in Iowa", "45 in Virginia", "Oklahoma's law is still to come: the policy answers"],
)
def test_the_form_of_a_state_speaks_its_law_s_words(
    client: Client, organisation: Organisation, residence: str, said: list[str], unsaid: list[str]
) -> None:
    form = page(client, f"/request/{residence}/")
    assert [words for words in said if words not in form] == []
    assert [words for words in unsaid if words in form] == []


def test_where_no_law_sets_a_date_the_answer_reaches_back_to_everything(
    client: Client, organisation: Organisation
) -> None:
    assert "look_back" not in page(client, "/request/DE/")
    client.post("/request/DE/", typed())
    assert Submission.objects.get().look_back == LookBack.EVERYTHING


def test_a_request_is_received_and_the_answer_page_tells_reference_and_dates(
    client: Client, organisation: Organisation
) -> None:
    answer = client.post(FORM, typed(rights=["know_specific", "delete"], look_back="everything", details="Two\nlines"))
    assert answer.headers["Location"] == "/request/done/"
    submission = Submission.objects.get()
    assert {case.right_asked for case in submission.cases.all()} == {Right.KNOW_SPECIFIC, Right.DELETE}
    assert submission.look_back == LookBack.EVERYTHING
    assert submission.details.splitlines() == ["Two", "lines"]
    done = page(client, "/request/done/")
    assert submission.reference in done
    assert done.count("Jan. 7, 2027") == 2
    assert "Confirm your mailbox" in done
    assert "45 calendar days" in done


def test_the_answer_page_shows_nothing_that_was_typed(client: Client, organisation: Organisation) -> None:
    client.post(FORM, typed())
    done = page(client, "/request/done/")
    assert "sam@example.com" not in done
    assert "Sam Rivera" not in done


def test_an_opt_out_is_in_force_at_once_and_nothing_has_to_be_proved(
    client: Client, organisation: Organisation
) -> None:
    client.post(FORM, typed(rights=["opt_out_sale_share"]))
    done = page(client, "/request/done/")
    assert "In force now" in done
    assert "Confirm your mailbox" not in done
    assert Suppression.objects.in_force().exists()
    assert set(Message.objects.values_list("letter", flat=True)) == {Letter.OPT_OUT_CONFIRMED}


@pytest.mark.slow
def test_whoever_asks_for_a_portable_file_may_say_to_whom_it_is_to_go(
    client: Client, organisation: Organisation, company: SmallCompany
) -> None:
    assert 'name="receiver"' not in page(client, FORM)
    company.registered = (BANK,)
    assert '<option value="7">First Harbor Bank, N.A.</option>' in page(client, FORM)
    client.cookies["django_language"] = "es"
    assert "A nadie; solo lo descargo" in page(client, FORM)
    form = typed(rights=["portability"], receiver="7")
    client.post(FORM, form)
    client.post(FORM, form)
    assert company.chosen == ["7"]
    client.post(FORM, {**form, "receiver": ""})
    assert Submission.objects.count() == 2


@pytest.mark.slow
def test_a_receiver_is_nobody_s_business_where_no_portable_file_is_asked_for_or_an_agent_asks(
    client: Client, organisation: Organisation, company: SmallCompany
) -> None:
    company.registered = (BANK,)
    client.post(FORM, typed(receiver="7"))
    assert Submission.objects.count() == 1
    assert company.chosen == []
    assert 'name="receiver"' in page(client, f"{FORM}?for=parent")
    assert 'name="receiver"' not in page(client, f"{FORM}?for=agent")


@pytest.mark.parametrize("others", [(), (BANK,)], ids=["of none left", "of others"])
def test_a_receiver_that_was_ended_meanwhile_is_told_and_nothing_typed_is_lost(
    client: Client, organisation: Organisation, company: SmallCompany, others: tuple[Receiver, ...]
) -> None:
    company.registered = others
    form = typed(rights=["portability"], receiver="8", details="For my next bank")
    told = client.post(FORM, form).content.decode()
    assert "Nothing can be sent to this receiver. Please choose another one." in told
    assert "For my next bank" in told
    assert "Sam Rivera" in told
    client.cookies["django_language"] = "es"
    assert "No se puede enviar nada a este destinatario." in client.post(FORM, form).content.decode()
    assert not Submission.objects.exists()


def test_a_second_submit_of_one_form_finds_the_first(client: Client, organisation: Organisation) -> None:
    form = typed()
    client.post(FORM, form)
    reference = Submission.objects.get().reference
    client.post(FORM, form)
    assert reference in page(client, "/request/done/")
    assert Submission.objects.count() == 1


@pytest.mark.slow
def test_each_form_that_is_shown_has_a_key_of_its_own(client: Client, organisation: Organisation) -> None:
    keys_shown = {re.search(r'name="intake_key" value="([^"]+)"', page(client, FORM))[1] for _time in range(2)}  # type: ignore[index]
    assert len(keys_shown) == 2


@pytest.mark.parametrize("key", ["", "no key", "\x00", "' OR 1=1 --"])
def test_a_form_without_a_usable_key_is_received_all_the_same(
    client: Client, organisation: Organisation, key: str
) -> None:
    assert client.post(FORM, typed(intake_key=key)).status_code == 302
    assert Submission.objects.count() == 1


TOO_LONG = "Please use at most"
STRANGE = "This contains characters that can&#x27;t be used"
BAD_INPUT = [
    ("nothing chosen", {"rights": []}, "rights_0", "Please choose what you ask for."),
    ("a right of no form", {"rights": ["appeal"]}, "rights_0", "One of these rights is not offered where you live."),
    ("no right at all", {"rights": ["x' --"]}, "rights_0", "One of these rights is not offered where you live."),
    ("one right twice", {"rights": ["delete", "delete"]}, "rights_0", "Please choose each right once."),
    ("no name", {"name": "  "}, "name", "Please tell us your name."),
    ("a name too long", {"name": "x" * 201}, "name", TOO_LONG),
    ("a NUL in the name", {"name": "Sam\x00"}, "name", "Null characters are not allowed."),
    ("an invitation as a name", {"name": "You won! See https://moor.example"}, "name", "without any address"),
    ("a web address as a name", {"name": "WWW.moor.example"}, "name", "without any address"),
    ("an escape in the name", {"name": "Sam \x1b[31m"}, "name", STRANGE),
    ("two lines in the name", {"name": "Sam\nRivera"}, "name", STRANGE),
    ("no e-mail", {"email": ""}, "email", "Please give an e-mail address"),
    ("half an e-mail", {"email": "sam@"}, "email", "Please give an e-mail address"),
    ("an e-mail with a header", {"email": "sam@example.com\nBcc: x@example.com"}, "email", STRANGE),
    ("an e-mail too long", {"email": "x" * 250 + "@example.com"}, "email", TOO_LONG),
    ("an account number too long", {"account_number": "9" * 65}, "account_number", TOO_LONG),
    ("details too long", {"details": "x" * 5001}, "details", TOO_LONG),
    ("an escape in the details", {"details": "a\x07b"}, "details", STRANGE),
    ("a reach that is not offered", {"look_back": "since_ever"}, "look_back_0", "Select a valid choice."),
    ("a correction of nothing", {"rights": ["correct"], "correct_value": "x"}, "correct_field", "choose what is wrong"),
    (
        "a correction of a field that is not offered",
        {"rights": ["correct"], "correct_field": "shop.customers.id", "correct_value": "x"},
        "correct_field",
        "Select a valid choice.",
    ),
    (
        "a correction without the right value",
        {"rights": ["correct"], "correct_field": "shop.customers.phone"},
        "correct_value",
        "Please tell us the right value.",
    ),
    (
        "a day in the way of a country",
        {"rights": ["correct"], "correct_field": "shop.customers.born", "correct_value": "4.3.1990"},
        "correct_value",
        "Please write the date as year-month-day, such as 1990-03-04.",
    ),
]


@pytest.mark.parametrize(
    ("changes", "control", "sentence"), [row[1:] for row in BAD_INPUT], ids=[r[0] for r in BAD_INPUT]
)
def test_bad_input_is_told_at_the_top_and_at_its_field_and_nothing_is_received(
    client: Client, organisation: Organisation, changes: dict[str, object], control: str, sentence: str
) -> None:
    answer = client.post(FORM, typed(**changes))
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert re.search(rf'<a href="#id_{control}">[^<]*{re.escape(sentence)}', shown)
    assert re.search(rf'aria-invalid="true"[^>]*id="id_{control}"|id="id_{control}"[^>]*aria-invalid="true"', shown)
    assert Submission.objects.count() == 0


def test_a_right_that_is_not_offered_is_refused_in_spanish_with_the_policy_in_spanish(
    client: Client, organisation: Organisation
) -> None:
    client.cookies["django_language"] = "es"
    shown = client.post(FORM, typed(rights=["appeal"])).content.decode()
    assert "Política de privacidad, parte general" in shown
    assert "general part" not in shown


@pytest.mark.parametrize("encoding", ["rot13", "base64", "utf-16", "nonsense"])
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_a_body_in_another_encoding_than_the_page_is_refused(
    client: Client, organisation: Organisation, kind: str, encoding: str
) -> None:
    answer = client.generic("POST", "/case/", b"reference=R-2222-3333", f"{kind}; charset={encoding}")
    assert answer.status_code == 400
    assert "<h1" in answer.content.decode()
    assert client.generic("POST", "/case/", b"reference=R-2222-3333", f"{kind}; charset=UTF-8").status_code < 400


def test_all_faults_are_told_at_once_and_what_was_typed_stays(client: Client, organisation: Organisation) -> None:
    answer = client.post(FORM, typed(name="", email="sam@", rights=["delete"], details="<b>please</b>"))
    shown = answer.content.decode()
    assert shown.count('<a href="#id_') == 2
    assert 'value="sam@"' in shown
    assert "&lt;b&gt;please&lt;/b&gt;" in shown
    assert re.search(r'value="delete"[^>]*checked', shown)


def test_the_answer_page_of_nobody_leads_to_the_form(client: Client, organisation: Organisation) -> None:
    assert client.get("/request/done/").headers["Location"] == "/request/"


def test_a_form_with_no_right_to_offer_says_so(
    client: Client, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests_app.services.intake.FILABLE", ())
    assert "We offer no rights in this place." in page(client, FORM)


def test_the_form_speaks_spanish(client: Client, organisation: Organisation, company: SmallCompany) -> None:
    client.post("/i18n/setlang/", {"language": "es", "next": "/"})
    form = page(client, FORM)
    assert '<html lang="es">' in form
    assert "Obtener una copia de la información personal" in form
    assert "Número de teléfono" in form
    client.post(FORM, typed())
    assert Submission.objects.get().language == "es"


@pytest.mark.slow
def test_known_and_unknown_people_cause_the_same_statements(
    client: Client, organisation: Organisation, file_request: FileRequest, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path  # keys that other tests destroy meanwhile would be looked up
    known = file_request(Right.KNOW_SPECIFIC, account_number="1234")
    enter(client, known)
    people.find_person(Submission.objects.get(), identifier_key=keys.create("identifiers", at=NOW), at=NOW)
    assert Submission.objects.get().subject is not None

    def statements(email: str, account_number: str) -> list[str]:
        form = typed(email=email, account_number=account_number)
        with CaptureQueriesContext(connections["default"]) as ours, CaptureQueriesContext(connections["keys"]) as kept:
            assert Client().post(FORM, form).status_code == 302
        return [without_values(query["sql"]) for query in (*ours, *kept)]

    first = statements("sam@example.com", "1234")
    assert len(first) > 20
    assert statements("nobody@example.com", "9999") == first


def without_values(sql: str) -> str:
    """A statement's shape: its literals left out, which name rows and savepoints that are new each time."""
    return re.sub(r"""X?'(?:[^']|'')*'|"s\d+_x\d+"|\b\d+\b""", "?", sql)


def test_several_corrections_are_asked_for_in_one_form(client: Client, organisation: Organisation) -> None:
    rows = {
        "correct_field": "shop.customers.phone",
        "correct_now": "555 0100",
        "correct_value": "555 0199",
        "correct_words_3": "my shoe size",
        "correct_value_3": "43",
    }
    client.post(FORM, typed(rights=["correct"], **rows))
    asked = Submission.objects.get().cases.get().corrections.all()
    assert [(row.number, row.field, row.words, row.value_now, row.value) for row in asked] == [
        (1, "shop.customers.phone", "", "555 0100", "555 0199"),
        (3, "", "my shoe size", "", "43"),
    ]


@pytest.mark.parametrize(
    ("language", "hint"),
    [
        ("en", "Date of birth: as year-month-day, such as 1990-03-04."),
        ("es", "Fecha de nacimiento: como año-mes-día, por ejemplo 1990-03-04."),
    ],
)
def test_the_form_says_how_a_day_is_written_where_one_may_be_corrected(
    client: Client, organisation: Organisation, language: str, hint: str
) -> None:
    shown = client.get(FORM, headers={"accept-language": language}).content.decode()
    assert f'<p class="help" id="id_correct_value_helptext">{hint}</p>' in shown


def test_a_fault_of_a_further_correction_stands_in_its_row_which_is_open(
    client: Client, organisation: Organisation
) -> None:
    rows = {"correct_field": "shop.customers.phone", "correct_value": "555 0199", "correct_words_2": "my shoe size"}
    shown = client.post(FORM, typed(rights=["correct"], **rows)).content.decode()
    assert '<a href="#id_correct_value_2">Please tell us the right value.</a>' in shown
    assert shown.count("<details open>") == 1
