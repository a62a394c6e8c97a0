"""The words for what audits find."""

from typing import Final

from registry.server.pages.texts import N_

WORDS: Final = {
    "audit verdict": {
        "well": N_("All is well"),
        "not well": N_("Something is not well"),
        "inconclusive": N_("Not everything could be checked"),
    },
    "audit comparison": {
        "well": N_("Both saw the same"),
        "not well": N_("They do not agree"),
        "inconclusive": N_("We cannot tell from the reports alone"),
    },
    "served views": {
        "equal": N_("the same"),
        "differ": N_("they differ"),
        "behind": N_("the same, as far as they go"),
        "ahead": N_("ahead of the log"),
        "not compared": N_("not compared"),
    },
}
