"""A person who decides a draft, as a script: one answer to each question."""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

QUESTION = re.compile(r'^( *(?:- )?)(\w+|[\w.]+|"(?:[^"\\]|\\.)*"): ("decide: .*")$', re.MULTILINE)
COUNTRY = re.compile(r'"decide: the country whose [^"]*"')
ANSWERS: Mapping[str, str] = {
    "role": "controller",
    "timezone": "UTC",
    "main": "Run the business",
    "recipients": "[]",
    "one_per_person": "false",
    "provided_by_person": "true",
    "purposes": "[main]",
    "collected_from": "[person]",
    "on_delete": "delete",
    "category": "commercial",
    "reliable": "false",
    "key": "[id]",
}


def decided(draft: str, **answers: str) -> str:
    """The draft with an answer in the place of each question; of the ways that it offers, all are taken."""

    left_out = draft.index("\nleft_out:") if "\nleft_out:" in draft else len(draft)

    def answer(found: re.Match[str]) -> str:
        key, question = found[2], str(yaml.safe_load(found[3]))
        if found.start() > left_out:
            return f"{found[1]}{key}: nobody's data"
        ways = question[question.index("[") :] if key == "reached" else ""
        return f"{found[1]}{key}: {answers.get(key) or ways or ANSWERS[key]}"

    return COUNTRY.sub("US", QUESTION.sub(answer, draft))


def questions(draft: str) -> list[str]:
    """What is to be decided, by key."""
    return [found[2] for found in QUESTION.finditer(draft)] + ["country"] * len(COUNTRY.findall(draft))
