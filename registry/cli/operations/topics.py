"""Commands for the topics and access lists of the shared log in Kafka."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.opening import node_of
from registry.cli.output import AsJson, print_json, say
from registry.log.topic_plan import Difference
from registry.node.topics import apply_topics, plan_topics

topics_app = typer.Typer(
    help="Topics and access lists of the shared log in Kafka, from governance.", no_args_is_help=True
)

PrincipalsFile = Annotated[
    Path, typer.Option("--principals", help="The file (TOML) that maps members to the principals that brokers know.")
]
Brokers = Annotated[
    str | None,
    typer.Option(help="The brokers with an administrator's files: kafka://HOST:PORT?ca_file=… (else the node's log)."),
]
Copies = Annotated[
    int | None,
    typer.Option(min=1, max=3, help="The copies of each topic, in a cluster that has fewer than three brokers."),
]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(topics_app, name="topics")


@topics_app.command("plan")
def plan(
    context: typer.Context,
    *,
    principals: PrincipalsFile,
    brokers: Brokers = None,
    copies: Copies = None,
    as_json: AsJson = False,
) -> None:
    """Say what is missing or different in the cluster: topics, their settings, access lists. Changes nothing.

    Exits 1 if something differs.

    Example: registry topics plan --principals principals.toml
    """
    differences = plan_topics(node_of(context), principals, brokers, copies=copies)
    if as_json:
        print_json({"items": differences})
    else:
        _show(differences)
        if not differences:
            say("Nothing differs: topics and access lists are as governance and the file have them.")
    if differences:
        raise typer.Exit(1)


@topics_app.command("apply")
def apply(
    context: typer.Context,
    *,
    principals: PrincipalsFile,
    brokers: Brokers = None,
    copies: Copies = None,
    remove_rights: Annotated[
        bool, typer.Option("--remove-rights", help="Also remove entries of access lists that are too wide or deny.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Do what the plan says: make topics, correct their settings, add entries to access lists. Deletes no topic.

    Exits 1 if something is left that it did not do.

    Example: registry topics apply --principals principals.toml
    """
    settled: list[Difference] = []

    def note(difference: Difference) -> None:
        settled.append(difference)
        if not as_json:
            say(f"done: {difference.sentence}")

    left = apply_topics(node_of(context), principals, brokers, copies=copies, remove_rights=remove_rights, done=note)
    if as_json:
        print_json({"done": settled, "left": left})
    else:
        if not settled:
            say("Nothing was changed.")
        _show(left)
    if left:
        raise typer.Exit(1)


_REMEDIES = {"apply": "to apply", "remove": "left; --remove-rights removes it", "manual": "to do by hand"}


def _show(differences: list[Difference]) -> None:
    for difference in differences:
        say(f"{_REMEDIES[difference.remedy]}: {difference.sentence}")
