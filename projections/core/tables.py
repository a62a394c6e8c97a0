"""The views' tables with their key order and canonical columns, for the digest and for dropping a member's rows.

`schema/` has the SQL that creates them. `VERSION` changes whenever the same log would lead to other rows.
"""

from typing import Final, NamedTuple

VERSION: Final = 4

LAYOUT: Final = 7
"""Changes with the indexes, and with tables that are not digested. Views of another layout are rebuilt; their digest
stays the same."""


class Table(NamedTuple):
    """A table: a member's rows are ordered by `key`, and `columns` is their canonical text (SPEC.md, section 10)."""

    name: str
    key: str
    columns: str

    def rows_of_member(self) -> str:
        """Return the SQL that selects one member's rows (its parameter) in key order, as canonical text."""
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
    Table(
        "issuing_keys",
        'key COLLATE "C"',
        "key, leaf, announced, to_json(profiles), content, ended, ended_at, reason",
    ),
)
"""Tables that readers see and two nodes compare."""

FURTHER: Final = (
    Table(
        "positions",
        "member",
        "member, size, encode(root, 'hex'), encode(hashes, 'hex'), governance, anchors, voids, skipped",
    ),
    Table("achievements", "achievement", "achievement, retired_by"),
    Table("achievement_versions", "achievement, version", "achievement, version, title"),
    Table("assessments", "assessment", "assessment, closed"),
    Table("agreements", "agreement", "agreement, closed"),
    Table(
        "award_counts",
        "month, achievement",
        "month, achievement, active, suspended, revoked, replaced, trim_scale(ects)",
    ),
    Table("decision_counts", "of_member, month", "of_member, month, number"),
    Table(
        "precedents",
        "leaf, basis, grant_no",
        "leaf, basis, grant_no, kind, thing, state, of_member, achievement, version, day, purpose, effect, outcome,"
        " to_json(grounds), towards",
    ),
    Table(
        "precedent_counts",
        "of_member, achievement, version, month, purpose, effect, what",
        "of_member, achievement, version, month, purpose, effect, what, in_force, superseded, withdrawn",
    ),
    Table("programmes", "towards", "towards, words"),
    Table(
        "achievement_search",
        "achievement, version",
        "achievement, version, newest, retired, kind, trim_scale(ects), eqf_level, to_json(fields),"
        " to_json(languages), to_json(participation), credit_bearing, stackability, sort_title, words",
    ),
    Table("text_rules", 'rules COLLATE "C"', "rules"),
    Table("refusals", "leaf", "leaf, code, path, encode(line, 'hex')"),
    Table("claims", 'size, note COLLATE "C"', "size, note, encode(root, 'hex'), code, settled, encode(actual, 'hex')"),
    Table("quarantine", "2, 3", "DISTINCT code, size, encode(sha256(record), 'hex')"),
)
"""Columns that a node serves in addition to the digested ones: sums, precedents, search, refusals. An audit makes them
again from the log and compares them. The digest omits them, since they follow from the digested rows."""

WORDS: Final = ("programmes", "achievement_search", "text_rules")
"""Tables of `FURTHER` that PostgreSQL's dictionaries make: another version of the server may make other words."""

NOT_COMPARED: Final = {
    "positions.next": "where this node goes on reading its own copy of the log",
    "positions.last": "where the newest record begins in this node's own copy of the log",
    "positions.diverged": "whether the fold needs published_*, whose effects are compared",
    "waypoints": "where this node can go back to: it depends on when it read what",
    "published_achievements": "only the fold reads it; its effects are compared in seals and status_changes",
    "published_credentials": "only the fold reads it; its effects are compared in seals and status_changes",
    "refusals.detail": "words for people, which change with the program",
    "quarantine.detail": "words for people, which change with the program",
    "quarantine.position": "the same record is elsewhere in another copy of the log",
    "claims.position": "the same record is elsewhere in another copy of the log",
}
"""Tables and columns of the views that no audit compares, each with the reason."""

UNDIGESTED: Final = (
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
"""Tables that are written with the views and not digested: for the fold itself, refusals, search and counts."""

EVIDENCE: Final = ("quarantine", "claims", "waypoints")
"""Tables that the verifier keeps of a stream in addition to its tree."""
