"""The words for accounts: roles of people, and the ways to sign in."""

from typing import Final

from registry.server.pages.texts import N_

WORDS: Final = {
    "role of person": {
        "clerk": N_("Clerk"),
        "approver": N_("Approver"),
        "officer": N_("Officer"),
        "assessor": N_("Assessor"),
        "decision-approver": N_("Approver of decisions"),
        "auditor": N_("Auditor"),
        "administrator": N_("Administrator"),
    },
    "way": {"link": N_("One-time link"), "passkey": N_("Passkey")},
}
