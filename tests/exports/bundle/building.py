"""Builds the bundle of the one case of a database, and writes the clear ZIP to the standard output.

``python -m tests.exports.bundle.building MOMENT``, in a process of its own: what the environment says, it says to this.
"""

from __future__ import annotations

import sys
from datetime import datetime

import django


def main() -> None:
    """Build it as of the moment."""
    django.setup()
    from exports.bundle.contents import contents_of  # noqa: PLC0415 - once there are settings
    from requests_app.models import Case  # noqa: PLC0415

    for piece in contents_of(Case.objects.get(), made_at=datetime.fromisoformat(sys.argv[1])).archive():
        sys.stdout.buffer.write(piece)


if __name__ == "__main__":
    main()
