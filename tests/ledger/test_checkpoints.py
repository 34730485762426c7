from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pytest_django import Settings

from dsar.ledger import checkpoints
from dsar.ledger.canonical import LedgerError, Plain, canonical_text, digest, moment
from dsar.ledger.chains import GENESIS
from dsar.ledger.checkpoints import make_checkpoint
from dsar.ledger.models import AnchoredHead, ChainHead, Checkpoint, Event
from dsar.ledger.signing import Signer
from dsar.ledger.verification import Break, Fall, Verification, verify
from tests.ledger.conftest import AT, Write

DAY = timedelta(days=1)


def made(at: object = AT) -> Checkpoint:
    checkpoint = make_checkpoint(at=at)  # type: ignore[arg-type]
    assert checkpoint
    return checkpoint


def forge(checkpoint: Checkpoint, signer: Signer | None = None, **content: object) -> None:
    text = canonical_text(json.loads(checkpoint.text) | content)
    signature = signer.sign(text) if signer else checkpoint.signature
    Checkpoint.objects.filter(pk=checkpoint.pk).update(text=text, signature=signature)


def change_key(settings: Settings, old: Signer) -> None:
    settings.SIGNING_KEY = base64.b64encode(b"n" * 32).decode()
    settings.OLD_PUBLIC_KEYS = [old.text]


def unknown(key_id: str) -> str:
    return f"the checkpoint names the key {key_id}, which is neither ours nor listed as an old one"


# What a checkpoint states


@pytest.mark.django_db
def test_without_a_signing_key_no_checkpoint_is_made(settings: Settings) -> None:
    settings.SIGNING_KEY = ""
    assert make_checkpoint(at=AT) is None
    assert not Checkpoint.objects.exists()


def test_a_checkpoint_states_where_the_chains_stand_and_what_is_counted(write: Write, key: Signer) -> None:
    checkpoints.register_count("letters", lambda: {"post": 2, "mail": 3})
    a, b = write("a", 2)[-1], write("b", 1)[-1]
    assert json.loads(made().text) == {
        "at": "2026-11-23T09:30:00.000000Z",
        "counts": {"letters": {"mail": 3, "post": 2}},
        "heads": {"a": [2, a.hash], "b": [1, b.hash]},
        "key": key.key_id,
        "number": 1,
        "previous": GENESIS,
    }


def test_the_next_checkpoint_states_what_moved_and_the_hash_of_the_last(write: Write, key: Signer) -> None:
    write("a", 2), write("b", 1)
    first = made()
    moved = write("b", 1)[0]
    second = json.loads(made(AT + DAY).text)
    assert second["heads"] == {"b": [2, moved.hash]}
    assert second["previous"] == digest(first.text)
    assert second["number"] == 2


def test_a_day_on_which_nothing_moved_has_its_checkpoint_too(write: Write, key: Signer) -> None:
    write()
    made()
    assert json.loads(made(AT + DAY).text)["heads"] == {}


def test_whoever_has_the_public_key_can_check_the_signature(write: Write, key: Signer) -> None:
    checkpoint = made()
    public = Ed25519PublicKey.from_public_bytes(key.public_key)
    public.verify(base64.b64decode(checkpoint.signature), checkpoint.text.encode())
    assert checkpoint.key_id == hashlib.sha256(key.public_key).hexdigest()[:16]


