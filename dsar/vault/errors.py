"""What can go wrong in the vault. No message carries content, only ids, purposes and cures."""

from __future__ import annotations


class VaultError(Exception):
    """The vault cannot do what was asked."""


class MasterKeyUnreadable(VaultError):
    """The text given as master key is none."""


class KeyUnknown(VaultError):
    """The key store has never heard of this key."""


class KeyDestroyed(VaultError):
    """The key was destroyed on purpose, and what it sealed with it."""


class SealBroken(VaultError):
    """The sealed bytes were changed, belong elsewhere, or were sealed with another key."""


class FileDamaged(VaultError):
    """A sealed file is missing or not the one that was written."""


class DestroyedListMissing(VaultError):
    """The list of destroyed keys is gone: what it names could come back unseen, so no key is opened."""


class StrangeHouse(VaultError):
    """The database in which the users of keys were to be looked for is not the one that belongs to the key store."""


class TooManyOrphans(VaultError):
    """So many keys without a user are no remains of broken transactions, but a sign that their users are missing."""
