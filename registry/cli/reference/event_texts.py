"""Texts of the catalogue of events: the meaning of each event, and the form that all share."""

from typing import Final

OPENING: Final = """# Events

The published language: every event that can stand on a log, with its fields and the rules that can refuse it. The
bytes of events, commits and checkpoints are specified in [SPEC.md](../registry/wire/SPEC.md).

## The form of every event

An event is one line of JSON, a CloudEvents 1.0 object:

| attribute | meaning |
| --- | --- |
| `specversion` | `"1.0"` |
| `id` | unique within the source; the publisher derives it, so that publishing again makes the same bytes |
| `source` | the origin of the log, for example `eciu.example/twente` |
| `type` | one of the types below |
| `subject` | the id of what the event is about; it agrees with `data` |
| `time` | when the member did it, RFC 3339 in UTC with `Z`: shown, never used to decide |
| `data` | the fields below |

- A line has at most 65,535 bytes and nests at most 32 levels deep. It is strict JSON.
- Unknown fields are ignored. An event of an unknown type is kept, counted and skipped, because a newer member may speak
  first. A known type with wrong data is refused with the JSON path at fault.
- The `time` of an event about a learner is cut to the day.
- Ids are UUIDs in lower case. Two members may use the same id: an achievement, a credential, a decision and so on is
  identified by member and id together.
- Texts for people are objects by BCP 47 language: `{"en": "Data literacy", "nl": "Datageletterdheid"}`.
- Credits are ECTS credits with at most two decimals. `null` counts as absent for an optional field.
- A published type never changes its meaning. A breaking change gets a new `.vN`; a new optional field does not.

## Who may say what

A member speaks about its own achievements, credentials, decisions, assessments and agreements only. The consortium's
log says who is a member, with which keys, roles and standing. A rule looks at the same log's earlier effective events
and at governance, and at nothing else: no clock, no other member's log. So every node reaches the same verdict, in
whatever order the logs arrive. What depends on another member's log is a *flag* of a view: `pending`,
`learner-mismatch`, `impaired`, `circular`, `too-deep`, `requirements-unmet`, `claimed`. It resolves by itself.

Events that reduce harm (suspend, revoke, retire, withdraw, erase) count although the member is suspended or lacks a
role.

A credential's status moves like this; a refusal is `illegal-transition`:

| from | suspended | reinstated | revoked | replaced by another |
| --- | --- | --- | --- | --- |
| active | suspended | refused | revoked | replaced |
| suspended | refused | active | revoked | replaced |
| revoked, replaced | refused | refused | refused | refused |

*Expired* is not a status on the log: a reader computes it from `validUntil` for the date in question.

"""

MEANINGS: Final[dict[str, str]] = {
    "consortium.founded.v1": "Found the consortium. It is leaf 0 of governance; every verifier knows its hash"
    " beforehand.",
    "consortium.keys.rotated.v1": "Replace all root keys. The old keys sign it.",
    "member.admitted.v1": "Admit a member with its first keys, its roles and its description.",
    "member.revised.v1": "Publish a member's whole description again. Keys and roles have events of their own.",
    "member.key.added.v1": "Add a signing key. It signs commits whose base is at least `head.size`.",
    "member.key.retired.v1": "Retire a signing key. It signs no commit beyond `head.size`.",
    "member.roles.changed.v1": "Change what a member may publish, from leaf `head.size` on.",
    "member.suspended.v1": "Suspend a member from leaf `head.size` on.",
    "member.reinstated.v1": "Reinstate a suspended member from leaf `head.size` on.",
    "member.withdrawn.v1": "End a membership permanently. What the member published before stays genuine.",
    "member.range.voided.v1": "Take the effect of a member's leaves `from` to `to`, end excluded. They stay in the"
    " tree.",
    "achievement.published.v1": "Offer an achievement, version 1.",
    "achievement.revised.v1": "Offer the next version, with the whole content again. Credentials of earlier versions"
    " keep theirs.",
    "achievement.retired.v1": "Stop offering an achievement. A credential of the same version may still be replaced.",
    "achievement.joined.v1": "Confirm that this member awards another member's achievement together with it. Until then"
    " the view shows the co-award as *claimed*.",
    "credential.issued.v1": "Award one version of this member's achievement to a learner. `parts` are the credentials"
    " that it stacks; `replaces` names a credential of the same learner that becomes *replaced*; `claims` is the digest"
    " over what the credential says of the person ([personal data](personal-data.md)).",
    "credential.suspended.v1": "Suspend a credential of this member.",
    "credential.reinstated.v1": "Make a suspended credential active again.",
    "credential.revoked.v1": "Revoke a credential of this member. Delicate reasons stay in the vault; the log says"
    " `withheld`.",
    "recognition.decided.v1": "Decide about a person's learning: what it rests on (`basis`) and what the office grants."
    " A decision names a credential openly only for credit transfer or stacking, and only where it refuses nothing;"
    " otherwise it carries a salted digest.",
    "recognition.withdrawn.v1": "Withdraw a decision of this member.",
    "recognition.assessed.v1": "State what an achievement is worth to this office. No learner is in it.",
    "recognition.assessment.withdrawn.v1": "Withdraw an assessment of this member.",
    "agreement.declared.v1": "Declare that another member's credentials of some kind are recognised automatically,"
    " while their awarding date lies within the agreement.",
    "agreement.withdrawn.v1": "End an agreement for what is awarded from `withdrawnFrom` on.",
    "learner.erased.v1": "Announce that this member destroyed a learner's key and rows. Views drop the learner's id"
    " from what this member said, before and after ([what erasure means](what-erasure-means.md)).",
    "status.sealed.v1": "Commit to the status of all of this member's credentials below `size`: the Merkle root over"
    " those that are suspended, revoked or replaced, and their number. A seal is evidence; no rule refuses it.",
    "issuing.key.announced.v1": "Announce a key with which this member signs documents for wallets and files, not"
    " commits ([issuing keys](issuing-keys.md)).",
    "issuing.key.ended.v1": "Stop signing with a key, for good. What it signed before still counts if it was rotated or"
    " lost; if it was compromised, only with a receipt that shows that the credential was on the log before.",
}

GOVERNANCE_REFUSALS: Final[dict[str, tuple[str, ...]]] = {
    "consortium.founded.v1": ("illegal-transition",),
    "consortium.keys.rotated.v1": (),
    "member.admitted.v1": ("duplicate",),
    "member.revised.v1": ("unknown-member",),
    "member.key.added.v1": ("unknown-member", "duplicate", "anchor-conflict"),
    "member.key.retired.v1": ("unknown-member", "unknown-key", "anchor-conflict", "illegal-transition"),
    "member.roles.changed.v1": ("unknown-member", "anchor-conflict"),
    "member.suspended.v1": ("unknown-member", "anchor-conflict", "illegal-transition"),
    "member.reinstated.v1": ("unknown-member", "anchor-conflict", "illegal-transition"),
    "member.withdrawn.v1": ("unknown-member", "anchor-conflict", "illegal-transition"),
    "member.range.voided.v1": ("unknown-member", "anchor-conflict"),
}
"""The codes beyond the form, in the order in which governance's rules look for them."""

REFUSAL_OPENING: Final = """## What is refused

A refusal is data: a code, the JSON path, the raw bytes and the place on the log. A record that is not a valid extension
is quarantined; the records after it are judged as if it were not there. An event that a rule refuses stays in its tree
and has no effect; the other events of its commit have theirs. Its id may be used again.
"""
