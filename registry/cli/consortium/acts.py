"""Commands that propose acts to the consortium, one for each act. A proposal may hold several."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
import typer

from registry.ceremony.act_words import content_of
from registry.ceremony.ceremony import CeremonyRefused
from registry.ceremony.members import find_key, find_member
from registry.ceremony.proposal_file import write_proposal
from registry.cli.choices import choice_option
from registry.cli.consortium.governance import WithoutProof, governance_app, read_keys, show_proposal
from registry.cli.consortium.member_content import read_content
from registry.cli.opening import node_of
from registry.cli.output import errors, say
from registry.keys.key_proof import OfferedKey
from registry.node.ceremony import add_act, newest_head, read_governance
from registry.wire import governance as wire

propose_app = typer.Typer(help="Write a proposal, or add to one that nobody has signed yet.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; these are under `governance`
    """Add these commands."""
    governance_app.add_typer(propose_app, name="propose")


File = Annotated[Path, typer.Argument(help="The proposal's file.")]
Member = Annotated[str, typer.Argument(help="The member's short name.")]
AtHead = Annotated[
    int | None,
    typer.Option(
        "--head",
        min=0,
        help="The number of events of its log after which the change applies; a commit must end there (else: all that"
        " can be verified now).",
    ),
]
Reason = Annotated[wire.StandingReason, typer.Option(help="The reason. It is published.")]
Roles = Annotated[
    list[str] | None,
    choice_option("--role", values=get_args(wire.Role), help="What it may do; twice for both, not at all for none."),
]


def _add(context: typer.Context, file: Path, data: Any, offered: Sequence[OfferedKey] = ()) -> None:  # noqa: ANN401 - any act
    """Write the proposal with this act after the acts that it has already, and show it."""
    node = node_of(context)
    proposal = add_act(node, file, data, offered)
    show_proposal(node, proposal)
    write_proposal(file, proposal)
    say(f"{file} is to be signed: `registry governance sign {file}`")


@propose_app.command("admit")
def admit(
    context: typer.Context,
    file: File,
    content: Annotated[Path, typer.Argument(help="The member's content, JSON.")],
    *,
    without_proof: WithoutProof = False,
) -> None:
    """Admit a member: its name, content, keys and roles, as `member.admitted.v1` has them.

    The keys are written as `registry node init` prints them, with their proofs.

    Example: registry governance propose admit proposal.json delft.json
    """
    data = read_content(content, wire.MemberAdmitted)
    offered = read_keys(data.keys, without_proof=without_proof, option=f"{content}: keys")
    _add(context, file, msgspec.structs.replace(data, keys=[str(key.vkey) for key in offered]), offered)


@propose_app.command("revise")
def revise(
    context: typer.Context, file: File, content: Annotated[Path, typer.Argument(help="The whole content, JSON.")]
) -> None:
    """Change a member's description: the whole content again, without keys and roles.

    Begin with what it is now: registry governance show delft --content > delft.json

    Example: registry governance propose revise proposal.json delft.json
    """
    data = read_content(content, wire.MemberRevised)
    record = find_member(read_governance(node_of(context)).state.members, data.member)
    if content_of(record.content) == content_of(data):
        raise CeremonyRefused(f"{content} says of {data.member} what governance says already; nothing would change")
    _add(context, file, data)


@propose_app.command("add-key")
def add_key(
    context: typer.Context,
    file: File,
    member: Member,
    key: Annotated[str, typer.Argument(help="The new public key with its proof, as `registry key show` prints it.")],
    *,
    head: AtHead = None,
    without_proof: WithoutProof = False,
) -> None:
    """Let another key sign for a member.

    Example: registry governance propose add-key proposal.json delft eciu.example/delft+…
    """
    offered = read_keys([key], without_proof=without_proof, option="KEY")
    data = wire.MemberKeyAdded(member, str(offered[0].vkey), newest_head(node_of(context), member, head))
    _add(context, file, data, offered)


@propose_app.command("retire-key")
def retire_key(
    context: typer.Context,
    file: File,
    member: Member,
    key: Annotated[str, typer.Argument(help="The key, or its id of eight digits, as `governance show` prints them.")],
    *,
    reason: Annotated[wire.KeyReason, typer.Option(help="The reason. It is published.")],
    head: AtHead = None,
) -> None:
    """Let a key sign nothing beyond a head. Use `void` for events that a thief wrote before it.

    Example: registry governance propose retire-key proposal.json delft b8f10e6d --reason compromised
    """
    node = node_of(context)
    vkey = find_key(find_member(read_governance(node).state.members, member), key)
    at = newest_head(node, member, head)
    _add(context, file, wire.MemberKeyRetired(member, str(vkey), at, reason))


@propose_app.command("roles")
def roles(context: typer.Context, file: File, member: Member, *, role: Roles = None, head: AtHead = None) -> None:
    """Change what a member may do.

    Example: registry governance propose roles proposal.json delft --role recogniser
    """
    node = node_of(context)
    if set(role or ()) == set(find_member(read_governance(node).state.members, member).current_roles):
        raise CeremonyRefused(f"{member} has these roles already; nothing would change")
    at = newest_head(node, member, head)
    _add(context, file, wire.MemberRolesChanged(member, role or [], at))  # type: ignore[arg-type] # read again below


@propose_app.command("suspend")
def suspend(context: typer.Context, file: File, member: Member, *, reason: Reason, head: AtHead = None) -> None:
    """Suspend a member: it can issue and decide nothing new.

    Example: registry governance propose suspend proposal.json delft --reason rulesBroken
    """
    at = newest_head(node_of(context), member, head)
    _add(context, file, wire.MemberSuspended(member, at, reason))


@propose_app.command("reinstate")
def reinstate(
    context: typer.Context,
    file: File,
    member: Member,
    *,
    reason: Reason,
    head: AtHead = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, even if the suspension had another reason.")] = False,
) -> None:
    """End a suspension. You are asked if it had another reason than the one you give.

    Example: registry governance propose reinstate proposal.json delft --reason administrative
    """
    node = node_of(context)
    suspensions = [c for c in read_governance(node).changes.get(member, []) if c.type == "member.suspended.v1"]
    if suspensions and suspensions[-1].reason != reason:
        say(
            f"{member} was suspended for the reason {suspensions[-1].reason}, and you reinstate it for {reason}.",
            "yellow",
        )
        if not yes and not typer.confirm("Reinstate it nevertheless?"):
            errors.print("Nothing was proposed. Name the suspension's reason, or pass --yes.", markup=False)
            raise typer.Exit(1)
    at = newest_head(node, member, head)
    _add(context, file, wire.MemberReinstated(member, at, reason))


@propose_app.command("withdraw")
def withdraw(context: typer.Context, file: File, member: Member, *, reason: Reason, head: AtHead = None) -> None:
    """End a membership permanently.

    Example: registry governance propose withdraw proposal.json delft --reason administrative
    """
    at = newest_head(node_of(context), member, head)
    _add(context, file, wire.MemberWithdrawn(member, at, reason))


@propose_app.command("void")
def void(
    context: typer.Context,
    file: File,
    member: Member,
    begin: Annotated[int, typer.Argument(metavar="FROM", help="The first leaf.")],
    end: Annotated[int, typer.Argument(metavar="TO", help="The leaf after the last.")],
    *,
    reason: Annotated[wire.VoidReason, typer.Option(help="The reason. It is published.")],
    head: AtHead = None,
) -> None:
    """Void a range of events: they stay on the log and have no effect.

    Example: registry governance propose void proposal.json delft 1042 1050 --reason keyCompromised
    """
    at = newest_head(node_of(context), member, head)
    _add(context, file, wire.MemberRangeVoided(member, begin, end, at, reason))


@propose_app.command("root-keys")
def root_keys(
    context: typer.Context,
    file: File,
    *,
    key: Annotated[
        list[str], typer.Option(help="A root key as `registry governance key` printed it; give all of the new ones.")
    ],
    threshold: Annotated[int, typer.Option(min=1, help="How many of them must sign.")],
    without_proof: WithoutProof = False,
) -> None:
    """Replace the root keys. The old ones sign this.

    Example: registry governance propose root-keys proposal.json --key eciu.example+… --key … --threshold 3
    """
    offered = read_keys(key, without_proof=without_proof)
    _add(context, file, wire.RootKeysRotated([str(root.vkey) for root in offered], threshold), offered)
