"""Answers to what verification asks, from memory: members, their keys, credentials on the log, status lists."""

from datetime import date

import msgspec

from registry.verification.lookups import CannotAsk, KeyFacts, LoggedCredential, MemberFacts, Ports, StatusAnswer
from tests.support.portable import CREDENTIAL, achievement_content
from tests.support.sealing import NOW

TWENTE = MemberFacts(
    member="twente",
    origin="eciu.example/twente",
    legal_name="University of Twente",
    standing="active",
    accreditations=[{"eqfLevels": [6], "fieldsOfEducation": ["06"], "validFrom": "2020-01-01"}],
)
DID = "did:web:registry.twente.example"
KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}

ANNOUNCED = (KeyFacts("twente"),)


def logged(**changes):
    """A credential as a node has read it from the log."""
    values = {
        "member": TWENTE,
        "credential": CREDENTIAL,
        "leaf": 41,
        "status": "active",
        "awarding_date": date(2026, 6, 5),
        "achievement": msgspec.to_builtins(achievement_content()),
        "standing_then": "active",
        "ects": 5.0,
    }
    return LoggedCredential(**(values | changes))


class Members:
    """Twente, with the keys that it announced; `away` where governance cannot be read."""

    def __init__(self, member=TWENTE, keys=ANNOUNCED, away=None):
        self.member, self.keys, self.away = member, keys, away

    def find(self, issuer):
        if self.away:
            raise CannotAsk(self.away)
        return self.member if issuer in ("twente", "eciu.example/twente", DID) else None

    def find_keys(self, jwk):
        return self.keys if jwk == KEY else ()


class Log:
    """One credential, or why it is not known; the event of a receipt, or why it is none."""

    def __init__(self, credential=None, proven=None):
        self.credential, self.proven = credential, proven

    def check_receipt(self, receipt):  # noqa: ARG002 - of the port
        if isinstance(self.proven, Exception):
            raise self.proven
        return self.proven

    def find(self, member, credential):  # noqa: ARG002 - of the port
        if isinstance(self.credential, Exception):
            raise self.credential
        return self.credential


class Statuses:
    """The answer of every status list."""

    def __init__(self, answer=None):
        self.answer = answer

    def look_up(self, place, issuer):  # noqa: ARG002 - of the port
        if self.answer is None:
            raise CannotAsk("The list is away.")
        return StatusAnswer(self.answer)


def ports(**changes):
    """Ports that answer from memory."""
    values = {"keys": None, "members": Members(), "log": Log(logged()), "statuses": Statuses("valid"), "at": NOW}
    return Ports(**(values | changes))
