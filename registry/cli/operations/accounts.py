"""Commands for the accounts of people who sign in to the pages."""

import contextlib
from collections.abc import Iterator
from typing import Annotated

import typer

from registry.accounts.errors import AccountError
from registry.accounts.roles import ROLES
from registry.accounts.services import AccountServices
from registry.accounts.site import site_of
from registry.cli.account import As, who
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, say
from registry.node.node import Node
from registry.values.plural import plural

account_app = typer.Typer(help="Accounts of people who sign in to the pages.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The account's name or id, as `registry account list` shows it.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(account_app, name="account")


@contextlib.contextmanager
def open_services(node: Node) -> Iterator[AccountServices]:
    """Yield the node's accounts."""
    settings = node.settings
    site = site_of(settings.public_url, settings.http.base_path, settings.http.port)
    with contextlib.closing(AccountServices(node.registry.dsn, settings.accounts, site)) as services:
        yield services


@account_app.command("add")
def add(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help="The person's name, as pages show it. A person who also has an API key or uses commands has the same"
            " name there (--actor), so that one person never passes for two."
        ),
    ],
    *,
    role: Annotated[list[str], typer.Option(help=f"One of {', '.join(ROLES)} (several times).")],
    actor: As = None,
) -> None:
    """Add an account and print a link that signs the person in once.

    Example: registry account add "Wim Jansen" --role clerk --role auditor
    """
    with open_services(node_of(context)) as services:
        account = services.accounts.add(name, role, who(actor))
        _print_link(services, account.account, who(actor))


@account_app.command("link")
def link(context: typer.Context, name: Name, *, actor: As = None) -> None:
    """Print a new link that signs a person in once. An earlier one ends.

    Example: registry account link "Wim Jansen"
    """
    with open_services(node_of(context)) as services:
        _print_link(services, services.accounts.find(name).account, who(actor))


def _print_link(services: AccountServices, account: str, by: str) -> None:
    token = services.links.create(account, by)
    errors.print("Give this link to that person alone. It works once, and is not shown again:", markup=False)
    say(services.site.address(f"/signin/link/{token}"))


@account_app.command("list")
def list_accounts(
    context: typer.Context, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False
) -> None:
    """List the accounts.

    Example: registry account list
    """
    with open_services(node_of(context)) as services:
        accounts = services.accounts.all()
    columns = [
        Column("account", lambda account: account.account),
        Column("name", lambda account: account.name),
        Column("roles", lambda account: " ".join(account.roles)),
        Column("passkeys", lambda account: account.passkeys),
        Column("ended", lambda account: account.ended and account.ended.date()),
    ]
    print_list(accounts, columns, as_json=as_json, as_csv=as_csv, wide=wide)


@account_app.command("roles")
def change_roles(
    context: typer.Context,
    name: Name,
    *,
    role: Annotated[list[str], typer.Option(help=f"One of {', '.join(ROLES)} (several times).")],
    actor: As = None,
) -> None:
    """Replace the roles of an account. They count from the person's next request on.

    Example: registry account roles "Wim Jansen" --role officer
    """
    with open_services(node_of(context)) as services:
        services.accounts.change_roles(services.accounts.find(name).account, role, who(actor))
    say(f"{name}: {', '.join(role)}")


@account_app.command("journal")
def journal(
    context: typer.Context,
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Check the whole chain of hashes.")] = False,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="The number of entries.")] = 50,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """List the newest acts of people, the newest first; or check that none was changed or removed.

    Example: registry account journal --verify
    """
    with open_services(node_of(context)) as services:
        if verify:
            check = services.journal.check()
        else:
            entries = services.journal.newest(count)
            names = services.accounts.names_of([entry.actor for entry in entries])
    if verify:
        if check.fault is not None:
            raise AccountError(
                f"the journal is broken at entry {check.fault}: it or one before it was changed or removed"
            )
        say(f"the journal is whole: {plural(check.entries, 'entry')}, newest hash {check.hash}")
        return
    columns = [
        Column("number", lambda entry: entry.number),
        Column("at", lambda entry: entry.at),
        Column("actor", lambda entry: names.get(entry.actor, entry.actor)),
        Column("act", lambda entry: entry.act),
        Column("subject", lambda entry: entry.subject),
    ]
    print_list(entries, columns, as_json=as_json, as_csv=as_csv, wide=wide)


@account_app.command("end")
def end(context: typer.Context, name: Name, *, actor: As = None) -> None:
    """End an account for good, with its sessions, links and passkeys.

    Example: registry account end "Wim Jansen"
    """
    with open_services(node_of(context)) as services:
        account = services.accounts.find(name)
        services.accounts.end(account.account, who(actor))
    say(f"the account of {account.name} has ended")
