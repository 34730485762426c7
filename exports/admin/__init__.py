"""The company's systems on the desk. Importing this package registers its pages."""

from exports.admin import (  # noqa: F401
    attention,
    findings,
    handing_over,
    panels,
    receivers,
    reports,
    schedules,
    sources,
    which,
)
