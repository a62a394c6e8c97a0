"""Receipts and consistency proofs, checked offline: with the file, governance's log beside it, the founding's hash."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from consumers import consistency, receipts
from consumers.cosignatures import parse_note
from consumers.governance import GovernanceFold
from consumers.policy import Cosigned, Policy
from consumers.receipts import VerifiedReceipt, VerifiedStatus
from registry.cli.context import node_of
from registry.cli.output import AsJson, counted, print_json, say
from registry.config import SettingsError
from registry.log import GOVERNANCE, open_log
from registry.wire.consistency import FIRST_LINE as CONSISTENCY
from registry.wire.consistency import ConsistencyProof
from registry.wire.cosignature import CosignerKey
from registry.wire.errors import InvalidProof, MalformedNote
from registry.wire.proof import TlogProof
from registry.wire.seals import SealProof

SEAL_SUFFIX: Final = ".seal.json"
GOVERNANCE_HEAD: Final = "governance.checkpoint"
"""Beside governance.log: its newest head that witnesses had cosigned when the receipt was made."""


class _Governed(msgspec.Struct, frozen=True):
    """How old the governance is that something was checked under."""

    events: int
    cosigned_events: int | None
    cosigned: list[Cosigned]


def verify_receipt(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A .tlog-proof file, or a .consistency file.")],
    *,
    governance: Annotated[
        Path | None, typer.Option(help="The folder with governance.log (else the receipt's own).")
    ] = None,
    founded: Annotated[
        str | None, typer.Option(help="The founding's hash, from somebody you trust (else the node's setting).")
    ] = None,
    witness: Annotated[
        list[str] | None, typer.Option(help="The key of a witness that you rely on (else the node's settings).")
    ] = None,
    needed: Annotated[int | None, typer.Option(min=0, help="How many of them must have cosigned.")] = None,
    max_age_hours: Annotated[
        int | None, typer.Option(min=1, help="How old their cosignatures may be (else of any age, which is said).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a receipt offline: needs the file, governance's log beside it, and the founding's hash.

    Where witnesses are relied on, they must have cosigned the receipt's head, its seal's, and governance's
    (governance.checkpoint beside it): so nobody can hand out a governance from before a key was retired.

    Examples: registry verify-receipt e7c1ab39-….tlog-proof --founded 9f2c…
    registry verify-receipt twente-1005-1508.consistency --founded 9f2c… --witness w1.example+…
    """
    trusted = _founded(context, founded)
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidProof(f"cannot read {file}: {error}") from error
    policy, folder = _policy(context, witness, needed, max_age_hours), governance or file.parent
    if text.startswith(f"{CONSISTENCY}\n"):
        _verify_consistency(ConsistencyProof.parse(text), folder, trusted, policy, as_json=as_json)
        return
    proof, now = TlogProof.parse(text), datetime.now(UTC)
    fold, governed = _governance(folder, proof.note.checkpoint.origin.partition("/")[0], trusted, policy)
    found = receipts.verify(proof, fold)
    cosigned = policy.check(proof.note, now)
    status = None
    sealed = file.with_name(file.name + SEAL_SUFFIX)
    if sealed.exists():
        try:
            told = msgspec.json.decode(sealed.read_bytes(), type=SealProof)
        except msgspec.DecodeError as error:
            raise InvalidProof(f"{sealed} is no seal's proof: {error}") from error
        status = receipts.verify_status(told, found, fold)
        policy.check(TlogProof.parse(told.seal).note, now)
    if as_json:
        print_json({"receipt": found, "status": status, "cosigned": cosigned, "governance": governed})
    else:
        _show(found, status)
        _show_cosigned(cosigned, "the head")
        _show_governed(governed)
        say(found.event)
    if found.refused is not None:
        raise typer.Exit(1)


def _verify_consistency(
    proof: ConsistencyProof, folder: Path, trusted: bytes, policy: Policy, *, as_json: bool
) -> None:
    old, new, now = proof.old.checkpoint, proof.new.checkpoint, datetime.now(UTC)
    fold, governed = _governance(folder, new.origin.partition("/")[0], trusted, policy)
    consistency.verify(proof, fold)
    cosigned = policy.check(proof.new, now)
    if as_json:
        heads: list[dict[str, Any]] = [{"size": head.size, "root": head.root.hex()} for head in (old, new)]
        print_json({"origin": new.origin, "heads": heads, "cosigned": cosigned, "governance": governed})
        return
    say("The proof is good.", style="green")
    say(f"the head of {new.origin} at {new.size}, root {new.root.hex()},")
    say(f"begins with the one at {old.size}, root {old.root.hex()}")
    _show_cosigned(cosigned, "the newer head")
    _show_governed(governed)


