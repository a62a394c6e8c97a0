"""Is the credential still in force: by what a node has read of its issuer's log, or by the issuer's status lists.

What cannot be found out is never taken for good news.
"""

from registry.verification.checks import Check, OpenedDocument
from registry.verification.log_check import LogFindings
from registry.verification.lookups import CannotAsk, LoggedCredential, MemberFacts, Ports, StatusAnswer

_PERMANENT = ("revoked", "replaced")
"""Nothing undoes these: an old reading proves them, too."""


def check_status(opened: OpenedDocument, member: MemberFacts | None, findings: LogFindings, ports: Ports) -> Check:
    """Check whether a credential was withdrawn."""
    lists = _check_lists(opened, ports) if opened.status else None
    if lists is not None and lists.result == "failed":
        return lists
    if findings.logged is not None:
        return _check_logged(findings.logged)
    if lists is not None:
        return lists
    if findings.proven is not None and findings.proven.type != "credential.issued.v1":
        return Check("status", "passed", "The entry is no credential, and has no status.")
    if member is not None or opened.tie is not None:
        reason = findings.why_not_logged or "The document does not show which credential it is about."
        return Check("status", "notChecked", f"Whether it was withdrawn since could not be checked. {reason}")
    sentence = "The document names no status list: whether it was withdrawn since cannot be found out from it."
    return Check("status", "warning", sentence)


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


def _check_lists(opened: OpenedDocument, ports: Ports) -> Check:
    """Check every place that a document names. One that cannot be read leaves the whole unknown."""
    unread: str | None = None
    answers: list[StatusAnswer] = []
    for place in opened.status:
        try:
            answers.append(ports.statuses.look_up(place, opened.issuer))
        except CannotAsk as error:
            unread = str(error)
    bad = [answer for answer in answers if answer.status in ("revoked", "suspended")]
    if bad:
        values = {"status": bad[0].status, "asOf": bad[0].as_of}
        return Check("status", "failed", f"The issuer's status list says that it is {bad[0].status}.", values)
    if unread is not None:
        sentence = f"Whether it was withdrawn could not be checked, which is no good news. {unread}"
        return Check("status", "notChecked", sentence)
    if any(answer.status == "other" for answer in answers):
        return Check("status", "warning", "The issuer's status list has a remark whose meaning is not known here.")
    return Check("status", "passed", "The issuer's status list has no withdrawal of it.")
