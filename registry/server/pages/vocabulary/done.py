"""The words for what a form did, as the next page tells it once."""

from typing import Final

from registry.server.pages.texts import N_

WORDS: Final = {
    "done": {
        "take": N_("The case is yours"),
        "save": N_("Draft saved"),
        "propose": N_("Proposed for approval"),
        "complete": N_("The file is complete, and the time for the decision has started"),
        "request-documents": N_("Documents asked for, and the clock has stopped"),
        "receive-documents": N_("Documents received"),
        "approve": N_("Approved"),
        "return": N_("Sent back"),
        "decide": N_("Decision published"),
        "amend": N_("Amended decision published"),
        "appeal": N_("Appeal recorded"),
        "close": N_("File closed"),
        "credential-suspend": N_("Suspended. The log says so within a minute"),
        "credential-reinstate": N_("Reinstated. The log says so within a minute"),
        "credential-revoke": N_("Revoked. The log says so within a minute"),
        "credential-replaced": N_("Replaced. The log says so within a minute"),
        "credential-unchanged": N_("It was so before. Nothing was changed"),
        "held-same-person": N_("Decided: it is the same person. Send the row again, and it is issued"),
        "held-other-person": N_("Decided: it is another person. Send the row again, and it is issued"),
        "held-unchanged": N_("It was decided so before. Nothing was changed"),
        "learner-rectified": N_("Corrected. Credentials issued before keep what they say"),
        "learner-erased": N_("Erased. The log announces it within a minute"),
        "learner-proposed": N_("Proposed. Nothing has changed yet"),
        "learner-confirmed": N_("Confirmed. The log says so within a minute"),
        "learner-confirmed-before": N_("Somebody confirmed it before. Nothing was changed now"),
        "learner-dropped": N_("The proposal is dropped. Nothing was changed"),
        "changes-sent": N_("Handed over"),
        "changes-release": N_("Released"),
        "changes-cancel": N_("Cancelled. Nothing was changed"),
        "achievement-published": N_("Published: everybody sees it as soon as it is on the log"),
        "achievement-revised": N_("The new version is published"),
        "achievement-retired": N_("Retired: it is no longer offered"),
        "course-code-set": N_("The course code stands for this achievement now"),
        "course-code-removed": N_("The course code is removed"),
        "achievement-draft-saved": N_("The draft is saved"),
        "achievement-draft-dropped": N_("The draft is deleted"),
        "stack-awarded": N_("The credential is issued with its parts"),
    },
}
