"""The words for the registrar's desk: steps of credentials, reasons of changes, the feed."""

from typing import Final

from registry.server.pages.texts import N_

WORDS: Final = {
    "credential step": {
        "issued": N_("Issued"),
        "suspended": N_("Suspended"),
        "active": N_("Reinstated"),
        "revoked": N_("Revoked"),
        "replaced": N_("Replaced"),
    },
    "status reason": {
        "issuedInError": N_("Issued in error"),
        "requirementsNotMet": N_("The requirements were not met"),
        "administrative": N_("For administrative reasons"),
        "underReview": N_("Under review"),
        "withheld": N_("The reason is withheld"),
    },
    "credential change": {
        "suspend": N_("Suspend"),
        "reinstate": N_("Reinstate"),
        "revoke": N_("Revoke"),
    },
    "change state": {
        "receiving": N_("Arriving"),
        "incomplete": N_("Broken off"),
        "awaitingRelease": N_("Waits for a colleague"),
        "scheduled": N_("Scheduled"),
        "waiting": N_("Waits for its turn"),
        "working": N_("Being made"),
        "done": N_("Done"),
        "failed": N_("Failed"),
        "cancelled": N_("Cancelled"),
    },
    "flag": {
        "impaired": N_("A part no longer holds"),
        "pending": N_("A part has not arrived here yet"),
        "learner-mismatch": N_("A part belongs to another learner"),
        "circular": N_("Built from itself"),
        "too-deep": N_("Built from too many parts to look at"),
        "requirements-unmet": N_("Requirements not met"),
    },
}