def test_the_key_is_the_one_of_rfc_8032() -> None:
    """RFC 8032, section 7.1, test 1."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert Signer(seed).public_key.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


def test_a_name_is_counted_by_one_function_only() -> None:
    def count() -> int:
        return 1

    checkpoints.register_count("letters", count)
    checkpoints.register_count("letters", count)
    with pytest.raises(LedgerError, match="letters"):
        checkpoints.register_count("letters", lambda: 2)


@pytest.mark.django_db
def test_a_count_that_is_no_fact_is_refused(key: Signer) -> None:
    checkpoints.register_count("share", lambda: 0.5)  # type: ignore[arg-type, return-value]
    with pytest.raises(LedgerError, match=r"counts\.share"):
        make_checkpoint(at=AT)


# What verification says of it


def test_the_last_signed_checkpoint_says_until_when_all_is_anchored(write: Write, key: Signer) -> None:
    write()
    made(), made(AT + DAY)
    write()
    found = verify()
    assert (found.first_break, found.checkpoints, found.anchored_until) == (None, 2, AT + DAY)


def test_a_history_forged_without_a_trace_in_its_chain_is_found(write: Write, key: Signer, no_triggers: None) -> None:
    """The one thing that the chain alone can't tell: somebody wrote all of it anew, head included."""
    event = write("a", 1)[0]
    write("b", 1)
    made()
    text = event.text.replace("staff:1", "staff:2")
    Event.objects.filter(pk=event.pk).update(actor="staff:2", text=text, hash=digest(text))
    ChainHead.objects.filter(chain="a").update(hash=digest(text))
    stated = Break("a", 1, "what stands here is not what checkpoint 1 states")
    assert (verify().first_break, verify().anchored_until) == (stated, None)
    assert verify("a").first_break == stated
    assert verify("b").first_break is None


def test_a_chain_that_is_gone_with_its_head_is_found(write: Write, key: Signer, no_triggers: None) -> None:
    write(count=2)
    made()
    Event.objects.all().delete()
    ChainHead.objects.all().delete()
    assert verify().first_break == Break("a", 2, "what stands here is not what checkpoint 1 states")


def test_a_head_said_to_be_anchored_that_no_checkpoint_states_is_found(write: Write, key: Signer) -> None:
    """It would keep that head out of the next checkpoint."""
    checkpoint = made()
    write(count=3)
    AnchoredHead.objects.create(checkpoint=checkpoint, chain="a", sequence=3)
    assert verify().first_break == Break("a", 3, "what stands here is not what checkpoint 1 states")


def test_a_stated_head_that_the_table_of_anchored_heads_lacks_is_found(
    write: Write, key: Signer, no_triggers: None
) -> None:
    write(count=3)
    made()
    AnchoredHead.objects.all().delete()
    assert verify().first_break == Break("a", 3, "what stands here is not what checkpoint 1 states")


def test_a_break_in_the_events_is_named_before_one_in_the_checkpoints(
    write: Write, key: Signer, no_triggers: None
) -> None:
    write(count=2)
    made()
    Event.objects.filter(sequence=2).update(actor="staff:2", hash="0" * 64)
    assert verify().first_break == Break("a", 2, "the event's text does not have its hash")


def test_a_changed_checkpoint_is_found(write: Write, key: Signer, no_triggers: None) -> None:
    write()
    made()
    forge(made(AT + DAY), counts={"letters": 0})
    found = verify()
    assert found.first_break == Break("checkpoints", 2, "the checkpoint's signature does not fit its text")
    assert found.anchored_until == AT


def test_a_checkpoint_that_we_signed_for_another_place_is_found(key: Signer, no_triggers: None) -> None:
    forge(made(), key, number=2)
    assert verify().first_break == Break("checkpoints", 1, "number is not what the hashed text says")


def test_a_signature_that_is_no_base64_is_found(key: Signer, no_triggers: None) -> None:
    made()
    Checkpoint.objects.update(signature="é")
    assert verify().first_break == Break("checkpoints", 1, "the checkpoint's signature does not fit its text")


def test_a_changed_moment_of_a_checkpoint_is_found(key: Signer, no_triggers: None) -> None:
    made()
    Checkpoint.objects.update(at=AT + DAY)
    assert verify().first_break == Break("checkpoints", 1, "at is not what the hashed text says")


def test_a_checkpoint_said_to_be_of_another_key_is_found(key: Signer, settings: Settings, no_triggers: None) -> None:
    made()
    Checkpoint.objects.update(key_id="0" * 16)
    assert verify().first_break == Break("checkpoints", 1, unknown("0" * 16))
    other = Signer(b"o" * 32)
    settings.OLD_PUBLIC_KEYS = [other.text]
    Checkpoint.objects.update(key_id=other.key_id)
    assert verify().first_break == Break("checkpoints", 1, "the checkpoint's signature does not fit its text")


