"""The views' tables: their key order and canonical columns, for the digest, and for dropping a member's rows.

The SQL that makes them stands in `schema/`; `VERSION` changes with whatever changes the rows that a log gives.
"""

from typing import Final, NamedTuple

VERSION: Final = 3

LAYOUT: Final = 7
"""Changes with the tables that are not digested: views of another layout are rebuilt, and their digest stays."""


class Table(NamedTuple):
    """One table: rows of a member are ordered by `key`, and each is told by `columns` (SPEC.md, section 10)."""

    name: str
    key: str
    columns: str

    def rows_of_member(self) -> str:
        """SQL for one member's rows (its parameter) in key order, as canonical text."""
        return f"SELECT {self.columns} FROM {self.name} WHERE member = %s ORDER BY {self.key}"  # noqa: S608 - names of our own


VIEWS: Final = (
    Table("members", "member", "country, standing, to_json(roles), to_json(keys), content"),
    Table("achievements", "achievement", "achievement, versions, retired"),
    Table(
        "achievement_versions",
        "achievement, version",
        "achievement, version, leaf, kind, trim_scale(ects), eqf_level, to_json(fields), to_json(bodies), content",
    ),
    Table("joined", 'of_member COLLATE "C", achievement, version', "of_member, achievement, version, leaf"),
    Table(
        "credentials",
        "credential",
        "credential, leaf, achievement, version, learner, encode(holder, 'hex'), awarding_date, trim_scale(ects),"
        " valid_until, status, replaced_by, claims, has_parts",
    ),
    Table(
        "parts",
        "credential, part",
        "credential, part, part_member, part_credential, trim_scale(ects), by_member, by_decision, by_agreement",
    ),
    Table("voided_credentials", "credential, leaf", "credential, leaf"),
    Table("status_changes", "credential, leaf", "credential, leaf, status, effective, published"),
    Table("seals", "leaf", "leaf, size, count, root, verdict"),
    Table("erasures", "learner", "learner, leaf"),
    Table(
        "decisions",
        "decision",
        "decision, leaf, state, purpose, effect, decision_date, superseded_by, closed, content",
    ),
    Table("decision_bases", "decision, basis", "decision, basis, of_member, achievement, version, credential"),
    Table(
        "assessments",
        "assessment",
        "assessment, leaf, state, of_member, achievement, version, outcome, content",
    ),
    Table(
        "agreements",
        "agreement",
        "agreement, leaf, with_member, include_revisions, to_json(eqf_levels), to_json(fields), valid_from,"
        " valid_until, withdrawn_from, content",
    ),
    Table("agreement_targets", "agreement, target", "agreement, target, achievement, version"),
)
"""What readers see, and two nodes compare."""

BESIDE: Final = (
    "published_achievements",
    "published_credentials",
    "refusals",
    "award_counts",
    "decision_counts",
    "precedents",
    "precedent_counts",
    "programmes",
    "achievement_search",
    "text_rules",
)
"""Folded with the views and not compared: what only the fold itself reads, what it refused, what is made for search
and what is counted."""

EVIDENCE: Final = ("quarantine", "claims", "waypoints")
"""What the verifier keeps of a stream beside its tree."""