def _governance(folder: Path, consortium: str, trusted: bytes, policy: Policy) -> tuple[GovernanceFold, _Governed]:
    """Governance as it lies there, and how much of it witnesses had seen, as the policy wants it."""
    fold = GovernanceFold(consortium, trusted)
    for record in open_log(f"file:{folder}", consortium, read_only=True).records(GOVERNANCE):
        fold.take(record.data)
    if not fold.size:
        raise InvalidProof("the governance log is not of the consortium with that founding's hash")
    head = folder / GOVERNANCE_HEAD
    if not head.exists():
        if policy.needed:
            raise InvalidProof(f"{head} is missing: that witnesses have seen this governance is not shown")
        return fold, _Governed(fold.size, None, [])
    try:
        note = parse_note(head.read_text())
    except (OSError, UnicodeDecodeError, MalformedNote) as error:
        raise InvalidProof(f"{head}: {error}") from error
    covered = receipts.governed(note, fold)
    cosigned = policy.check(note, datetime.now(UTC))
    return fold, _Governed(fold.size, covered if cosigned else None, cosigned)


def _policy(context: typer.Context, keys: list[str] | None, needed: int | None, hours: int | None) -> Policy:
    """Whom to rely on. A receipt may be old: the age that a node allows heads is not asked of it, only said."""
    if keys is None:
        try:
            policy = node_of(context).policy()
        except SettingsError:
            policy = Policy()
    else:
        policy = Policy(tuple(CosignerKey.parse(key) for key in keys), len(keys))
    if needed is not None:
        if needed > len(policy.witnesses):
            raise typer.BadParameter(
                f"{needed}, and {len(policy.witnesses)} witnesses are named", param_hint="--needed"
            )
        policy = msgspec.structs.replace(policy, needed=needed)
    return msgspec.structs.replace(policy, max_age=None if hours is None else timedelta(hours=hours))


def _founded(context: typer.Context, founded: str | None) -> bytes:
    text = founded
    if text is None:
        try:
            text = node_of(context).settings.founded
        except SettingsError as error:
            raise SettingsError(
                "whom to trust is not said: give --founded HASH, or run this in a node's folder"
            ) from error
    try:
        trusted = bytes.fromhex(text)
    except ValueError as error:
        raise typer.BadParameter("64 hexadecimal digits, as `registry found` printed them") from error
    return trusted


def _show(found: VerifiedReceipt, status: VerifiedStatus | None) -> None:
    say("The receipt is good.", style="green" if found.refused is None else "yellow")
    say(f"{found.legal_name} ({found.member}) published {found.type} about {found.subject}")
    say(f"as leaf {found.leaf} of its log, under its head at {found.size}, root {found.root}")
    for key in found.keys:
        retired = f", retired at {key.end}" if key.end is not None else ""
        say(f"signed by {key.vkey.rsplit('+', 1)[0]}, which counts from {key.start} on{retired}")
    say(f"{found.member} was {found.standing_then} then, and is {found.standing_now} now")
    days = receipts.age(found.governance_time)
    say(
        f"checked under {counted(found.governance, 'event')} of governance, the newest {days} days old by its own claim"
    )
    if status is not None:
        what = status.status or "neither suspended, revoked nor replaced"
        say(f"seal of {status.size} leaves, {status.sealed[:10]}: the credential was {what}")
    for note in found.notes:
        say(f"note: {note}", style="yellow")
    if found.refused is not None:
        say(f"and yet the event has no effect: {found.refused}", style="red")


def _show_cosigned(cosigned: list[Cosigned], what: str) -> None:
    for one in cosigned:
        say(f"{what} was cosigned by {one.witness}, {_ago(one.time)}")
    if not cosigned:
        say(f"no witness that is relied on has cosigned {what}", style="yellow")


def _show_governed(governed: _Governed) -> None:
    for one in governed.cosigned:
        say(f"governance at {governed.cosigned_events} was cosigned by {one.witness}, {_ago(one.time)}")
    if not governed.cosigned:
        say("how old the governance beside it is, no witness says: a key may have been retired since", style="yellow")


def _ago(time: str) -> str:
    hours = (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds() / 3600
    return f"{time[:16].replace('T', ' ')} UTC, " + (
        f"{hours:.0f} hours ago" if hours < 72 else f"{hours / 24:.0f} days ago"
    )
