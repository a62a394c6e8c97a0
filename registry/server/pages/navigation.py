"""The navigation of all pages: sections for everybody and for people at work, and the pages of each section."""

from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from registry.server.pages.texts import N_


class Entry(NamedTuple):
    """A page in the navigation."""

    path: str
    text: str
    scope: str = ""
    """The scope that a caller needs to see it; none for everybody."""


class Section(NamedTuple):
    """A part of the site: the first line of the navigation. Its pages are the second."""

    path: str
    """The beginning of the path of each of its pages."""
    text: str
    scope: str = ""
    pages: tuple[Entry, ...] = ()

    @property
    def address(self) -> str:
        """The path of its first page."""
        return self.pages[0].path if self.pages else self.path


_SECTIONS: Final = (
    Section("/", N_("Find")),
    Section("/verify", N_("Verify")),
    Section("/members", N_("Members")),
    Section("/precedents", N_("Precedents")),
    Section("/statistics", N_("Statistics")),
    Section(
        "/log",
        N_("The log"),
        "",
        (Entry("/log", N_("Logs")), Entry("/log/reports", N_("Audit reports"), "university:read")),
    ),
    Section(
        "/desk",
        N_("Registrar’s desk"),  # noqa: RUF001 - the apostrophe of English
        "university:read",
        (
            Entry("/desk", N_("Overview"), "university:read"),
            Entry("/desk/imports", N_("Imports"), "batches:read"),
            Entry("/desk/releases", N_("Releases"), "batches:read"),
            Entry("/desk/credentials", N_("Credentials"), "learners:read"),
            Entry("/desk/worklist", N_("To look at"), "learners:read"),
            Entry("/desk/held-rows", N_("Who is who"), "learners:decide"),
            Entry("/desk/learner-changes", N_("Merges and splits"), "learners:decide"),
            Entry("/desk/achievements", N_("Achievements"), "university:read"),
            Entry("/desk/stacks", N_("Stacks"), "university:read"),
        ),
    ),
    Section(
        "/office",
        N_("Recognition office"),
        "cases:read",
        (
            Entry("/office", N_("Cases"), "cases:read"),
            Entry("/office/agreements", N_("Agreements"), "cases:read"),
            Entry("/office/assessments", N_("Statements"), "cases:read"),
            Entry("/office/cohorts", N_("Cohorts"), "recognition:write"),
            Entry("/office/countries", N_("Countries"), "cases:read"),
            Entry("/office/year", N_("The year"), "cases:read"),
        ),
    ),
    Section(
        "/admin",
        N_("Administration"),
        "accounts:administer",
        (
            Entry("/admin/accounts", N_("Accounts"), "accounts:administer"),
            Entry("/admin/keys", N_("API keys"), "accounts:administer"),
            Entry("/admin/journal", N_("Journal"), "accounts:administer"),
        ),
    ),
)


def sections_for(scopes: AbstractSet[str]) -> list[Section]:
    """Return what a caller with these scopes sees."""
    return [
        section._replace(pages=tuple(page for page in section.pages if _is_open(page.scope, scopes)))
        for section in _SECTIONS
        if _is_open(section.scope, scopes)
    ]


def _is_open(scope: str, scopes: AbstractSet[str]) -> bool:
    return not scope or scope in scopes
