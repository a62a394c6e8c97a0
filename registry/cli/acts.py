"""What can be proposed to the consortium: one command an act. A proposal may hold several."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from registry import ceremony
from registry.ceremony import CeremonyRefused, Proposal
from registry.cli.context import node_of
from registry.cli.governance import checked, governance_app, known, newest_head
from registry.cli.output import say
from registry.wire import governance as wire
from registry.wire.events import Event, Reader

propose_app = typer.Typer(help="Write a proposal, or add to one that nobody has signed yet.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; these stand under `governance`
    """Add these commands."""
    governance_app.add_typer(propose_app, name="propose")


File = Annotated[Path, typer.Argument(help="The proposal's file.")]
Member = Annotated[str, typer.Argument(help="The member's short name.")]
AtHead = Annotated[
    int | None, typer.Option("--head", help="The size of a head of its log to anchor at (else its newest).")
]
Reason = Annotated[str, typer.Option(help="administrative, accreditationLost or rulesBroken.")]
Roles = Annotated[
    list[str] | None, typer.Option("--role", help="issuer, recogniser; may be given twice, or not at all.")
]


def _add(context: typer.Context, file: Path, data: Any) -> None:  # noqa: ANN401 - any act
    """Write the proposal with this act after those that it holds."""
    node = node_of(context)
    have, _ = known(node)
    acts: list[Any] = []
    if file.exists():
        before = Proposal.read(file.read_bytes())
        if before.signatures:
            raise CeremonyRefused(f"{file} has been signed already; propose in another file")
        reader = Reader(node.settings.consortium)
        events = [reader.decode_one(line) for line in before.lines]
        acts = [event.data for event in events if isinstance(event, Event)]
    proposal = ceremony.propose(have, [*acts, data], datetime.now(UTC))
    file.write_bytes(bytes(proposal))
    checked(node, proposal)
    say(f"{file} is to be signed: `registry governance sign {file}`")


@propose_app.command("admit")
def admit(
    context: typer.Context, file: File, content: Annotated[Path, typer.Argument(help="The member's content, JSON.")]
) -> None:
    """Admit a member: its name, content, keys and roles, as `member.admitted.v1` has them.

    Example: registry governance propose admit proposal.json delft.json
    """
    _add(context, file, _read(content, wire.MemberAdmitted))


@propose_app.command("revise")
def revise(
    context: typer.Context, file: File, content: Annotated[Path, typer.Argument(help="The whole content, JSON.")]
) -> None:
    """Describe a member anew: the whole content again, without keys and roles.

    Example: registry governance propose revise proposal.json delft.json
    """
    _add(context, file, _read(content, wire.MemberRevised))


@propose_app.command("add-key")
def add_key(context: typer.Context, file: File, member: Member, vkey: str, *, head: AtHead = None) -> None:
    """Let a further key sign for a member.

    Example: registry governance propose add-key proposal.json delft eciu.example/delft+…
    """
    _add(context, file, wire.MemberKeyAdded(member, vkey, newest_head(node_of(context), member, head)))


@propose_app.command("retire-key")
def retire_key(
    context: typer.Context,
    file: File,
    member: Member,
    vkey: str,
    *,
    reason: Annotated[str, typer.Option(help="rotated, lost or compromised.")],
    head: AtHead = None,
) -> None:
    """Let a key sign nothing beyond a head. What a thief wrote before it is voided apart (`void`).

    Example: registry governance propose retire-key proposal.json delft eciu.example/delft+… --reason compromised
    """
    at = newest_head(node_of(context), member, head)
    _add(context, file, wire.MemberKeyRetired(member, vkey, at, reason))  # type: ignore[arg-type] # read again below


@propose_app.command("roles")
def roles(context: typer.Context, file: File, member: Member, *, role: Roles = None, head: AtHead = None) -> None:
    """Change what a member may do.

    Example: registry governance propose roles proposal.json delft --role recogniser
    """
    at = newest_head(node_of(context), member, head)
    _add(context, file, wire.MemberRolesChanged(member, role or [], at))  # type: ignore[arg-type] # read again below


@propose_app.command("suspend")
def suspend(context: typer.Context, file: File, member: Member, *, reason: Reason, head: AtHead = None) -> None:
    """Suspend a member: it can issue and decide nothing new.

    Example: registry governance propose suspend proposal.json delft --reason rulesBroken
    """
    at = newest_head(node_of(context), member, head)
    _add(context, file, wire.MemberSuspended(member, at, reason))  # type: ignore[arg-type] # read again below


@propose_app.command("reinstate")
def reinstate(context: typer.Context, file: File, member: Member, *, reason: Reason, head: AtHead = None) -> None:
    """End a suspension.

    Example: registry governance propose reinstate proposal.json delft --reason administrative
    """
    at = newest_head(node_of(context), member, head)
    _add(context, file, wire.MemberReinstated(member, at, reason))  # type: ignore[arg-type] # read again below


@propose_app.command("withdraw")
def withdraw(context: typer.Context, file: File, member: Member, *, reason: Reason, head: AtHead = None) -> None:
    """Let a member leave for good.

    Example: registry governance propose withdraw proposal.json delft --reason administrative
    """
    at = newest_head(node_of(context), member, head)
    _add(context, file, wire.MemberWithdrawn(member, at, reason))  # type: ignore[arg-type] # read again below


@propose_app.command("void")
def void(
    context: typer.Context,
    file: File,
    member: Member,
    begin: Annotated[int, typer.Argument(metavar="FROM", help="The first leaf.")],
    end: Annotated[int, typer.Argument(metavar="TO", help="The leaf after the last.")],
    *,
    reason: Annotated[str, typer.Option(help="keyCompromised or publishedByMistake.")],
    head: AtHead = None,
) -> None:
    """Take the effect of a range of events; they stay where they are.

    Example: registry governance propose void proposal.json delft 1042 1050 --reason keyCompromised
    """
    at = newest_head(node_of(context), member, head)
    _add(context, file, wire.MemberRangeVoided(member, begin, end, at, reason))  # type: ignore[arg-type] # read again


@propose_app.command("root-keys")
def root_keys(
    context: typer.Context,
    file: File,
    *,
    key: Annotated[list[str], typer.Option(help="A public root key; give all of the new ones.")],
    threshold: Annotated[int, typer.Option(min=1, help="How many of them must sign.")],
) -> None:
    """Replace the root keys. The old ones sign this.

    Example: registry governance propose root-keys proposal.json --key eciu.example+… --key … --threshold 3
    """
    _add(context, file, wire.RootKeysRotated(key, threshold))


def _read(file: Path, kind: type[Any]) -> Any:  # noqa: ANN401 - of that kind
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError) as error:
        raise CeremonyRefused(f"{file}: {error}") from error
