"""The issuer of a document: a member as governance describes it, somebody for whom others vouch, or nobody known."""

from datetime import date
from typing import Any, Final, Literal

import msgspec

from registry.verification.accreditation import judge_accreditation
from registry.verification.checks import Check, OpenedDocument
from registry.verification.issuing_keys import AnnouncedKey, judge_proof
from registry.verification.log_check import LogFindings
from registry.verification.ports import CannotAsk, MemberFacts, Ports

NameSource = Literal["governance", "certificate", "trustFile"]
_SURE: Final = "The name comes from the consortium's governance, not from the document."


class IssuerFindings(msgspec.Struct, frozen=True):
    """The issuer of a document, and where the name comes from."""

    check: Check
    name: str | None = None
    name_source: NameSource | None = None


def find_member(opened: OpenedDocument, ports: Ports) -> MemberFacts | None:
    """Return the member that issued a document, as it seems. Raises `CannotAsk`.

    The document names it by an identifier that is known to be the member's, or by the place on its log; or the key that
    signed is one that a single member announced. What names a trusted issuer is not a member's, even if the member
    announced its key. Whether the member vouches for the key is another check.
    """
    if opened.issuer is not None:
        if (member := ports.members.find(opened.issuer)) is not None:
            return member
        if opened.issuer in ports.known_issuers:
            return None
    origin = (opened.tie or {}).get("origin")
    if isinstance(origin, str) and (member := ports.members.find(origin)) is not None:
        return member
    announced = ports.members.find_keys(opened.key) if opened.key is not None else ()
    return ports.members.find(announced[0].member) if len(announced) == 1 else None


def check_issuer(
    opened: OpenedDocument, member: MemberFacts | None, findings: LogFindings, ports: Ports, *, signed: bool
) -> IssuerFindings:
    """Check the issuer of a document whose signature is not broken."""
    if not signed:
        sentence = "The document is not proven to be from the issuer that it names."
        return IssuerFindings(Check("issuer", "notChecked", sentence))
    if member is not None:
        if (seals := _seals_of(opened)) and not _is_announced(opened, member, ports):
            return _check_member_seals(seals, member, findings)
        return IssuerFindings(_check_member(opened, member, findings, ports), member.legal_name, "governance")
    if opened.key_source == "x5c" and (seals := _seals_of(opened)):
        return _check_seals(seals)
    trusted_name = ports.known_issuers.get(opened.issuer or "")
    if trusted_name is not None:
        sentence = f"The issuer is {trusted_name}, by the list of issuers that you trust."
        check = Check("issuer", "passed", sentence, {"issuer": opened.issuer})
        return IssuerFindings(check, trusted_name, "trustFile")
    name = f" ({opened.issuer[:200]})" if opened.issuer else ""
    sentence = f"Nobody here knows the issuer{name}. The holder of that key signed it: find out who that is."
    return IssuerFindings(Check("issuer", "notChecked", sentence, {"issuer": opened.issuer}))


def _seals_of(opened: OpenedDocument) -> list[Any]:
    values = next((check.values for check in opened.checks if check.name == "signature"), {})
    seals = values.get("seals", [])
    return list(seals)


def _check_seals(seals: list[Any]) -> IssuerFindings:
    """Check that trust anchors vouch for every seal."""
    name = str(seals[0]["name"])
    loose = [seal for seal in seals if not seal["anchored"]]
    if loose:
        sentence = (
            f"The seal's certificate says {loose[0]['name']}. Nobody whom you trust vouches for it:"
            f" {loose[0]['reason']}."
        )
        return IssuerFindings(Check("issuer", "notChecked", sentence), name, "certificate")
    sentence = f"The seal's certificate says {name}, and a trust anchor of yours vouches for it. It is not a member."
    return IssuerFindings(Check("issuer", "passed", sentence), name, "certificate")


