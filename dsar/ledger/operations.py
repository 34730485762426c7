"""Migration operations that put a table under the ledger's triggers.

SQLite makes a table anew when a later migration alters it, and the triggers go with the old one:
such a migration ends with the same operation again (``test_every_guarded_table_is_still_guarded``).
"""

from __future__ import annotations

from abc import abstractmethod

from django.db import router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState

from dsar.ledger import triggers


class _Guard(Operation):
    category = OperationCategory.SQL

    def __init__(self, table: str) -> None:
        self.table = table

    @abstractmethod
    def statements(self, connection: BaseDatabaseWrapper) -> list[str]:
        """The SQL that sets up the triggers."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Triggers change nothing that the models know."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Set up the triggers, in place of those that are there."""
        self.database_backwards(app_label, schema_editor, from_state, to_state)
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            for statement in self.statements(schema_editor.connection):
                schema_editor.execute(statement, params=None)

    def database_backwards(  # Django's signature
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,  # noqa: ARG002
        to_state: ProjectState,  # noqa: ARG002
    ) -> None:
        """Take the triggers away."""
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            for statement in triggers.drop(schema_editor.connection, self.table):
                schema_editor.execute(statement, params=None)


class AppendOnly(_Guard):
    """Rows of the table can be added, and neither changed nor removed."""

    def statements(self, connection: BaseDatabaseWrapper) -> list[str]:
        """The SQL that sets up the triggers."""
        return triggers.append_only(connection, self.table)

    def describe(self) -> str:
        """What ``migrate`` prints."""
        return f"Make {self.table} append-only"


class ForwardOnly(_Guard):
    """Rows of the table keep their key, the number in ``column`` only rises, and no row is removed."""

    def __init__(self, table: str, *, key: str, column: str) -> None:
        super().__init__(table)
        self.key = key
        self.column = column

    def statements(self, connection: BaseDatabaseWrapper) -> list[str]:
        """The SQL that sets up the triggers."""
        return triggers.forward_only(connection, self.table, key=self.key, column=self.column)

    def describe(self) -> str:
        """What ``migrate`` prints."""
        return f"Let {self.table} only move forward"
