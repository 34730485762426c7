"""A partner's archive in which a person looks: its map, its owner's mailbox, and a small browser for the links."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from exports.models import DataSource, Task
from requests_app.models import Case

OWNER = "archive@partner.example"
MAP = f"""\
source: archive
title: {{en: Letters archive, es: Archivo de cartas}}
connector: manual
owner: {{email: {OWNER}, is: outsider, days: 10}}
role: controller
purposes: {{main: keeping what people wrote}}
origins: {{people: the people themselves}}
collections:
  - name: letters
    title: {{en: Letters, es: Cartas}}
    provided_by_person: true
    purposes: [main]
    collected_from: [people]
    reached: [{{by: email, column: email, compare: email}}]
    on_delete: delete
    received_at: written_on
    fields:
      - {{column: email, title: E-mail address, category: identifiers}}
      - {{column: written_on, title: Written on, category: customer_records}}
      - {{column: text, title: Text, category: customer_records, correctable: true}}
      - column: passport
        title: Passport number
        category: identifiers
        sensitive: true
        never_disclose: government_id_number
  - name: notes
    title: Notes
    provided_by_person: false
    purposes: [main]
    collected_from: [people]
    reached: [{{by: account_number}}]
    on_delete: delete
    fields:
      - {{column: note, title: Note, category: customer_records}}
"""
HEADER = "email,written_on,text,passport\n"
LINK = re.compile(r"/task/([\w-]{20,})/")
CODE = re.compile(r"^([2-9A-HJ-NP-Z]{8})$", re.MULTILINE)


def set_up(text: str = MAP, *, position: int = 9) -> DataSource:
    """The archive, walked after the company's databases."""
    return DataSource.set_up(text, read_url_variable="", write_url_variable="", position=position, at=timezone.now())


def task_of(case: Case) -> Task:
    """The last task of a case."""
    return Task.objects.filter(case=case).latest("asked_at")


def mails(about: str = "") -> list[str]:
    """The texts of the mails to the owner whose subject begins so, oldest first."""
    found = [sent for sent in mail.outbox if sent.to == [OWNER] and sent.subject.startswith(about)]
    return [str(sent.body) for sent in found]


def link(place: int = -1) -> str:
    """The path of the link in the last mail that holds one."""
    return [found.group(0) for text in mails() if (found := LINK.search(text))][place]


def code() -> str:
    """The code in the last mail that holds one."""
    return [found.group(1) for text in mails("Your code") if (found := CODE.search(text))][-1]


class Owner:
    """The owner's browser."""

    def __init__(self) -> None:
        self.client = Client()
        self.page = ""

    def post(self, path: str, given: Mapping[str, object]) -> HttpResponse:
        """Send a form, and read what follows."""
        answer = self.client.post(path, given, follow=True)
        self.page = answer.content.decode()
        return answer  # type: ignore[return-value]

    def asks_for_code(self, path: str) -> None:
        """Open the link and press the button."""
        self.page = self.client.get(path).content.decode()
        self.post(path, {})

    def types(self, text: str) -> HttpResponse:
        """Type a code."""
        return self.post("/task/code/", {"code": text})

    def sends(self, content: str | bytes, collection: str = "letters", encoding: str = "utf-8-sig") -> HttpResponse:
        """Send a file."""
        data = content.encode() if isinstance(content, str) else content
        file = SimpleUploadedFile("rows.csv", data)
        return self.post("/task/work/", {"do": "send", "collection": collection, "encoding": encoding, "file": file})

    def sends_together(self, collection: str = "letters", **files: str) -> HttpResponse:
        """Send several files at once, each under its name."""
        sent = [SimpleUploadedFile(f"{name}.csv", content.encode()) for name, content in files.items()]
        given = {"do": "send", "collection": collection, "encoding": "utf-8-sig", "file": sent}
        return self.post("/task/work/", given)

    def answers(self, do: str, **typed: str) -> HttpResponse:
        """Send the answer."""
        return self.post("/task/work/", {"do": do, "name": "Ann Archer", "confirmed": "yes", **typed})
