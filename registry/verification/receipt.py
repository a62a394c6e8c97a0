"""Opens a receipt: a file that proves that an event is on a member's log (docs/what-a-receipt-proves.md).

Its signatures are the member's keys for commits, which governance names. So it is judged with governance.
"""

from typing import Final

from registry.verification.checks import Check, OpenedDocument
from registry.verification.ports import CannotAsk, InvalidReceipt, Ports
from registry.wire.errors import WireError
from registry.wire.proof import TlogProof

FORMAT: Final = "receipt"
_ISSUED: Final = "credential.issued.v1"


def open_receipt(content: bytes, ports: Ports) -> OpenedDocument:
    """Open a receipt."""
    try:
        text = content.decode()
        proof = TlogProof.parse(text)
        proof.verify_inclusion()
    except UnicodeDecodeError:
        return _refuse(Check("parsed", "failed", "The file is no receipt: it is not UTF-8 text."))
    except WireError as error:
        return _refuse(Check("parsed", "failed", f"The receipt proves nothing: {error}."))
    origin = proof.note.checkpoint.origin
    checks = [
        Check("parsed", "passed", "The file is a receipt."),
        Check("schema", "passed", "The event leads to the head that the receipt names."),
    ]
    try:
        proven = ports.log.check_receipt(text)
    except InvalidReceipt as error:
        return _refuse(*checks, Check("signature", "failed", f"The receipt is not genuine: {error}."), issuer=origin)
    except CannotAsk as error:
        return _refuse(*checks, Check("signature", "notChecked", str(error)), issuer=origin)
    if proven.rests_on_retired_keys and not proven.cosigned:
        sentence = (
            "A key that was retired since signed the receipt, and no witness vouches for it: anybody who has that key"
            " could have made it. Ask for a newer receipt."
        )
        return _refuse(*checks, Check("signature", "notChecked", sentence), issuer=origin)
    checks.append(Check("signature", "passed", "A key that counts for the member signed the head of the log."))
    names = ("awardingDate", "ects", "validUntil")
    claims = {name: proven.data[name] for name in names if proven.data.get(name) is not None}
    if proven.type == _ISSUED:
        claims["credential"] = proven.subject
    return OpenedDocument(
        format=FORMAT,
        checks=checks,
        issuer=origin,
        key_source="log",
        claims=claims | {"event": proven.type},
        tie={"origin": origin, "credential": proven.subject if proven.type == _ISSUED else None, "receipt": text},
    )


def _refuse(*checks: Check, issuer: str | None = None) -> OpenedDocument:
    return OpenedDocument(format=FORMAT, checks=checks, issuer=issuer)
