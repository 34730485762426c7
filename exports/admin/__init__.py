"""The company's systems on the desk. Importing this package registers its pages."""

from exports.admin import attention, findings, handing_over, panels, reports, schedules, sources, which  # noqa: F401
