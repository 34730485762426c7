"""A person's browser, as small as it can be: it keeps cookies, and sends the forms of a page with what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from http.cookiejar import CookieJar
from secrets import token_hex
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, Request, build_opener

from dsar.demo.forms import Form, forms_of

MARKUP = re.compile(r"<(style|script)\b.*?</\1>|<[^>]+>", re.DOTALL)
SECONDS = 30


@dataclass(frozen=True, repr=False)
class Upload:
    """A file that somebody chose: what it is called, and what is in it."""

    name: str
    content: bytes


Typed = Mapping[str, str | list[str] | Upload]


class PageFailed(Exception):
    """A page did not come as a person would need it; the message has its address and what it says."""

    def __init__(self, text: str, status: int = 0) -> None:
        self.status = status
        super().__init__(text)


class Browser:
    """One person's browser on one site."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.address = base_url
        self.html = ""
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> str:
        """Open a page; its HTML."""
        return self._open(Request(urljoin(self.address, path)))

    def post(self, path: str, typed: Typed | None = None) -> str:
        """Type into that form of the open page which is sent to the path, and send it; the HTML of what follows."""
        form = self._form(urljoin(self.address, path))
        fields = {**form.values, **(typed or {})}
        unknown = fields.keys() - form.names
        if unknown:
            raise PageFailed(f"{self.address}: the form has no {', '.join(sorted(unknown))}")
        return self.send(path, fields)

    def send(self, path: str, fields: Typed) -> str:
        """Send fields to a path, whether or not the open page has such a form."""
        body, content_type = _encoded(fields)
        request = Request(urljoin(self.address, path), data=body, headers={"Content-Type": content_type})
        request.add_header("Referer", self.address)
        return self._open(request)

    def fetch(self, path: str) -> bytes:
        """Download a file."""
        with self._opener.open(urljoin(self.address, path), timeout=SECONDS) as answer:
            content: bytes = answer.read()
            return content

    def text(self) -> str:
        """The page that is open, without markup."""
        return re.sub(r"\s+", " ", unescape(MARKUP.sub(" ", self.html)))

    def _form(self, address: str) -> Form:
        for form in forms_of(self.html):
            if form.method == "post" and urljoin(self.address, form.action) == address:
                return form
        raise PageFailed(f"{self.address} has no form that is sent to {address}")

    def _open(self, request: Request) -> str:
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                self.address = answer.geturl()
                self.html = answer.read().decode()
        except HTTPError as error:
            self.html = error.read().decode(errors="replace")
            raise PageFailed(f"{request.full_url}: {error.code}: {self.text()[:300]}", error.code) from None
        return self.html


def _encoded(fields: Typed) -> tuple[bytes, str]:
    """Fields as a browser sends them, and the content type; in parts, one a value, if a file is among them."""
    if not any(isinstance(value, Upload) for value in fields.values()):
        return urlencode(fields, doseq=True).encode(), "application/x-www-form-urlencoded"
    line = token_hex(16)
    parts = [f"--{line}\r\n".encode() + part + b"\r\n" for part in _parts(fields)]
    return b"".join([*parts, f"--{line}--\r\n".encode()]), f"multipart/form-data; boundary={line}"


def _parts(fields: Typed) -> Iterator[bytes]:
    for field, given in fields.items():
        for value in given if isinstance(given, list) else [given]:
            head = f'Content-Disposition: form-data; name="{field}"'
            if isinstance(value, Upload):
                head += f'; filename="{value.name}"\r\nContent-Type: application/octet-stream'
            yield f"{head}\r\n\r\n".encode() + (value.content if isinstance(value, Upload) else value.encode())
