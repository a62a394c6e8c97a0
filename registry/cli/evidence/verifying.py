"""The command that checks receipts and consistency proofs offline."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

import msgspec
import typer

from consumers.governance.governance import GovernanceFold
from consumers.proofs import consistency, receipts
from consumers.proofs.opened_claims import open_claims
from consumers.proofs.receipt_verdict import day, verdict
from consumers.proofs.receipts import VerifiedReceipt, VerifiedStatus
from consumers.witness.cosignatures import parse_note
from consumers.witness.policy import Cosigned, Policy, PolicyUnmet
from registry.cli.consortium.node_options import parse_founded
from registry.cli.consortium.witness_options import policy_of, with_limits
from registry.cli.evidence import verify_options as options
from registry.cli.opening import node_of
from registry.cli.output import AsJson, print_json, say
from registry.log import GOVERNANCE, open_log
from registry.settings.settings import NoSettings, SettingsError
from registry.wire.consistency import FIRST_LINE as CONSISTENCY
from registry.wire.consistency import ConsistencyProof
from registry.wire.errors import InvalidProof, MalformedNote, WireError
from registry.wire.proof import TlogProof
from registry.wire.seals import SealProof

SEAL_SUFFIX: Final = ".seal.json"
DISCLOSURES_SUFFIX: Final = ".disclosures"
_ABOUT_A_PERSON: Final = "credential.issued.v1"
GOVERNANCE_HEAD: Final = "governance.checkpoint"
"""The file next to governance.log with its newest head that witnesses had cosigned when the receipt was written."""
_EXITS: Final = {"genuine": 0, "not-in-force": 1, "no-effect": 1, "not-genuine": 1, "inconclusive": 5}
_STYLES: Final = {
    "genuine": "green", "not-in-force": "red", "no-effect": "red", "not-genuine": "red", "inconclusive": "yellow"
}  # fmt: skip


class _GovernanceAge(msgspec.Struct, frozen=True):
    """The size of the governance under which a receipt was checked, and the witnesses who cosigned it."""

    events: int
    cosigned_events: int | None
    cosigned: list[Cosigned]


class _Result(msgspec.Struct, frozen=True):
    """The result of `receipt verify`, as it prints it."""

    verdict: str
    summary: str
    receipt: VerifiedReceipt
    status: VerifiedStatus | None
    cosigned: list[Cosigned]
    seal_cosigned: list[Cosigned]
    governance: _GovernanceAge
    claims: dict[str, Any] | None = None
    """The content of the disclosures, to which the event commits; None without disclosures."""


def verify_receipt(
    context: typer.Context,
    file: options.ReceiptFile,
    *,
    governance: options.GovernanceOption = None,
    founded: options.FoundedOption = None,
    witness: options.WitnessOption = None,
    needed: options.NeededOption = None,
    max_age_hours: options.MaxAgeOption = None,
    seal: options.SealOption = None,
    max_seal_age: options.MaxSealAgeOption = None,
    disclosures: options.DisclosuresOption = None,
    as_json: AsJson = False,
) -> None:
    """Check a receipt offline, with governance's log next to it and the founding's hash.

    The first line is the result. Exit code 0: genuine and, by the issuer's newest seal, in force. 1: forged, without
    effect, revoked, suspended, replaced or expired. 5: these files do not show something that matters, for example
    whether a credential without a seal was revoked since.

    A seal shows the status at the time when the issuer made it. With --max-seal-age 48 the result is 5 if that is more
    than two days ago. A seal that says "revoked" or "replaced" may be older: nothing undoes these.

    If only a key that was retired since signed a head (of the receipt, of its seal, or the later one of a consistency
    proof), a thief of that key may have made it: the result is 5 unless a witness cosigned the head.

    If you rely on witnesses, they must have cosigned the heads of the receipt, of its seal, and of governance
    (governance.checkpoint next to it): so nobody can pass on a governance from before a key was retired.

    Examples: registry receipt verify e7c1ab39-….tlog-proof --founded 9f2c…
    registry receipt verify twente-1005-1508.consistency --founded 9f2c… --witness w1.example+…
    """
    trusted = _trusted_founding(context, founded)
    policy = _policy(context, witness, needed, max_age_hours)
    try:
        text, folder = _text_of(file), governance or file.parent
        if text.startswith(f"{CONSISTENCY}\n"):
            _refuse_useless({"--seal": seal, "--max-seal-age": max_seal_age, "--disclosures": disclosures})
            _verify_consistency(ConsistencyProof.parse(text), folder, trusted, policy, as_json=as_json)
        longest = None if max_seal_age is None else timedelta(hours=max_seal_age)
        result = _check(TlogProof.parse(text), file, _SealRequest(seal, longest), folder, trusted, policy)
        if disclosures is None and (default := file.with_name(file.name + DISCLOSURES_SUFFIX)).exists():
            disclosures = default
        if disclosures is not None:
            claims = open_claims(result.receipt.event, _text_of(disclosures).split())
            result = msgspec.structs.replace(result, claims=claims)
    except _NotChecked as error:
        _end("inconclusive", str(error), as_json=as_json)
    except PolicyUnmet as error:
        _end("inconclusive", f"Not confirmed: {error}.", as_json=as_json)
    except WireError as error:
        summary = f"Not genuine: {error}. The receipt or a file next to it was altered, or is of another log."
        _end("not-genuine", summary, as_json=as_json)
    if as_json:
        print_json(result)
    else:
        _show(result)
    raise typer.Exit(_EXITS[result.verdict])


class _SealRequest(NamedTuple):
    """The file with the proof of a status, and its greatest age."""

    file: Path | None
    max_age: timedelta | None


def _refuse_useless(options: dict[str, object]) -> None:
    """Raise a usage error for options that mean nothing for a consistency proof."""
    for name, value in options.items():
        if value is not None:
            raise typer.BadParameter("a consistency proof has no status and no claims; leave it out", param_hint=name)


class _NotChecked(Exception):
    """A file that the check needs is missing or cannot be read. The message names it."""


def _end(outcome: str, summary: str, *, as_json: bool) -> NoReturn:
    """Print a result that says nothing about the event itself, and exit with its code."""
    if as_json:
        print_json({"verdict": outcome, "summary": summary})
    else:
        say(summary, style=_STYLES[outcome])
    raise typer.Exit(_EXITS[outcome])


def _text_of(file: Path) -> str:
    try:
        return file.read_text()
    except FileNotFoundError as error:
        raise _NotChecked(f"Nothing was checked: there is no file {file}.") from error
    except OSError as error:
        raise _NotChecked(f"Nothing was checked: cannot read {file}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidProof(f"{file} is not a receipt: it is not UTF-8 text") from error


def _check(proof: TlogProof, file: Path, seal: _SealRequest, folder: Path, trusted: bytes, policy: Policy) -> _Result:
    """Check a receipt, and the seal next to it. Raises `InvalidProof` if it proves nothing, and `PolicyUnmet`."""
    now = datetime.now(UTC)
    fold, governed = _governance(folder, proof.note.checkpoint.origin.partition("/")[0], trusted, policy)
    member = proof.note.checkpoint.origin.partition("/")[2]
    if member and member not in fold.state.members:
        raise _NotChecked(
            f"Not confirmed: the governance log next to it, of {fold.size:,} entries, knows no member {member[:40]}."
            " It may be older than the receipt; ask for the newest one."
        )
    receipt = receipts.verify(proof, fold)
    cosigned = policy.check(proof.note, now)
    seal_file = seal.file or file.with_name(file.name + SEAL_SUFFIX)
    status, seal_cosigned = None, list[Cosigned]()
    if seal_file.exists():
        try:
            sealed = msgspec.json.decode(seal_file.read_bytes(), type=SealProof)
        except OSError as error:
            raise _NotChecked(f"Its seal was not checked: cannot read {seal_file}: {error.strerror}.") from error
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InvalidProof(f"{seal_file} is not the proof of a seal: {error}") from error
        status = receipts.verify_status(sealed, receipt, fold)
        seal_cosigned = policy.check(TlogProof.parse(sealed.seal).note, now)
    missing = str(seal.file) if seal.file is not None and status is None else None
    result = verdict(
        receipt, status, cosigned=bool(cosigned), seal_cosigned=bool(seal_cosigned), seal_missing=missing,
        max_seal_age=seal.max_age, now=now,
    )  # fmt: skip
    return _Result(result.outcome, result.summary, receipt, status, cosigned, seal_cosigned, governed)


def _verify_consistency(
    proof: ConsistencyProof, folder: Path, trusted: bytes, policy: Policy, *, as_json: bool
) -> NoReturn:
    old, new, now = proof.old.checkpoint, proof.new.checkpoint, datetime.now(UTC)
    fold, governed = _governance(folder, new.origin.partition("/")[0], trusted, policy)
    retired = consistency.verify(proof, fold)
    cosigned = policy.check(proof.new, now)
    grown = f"the log of {new.origin} at {new.size:,} extends the one at {old.size:,}"
    if retired and not cosigned:
        outcome = "inconclusive"
        summary = (
            f"Not confirmed: {grown}, and a key that was retired since signed the later head. Whether {new.origin}"
            " itself signed it does not show in this file: ask for a proof up to a newer head, or up to one that a"
            " witness cosigned."
        )
    else:
        outcome = "genuine"
        vouched = "" if cosigned else f" Nobody but {new.origin} vouches that the later head is its newest."
        summary = f"Proven: {grown}.{vouched}"
    if as_json:
        heads: list[dict[str, Any]] = [{"size": head.size, "root": head.root.hex()} for head in (old, new)]
        print_json(
            {
                "verdict": outcome,
                "summary": summary,
                "origin": new.origin,
                "heads": heads,
                "cosigned": cosigned,
                "governance": governed,
            }
        )
    else:
        say(summary, style=_STYLES[outcome])
        say(f"root at {new.size:,}: {new.root.hex()}")
        say(f"root at {old.size:,}: {old.root.hex()}")
        _show_cosigned(cosigned, "the newer head")
        _show_governance_age(governed)
    raise typer.Exit(_EXITS[outcome])


def _governance(folder: Path, consortium: str, trusted: bytes, policy: Policy) -> tuple[GovernanceFold, _GovernanceAge]:
    """Return the governance in a folder, and how much of it witnesses had cosigned, as the policy requires."""
    if not (folder / f"{GOVERNANCE}.log").is_file():
        raise _NotChecked(
            f"Nothing was checked: there is no {folder / GOVERNANCE}.log, which says whose keys count. It was written"
            " next to the receipt; name its folder with --governance."
        )
    fold = GovernanceFold(consortium, trusted).read(open_log(f"file:{folder}", consortium, read_only=True))
    if not fold.size:
        raise InvalidProof("the governance log is not of the consortium with that founding's hash")
    head = folder / GOVERNANCE_HEAD
    if not head.exists():
        if policy.needed:
            raise PolicyUnmet(f"{head} is missing, so nothing shows that witnesses have seen this governance log")
        return fold, _GovernanceAge(fold.size, None, [])
    try:
        note = parse_note(head.read_text())
    except (OSError, UnicodeDecodeError, MalformedNote) as error:
        raise InvalidProof(f"{head}: {error}") from error
    covered = receipts.governance_size_of(note, fold)
    cosigned = policy.check(note, datetime.now(UTC))
    return fold, _GovernanceAge(fold.size, covered if cosigned else None, cosigned)


def _policy(context: typer.Context, keys: list[str] | None, needed: int | None, hours: int | None) -> Policy:
    """Return the policy on witnesses. A receipt may be old: a node's limit on the age of heads does not apply to it.

    Without a node's folder it names no witness. Raises `SettingsError` if the folder's settings are wrong, or the named
    folder is not a node's: its witnesses must not be forgotten.
    """
    if keys is None:
        try:
            policy = node_of(context).policy()
        except NoSettings:
            policy = Policy()
    else:
        policy = policy_of(keys)
    return with_limits(msgspec.structs.replace(policy, max_age=None), needed, hours)


def _trusted_founding(context: typer.Context, founded: str | None) -> bytes:
    if founded is not None:
        return parse_founded(founded)
    try:
        return node_of(context).settings.founded_hash
    except NoSettings as error:
        raise SettingsError(
            "there is no founding to trust: pass --founded HASH, or run this in a node's folder"
        ) from error
    except SettingsError as error:
        hint = "To check a receipt without a node, leave --home out and pass --founded HASH."
        raise SettingsError(f"{str(error).rstrip('.')}. {hint}") from error


def _show(result: _Result) -> None:
    receipt, status = result.receipt, result.status
    say(result.summary, style=_STYLES[result.verdict])
    if result.claims is not None:
        say("It commits to these disclosures:")
        for name, value in result.claims.items():
            say(f"  {name}: {value if isinstance(value, str) else msgspec.json.encode(value).decode()}")
    elif receipt.type == _ABOUT_A_PERSON:
        say(f"These files do not show whose credential it is: its disclosures would ({DISCLOSURES_SUFFIX}).")
    say(f"{receipt.legal_name} ({receipt.member}) published {receipt.type} about {receipt.subject}")
    say(f"entry {receipt.leaf + 1:,} of its log, under its head at {receipt.size:,}, root {receipt.root}")
    for key in receipt.keys:
        retired = f", retired at {key.end:,}" if key.end is not None else ""
        say(f"signed by {short_key(key.vkey)}, which counts from {key.start:,} on{retired}")
    say(f"{receipt.member} was {receipt.standing_then} then, and is {receipt.standing_now} now")
    days = receipts.age(receipt.governance_time)
    entries = "1 entry" if receipt.governance == 1 else f"{receipt.governance:,} entries"
    say(f"checked under {entries} of governance, the newest {days} days old by its own claim")
    if status is not None:
        what = status.status or "neither suspended, revoked nor replaced"
        say(f"the issuer's seal of {status.size:,} entries, made on {day(status.sealed)}: {what}")
    for note in receipt.notes:
        say(f"note: {note}", style="yellow")
    _show_cosigned(result.cosigned, "the head")
    if status is not None:
        _show_cosigned(result.seal_cosigned, "the seal's head")
    _show_governance_age(result.governance)
    say(receipt.event)


def short_key(vkey: str) -> str:
    """Return a key's name and id. The rest is base64, which may have further plus signs."""
    return "+".join(vkey.split("+", 2)[:2])


def _show_cosigned(cosigned: list[Cosigned], what: str) -> None:
    for cosignature in cosigned:
        say(f"{what} was cosigned by {cosignature.witness}, {_ago(cosignature.time)}")
    if not cosigned:
        say(f"no witness that you rely on has cosigned {what}", style="yellow")


def _show_governance_age(age: _GovernanceAge) -> None:
    for cosignature in age.cosigned:
        size = age.cosigned_events
        say(f"governance at {size} was cosigned by {cosignature.witness}, {_ago(cosignature.time)}")
    if not age.cosigned:
        say("no witness shows the age of the governance next to it: a key may have been retired since", style="yellow")


def _ago(time: str) -> str:
    hours = (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds() / 3600
    return f"{time[:16].replace('T', ' ')} UTC, " + (
        f"{hours:.0f} hours ago" if hours < 72 else f"{hours / 24:.0f} days ago"
    )
