from __future__ import annotations

import uuid

import pytest
from django.db import connections, models
from django.test.utils import isolate_apps

from dsar.vault import keys
from dsar.vault.errors import KeyDestroyed, SealBroken, VaultError
from dsar.vault.fields import SealedText

pytestmark = pytest.mark.django_db(databases=["keys"])

with isolate_apps():

    class Note(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        record_key = models.UUIDField()
        text_sealed = models.BinaryField(null=True)
        text = SealedText("text_sealed", key="record_key")
        title_sealed = models.BinaryField(null=True)
        title = SealedText("title_sealed", key="record_key")

        class Meta:
            app_label = "notes"

        def __str__(self) -> str:
            return str(self.pk)

    class NoteByAnotherName(Note):
        class Meta:
            app_label = "notes"
            proxy = True

        def __str__(self) -> str:
            return str(self.pk)


@pytest.mark.parametrize("text", ["plain", "Zürich 東京 \x00", "half a surrogate: \ud800", "long" * 10_000])
def test_a_text_is_kept_sealed_and_read_back(key, text):
    note = Note(record_key=key)
    note.text = text
    assert note.text == text
    assert text.encode(errors="surrogatepass") not in note.text_sealed


@pytest.mark.parametrize("nothing", ["", None])
def test_nothing_is_kept_as_null_and_read_as_empty(key, nothing):
    note = Note(record_key=key)
    note.text = "something"
    note.text = nothing
    assert note.text_sealed is None
    assert note.text == ""


def test_texts_of_many_rows_are_read_with_one_query_for_their_keys(key, at, django_assert_num_queries):
    notes = [Note(record_key=of) for of in (key, keys.create("record", at=at), key)]
    notes[0].text, notes[1].text = "first", "second"
    with django_assert_num_queries(1, connection=connections["keys"]):
        assert Note.text.of_all(notes) == ["first", "second", ""]
    keys.destroy(notes[1].record_key, at=at)
    with pytest.raises(KeyDestroyed):
        Note.text.of_all(notes)


def test_a_text_is_read_as_the_database_driver_gives_it(key):
    note = Note(record_key=key)
    note.text = "plain"
    note.text_sealed = memoryview(note.text_sealed)
    assert note.text == "plain"


def test_a_text_does_not_open_in_another_row_or_column(key):
    note = Note(record_key=key)
    note.text = "plain"
    note.title_sealed = note.text_sealed
    with pytest.raises(SealBroken):
        _ = note.title
    with pytest.raises(SealBroken):
        _ = Note(record_key=key, text_sealed=note.text_sealed).text


def test_a_proxy_reads_what_its_model_wrote(key):
    note = Note(record_key=key)
    note.text = "plain"
    assert NoteByAnotherName(pk=note.pk, record_key=key, text_sealed=note.text_sealed).text == "plain"


def test_a_row_without_primary_key_is_refused(key):
    note = Note(pk=None, record_key=key)
    with pytest.raises(VaultError, match="primary key"):
        note.text = "plain"


def test_a_text_goes_with_its_key(key, at):
    note = Note(record_key=key)
    note.text = "plain"
    keys.destroy(key, at=at)
    with pytest.raises(KeyDestroyed):
        _ = note.text


def test_the_class_shows_the_descriptor_itself():
    assert isinstance(Note.text, SealedText)
