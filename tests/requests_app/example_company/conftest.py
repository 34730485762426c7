"""The house with the example company behind it, as the tests of the exports found it."""

from tests.exports.conftest import addresses, built_systems, house

__all__ = ["addresses", "built_systems", "house"]
