"""A person's browser, as small as it can be: it keeps cookies, reads forms, and posts them with their tokens."""

from __future__ import annotations

import re
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, Request, build_opener

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
MARKUP = re.compile(r"<(style|script)\b.*?</\1>|<[^>]+>", re.DOTALL)
SECONDS = 30


class PageFailed(Exception):
    """A page did not come as a person would need it; the message has its address and status."""


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

    def post(self, path: str, fields: dict[str, str | list[str]] | None = None) -> str:
        """Post the form of the page that is open, with its hidden fields; the HTML of the page that follows."""
        hidden = dict(HIDDEN.findall(self.html))
        token = TOKEN.search(self.html)
        if token is None:
            raise PageFailed(f"{self.address} has no form")
        data = {**hidden, "csrfmiddlewaretoken": token.group(1), **(fields or {})}
        request = Request(urljoin(self.address, path), data=urlencode(data, doseq=True).encode())
        request.add_header("Referer", self.address)
        return self._open(request)

    def fetch(self, path: str) -> bytes:
        """Download a file."""
        with self._opener.open(urljoin(self.address, path), timeout=SECONDS) as answer:
            content: bytes = answer.read()
            return content

    def text(self) -> str:
        """The page that is open, without markup."""
        return re.sub(r"\s+", " ", MARKUP.sub(" ", self.html))

    def _open(self, request: Request) -> str:
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                self.address = answer.geturl()
                self.html = answer.read().decode()
        except HTTPError as error:
            self.html = error.read().decode(errors="replace")
            raise PageFailed(f"{request.full_url}: {error.code}: {self.text()[:300]}") from None
        return self.html
