"""What looks like a number that is never disclosed is found in free text; what only resembles one is left alone.

Card numbers are those that the schemes and payment services publish for tests; the others are made up by their rules.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest
from stdnum import luhn

from exports.bundle.detector import Why, any_may_hold, is_moment, passages
from exports.sources.datamap import NeverDisclose as Kind

CARDS = [
    ("Please charge 4111 1111 1111 1111 instead.", "4111 1111 1111 1111"),
    ("4111111111111111", "4111111111111111"),
    ("My Visa is 4242-4242-4242-4242, exp 12/27", "4242-4242-4242-4242"),
    ("4222222222222 is a short one", "4222222222222"),
    ("card:5555555555554444.", "5555555555554444"),
    ("2223 0031 2200 3222 (Mastercard of the new range)", "2223 0031 2200 3222"),
    ("Amex 3782 822463 10005", "3782 822463 10005"),
    ("371449635398431", "371449635398431"),
    ("6011 1111 1111 1117", "6011 1111 1111 1117"),
    ("Diners 3056 930902 5904!", "3056 930902 5904"),
    ("3566002020360505", "3566002020360505"),
    ("6200000000000005", "6200000000000005"),
    ("on 23 Nov 2026 4111 1111 1111 1111 12 27 123 was charged", "4111 1111 1111 1111"),
    ("4111 1111\n1111 1111", "4111 1111\n1111 1111"),
    ("4111.1111.1111.1111", "4111.1111.1111.1111"),
    ("4111 - 1111 - 1111 - 1111", "4111 - 1111 - 1111 - 1111"),
    ("41 11 11 11 11 11 11 11", "41 11 11 11 11 11 11 11"),
    ("Mi tarjeta: 4111\u00a01111\u00a01111\u00a01111, gracias", "4111\u00a01111\u00a01111\u00a01111"),
    ("4111\u20111111\u20111111\u20111111", "4111\u20111111\u20111111\u20111111"),
    ("é 4111\u200b1111\u200b1111\u200b1111 ü", "4111\u200b1111\u200b1111\u200b1111"),
    (
        "\uff14\uff11\uff11\uff11 \uff11\uff11\uff11\uff11 \uff11\uff11\uff11\uff11 \uff11\uff11\uff11\uff11",
        "\uff14\uff11\uff11\uff11 \uff11\uff11\uff11\uff11 \uff11\uff11\uff11\uff11 \uff11\uff11\uff11\uff11",
    ),
    (
        "رقم \u0664\u0661\u0661\u0661 \u0661\u0661\u0661\u0661 \u0661\u0661\u0661\u0661 \u0661\u0661\u0661\u0661",
        "\u0664\u0661\u0661\u0661 \u0661\u0661\u0661\u0661 \u0661\u0661\u0661\u0661 \u0661\u0661\u0661\u0661",
    ),
    ("4111\u00b71111\u00b71111\u00b71111", "4111\u00b71111\u00b71111\u00b71111"),
]
ACCOUNTS = [
    ("IBAN DE89 3704 0044 0532 0130 00 please", "DE89 3704 0044 0532 0130 00"),
    ("gb82west12345698765432", "gb82west12345698765432"),
    ("ES91-2100-0418-4502-0005-1332.", "ES91-2100-0418-4502-0005-1332"),
    ("Refund to my bank account 000123456789, thanks", "000123456789"),
    ("routing number: 021000021", "021000021"),
    ("mi cuenta bancaria es la 0049 1500 05", "0049 1500 05"),
    ("CLABE 032180000118359719", "032180000118359719"),
]
SOCIAL = [
    ("my number is 536-90-4399", "536-90-4399"),
    ("536 90 4399", "536 90 4399"),
    ("536.90.4399", "536.90.4399"),
    ("My SSN: 536904399", "536904399"),
    ("social security number (536904399)", "536904399"),
    ("mi número de seguro social es 536904399", "536904399"),
    ("536904399 is my social", "536904399"),
    ("SSN 536\u201390\u20134399", "536\u201390\u20134399"),
    ("call 415 555 0101, SSN 536 90 4399", "536 90 4399"),
]
LICENCES = [
    ("my driver's license is D1234567", "D1234567"),
    ("Driver\u2019s licence no. A123-456-78-901-0 (Florida)", "A123-456-78-901-0"),
    ("driver license NY 123 456 789", "123 456 789"),
    ("driving licence MORGA753116SM9IJ", "MORGA753116SM9IJ"),
    ("DL# D1234567", "D1234567"),
    ("Mi licencia de conducir es la Y9876543.", "Y9876543"),
    ("licencia de manejo núm. 12345678", "12345678"),
    ("drivers license, issued 2019-05-01: D7654321", "D7654321"),
    ("my license number is D1234567", "D1234567"),
    ("California DL D1234567", "D1234567"),
    ("CDL D1234567", "D1234567"),
    ("D1234567 is my driver's license number", "D1234567"),
    ("My ID is D1234567 (California driver's license)", "D1234567"),
    ("Y9876543 es mi licencia de conducir", "Y9876543"),
]
PAPERS = [
    ("passport number 543210987", "543210987"),
    ("543210987 is my passport number", "543210987"),
    ("Mi pasaporte: C01234567", "C01234567"),
    ("DNI 12345678Z", "12345678Z"),
    ("green card A012-345-678", "A012-345-678"),
    ("ITIN 912-70-1234", "912-70-1234"),
    ("state ID 00112233", "00112233"),
]
INSURED = [
    ("health insurance member id XEH123456789", "XEH123456789"),
    ("Medicare 1EG4-TE5-MK73", "1EG4-TE5-MK73"),
    ("número de afiliada 55 1234 5678", "55 1234 5678"),
]
PASSWORDS = [
    ("My password is Tr0ub4dor&3.", "Tr0ub4dor&3"),
    ("password: sunshine", "sunshine"),
    ("the passphrase is “correct horse battery staple”, ok?", "correct horse battery staple"),
    ("mi contraseña es caballo99", "caballo99"),
    ("PIN 4711", "4711"),
    ("pin=0815!", "0815"),
    ("Clave de acceso: abc.def", "abc.def"),
]
ANSWERS = [
    ("mother's maiden name: O'Leary.", "O'Leary"),
    ("Respuesta de seguridad: mi primer perro Toby", "mi primer perro Toby"),
]
FOUND = [
    *((text, part, Kind.FINANCIAL_ACCOUNT_NUMBER) for text, part in (*CARDS, *ACCOUNTS)),
    *((text, part, Kind.SOCIAL_SECURITY_NUMBER) for text, part in SOCIAL),
    *((text, part, Kind.DRIVER_LICENCE_NUMBER) for text, part in LICENCES),
    *((text, part, Kind.GOVERNMENT_ID_NUMBER) for text, part in PAPERS),
    *((text, part, Kind.HEALTH_INSURANCE_OR_MEDICAL_ID) for text, part in INSURED),
    *((text, part, Kind.ACCOUNT_PASSWORD) for text, part in PASSWORDS),
    *((text, part, Kind.SECURITY_QUESTIONS_AND_ANSWERS) for text, part in ANSWERS),
]
NOT_FOUND = [
    "",
    "Where is my order W-500123?",
    "Order 500123. My driver's license was in the parcel",
    "Call me at 415-555-0101, my passport has expired",
    "It cost 120000. Is a passport needed?",
    "On 2026-11-23 my driver's license expires",
    "250 dl of milk",
    "4111 1111 1111 1112",  # the check digit is wrong
    "1111 2222 3333 4444",  # of no issuer
    "9400 1000 0000 0000 0000 00",  # a parcel of the post
    "94001118992231497841234",
    "1Z999AA10123456784",
    "Tracking 7712 3456 7890",
    "LK4111111111111111",  # part of a longer name
    "41111111111111111111111",  # part of a longer number
    "+49 1511 1111 1111 1",
    "Call me: +1 (415) 555-0101 or 415.555.0102",
    "415 555 0101 415 555 0102",
    "2026-11-23 18:00:00 and 2026-11-24T09:30:00",
    "23-11-2026",
    "IMEI 356938035643809",
    "1795456800000",
    "3.1415926535897932",
    "10.2.33.4444, 192.168.100.200",
    "12-345-67-8901-22",
    "536904399",  # nine digits, and nothing says what they are
    "invoice 536904399, paid",
    "000-12-3456 666-12-3456 900-12-3456",  # never given out
    "536-90-0000",
    "078-05-1120",  # of an advertisement
    "555 12 3456 78",
    "Does your driver's license expire on 2027-05-01?",
    "my driver's license arrived, order 12345678 as well",
    "driver's license? call 415-555-0101",
    "the driver has no licence plate yet",
    "download dl 12345678",
    "I can't find my passport in the blue bag of 2019.",
    "bank account opened on 12/03/2021",
    "The password is wrong, the password is not working, password: reset",
    "La contraseña es incorrecta",
    "Where do I change my password?",
    "pinball 4711 and pineapple: 2",
    "Our health insurance pays 80 percent of $2,500",
    "social media 536904399",
    "DE89 3704 0044 0532 0130 01",
    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "d41d8cd98f00b204e9800998ecf8427e",
]


def found(text: str) -> list[tuple[str, Kind]]:
    return [(text[item.start : item.end], item.kind) for item in passages(text)]


@pytest.mark.parametrize(("text", "part", "kind"), FOUND, ids=[text for text, *_ in FOUND])
def test_what_is_never_disclosed_is_found_where_it_stands(text: str, part: str, kind: Kind) -> None:
    assert found(text) == [(part, kind)]


@pytest.mark.parametrize("text", [text for text, *_ in FOUND])
@pytest.mark.parametrize("beside", ["", "/tents/12345678", "ﬁ İ e\u0301 \u200b"])
def test_a_column_is_looked_through_whatever_stands_beside_what_is_found(text: str, beside: str) -> None:
    assert any_may_hold([beside, text, beside])
    assert any_may_hold([text])


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["12345678"] * 9,
        ["4111", "1111", "1111", "1111"],
        ["de89", "3704 0044"],
        ["lic", "ence 12345678"],
    ],
)
def test_nothing_is_put_together_of_two_texts(texts: list[str]) -> None:
    assert not any_may_hold(texts)


@pytest.mark.slow
def test_a_moment_as_records_hold_it_holds_nothing_else() -> None:
    chance = Random(11)
    for _ in range(2_000):
        hours = timezone(timedelta(hours=chance.randrange(-12, 15), minutes=chance.choice((0, 30, 45))))
        moment = datetime(1, 1, 1, tzinfo=chance.choice((None, UTC, hours))) + timedelta(
            days=chance.randrange(10, 3_600_000), microseconds=chance.choice((0, chance.randrange(86_400_000_000)))
        )
        for text in (moment.isoformat(), str(moment), moment.date().isoformat(), f"{moment.date()}T{moment:%H:%M}Z"):
            assert is_moment(text)
            assert not passages(text)


@pytest.mark.parametrize("text", ["", "2026", "2026-11-23 4111 1111 1111 1111", "4111-1111-1111-1111", "2026-11-23\n"])
def test_what_only_begins_as_a_moment_is_none(text: str) -> None:
    assert not is_moment(text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_resembles_it_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_several_in_one_text_are_found_in_their_order() -> None:
    text = "Card 4111 1111 1111 1111 5555 5555 5555 4444; SSN 536-90-4399; my password is hunter2 — é"
    assert [part for part, _kind in found(text)] == [
        "4111 1111 1111 1111",
        "5555 5555 5555 4444",
        "536-90-4399",
        "hunter2",
    ]
    assert [item.why for item in passages(text)] == [Why.CHECK_DIGIT, Why.CHECK_DIGIT, Why.PATTERN, Why.WORDS]


def test_of_two_that_overlap_the_surer_kind_is_told() -> None:
    (only,) = passages("my bank account DE89 3704 0044 0532 0130 00")
    assert (only.kind, only.why) == (Kind.FINANCIAL_ACCOUNT_NUMBER, Why.CHECK_DIGIT)
    (only,) = passages("password: 4111-1111-1111-1111")
    assert (only.kind, only.why) == (Kind.FINANCIAL_ACCOUNT_NUMBER, Why.CHECK_DIGIT)


def test_places_are_counted_in_code_points_whatever_stands_before() -> None:
    for before in ("", "ß", "\U0001f600 ", "e\u0301", "\u200d\ufeff", "ﬁ", "İ"):
        assert found(f"{before} 4111 1111 1111 1111 {before}") == [
            ("4111 1111 1111 1111", Kind.FINANCIAL_ACCOUNT_NUMBER)
        ]


def test_every_number_with_a_right_check_digit_in_a_range_is_found_and_none_with_a_wrong_one() -> None:
    chance = Random(7)
    for _ in range(500):
        begin = chance.choice(("4", "51", "55", "2221", "2720", "6011", "62", "3530"))
        number = begin + "".join(chance.choices("0123456789", k=15 - len(begin)))
        digit = luhn.calc_check_digit(number)
        wrong = str((int(digit) + chance.randrange(1, 10)) % 10)
        assert found(f"x {number}{digit}") == [(number + digit, Kind.FINANCIAL_ACCOUNT_NUMBER)]
        assert not found(f"x {number}{wrong}")


NASTY = {
    "letters": "a",
    "words": "Where is my order? ",
    "spaces": " ",
    "single digits": "1 ",
    "one long number": "4",
    "groups of a card": "4111 ",
    "cards": "4111 1111 1111 1111 ",
    "half an IBAN": "DE89 ",
    "an IBAN without end": "DE89AAAA",
    "social security numbers": "536-90-4399 ",
    "nine digits": "536904399 ",
    "a licence": "driver's license ",
    "a licence and spaces": "driver's      ",
    "a licence and letters": "licencia de conducir aaaaaaaa ",
    "passwords": "password is ",
    "passwords in one": "password:",
    "quotes": 'pin: "',
    "questions": "security question: ",
    "dots": "1.",
    "accents": "e\u0301",
    "nothing to be seen": "\u200b",
}


@pytest.mark.slow
@pytest.mark.parametrize("piece", NASTY.values(), ids=NASTY)
def test_the_time_grows_with_the_length_and_not_faster(piece: str) -> None:
    """Eight times the text takes about eight times as long: the bound is far above that, and far below 64."""
    short, long = (piece * (size // len(piece)) for size in (25_000, 200_000))
    passages(short)
    took = [min(cpu_seconds(text) for _ in range(3)) for text in (short, long)]  # memory may be tidied up meanwhile
    assert took[1] < 24 * took[0] + 0.1


def cpu_seconds(text: str) -> float:
    began = time.process_time()
    passages(text)
    return time.process_time() - began
