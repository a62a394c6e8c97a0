"""Is the credential still in force: by what a node has read of its issuer's log, or by the issuer's status lists.

What cannot be found out is never taken for good news.
"""

from typing import Final

from registry.verification.checks import Check, OpenedDocument, StatusPlace
from registry.verification.log_check import LogFindings
from registry.verification.ports import LoggedCredential, MemberFacts, Ports

_NO_LIST = "The document names no status list: whether it was withdrawn since cannot be found out from it."
_NOT_REVOKED: Final = (
    "The issuer has not revoked it. Whether it is suspended, the document does not show: ask for one that shows its"
    " place on the log."
)
_PERMANENT: Final = ("revoked", "replaced")
"""Nothing undoes these: an old reading proves them, too."""


def check_status(opened: OpenedDocument, member: MemberFacts | None, findings: LogFindings, ports: Ports) -> Check:
    """Check whether a credential was withdrawn."""
    logged = findings.logged
    if logged is not None and (logged.is_current or logged.status in _PERMANENT or not opened.status):
        return _check_logged(logged)
    if opened.status:
        check = ports.statuses.check(opened.status, opened.issuer, ports.at)
        if member is not None and check.result == "passed" and not any(map(_shows_suspension, opened.status)):
            return Check("status", "warning", _NOT_REVOKED, check.values)
        return check
    if findings.proven is not None and findings.proven.type != "credential.issued.v1":
        return Check("status", "passed", "The entry is no credential, and has no status.")
    if opened.format == "clr-2.0" and opened.members:
        return Check("status", "warning", _NO_LIST)  # those inside have statuses of their own
    if member is not None or opened.tie is not None:
        reason = findings.why_not_logged or "The document does not show which credential it is about."
        return Check("status", "notChecked", f"Whether it was withdrawn since could not be checked. {reason}")
    return Check("status", "warning", _NO_LIST)


def _shows_suspension(place: StatusPlace) -> bool:
    """Return whether a list says, too, if a credential is suspended."""
    return place.type == "TokenStatusList" or place.purpose == "suspension"


def _check_logged(logged: LoggedCredential) -> Check:
    values = {"status": logged.status, "flags": list(logged.flags), "replacedBy": logged.replaced_by}
    if logged.status in _PERMANENT:
        return Check("status", "failed", f"The issuer has {_words(logged.status)} this credential.", values)
    if not logged.is_current:
        sentence = "The issuer's log was not read lately, so whether the credential still holds is not known."
        return Check("status", "notChecked", sentence, values)
    if logged.status == "suspended":
        return Check(
            "status", "failed", "The issuer has suspended this credential: at present it does not hold.", values
        )
    if logged.flags:
        sentence = f"The credential is in force, and the log has a warning about it: {', '.join(logged.flags)}."
        return Check("status", "warning", sentence, values)
    return Check("status", "passed", "The credential is in force: its issuer's log has no withdrawal of it.", values)


def _words(status: str) -> str:
    return "revoked" if status == "revoked" else "replaced"
