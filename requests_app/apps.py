from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate
from django.utils import timezone

if TYPE_CHECKING:
    from requests_app.models import User


class RequestsConfig(AppConfig):
    name = "requests_app"
    label = "requests_app"
    verbose_name = "Requests"

    def ready(self) -> None:
        from dsar.ledger import checkpoints
        from requests_app import machine
        from requests_app.law import packs
        from requests_app.services import (  # noqa: F401 - they register moves
            answering,
            appeals,
            deciding,
            entering,
            holds,
            identity,
            linking,
            permissions,
            reopening,
            restricting,
            review,
            sending_on,
            shown,
            statements,
            telling,
            upkeep,
        )

        packs.all_packs()  # one that can't be used stops the program here, with its file, key and cure
        checkpoints.register_count("submissions", upkeep.submissions_by_channel)
        post_migrate.connect(machine.fill_allowed_moves, sender=self, dispatch_uid="fill_allowed_moves")
        post_migrate.connect(_set_up_roles, sender=self, dispatch_uid="set_up_roles")
        post_migrate.connect(upkeep.join_after_migrate, sender=self, dispatch_uid="join_databases")
        user_logged_in.connect(_note_sign_in, dispatch_uid="note_sign_in")


# Models are there only once the apps are ready, hence the imports inside.


def _set_up_roles(*, using: str, **_signal: object) -> None:
    from requests_app.services import staffing

    if using == DEFAULT_DB_ALIAS:
        staffing.set_up_roles()


def _note_sign_in(*, user: User, **_signal: object) -> None:
    from requests_app.services import staffing

    staffing.note_sign_in(user, at=timezone.now())
