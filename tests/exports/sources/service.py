"""A company's service in a thread, written from docs/source-contract.yaml alone; tests tell it how to misbehave."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from exports.sources.connector import Connector, Record
from exports.sources.datamap import read_data_map
from exports.sources.http import HttpConnector

MAP = """
source: club
title: Club
connector: http
service: {signing_key: CLUB_SIGNING_KEY, changes: [delete, correct, suppress]}
role: controller
purposes: {club: Run the club}
origins: {person: You}
collections:
  - name: members
    title: Members
    key: [id]
    one_per_person: true
    provided_by_person: true
    purposes: [club]
    collected_from: [person]
    reached:
      - {by: email, column: email, compare: email}
      - {by: phone, column: phone, compare: digits}
    suppress: {opt_out_sale_share: {opted_out: true}}
    on_delete: {deidentify: {email: random, name: {constant: gone}, phone: clear}}
    fields:
      - {column: email, title: E-mail, category: identifiers, match: {kind: email, compare: email}, reliable: true}
      - {column: name, title: Name, category: identifiers, correctable: true}
      - {column: phone, title: Phone, category: identifiers, match: {kind: phone, compare: digits}, reliable: true}
  - name: orders
    title: Orders
    key: [id]
    provided_by_person: true
    purposes: [club]
    collected_from: [person]
    reached: [{by: email}]
    received_at: at
    on_delete: delete
    fields:
      - {column: id, title: Number, category: commercial}
      - {column: price, title: Price, category: commercial}
