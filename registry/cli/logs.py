"""Looking at the shared log itself."""

from typing import Annotated

import typer

from consumers.governance import GovernanceFold
from consumers.verifier import OK, REPEAT, MemberTrust, Verifier
from projections.positions import GOVERNANCE
from registry.cli.context import Node, node_of
from registry.cli.output import AsJson, errors, print_json, progress, say, table
from registry.wire import commit as wire
from registry.wire.commit import Commit
from registry.wire.errors import MalformedCommit

log_app = typer.Typer(help="The shared log, commit by commit.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(log_app, name="log")


def _parsed(data: bytes) -> Commit | None:
    try:
        return wire.parse(data)
    except MalformedCommit:
        return None


@log_app.command("ls")
def list_commits(
    context: typer.Context,
    stream: Annotated[str | None, typer.Argument(help="A member, or governance; without it, the streams.")] = None,
    *,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest commits.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the streams, or the newest commits of one.

    Example: registry log ls twente --last 5
    """
    log = node_of(context).log()
    if stream is None:
        heads = []
        for name in log.streams():
            newest = next((c for r in log.read_back(name) if (c := _parsed(r.data)) is not None), None)
            heads.append({"stream": name, "size": newest.checkpoint.size if newest else 0, "end": log.end(name)})
        if as_json:
            print_json(heads)
        else:
            table(("stream", "newest head", "end"), [(h["stream"], h["size"], h["end"]) for h in heads])
        return
    rows = []
    for record in log.read_back(stream):
        commit = _parsed(record.data)
        size = commit.checkpoint.size if commit else None
        rows.append(
            {
                "position": record.position,
                "size": size,
                "events": len(commit.lines) if commit else None,
                "bytes": len(record.data),
            }
        )
        if len(rows) == last:
            break
    if as_json:
        print_json(rows)
        return
    table(
        ("position", "tree size", "events", "bytes"),
        [(r["position"], r["size"] or "not a commit", r["events"], r["bytes"]) for r in rows],
    )


@log_app.command("show")
def show_commit(
    context: typer.Context,
    stream: Annotated[str, typer.Argument(help="A member, or governance.")],
    leaf: Annotated[int, typer.Argument(min=0, help="An event's index in the tree.")],
) -> None:
    """Print the commit that carries an event, as it stands on the log.

    Example: registry log show twente 0
    """
    log = node_of(context).log()
    for record in log.records(stream, log.seek(stream, leaf)):
        commit = _parsed(record.data)
        if commit is not None and commit.base <= leaf < commit.checkpoint.size:
            typer.get_binary_stream("stdout").write(record.data)
            return
    errors.print(f"The log of {stream} does not reach event {leaf}.", markup=False)
    raise typer.Exit(1)


def fold_governance(node: Node) -> GovernanceFold:
    """Governance as the log has it now."""
    fold = GovernanceFold(node.settings.consortium, node.settings.founded_hash)
    for record in node.log().records(GOVERNANCE):
        fold.take(record.data)
    return fold


@log_app.command("verify")
def verify(
    context: typer.Context,
    stream: Annotated[str, typer.Argument(help="A member.")],
) -> None:
    """Verify every commit of a member's stream from its beginning, without a database.

    Example: registry log verify twente
    """
    node = node_of(context)
    record = fold_governance(node).state.members.get(stream)
    if record is None:
        errors.print(f"{stream} is not a member.", markup=False)
        raise typer.Exit(1)
    verifier = Verifier(MemberTrust(f"{node.settings.consortium}/{stream}", record))
    wrong = 0
    with progress(f"verifying {stream}") as counter:
        for item in node.log().records(stream):
            verdict = verifier.judge(item.data)
            counter.reach(verifier.tree.size)
            if verdict.code not in (OK, REPEAT):
                wrong += 1
                say(f"{item.position}: {verdict.code}: {verdict.detail}", style="red")
    say(f"{stream}: {verifier.tree.size:,} events, root {verifier.tree.root.hex()}, {wrong} records not taken in")
    if wrong:
        raise typer.Exit(1)