def _is_announced(opened: OpenedDocument, member: MemberFacts, ports: Ports) -> bool:
    """Return whether a member announced the key of a seal, or whether nobody can say now."""
    try:
        keys = ports.members.find_keys(opened.key) if opened.key is not None else ()
    except CannotAsk:
        return True  # the check of the member's key says why
    return any(key.member == member.member for key in keys)


def _check_member_seals(seals: list[Any], member: MemberFacts, findings: LogFindings) -> IssuerFindings:
    """Check the seals of a document that names a member, made with certificates that its log does not announce.

    The name stays the certificate's: another holder of a trusted certificate could name the member just as well.
    """
    by_anchors = _check_seals(seals)
    if by_anchors.check.result != "passed":
        return by_anchors
    then = _standing_then(findings) or member.standing
    if then != "active":
        sentence = f"{member.legal_name} was {then} in the consortium when it published this."
        return msgspec.structs.replace(by_anchors, check=Check("issuer", "failed", sentence))
    sentence = (
        f"The seal's certificate says {by_anchors.name}, and a trust anchor of yours vouches for it. Governance does"
        f" not name the certificate: see whether it is one of {member.legal_name}."
    )
    check = Check("issuer", "warning", sentence, {"member": member.member, "origin": member.origin})
    return msgspec.structs.replace(by_anchors, check=check)


def _check_member(opened: OpenedDocument, member: MemberFacts, findings: LogFindings, ports: Ports) -> Check:
    values: dict[str, Any] = {"member": member.member, "origin": member.origin}
    if opened.format != "receipt":  # governance names the keys of logs
        try:
            keys = ports.members.find_keys(opened.key) if opened.key is not None else ()
        except CannotAsk as error:
            return Check("issuer", "notChecked", str(error), values)
        key = next((each for each in keys if each.member == member.member), None)
        if (fault := _judge_key(key, member, opened, findings)) is not None:
            return Check("issuer", fault[0], fault[1], values)
    then = _standing_then(findings) or member.standing
    if then != "active":
        sentence = f"{member.legal_name} was {then} in the consortium when it published this."
        return Check("issuer", "failed", sentence, values)
    doubts = []
    if member.standing != "active":
        doubts.append(f"it is {member.standing} in the consortium now")
    accredited = _find_accreditation(member, findings)
    if accredited == "not-then":
        doubts.append("the accreditation on record for this level and field did not hold on the day of the award")
    values |= {"accredited": accredited}
    if doubts:
        return Check("issuer", "warning", f"{member.legal_name} is a member, but {' and '.join(doubts)}.", values)
    remark = ", accredited for this level and field on the day of the award" if accredited == "on-record" else ""
    return Check("issuer", "passed", f"{member.legal_name} is a member{remark}. {_SURE}", values)


def _judge_key(
    key: AnnouncedKey | None, member: MemberFacts, opened: OpenedDocument, findings: LogFindings
) -> tuple[Literal["failed", "warning"], str] | None:
    """Return why the key of a signature does not count for a member, or counts by the document's word alone."""
    if key is None:
        return "failed", f"{member.legal_name} never announced the key that signed this on its log."
    leaf = findings.proven.leaf if findings.proven is not None else None
    standing = judge_proof(key, _made_on(opened), leaf)
    if not standing.counts:
        return "failed", standing.sentence
    return ("warning", standing.sentence) if standing.rests_on_claim else None


def _made_on(opened: OpenedDocument) -> date | None:
    """Return the day on which a document says that it was made."""
    try:
        return date.fromisoformat(str(opened.claims.get("validFrom"))[:10])
    except ValueError:
        return None


def _standing_then(findings: LogFindings) -> str | None:
    if findings.proven is not None:
        return findings.proven.standing_then
    return findings.logged.standing_then if findings.logged is not None else None


def _find_accreditation(member: MemberFacts, findings: LogFindings) -> str | None:
    logged = findings.logged
    if logged is None:
        return None
    day: date = logged.awarding_date
    return judge_accreditation(member.accreditations, logged.achievement, day)
