"""People of the demo who sign in with a browser, and the cases that wait for them in the office."""

import contextlib
from pathlib import Path
from typing import Final, NamedTuple

from projections.credentials import own_credentials
from projections.credentials.own_credentials import CredentialQuery
from registry.accounts.services import AccountServices
from registry.accounts.site import site_of
from registry.node.adapters.office import office_of
from registry.node.node import open_node
from registry.office.cases.applicants import Applicant
from registry.office.cases.opening import Application, SubmittedCredential
from registry.wire.forms import CredentialRef
from registry.wire.recognition import Towards

UNIVERSITY_STAFF: Final = (
    ("Carla, a clerk", ("clerk",)),
    ("Anna, who releases", ("clerk", "approver")),
    ("Aino, an auditor", ("auditor",)),
    ("Ines, administrator", ("administrator",)),
)
OFFICE_STAFF: Final = (
    ("Olga, an officer", ("officer", "assessor")),
    ("Dirk, a second officer", ("officer", "decision-approver")),
)
_APPLICANTS: Final = (("Kowalczyk", "Marta", "1998-03-14"), ("Horvat", "Luka", "1999-11-02"))


class Person(NamedTuple):
    """A person of the demo, and the address that signs their browser in once."""

    name: str
    address: str


def add_people(home: Path, port: int, people: tuple[tuple[str, tuple[str, ...]], ...]) -> list[Person]:
    """Add accounts to a node that will answer at a port of this machine; return a one-time link for each."""
    with open_node(home) as node:
        settings = node.settings
        site = site_of(settings.public_url, settings.http.base_path, port)
        with contextlib.closing(AccountServices(node.registry.dsn, settings.accounts, site)) as services:
            links = []
            for name, roles in people:
                account = services.accounts.add(name, roles, "the demo").account
                links.append(Person(name, site.address(f"/signin/link/{services.links.create(account, 'the demo')}")))
            return links


def open_cases(home: Path, university: str) -> int:
    """Open a case for each applicant about a credential of the university; return how many."""
    with open_node(home) as node:
        query = CredentialQuery(member=university, status="active")
        lines = own_credentials.page(node.views(), query, None, len(_APPLICANTS))
        for line, (family_name, given_name, born) in zip(lines, _APPLICANTS, strict=False):
            application = Application(
                Applicant(family_name=family_name, given_name=given_name, date_of_birth=born),
                [SubmittedCredential(credential=CredentialRef(university, line.credential))],
                "creditTransfer",
                towards=[Towards(title={"en": "Minor in sustainable cities"})],
            )
            office_of(node).open(application, "the demo")
        return len(lines)
