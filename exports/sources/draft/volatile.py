"""Which columns a program writes all the time by itself, guessed by name and type: a deletion does not compare them.

Names are phrases as in `rules`, here with which a column's name ends, in English and Spanish: `last_login` fits
customer_last_login, too. One that begins with "=" is the whole name: `updated_at` is the row's own, and of
`password_updated_at` somebody may want to know that it moved.
"""

from __future__ import annotations

from dataclasses import dataclass

from exports.sources.draft.words import ends_at, words_of
from exports.sources.schema import Column, Kind

MOMENTS = (
    "last_login last_login_at last_log_in last_sign_in last_sign_in_at current_sign_in_at last_logged_in"
    " last_logged_in_at last_seen last_seen_at last_seen_on last_visit last_visit_at last_visited last_visited_at"
    " last_active last_active_at last_activity last_activity_at last_access last_access_at last_accessed"
    " last_accessed_at last_used last_used_at last_synced last_synced_at last_sync =last_update"
    " =last_updated =last_updated_at =last_modified =last_modified_at =last_change =last_changed =last_changed_at"
    " =updated =updated_at =updated_on =date_updated =update_date =update_time =modified =modified_at =modified_on"
    " =date_modified =modified_date =write_date =modification_date =changed =changed_at =changed_on =synced_at =mtime"
    " =row_updated_at"
    " ultimo_acceso ultima_visita ultima_conexion ultima_sesion ultimo_inicio_sesion ultimo_inicio_de_sesion"
    " ultimo_ingreso ultimo_login ultimo_uso ultima_actividad =ultima_actualizacion =ultima_modificacion"
    " =ultimo_cambio"
    " visto_por_ultima_vez =actualizado =actualizado_en =actualizado_el =fecha_actualizacion =fecha_de_actualizacion"
    " =modificado =modificado_en =modificado_el =fecha_modificacion =fecha_de_modificacion fecha_ultimo_acceso"
    " fecha_ultima_visita"
)
COUNTS = (
    "login_count logins_count num_logins number_of_logins =logins sign_in_count failed_logins failed_login_count"
    " failed_login_attempts login_attempts failed_attempts visit_count visits_count num_visits number_of_visits =visits"
    " view_count page_views page_view_count =views =hits hit_count access_count session_count =lock_version"
    " =row_version =rowversion =optlock"
    " accesos numero_accesos numero_de_accesos contador_accesos numero_visitas numero_de_visitas contador_visitas"
    " =visitas intentos_fallidos intentos_de_acceso numero_sesiones"
)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Words with which a name ends, or all of them."""

    words: tuple[str, ...]
    is_whole: bool

    def fits(self, words: tuple[str, ...]) -> bool:
        is_there = ends_at(self.words, words, len(words))
        return is_there and (not self.is_whole or len(words) == len(self.words))


def _phrases(names: str) -> tuple[_Phrase, ...]:
    """The longest first, which says most."""
    found = (_Phrase(tuple(name.removeprefix("=").split("_")), name.startswith("=")) for name in names.split())
    return tuple(sorted(found, key=lambda phrase: -len(phrase.words)))


BY_KIND = {Kind.DATE: _phrases(MOMENTS), Kind.NUMBER: _phrases(COUNTS)}


def why_volatile(column: Column) -> str:
    """Why the column is taken for one; empty where nothing says so."""
    words = words_of(column.name)
    found = next((phrase for phrase in BY_KIND.get(column.kind, ()) if phrase.fits(words)), None)
    return f'programs write it by themselves, by "{"_".join(found.words)}" in its name and by its type' if found else ""
