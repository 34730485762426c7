"""What Django writes to the log about requests, without what is private in it.

The path of a request may hold a code that opens a case; the text of an exception may quote what it was about, and
PostgreSQL's quotes whole rows. So the log names the route and not the path, the class of an error and where it was
raised, and not its text.
"""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

ABOUT_REQUESTS = ("django.request", "django.security", "django.server")
NO_ROUTE = "an address that leads nowhere"

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class PrivateRequests(logging.Filter):
    """Rewrites the records of Django's loggers about requests; lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """True, always; a record about a request says the same in words that tell nothing private."""
        if record.name.startswith(ABOUT_REQUESTS):
            record.msg, record.args = _told(record), ()
            record.exc_info = record.exc_text = record.stack_info = None
        return True


def _told(record: logging.LogRecord) -> str:
    status = getattr(record, "status_code", "")
    said = f"{status} {_route(getattr(record, 'request', None))}".strip()
    if record.name.startswith("django.security."):
        said = f"{record.name.rpartition('.')[2]}: {said}{_reason(record)}"
    if record.exc_info and record.exc_info[0]:
        said += f": {_error(record.exc_info)}"
    return said


def _reason(record: logging.LogRecord) -> str:
    """Why a form was refused, as far as it is Django's own words: behind the dash stands what a browser sent."""
    if record.name != "django.security.csrf" or not isinstance(record.args, tuple) or not record.args:
        return ""
    return f": {str(record.args[0]).partition(' - ')[0]}"


def _route(request: object) -> str:
    """Method and name of the route that the request took, or its pattern."""
    match = getattr(request, "resolver_match", None)
    place = (match.view_name or match.route) if match else NO_ROUTE
    return f"{getattr(request, 'method', '')} {place}".strip()


def _error(raised: ExcInfo) -> str:
    kind, _, trace = raised
    frames = traceback.extract_tb(trace)
    where = " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{kind.__module__}.{kind.__qualname__} at {where}"
