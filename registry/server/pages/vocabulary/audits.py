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
    "contradiction": {
        "verdict": N_("its verdict does not follow from the faults and open checks that it lists"),
        "empty": N_("it names no log"),
        "repeated": N_("it is named twice"),
        "heads": N_("its heads are more than an audit keeps, or in another order"),
        "size": N_("the number of entries is not that of the signed head"),
        "root": N_("the root is not that of the signed head"),
        "head-missing": N_("it names entries and holds no signed head"),
        "head-unreadable": N_("a head is not a signed note"),
        "key-unreadable": N_("a key cannot be read"),
        "origin": N_("a head is that of another log"),
        "unsigned": N_("no key in the report has signed the head"),
    },
    "served views": {
        "equal": N_("the same"),
        "differ": N_("they differ"),
        "behind": N_("the same, as far as they go"),
        "ahead": N_("ahead of the log"),
        "not compared": N_("not compared"),
    },
}
