"""``manage.py staff add NAME EMAIL --role analyst``: the first of the staff; later ones are added in the admin."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from requests_app.models import User
from requests_app.roles import Role
from requests_app.services.staffing import add_staff


class Command(BaseCommand):
    """Add a member of the staff with roles; the password is typed, or read from standard input."""

    help = "Add a member of the staff who can sign in to the admin."

    def add_arguments(self, parser: CommandParser) -> None:
        """The name, the address, the roles."""
        add = parser.add_subparsers(dest="what", required=True).add_parser("add")
        add.add_argument("name")
        add.add_argument("email")
        add.add_argument("--role", action="append", required=True, choices=[role.value for role in Role])

    def handle(self, *_args: object, **options: Any) -> None:
        """Check everything, then add; CommandError says what is wrong."""
        if User.objects.filter(username=options["name"]).exists():
            raise CommandError(f"There is somebody called {options['name']} already: choose another name.")
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            validate_email(options["email"])
            validate_password(password, User(username=options["name"], email=options["email"]))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        add_staff(options["name"], options["email"], password, [Role(slug) for slug in options["role"]])
        self.stdout.write(f"{options['name']} can sign in as {', '.join(options['role'])}.")
