"""Telling recipients what to delete, correct or stop: whom, by which way, and what became of it."""
