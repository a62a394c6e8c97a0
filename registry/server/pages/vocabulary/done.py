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
        "import-received": N_("The file is here and is being checked. Nothing is issued yet"),
        "row-ready": N_("The row is right and ready to hand over"),
        "row-left-out": N_("The row is left out"),
        "row-again": N_("The row is to be corrected again"),
        "handed-over": N_("Handed over. A colleague releases it"),
        "import-closed": N_("Import closed"),
        "import-opened": N_("Import opened again"),
        "released": N_("Released"),
        "sent-back": N_("Sent back"),
    },
}
