"""The desk: where the privacy team works. Importing this package registers its pages."""

from requests_app.admin import (  # noqa: F401
    asking,
    calendars,
    cases,
    corrections,
    jobs,
    organisation,
    printing,
    rules,
    staff,
    submissions,
)
