"""Every text that a person can read has its Spanish one, and the compiled catalogue is the one that is written down."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import templatize

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "templates" / "locale" / "es" / "LC_MESSAGES" / "django.po"
# Where texts for persons are written; what only the staff read may stay English.
TEMPLATES = ("templates/portal", "templates/bundle")
MODULES = (
    "requests_app/web",
    "requests_app/services/intake.py",
    "requests_app/services/asked_for.py",
    "requests_app/services/correcting.py",
    "requests_app/services/identity.py",
    "requests_app/services/closing.py",
    "requests_app/services/account.py",
    "requests_app/services/particulars.py",
    "requests_app/services/papers.py",
    "requests_app/services/permissions.py",
    "requests_app/services/requesters.py",
    "requests_app/services/silence.py",
    "requests_app/services/statements.py",
    "requests_app/stating.py",
    "requests_app/supporting.py",
    "requests_app/confirmable.py",
    "requests_app/checking.py",
    "requests_app/services/confirming.py",
    "exports/web",
    "exports/fulfil/account.py",
    "exports/fulfil/corrections/account.py",
    "exports/fulfil/corrections/supporting.py",
    "exports/fulfil/tasks",
)
MARKERS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
STRING = r"""u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""

Texts = dict[str, tuple[str, ...]]


def in_modules() -> Iterator[str]:
    """The texts that modules mark."""
    for place in MODULES:
        path = ROOT / place
        for module in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKERS:
                    yield ast.literal_eval(node.args[0])


def in_templates() -> Iterator[str]:
    """The texts that templates mark."""
    for place in TEMPLATES:
        for template in sorted((ROOT / place).rglob("*.*")):
            code = templatize(template.read_text(encoding="utf-8"), origin=str(template))
            for found in re.finditer(rf"\bn?gettext\(\s*{STRING}", code):
                yield ast.literal_eval(found[1])


def written() -> Texts:
    """The catalogue as it is written down: each text with its translation, or with one for each plural form."""
    texts: Texts = {}
    for block in CATALOGUE.read_text(encoding="utf-8").split("\n\n")[1:]:
        lines = re.findall(rf"^(msg\w+)(?:\[\d\])? {STRING}$", block, re.MULTILINE)
        told = [(keyword, ast.literal_eval(text)) for keyword, text in lines]
        text = next(text for keyword, text in told if keyword == "msgid")
        texts[text] = tuple(text for keyword, text in told if keyword == "msgstr")
    return texts


def compiled() -> Texts:
    """The catalogue that Django reads."""
    with CATALOGUE.with_suffix(".mo").open("rb") as stream:
        catalogue = gettext.GNUTranslations(stream)._catalog  # type: ignore[attr-defined]
    texts: Texts = {}
    for key, translation in sorted(catalogue.items(), key=str):
        text = key[0] if isinstance(key, tuple) else key
        texts[text] = (*texts.get(text, ()), translation)
    return {text: translations for text, translations in texts.items() if text}


@pytest.mark.slow
def test_texts_are_found_in_modules_and_templates() -> None:
    assert len(set(in_modules())) > 60
    assert len(set(in_templates())) > 100


@pytest.mark.slow
def test_every_text_for_persons_has_its_spanish_one() -> None:
    known = written()
    without = sorted(text for text in {*in_modules(), *in_templates()} if not all(known.get(text, ("",))))
    assert without == [], "manage.py makemessages -l es, then write them in templates/locale/es"


def test_the_compiled_catalogue_is_the_written_one() -> None:
    assert compiled() == {text: told for text, told in written().items() if any(told)}, "manage.py compilemessages"


def test_no_translation_is_a_guess() -> None:
    assert "fuzzy" not in CATALOGUE.read_text(encoding="utf-8")


@pytest.mark.parametrize("pattern", [r"%\(\w+\)s", r"</?\w+[^>]*>"], ids=["names", "tags"])
def test_a_translation_holds_what_its_text_holds(pattern: str) -> None:
    for text, translations in written().items():
        for translation in filter(None, translations):
            assert sorted(re.findall(pattern, translation)) == sorted(re.findall(pattern, text)), text
