"""The house with the example company behind it, as the tests of the exports found it."""

from tests.exports.conftest import built_systems, house

__all__ = ["built_systems", "house"]
