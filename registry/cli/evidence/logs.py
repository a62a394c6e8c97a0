"""Commands that show the shared log, and verify it."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Annotated, Any, NamedTuple

import typer

from consumers.governance.governance import GovernanceFold
from consumers.streams.verifier import OK, REPEAT, MemberTrust, Verdict, Verifier
from projections.core.positions import GOVERNANCE
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, print_json, progress, say
from registry.log import Record
from registry.node.known_heads import KnownHead, list_heads_in_database, list_heads_in_files
from registry.node.node import Node
from registry.supervision import DATABASE_ERRORS
from registry.wire import commit as wire
from registry.wire.commit import Commit
from registry.wire.errors import MalformedCommit
from registry.wire.merkle import Tree

log_app = typer.Typer(help="The shared log, commit by commit.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(log_app, name="log")


def _parse_commit(data: bytes) -> Commit | None:
    try:
        return wire.parse(data)
    except MalformedCommit:
        return None


@log_app.command("list")
def list_commits(
    context: typer.Context,
    stream: Annotated[str | None, typer.Argument(help="A member, or governance; without it, the streams.")] = None,
    *,
    last: Annotated[int, typer.Option(min=1, help="The number of newest commits.")] = 20,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """List the streams, or the newest commits of one.

    Example: registry log list twente --last 5
    """
    log = node_of(context).log()
    if stream is None:
        heads = []
        for name in log.streams():
            newest = next((c for r in log.read_back(name) if (c := _parse_commit(r.data)) is not None), None)
            heads.append({"stream": name, "size": newest.checkpoint.size if newest else 0, "end": log.end(name)})
        names = {"stream": "stream", "size": "newest head", "end": "end"}
        columns = [Column(heading, itemgetter(name)) for name, heading in names.items()]
        print_list(heads, columns, as_json=as_json, as_csv=as_csv, wide=wide)
        return
    rows = []
    for record in log.read_back(stream):
        commit = _parse_commit(record.data)
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
    columns = [
        Column("position", itemgetter("position")),
        Column("tree size", lambda row: "not a commit" if row["size"] is None else row["size"]),
        Column("events", itemgetter("events")),
        Column("bytes", itemgetter("bytes")),
    ]
    print_list(rows, columns, as_json=as_json, as_csv=as_csv, wide=wide)


@log_app.command("show")
def show_commit(
    context: typer.Context,
    stream: Annotated[str, typer.Argument(help="A member, or governance.")],
    leaf: Annotated[int, typer.Argument(min=0, help="An event's index in the tree.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Print the commit with an event, as it is on the log. It is not verified.

    Example: registry log show twente 0
    """
    log = node_of(context).log()
    for record in log.records(stream, log.seek(stream, leaf)):
        commit = _parse_commit(record.data)
        if commit is not None and commit.base <= leaf < commit.checkpoint.size:
            if as_json:
                print_json(_as_json(record, commit))
            else:
                typer.get_binary_stream("stdout").write(record.data)
            return
    errors.print(f"The log of {stream} does not reach event {leaf}.", markup=False)
    raise typer.Exit(1)


def _fold_governance(node: Node) -> GovernanceFold:
    """Return governance as the log has it now."""
    return GovernanceFold(node.settings.consortium, node.settings.founded_hash).read(node.log())


def _as_json(record: Record, commit: Commit) -> dict[str, Any]:
    """Return a commit for programs; each event is its line, byte for byte."""
    return {
        "position": record.position,
        "origin": commit.checkpoint.origin,
        "base": commit.base,
        "size": commit.checkpoint.size,
        "root": commit.checkpoint.root.hex(),
        "signatures": [str(signature) for signature in commit.note.signatures],
        "events": [line.decode() for line in commit.lines],
    }


class _Judge(NamedTuple):
    """The judge of the records of a stream."""

    judge: Callable[[bytes], Verdict]
    """Judges the next record."""
    tree: Callable[[], Tree]
    """Returns the tree so far."""
    anchors: Sequence[tuple[int, bytes]] = ()


def _create_judge(node: Node, stream: str) -> _Judge:
    """Return what judges the records of a stream."""
    if stream == GOVERNANCE:
        fold = GovernanceFold(node.settings.consortium, node.settings.founded_hash)
        return _Judge(lambda record: fold.take(record)[0], lambda: fold.tree)
    member = _fold_governance(node).state.members.get(stream)
    if member is None:
        errors.print(f"{stream} is not a member.", markup=False)
        raise typer.Exit(1)
    verifier = Verifier(MemberTrust(node.settings.consortium, member))
    return _Judge(verifier.judge, lambda: verifier.tree, verifier.trust.anchors)


def _list_known_heads(node: Node, stream: str, judge: _Judge, expect: int | None) -> list[KnownHead]:
    """Return the heads that the log must contain; say on the error output if those of the database are missing."""
    heads = list_heads_in_files(node, stream, judge.anchors)
    if expect is not None:
        heads.append(KnownHead(expect, None, "--expect"))
    try:
        heads += list_heads_in_database(node, stream)
    except DATABASE_ERRORS as error:
        errors.print(f"Not compared with this node's database, which cannot be reached: {error}", markup=False)
    return heads


@log_app.command("verify")
def verify(
    context: typer.Context,
    stream: Annotated[str, typer.Argument(help="A member, or governance.")],
    *,
    expect: Annotated[
        int | None, typer.Option(min=1, metavar="SIZE", help="A size that the log is known to have reached.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify every commit of a stream from its beginning.

    Exits 1 if a record is refused, if the stream has no entry, and if it lacks a head that is known here: one that a
    witness cosigned, an anchor of governance, the position of this node's views, or its publisher's newest commit. It
    works without a database, and says then that it was not compared with it.

    Examples: registry log verify twente
    registry log verify twente --expect 1508
    """
    node = node_of(context)
    judge = _create_judge(node, stream)
    known_heads = _list_known_heads(node, stream, judge, expect)
    wrong, faults = [], list[str]()
    with progress(f"verifying {stream}") as counter:
        for item in node.log().records(stream):
            verdict = judge.judge(item.data)
            tree = judge.tree()
            counter.reach(tree.size)
            if verdict.code not in (OK, REPEAT):
                wrong.append({"position": item.position, "code": verdict.code, "detail": verdict.detail})
                if not as_json:
                    say(f"{item.position}: {verdict.code}: {verdict.detail}", style="red")
            if verdict.code == OK:
                heads = [head for head in known_heads if head.size == tree.size]
                faults += [_describe_other_root(head) for head in heads if head.root not in (None, tree.root)]
    size, root = judge.tree().size, judge.tree().root.hex()
    newest = max(known_heads, key=lambda head: head.size, default=None)
    if newest is not None and newest.size > size:
        faults.append(
            f"The log was cut, or is an old copy: it has {size:,} valid entries, and {newest.source} says"
            f" {newest.size:,}."
        )
    elif size == 0:
        faults.append(f"Nothing was verified: {stream} has no valid entry on this log.")
    if as_json:
        expected = None if newest is None else newest.size
        print_json(
            {"stream": stream, "size": size, "root": root, "expected": expected, "refused": wrong, "faults": faults}
        )
    else:
        say(f"{stream}: {size:,} events, root {root}, {len(wrong)} records refused")
        for fault in faults:
            say(fault, style="red")
    if wrong or faults:
        raise typer.Exit(1)


def _describe_other_root(head: KnownHead) -> str:
    return f"The log has another history: its root at {head.size:,} is not that of {head.source}."