def test_a_missing_checkpoint_is_found(key: Signer, no_triggers: None) -> None:
    made(), made(), made()
    Checkpoint.objects.filter(number=2).delete()
    assert verify().first_break == Break("checkpoints", 2, "the checkpoint is missing, the next one is 3")


def test_after_a_change_of_key_the_old_checkpoints_hold_by_the_listed_public_key(
    write: Write, key: Signer, settings: Settings
) -> None:
    write()
    made()
    change_key(settings, key)
    assert (verify().first_break, verify().anchored_until) == (None, AT)
    made(AT + DAY)
    assert (verify().first_break, verify().anchored_until) == (None, AT + DAY)
    settings.OLD_PUBLIC_KEYS = []
    assert (verify().first_break, verify().anchored_until) == (Break("checkpoints", 1, unknown(key.key_id)), None)


def test_a_checkpoint_of_an_old_key_that_was_changed_is_found(
    write: Write, key: Signer, settings: Settings, no_triggers: None
) -> None:
    old = made()
    change_key(settings, key)
    made(AT + DAY)
    forge(old, counts={"letters": 0})
    assert verify().first_break == Break("checkpoints", 1, "the checkpoint's signature does not fit its text")


def test_a_checkpoint_that_an_old_key_signed_anew_is_found_by_its_successor(
    write: Write, key: Signer, settings: Settings, no_triggers: None
) -> None:
    old = made()
    change_key(settings, key)
    made(AT + DAY)
    forge(old, key, counts={"letters": 0})
    assert verify().first_break == Break("checkpoints", 2, "previous is not what the hashed text says")


def test_a_history_written_anew_under_a_key_of_the_forgers_own_is_found(
    write: Write, key: Signer, no_triggers: None
) -> None:
    """Whoever owns the tables may sign as he likes; our next checkpoint would state the hash of his."""
    write()
    last, strange, at = made(), Signer(b"s" * 32), AT + DAY
    content = {"at": moment(at), "key": strange.key_id, "number": 2, "previous": digest(last.text), "heads": {}}
    text = canonical_text(json.loads(last.text) | content)
    Checkpoint.objects.create(number=2, at=at, key_id=strange.key_id, text=text, signature=strange.sign(text))
    made(at + DAY)
    found = verify()
    assert (found.first_break, found.anchored_until) == (Break("checkpoints", 2, unknown(strange.key_id)), AT)


@pytest.mark.parametrize("heads", [None, [], {"a": 3}, {"a": [3]}])
def test_a_signed_checkpoint_that_states_no_heads_is_found(heads: Plain, key: Signer, no_triggers: None) -> None:
    forge(made(), key, heads=heads)
    assert verify().first_break == Break("checkpoints", 1, "the checkpoint states no heads")


def test_a_strange_text_in_place_of_a_checkpoint_is_found(key: Signer, no_triggers: None) -> None:
    Checkpoint.objects.filter(pk=made().pk).update(text="no JSON", signature=key.sign("no JSON"))
    assert verify().first_break == Break("checkpoints", 1, "at is not what the hashed text says")


# What was counted


def test_what_is_counted_in_words_can_not_fall(write: Write, key: Signer) -> None:
    counted: list[str] = ["two"]
    checkpoints.register_count("letters", lambda: counted[-1])
    made()
    counted.append("one")
    made(AT + DAY)
    assert verify() == Verification(checkpoints=2, anchored_until=AT + DAY)


def test_counts_that_fell_are_told(write: Write, key: Signer) -> None:
    counted: dict[str, dict[str, int]] = {"letters": {"web": 3, "post": 2}}
    checkpoints.register_count("letters", lambda: counted["letters"])
    made()
    counted["letters"] = {"web": 4}
    made(AT + DAY)
    counted["letters"] = {"web": 1}
    found = verify()
    assert found.first_break is None
    assert found.fallen == [Fall("letters.post", 2, 0, 2), Fall("letters.web", 4, 1, None)]
    assert verify("a").fallen == [Fall("letters.post", 2, 0, 2)]
