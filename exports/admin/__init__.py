"""The company's systems on the desk. Importing this package registers its pages."""

from exports.admin import (  # noqa: F401
    about,
    attention,
    by_rule,
    corrections,
    documents,
    findings,
    handing_over,
    holds,
    in_bytes,
    kept,
    panels,
    receivers,
    recipients,
    reports,
    schedules,
    searching,
    sources,
    supporting,
    tasks,
    which,
)
