"""The forms of a page, read as a browser reads them: where they are sent, their fields, and what these hold already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = Mapping[str, str | None]
SENT_WHEN_PRESSED = {"submit", "button", "image", "reset"}


@dataclass
class Form:
    """One form of a page. ``names`` are its fields; ``values`` what is sent if nobody types anything."""

    action: str
    method: str
    names: set[str] = field(default_factory=set)
    values: dict[str, list[str]] = field(default_factory=dict)

    def holds(self, name: str, value: str) -> None:
        """Take a value that the page gives."""
        self.values.setdefault(name, []).append(value)


def forms_of(html: str) -> list[Form]:
    """The forms of a page, in its order."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms


class _Reader(HTMLParser):
    """Goes through the page and notes what belongs to the form that is open."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._text: list[str] | None = None  # of the textarea that is open
        self._name = ""  # of the select or textarea that is open
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        given: Attributes = dict(attrs)
        name = given.get("name") or ""
        if tag == "form":
            self._open = Form(given.get("action") or "", (given.get("method") or "get").lower())
            self.forms.append(self._open)
        elif tag == "option":
            self._options.append((given.get("value") or "", "selected" in given))
        elif self._open and name and "disabled" not in given:
            self._begin(self._open, tag, name, given)

    def _begin(self, form: Form, tag: str, name: str, given: Attributes) -> None:
        if tag == "input":
            self._input(form, name, given)
        elif tag in ("select", "textarea"):
            form.names.add(name)
            self._name, self._options, self._text = name, [], []

    @staticmethod
    def _input(form: Form, name: str, given: Attributes) -> None:
        kind = given.get("type") or "text"
        if kind in SENT_WHEN_PRESSED:
            return
        form.names.add(name)
        if kind not in ("checkbox", "radio"):
            form.holds(name, given.get("value") or "")
        elif "checked" in given:
            form.holds(name, given.get("value") or "on")

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif self._open and self._name and tag == "textarea":
            self._open.holds(self._name, "".join(self._text or []).removeprefix("\n"))
        elif self._open and self._name and tag == "select" and self._options:
            chosen = [value for value, is_selected in self._options if is_selected]
            self._open.holds(self._name, (chosen or [self._options[0][0]])[0])
        if tag in ("select", "textarea"):
            self._name, self._text = "", None