"""
EMAIL = {"email": ["ann@club.example"], "member_no": ["7"]}
CALLBACK = "https://privacy.example/source/ready/club:signed/"
LOCAL = frozenset({"127.0.0.1"})
KEY = "a key that the service holds, too: 0123456789"
Reply = tuple[int, dict[str, str], bytes]
Trick = Callable[["Service", str, dict[str, Any]], Reply | None]

ANN = {"id": 1, "email": "Ann@Club.example", "name": "Ann", "phone": "(415) 555-0101", "opted_out": False}
BOB = ANN | {"id": 2, "email": "bob@club.example", "name": "Bob", "phone": None}
ORDERS = [{"id": f"o{number}", "at": f"20{10 + number}-01-01", "price": 1.10, "of": 1} for number in range(7)]
ORDERS += [{"id": "x1", "at": None, "price": 2, "of": 2}]


class Service:
    """Members and orders, found by identifiers, two to a page."""

    url = ""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """As on its first day."""
        self.members = [dict(ANN), dict(BOB)]
        self.orders = [dict(order) for order in ORDERS]
        self.tricks: list[Trick] = []
        self.asked: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        self.nonces: set[str] = set()
        self.keys = [KEY]

    def reply(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """Check the signature, then answer; the next trick, if there is one, goes before."""
        text = f"v1\n{headers['dsar-timestamp']}\n{headers['dsar-nonce']}\n{method}\n{path}\n".encode() + body
        key = self._key(headers["dsar-key"])
        signed = "v1=" + hmac.new(key.encode(), text, hashlib.sha256).hexdigest()
        is_fresh = abs(time.time() - int(headers["dsar-timestamp"])) <= 300 and headers["dsar-nonce"] not in self.nonces
        if not is_fresh or not hmac.compare_digest(signed, headers["dsar-signature"]):
            return 401, {}, b""
        self.nonces.add(headers["dsar-nonce"])
        question = json.loads(body or "{}")
        self.asked.append((path, question, headers))
        trick = self.tricks.pop(0) if self.tricks else None
        found = trick(self, path, question) if trick else None
        return found or answered(getattr(self, path.rpartition("/")[2].partition("?")[0])(question))

    def _key(self, name: str) -> str:
        """Which of the keys was used; the first, if it is none of them."""
        named = {hmac.new(key.encode(), b"key", hashlib.sha256).hexdigest()[:16]: key for key in self.keys}
        return named.get(name, self.keys[0])

    def near(self, question: dict[str, Any]) -> dict[str, Any]:
        """Members by what stands in a column."""
        rows = [
            row
            for row in (self.members if question["collection"] == "members" else self.orders)
            for way in question["ways"]
            if _plain(row[way["column"]]) in map(_plain, way["values"])
        ]
        return {"records": [{name: row[name] for name in question["columns"]} for row in rows], "next": None}

    def lookup(self, question: dict[str, Any]) -> dict[str, Any]:
        """Rows by e-mail or number, in the order in which they stand."""
        start, rows = int(question["cursor"] or 0), self._rows(question["collection"], question["identifiers"])
        page = [{name: row[name] for name in question["columns"]} for row in rows[start : start + 2]]
        return {"records": page, "next": str(start + 2) if start + 2 < len(rows) else None}

    def _rows(self, collection: str, identifiers: dict[str, list[str]]) -> list[dict[str, Any]]:
        emails = {value.lower() for value in identifiers.get("email", [])}
        phones = {"".join(filter(str.isdigit, value)) for value in identifiers.get("phone", [])}
        known = [
            member
            for member in self.members
            if member["email"].lower() in emails
            or "".join(filter(str.isdigit, member["phone"] or "-")) in phones - {""}
        ]
        numbers = {member["id"] for member in known}
        return known if collection == "members" else [order for order in self.orders if order["of"] in numbers]

    def delete(self, order: dict[str, Any]) -> dict[str, Any]:
        """Take the rows out, or replace what identifies."""
        for entry in order["collections"]:
            rows = getattr(self, entry["name"])
            for row in [row for row in rows if [row["id"]] in entry["keys"]]:
                if entry["action"] == "delete":
                    rows.remove(row)
                else:
                    place = entry["keys"].index([row["id"]])
                    row.update({column: replaced(by, place) for column, by in entry["replace"].items()})
        return {"rows": {entry["name"]: len(entry["keys"]) for entry in order["collections"]}}

    def correct(self, order: dict[str, Any]) -> dict[str, Any]:
        """Write the new value."""
        for row in self.members:
            if [row["id"]] in [entry["key"] for entry in order["rows"]]:
                row[order["field"]] = order["value"]
        return {"rows": {order["collection"]: len(order["rows"])}}

    def suppress(self, order: dict[str, Any]) -> dict[str, Any]:
        """Set the flags."""
        rows = self._rows("members", order["identifiers"])
        for row in rows:
            row.update(order["collections"][0]["set"])
        return {"rows": {"members": len(rows)}}


def _plain(value: object) -> str:
    """As an address is compared, or a number."""
    text = str(value or "").lower()
    return text if "@" in text else "".join(filter(str.isdigit, text))[-10:]


def replaced(by: dict[str, Any], place: int) -> object:
    """What a column of the row at that place of the order holds afterwards."""
    match by["by"]:
        case "constant":
            return by["value"]
        case "values":
            return by["values"][place]
    return "gone" if by["by"] == "random" else None


def answered(content: object, status: int = 200, **headers: str) -> Reply:
    """An answer in JSON."""
    return status, {"Content-Type": "application/json", **headers}, json.dumps(content).encode()


def always(*reply: Any) -> Trick:
    """The same answer to whatever comes."""
    status, headers, body = reply
    return lambda _service, _path, _question: (status, headers, body)


@contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[Service]:
    """The service on a port of this machine."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, content = service.reply(self.command, self.path, headers, body)
            try:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # the other side had enough

        do_GET = do_POST  # noqa: N815 - the name that the library calls

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    service.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/privacy"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def opened(service: Service, *changes: str, **options: Any) -> Connector:
    """A connector by the map, with changes: what stands there, and what is to stand there instead."""
    text = MAP
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new, 1)
    terms = {"read_url": service.url, "write_url": service.url, "hosts": LOCAL, "callback": CALLBACK, **options}
    return HttpConnector(read_data_map(text), **terms)


def records(connector: Connector, collection: str, **options: Any) -> list[Record]:
    """What is found of Ann in a collection."""
    return [record for page in connector.pages(collection, EMAIL, **options) for record in page.records]
