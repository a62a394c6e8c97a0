"""Answers to what verification asks, from memory: members, their keys, credentials on the log, status lists."""

from datetime import UTC, date, datetime

import msgspec

from registry.verification.checks import Check
from registry.verification.issuing_keys import AnnouncedKey
from registry.verification.ports import CannotAsk, LoggedCredential, MemberFacts, Ports
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


def announced(member="twente", reason=None, ended=None, day=20):
    """The key as a member announced it, in force or ended at a leaf, on a day of June."""
    return AnnouncedKey(
        member=member,
        thumbprint="T" * 43,
        jwk=KEY,
        profiles=["open"],
        leaf=2,
        announced=datetime(2026, 1, 1, tzinfo=UTC),
        ended=ended,
        ended_at=None if ended is None else datetime(2026, 6, day, tzinfo=UTC),
        reason=reason,
    )


ANNOUNCED = (announced(),)


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

    def check(self, places, issuer, at):  # noqa: ARG002 - of the port
        if self.answer is None:
            return Check("status", "notChecked", "The status could not be fetched: the list is away.")
        if self.answer == "valid":
            return Check("status", "passed", "The issuer's status list says that the credential is valid.")
        return Check("status", "failed", f"The issuer's status list says that it is {self.answer}.")


def ports(**changes):
    """Ports that answer from memory."""
    values = {"keys": None, "members": Members(), "log": Log(logged()), "statuses": Statuses("valid"), "at": NOW}
    return Ports(**(values | changes))
