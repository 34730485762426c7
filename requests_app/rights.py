"""Groups of rights: what is done for them, and what that means for a case."""

from __future__ import annotations

from requests_app.law.words import Right

# Rights whose answer hands data over.
ANSWERED_WITH_DATA = frozenset({Right.KNOW_CATEGORIES, Right.KNOW_SPECIFIC, Right.PORTABILITY})
# Of these, those whose answer is a file.
ANSWERED_WITH_A_FILE = frozenset({Right.KNOW_SPECIFIC, Right.PORTABILITY})
# Of these, the one to which documents belong: what is ported are records that a machine reads.
WITH_DOCUMENTS = frozenset({Right.KNOW_SPECIFIC})
# Rights of whose findings some may stay back: out of what is handed over, or in the source that deletes.
WITHHELD_FROM = ANSWERED_WITH_DATA | {Right.DELETE}
# Rights of which a law may set how often they are answered.
LIMITED = ANSWERED_WITH_DATA | {Right.SHINE_THE_LIGHT}
# Rights whose carrying out changes data, and can't be taken back.
HARMFUL = frozenset({Right.DELETE, Right.CORRECT})
# Rights about decisions that a machine makes: who dealt with one of them is partial to the human appeal.
ABOUT_AUTOMATED = frozenset({Right.ACCESS_AUTOMATED, Right.OPT_OUT_AUTOMATED})
# Asking for one of these restricts the data until it is decided, and for as long as it is granted (Art. 18(1)(d) GDPR),
# wherever the person lives. For other rights a law may want it until it is decided (`restricting.is_wanted`).
RESTRICTS = frozenset({Right.RESTRICT, Right.OBJECT})
# Rights whose cases may restrict, by themselves or by a law.
MAY_RESTRICT = RESTRICTS | {Right.CORRECT}
# Rights that hold at once, and that no machine carries out where no data map says how.
BY_HAND_AT_ONCE = frozenset({Right.OBJECT_MARKETING, Right.WITHDRAW_CONSENT, Right.OPT_OUT_AUTOMATED, Right.OPT_IN})
# Rights that workers carry out by flags in the sources whose data maps name some; for no other is a flag ever set.
BY_FLAGS = frozenset({Right.OPT_OUT_SALE_SHARE, Right.LIMIT_SENSITIVE}) | BY_HAND_AT_ONCE
