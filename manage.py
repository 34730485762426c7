#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from requests_app.law.reading import LawPackError
from requests_app.management.commands import law

CURE = "`./run manage …` takes the settings of the demo; a house of your own names its file in DSAR_ENV_FILE."


def main() -> None:
    """Run the command; whoever reads the law needs no settings for it."""
    try:
        execute_from_command_line(sys.argv)
    except LawPackError as error:
        sys.exit(str(error))  # no traceback: the file, the key and the cure
    except ImproperlyConfigured as error:
        if sys.argv[1:2] != ["law"] or settings.configured:
            sys.exit(f"{error}\n{CURE}")
        settings.configure(TIME_ZONE="America/Los_Angeles", USE_TZ=True)  # as where none is set
        law.Command().run_from_argv(sys.argv)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dsar.settings")
    main()
