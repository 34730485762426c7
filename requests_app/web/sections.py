"""Parts of a case page that other floors bring along, such as the download of the bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from requests_app.models import Case


@dataclass(frozen=True)
class Section:
    """A part of the page of one case: a template of the portal, and what it shows."""

    template: str
    context: Mapping[str, object] = field(default_factory=dict)


Provider = Callable[[Case], Section | None]

_providers: list[Provider] = []
_for_all: list[Provider] = []


def register(section: Provider) -> Provider:
    """Ask this function about every case that a person looks at; None: nothing to show. Also a decorator."""
    if section not in _providers:
        _providers.append(section)
    return section


def register_for_all(section: Provider) -> Provider:
    """The same for what shows nothing of the data, and so also to who asks for somebody else."""
    _for_all.append(section)
    return register(section)


def rendered(case: Case, request: HttpRequest, *, receives: bool) -> list[SafeString]:
    """The sections of a case as HTML, in the order in which they were registered; without data where nobody receives
    it here.
    """
    found = (provider(case) for provider in (_providers if receives else _for_all))
    return [
        render_to_string(section.template, {"case": case, **section.context}, request) for section in found if section
    ]
