#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.core.management import execute_from_command_line

from requests_app.law.reading import LawPackError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dsar.settings")
    try:
        execute_from_command_line(sys.argv)
    except LawPackError as error:
        sys.exit(str(error))  # no traceback: the file, the key and the cure
