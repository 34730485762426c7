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
