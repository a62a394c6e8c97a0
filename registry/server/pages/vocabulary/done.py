"""The words for what a form did, as the next page tells it once."""

from typing import Final

from registry.server.pages.texts import N_

WORDS: Final = {
    "done": {
        "take": N_("The case is yours"),
        "assign": N_("The chosen cases are assigned"),
        "assign-none": N_("Nothing changed: they were assigned so already"),
        "shortcuts-on": N_("Keyboard shortcuts are on"),
        "shortcuts-off": N_("Keyboard shortcuts are off"),
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
        "assign-one": N_("The case is assigned"),
        "acknowledge": N_("The change is marked as seen"),
        "disclosures": N_("The disclosures are stored and compared"),
        "attach": N_("File attached"),
        "enquire": N_("The enquiry is recorded"),
        "answer": N_("The issuer’s answer is recorded"),  # noqa: RUF001
        "withdraw": N_("Withdrawn"),
        "propose-together": N_("The chosen cases are proposed for approval"),
        "approve-together": N_("The chosen decisions are approved and published"),
        "agreement-declared": N_("Agreement published"),
        "agreement-ended": N_("The end of the agreement is published"),
        "statement": N_("Statement published"),
        "statement-withdrawn": N_("Statement withdrawn"),
        "withdraw-asked": N_("The withdrawal is asked for; another person confirms it"),
    },
}
