"""The figures of a year as a table, as text, as JSON and as CSV: laws, rights and numbers, and nobody's data."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from requests_app.law.describing import spell_dating
from requests_app.law.wording import spell_date
from requests_app.law.words import Right
from requests_app.law.yearly import Ended, Figures
from requests_app.services.metrics import LawReport, YearReport

TO_KNOW = "to_know"
TO_KNOW_LABEL = "to know, in all ways"
COLUMNS = {
    "received": "Received",
    "complied_in_whole": "Complied with in whole",
    "complied_in_part": "In part",
    "denied": "Denied",
    "denied_not_verifiable": "Not verifiable",
    "denied_not_by_a_consumer": "Not made by a consumer",
    "denied_exempt": "Exempt",
    "denied_other_ground": "Other ground",
    "withdrawn": "Withdrawn",
    "sent_on": "Sent on",
    "open": "Open",
    "answered": "Answered",
    "median_days": "Median days",
    "mean_days": "Mean days",
    "duplicates": "Duplicates, apart",
}
HOW_COUNTED = (
    "A request counts in the year in which it was received, and once in the report of each law that was pinned to it.",
    "Received: what was complied with, denied, withdrawn, sent on and is still open, together.",
    "Duplicates stand apart: what was asked goes on as the older request, and counts there.",
    "Denied: by the last ground of the refusal. An answer of which something was withheld is one in part.",
    "Exempt: grounds against data. Other grounds: fraud, excess, no permission, answered often enough, and the like.",
    "Sent on: about data that we hold for a customer of ours only.",
    "Days: from receipt, which is day 0, to the substantive answer. Notices of receipt and of an extension are none.",
    "An opt-out is answered when it is done; anything else when its closing letter was accepted for delivery.",
    "Inquiries are messages that are no request: they stand in no law's report.",
)
NOTHING = "\N{EN DASH}"

Number = int | float | None


@dataclass(frozen=True)
class Line:
    """The figures of one right, or of all ways to know, by column; no days where nothing was answered."""

    right: str
    label: str
    numbers: Mapping[str, Number]

    @property
    def shown(self) -> list[tuple[str, str]]:
        """The numbers as people read them, each with the heading of its column."""
        return [(COLUMNS[column], _shown(number)) for column, number in self.numbers.items()]


def lines(report: LawReport) -> list[Line]:
    """The lines of one law's report."""
    found = [_line(right.value, right.label, figures) for right, figures in report.of_rights.items()]
    return [*found, _line(TO_KNOW, TO_KNOW_LABEL, report.to_know)] if report.to_know else found


def publishing(report: LawReport, year: int) -> str:
    """Whether and by when these figures are published: as far as the law says, with its citation and how sure it is."""
    if report.published is None:
        return f"{report.title} asks for no published figures, as far as its pack says."
    rule, by = report.published.rule, spell_date(report.published.by, "en")
    return (
        f"{report.title} asks to publish the figures of {year} by {by} if data of {rule.consumers:,} or more consumers"
        f" was handled in {year}, as the rule counts them. How many there were is not known here: the organisation has"
        f" to say. ({spell_dating(rule)})"
    )


def as_text(report: YearReport) -> str:
    """A page of text."""
    return "\n".join(_page(report)) + "\n"


def as_json(report: YearReport) -> str:
    """Everything, for a machine; the days as numbers, null where nothing was answered."""
    whole = {
        "organisation": report.organisation,
        "year": report.year,
        "as_of": report.as_of.isoformat(),
        "inquiries": report.inquiries,
        "how_counted": HOW_COUNTED,
        "laws": [_law_as_data(law, report.year) for law in report.laws],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def as_csv(report: YearReport) -> str:
    """One line a law and right, and one of the inquiries (RFC 4180); an empty field where there is no number."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["year", "as_of", "law", "right", *COLUMNS])
    when = (report.year, report.as_of.isoformat())
    for law in report.laws:
        writer.writerows([*when, law.law, line.right, *map(_plain, line.numbers.values())] for line in lines(law))
    writer.writerow([*when, "", Right.INQUIRY, report.inquiries, *[""] * (len(COLUMNS) - 1)])
    return text.getvalue()


def _line(right: str, label: str, figures: Figures) -> Line:
    ended = {column: figures.of(Ended(column)) for column in COLUMNS if column in set(Ended)}
    others: dict[str, Number] = {
        "received": figures.received,
        "denied": figures.denied,
        "answered": len(figures.days),
        "median_days": figures.days.median,
        "mean_days": figures.days.mean,
        "duplicates": figures.of(Ended.DUPLICATE),
    }
    return Line(right, label, {column: {**ended, **others}[column] for column in COLUMNS})


def _law_as_data(law: LawReport, year: int) -> dict[str, object]:
    published = law.published and {
        "consumers": law.published.rule.consumers,
        "publish_by": law.published.by.isoformat(),
        "citation": law.published.rule.citation,
        "sureness": law.published.rule.sureness,
    }
    return {
        "law": law.law,
        "title": law.title,
        "publishing": publishing(law, year),
        "rule": published,
        "rights": {line.right: dict(line.numbers) for line in lines(law)},
    }


def _page(report: YearReport) -> Iterator[str]:
    yield f"{report.organisation}: requests received in {report.year}, as of {spell_date(report.as_of, 'en')}"
    yield f"Inquiries, which are no requests: {report.inquiries}"
    for law in report.laws:
        yield ""
        yield f"{law.title} ({law.law})"
        yield publishing(law, report.year)
        for line in lines(law):
            yield f"  {line.label}"
            yield from _numbers(line)
    if not report.laws:
        yield "No request was received."
    yield ""
    yield from HOW_COUNTED


def _numbers(line: Line) -> Iterator[str]:
    """The figures below one another; of a right that nobody used, that alone."""
    if not line.numbers["received"] and not line.numbers["duplicates"]:
        yield "    Received: 0"
        return
    for heading, shown in line.shown:
        yield f"    {heading}: {shown}"


def _shown(number: Number) -> str:
    return NOTHING if number is None else str(number) if isinstance(number, int) else f"{number:.1f}"


def _plain(number: Number) -> str:
    return "" if number is None else str(number) if isinstance(number, int) else f"{number:.2f}"
