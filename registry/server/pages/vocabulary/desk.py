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
    "credential order": {
        "awarded": N_("Awarded last first"),
        "newest": N_("Issued last first"),
        "name": N_("By name"),
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
    "feed": {
        "credential.recognised": N_("An office decided about a credential of yours"),
        "credential.decision.superseded": N_("A decision about a credential of yours was replaced by another"),
        "credential.decision.withdrawn": N_("A decision about a credential of yours was withdrawn"),
        "credential.stacked": N_("A credential of yours became part of a larger one"),
        "credential.part.suspended": N_("A part of a credential of yours was suspended"),
        "credential.part.reinstated": N_("A part of a credential of yours was reinstated"),
        "credential.part.revoked": N_("A part of a credential of yours was revoked"),
        "credential.part.replaced": N_("A part of a credential of yours was replaced"),
        "credential.impaired": N_("A credential of yours rests on one that no longer holds"),
        "credential.voided": N_("The consortium voided the issuing of a credential of yours"),
        "decision.credential.suspended": N_("A credential that a decision of yours names was suspended"),
        "decision.credential.reinstated": N_("A credential that a decision of yours names was reinstated"),
        "decision.credential.revoked": N_("A credential that a decision of yours names was revoked"),
        "decision.credential.replaced": N_("A credential that a decision of yours names was replaced"),
        "achievement.assessed": N_("An office assessed an achievement of yours"),
        "achievement.assessment.withdrawn": N_("An assessment of an achievement of yours was withdrawn"),
        "achievement.agreement.declared": N_("An agreement that covers achievements of yours was declared"),
        "achievement.agreement.withdrawn": N_("An agreement that covers achievements of yours was withdrawn"),
        "achievement.joined": N_("A university confirmed that it awards an achievement of yours too"),
        "achievement.decided.full": N_("Ten decisions or more recognise an achievement of yours in full"),
        "achievement.decided.partial": N_("Ten decisions or more recognise an achievement of yours in part"),
        "achievement.decided.conditional": N_("Ten decisions or more recognise an achievement of yours on conditions"),
        "achievement.decided.alternative": N_("Ten decisions or more recognise an achievement of yours in another way"),
        "achievement.decided.refused": N_("Ten decisions or more do not recognise an achievement of yours"),
        "learner.erased": N_("A university erased a learner on whom a credential or decision of yours rests"),
        "withdrawn": N_("The consortium voided what an earlier notice told"),
    },
    "at fault": {
        "revoked": N_("Revoked"),
        "replaced": N_("Replaced by another kind"),
        "voided": N_("Voided"),
        "learner-erased": N_("Learner erased there"),
    },
    "part of person": {
        "date of birth": N_("date of birth"),
        "name": N_("name"),
        "number": N_("Student number"),
    },
    "person differs": {
        "dateOfBirth": N_("the date of birth differs"),
        "name": N_("the names have nothing in common"),
        "student": N_("the number differs"),
    },
    "learner change": {
        "merge": N_("Merge of two learners"),
        "split": N_("Split of a learner"),
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
