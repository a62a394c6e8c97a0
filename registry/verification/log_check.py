"""Is the credential on its issuer's log, and does the log say the same? By a receipt, or by what a node has read."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from registry.verification.checks import Check, OpenedDocument
from registry.verification.ports import CannotAsk, InvalidReceipt, LoggedCredential, MemberFacts, Ports, ProvenEvent
from registry.wire.disclosures import InvalidDisclosure, open_disclosures

_PERSON: Final = frozenset(
    {"familyName", "givenName", "dateOfBirth", "grade", "originalGrade", "studentNumber", "note"}
)
_ISSUED: Final = "credential.issued.v1"
_NO_MEMBER: Final = "The issuer was not found to be a member, so there is no log to compare with."
_NO_ENTRY: Final = "The document does not show which entry of the issuer's log it is about."


class LogFindings(msgspec.Struct, frozen=True):
    """The log's answers about a document."""

    check: Check
    proven: ProvenEvent | None = None
    logged: LoggedCredential | None = None
    """The present state, where this node has read the log."""
    why_not_logged: str = ""
    """Why the present state is not known."""
    disclosed: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """The claims of disclosures of which the log has a digest."""


def check_log(opened: OpenedDocument, member: MemberFacts | None, ports: Ports, unknown: str = "") -> LogFindings:
    """Compare a document with the log of its issuer. `unknown`: why it is not known whether that is a member."""
    tie = opened.tie
    if tie is None:
        if unknown:
            return LogFindings(_leave_open(unknown))
        if member is None:
            return LogFindings(_leave_open(_NO_MEMBER))
        return LogFindings(_leave_open(_NO_ENTRY))
    proven: ProvenEvent | None = None
    receipt = tie.get("receipt")
    if isinstance(receipt, str):
        try:
            proven = ports.log.check_receipt(receipt)
        except InvalidReceipt as error:
            return LogFindings(_fail(f"The receipt in the document is not genuine: {error}."))
        except CannotAsk as error:
            return LogFindings(_leave_open(str(error)))
        if (contradiction := _compare_receipt(proven, opened, tie)) is not None:
            return LogFindings(contradiction, proven)
    logged, reason = _find_logged(tie, member, ports, unknown)
    check, disclosed = _conclude(opened, tie, proven, logged, reason)
    return LogFindings(check, proven, logged, reason, disclosed)


def _find_logged(
    tie: Mapping[str, Any], member: MemberFacts | None, ports: Ports, unknown: str
) -> tuple[LoggedCredential | None, str]:
    """Return the credential on the log of the document's issuer, or why it is not known.

    A log is named by its whole origin: members of other consortia may have the same short name.
    """
    credential = tie.get("credential")
    if not isinstance(credential, str) or not credential:
        return None, ""
    if member is None:
        return None, unknown or _NO_MEMBER
    if tie.get("origin") != member.origin:
        return None, _NO_ENTRY
    try:
        logged = ports.log.find(member.member, credential)
    except CannotAsk as error:
        return None, str(error)
    if logged is None or logged.member.origin != member.origin:
        return None, "This node has not read of this credential on the issuer's log."
    return logged, ""


def _conclude(
    opened: OpenedDocument,
    tie: Mapping[str, Any],
    proven: ProvenEvent | None,
    logged: LoggedCredential | None,
    reason: str,
) -> tuple[Check, Mapping[str, Any]]:
    """Return the check, and what the disclosures in the document say."""
    facts = _facts_of(proven, logged)
    if facts is None:
        return _leave_open(reason or "The document names no credential that could be looked up."), {}
    if proven is not None and proven.type != _ISSUED:
        sentence = f"The entry ({proven.type}) is on the member's log, at place {proven.leaf}."
        return Check("onLog", "passed", sentence, {"leaf": proven.leaf}), {}
    if (difference := _find_difference(opened.claims, facts)) is not None:
        return _fail(f"The log says otherwise than the document: {difference}."), {}
    try:
        disclosed = _open_disclosures(tie, facts.get("claims"))
    except InvalidDisclosure as error:
        sentence = f"What the document says of the person is not what the log has a digest of: {error}."
        return _fail(sentence), {}
    if any(name in opened.claims and opened.claims[name] != value for name, value in disclosed.items()):
        return _fail("The log says otherwise than the document: what it says of the person."), {}
    leaf = proven.leaf if proven is not None else logged.leaf if logged is not None else None
    how = "Its receipt proves it." if proven is not None else "This node has read it there."
    is_signed = any(check.name == "signature" and check.result == "passed" for check in opened.checks)
    if not is_signed and not disclosed and not _PERSON.isdisjoint(opened.claims):
        how = f"{how} What the document says of the person was not compared."
    return Check("onLog", "passed", f"The credential is on its issuer's log. {how}", {"leaf": leaf}), disclosed


def _compare_receipt(proven: ProvenEvent, opened: OpenedDocument, tie: Mapping[str, Any]) -> Check | None:
    """Return the fault of a receipt that is genuine, and does not speak for this document; None where it does."""
    if proven.refused is not None:
        return _fail(f"The entry is on the log and has no effect: {proven.refused}.")
    named = tie.get("credential")
    if named is not None and (proven.type != _ISSUED or proven.subject != named):
        return _fail("The receipt in the document is about another credential.")
    if proven.member.origin != tie.get("origin"):
        return _fail("The receipt in the document is of another university's log.")
    if proven.rests_on_retired_keys and not proven.cosigned and opened.format != "receipt":
        return _leave_open("A key that was retired since signed the receipt, and no witness vouches for it.")
    return None


def _facts_of(proven: ProvenEvent | None, logged: LoggedCredential | None) -> Mapping[str, Any] | None:
    if logged is not None:
        return {
            "awardingDate": logged.awarding_date.isoformat(),
            "ects": logged.ects,
            "validUntil": logged.valid_until.isoformat() if logged.valid_until else None,
            "claims": logged.claims,
            "title": logged.achievement.get("title"),
        }
    return proven.data if proven is not None else None


def _find_difference(claims: Mapping[str, Any], facts: Mapping[str, Any]) -> str | None:
    """Return the first thing that a document says otherwise than the log, in words."""
    for name, words in (("awardingDate", "the day of the award"), ("validUntil", "the last day of its validity")):
        stated, logged = claims.get(name), facts.get(name)
        if stated is not None and str(stated)[:10] != str(logged or "")[:10]:
            return words
    ects = claims.get("ects")
    if isinstance(ects, int | float) and ects != facts.get("ects"):
        return "the ECTS credits"
    title, titles = claims.get("title"), facts.get("title")
    if isinstance(titles, Mapping) and not _is_title(title, titles):
        return "the title"
    return None


def _is_title(stated: object, titles: Mapping[str, Any]) -> bool:
    """Return whether a document's title, a text or one for each language, is that of the log. It may state none."""
    if isinstance(stated, Mapping):
        return all(titles.get(language) == text for language, text in stated.items())
    return stated is None or stated in titles.values()


def _open_disclosures(tie: Mapping[str, Any], digest: object) -> Mapping[str, Any]:
    """Return what the disclosures of a document say. Raises `InvalidDisclosure`."""
    disclosures = tie.get("disclosures")
    if not disclosures:
        return {}
    if not isinstance(digest, str):
        raise InvalidDisclosure("the log has no such digest")
    return open_disclosures(digest, list(disclosures))


def _leave_open(sentence: str) -> Check:
    return Check("onLog", "notChecked", sentence)


def _fail(sentence: str) -> Check:
    return Check("onLog", "failed", sentence)
