"""The mails that left the house: one that left twice is one to every mail program, if it has one Message-ID."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from email import message_from_bytes
from email.policy import default
from pathlib import Path

TASK = re.compile(r"T-\w{4}-\w{4}")
BETWEEN = re.compile(rb"^-{79}\n", re.MULTILINE)


class MailsDiffer(Exception):
    """Two mails have one Message-ID and are not the same; the text has no more of them."""


def sent(folder: Path) -> Counter[str]:
    """How many mails of each subject left, whichever task it names, a Message-ID counting once; raises MailsDiffer."""
    texts: dict[str, set[str]] = defaultdict(set)
    subjects: dict[str, str] = {}
    for path in folder.glob("*.log"):
        for content in filter(bytes.strip, BETWEEN.split(path.read_bytes())):
            mail = message_from_bytes(content, policy=default)
            name = str(mail["Message-ID"])
            subjects[name] = TASK.sub("T-…", str(mail["Subject"]))
            texts[name].add(f"{mail['To']}\n{mail['Subject']}\n{mail.get_content()}")
    if any(len(found) > 1 for found in texts.values()):
        raise MailsDiffer("under one Message-ID two different mails left")
    return Counter(subjects.values())
