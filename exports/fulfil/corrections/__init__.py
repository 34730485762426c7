"""Correcting: where a field stands by the data maps, what is decided on it, and writing it there."""
