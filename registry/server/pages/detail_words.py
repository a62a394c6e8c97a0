"""Words of a page in place of a sentence that names a command, an option, a field of JSON or a code.

`value1` is the first value of the sentence, as it is written there. `next1` counts from 1 what the sentence counts from
0. Every other name is a kind of code, for which the vocabulary has words: `status2` is the status that is the second
value.
"""

from typing import Final

CONTEXT: Final = "detail"
"""The context (`msgctxt`) of sentences of use cases among the texts of the pages."""
VALUE: Final = "value"
NEXT: Final = "next"
CODES: Final = {
    "aspect": "aspect",
    "batch": "batch state",
    "column": "column",
    "difference": "difference",
    "obstacle": "not_possible",
    "order": "date order",
    "purpose": "purpose",
    "person": "part of person",
    "outcome": "outcome",
    "reason": "status reason",
    "state": "case_state",
    "status": "status",
}
"""The kinds of codes, and the group of the vocabulary that has their words."""
FURTHER: Final = (
    "%(value1)s bytes",
    "%(value1)s characters",
    "%(value1)s entries",
    "1 character",
    "1 entry",
    "a list",
    "a number",
    "capstone: %(value1)s",
    "choices[%(value1)s].minCount: %(value2)s",
    "choices[%(value1)s].minEcts: %(value2)s",
    "credential %(value1)s (%(value2)s)",
    "excludes[%(value1)s]: %(value2)s",
    "item %(value1)s",
    "lacks %(value1)s",
    "line %(value1)s",
    "maxAgeMonths: %(value1)s",
    "maxCreditedEcts: %(value1)s",
    "minEcts: %(value1)s",
    "minEctsAtLevel[%(value1)s]: %(value2)s",
    "minOwnEcts: %(value1)s",
    "must be %(value1)s, and is null",
    "must be %(value1)s, and is text",
    "must be null",
    "must be text",
    "open (%(value1)s)",
    "required[%(value1)s]: %(value2)s",
    "sharing: %(value1)s",
)
"""Sentences that are not collected, since they have one word or are made of words."""
WITH_PROSE: Final = ("no offered outcome is like: ", "accreditation: ")
"""Beginnings of sentences whose values are prose of members, which is shown as it was written."""
WITH_CODES: Final[dict[str, str]] = {
    "case %(value1)s decided about it on %(value2)s: %(value3)s, for %(value4)s": (
        "case %(value1)s decided about it on %(value2)s: %(outcome3)s, for this purpose: %(purpose4)s"
    ),
    "case %(value1)s decided about another award of the same achievement on %(value2)s: %(value3)s, for %(value4)s": (
        "case %(value1)s decided about another award of the same achievement on %(value2)s: %(outcome3)s, for this"
        " purpose: %(purpose4)s"
    ),
    "say why %(value1)s recognition was not possible: one of %(value2)s": (
        "say why this outcome was not possible: %(outcome1)s. The reasons to choose from: %(obstacle2)s"
    ),
    "%(value1)s is not a reason against %(value2)s; use one of %(value3)s": (
        "“%(obstacle1)s” is not a reason against “%(outcome2)s”; use one of these: %(obstacle3)s"
    ),
    "the outcome %(value1)s names its grounds": "the outcome “%(outcome1)s” names its grounds",
    "the outcome %(value1)s has no conditions": "the outcome “%(outcome1)s” has no conditions",
    "the outcome %(value1)s needs its conditions": "the outcome “%(outcome1)s” needs its conditions",
    "%(value1)s is not a difference in %(value2)s": (
        "“%(difference1)s” is not a difference in this element: %(aspect2)s"
    ),
    "%(value1)s:%(value2)s is not named in any element that this grant rests on": (
        "%(aspect1)s, “%(difference2)s”: it is not named in any element that this grant rests on"
    ),
}
"""Sentences whose values are codes, as English pages say them; a translation of the sentence takes the same codes."""
_IN_A_CELL: Final = "say in the row's form that it is right"
_WITH_A_STATE: Final = (
    (
        "a person of the same name and date of birth has a case: %(value1)s, which is %(value2)s. If it is the same"
        " person, open this one with the learner's id of that case: %(value3)s"
    ),
    "credential %(value1)s/%(value2)s is in another case, too: %(value3)s, which is %(value4)s (learner %(value5)s)",
    "the applicant has another case: %(value1)s, which is %(value2)s (learner %(value3)s)",
)
"""Sentences that pages say as they are, but for the state within them."""
ON_PAGES: Final[dict[str, str]] = {
    **{sentence: sentence for sentence in _WITH_A_STATE},
    # Rows of imports
    "%(value1)s; or repeat with --keep-text (over HTTP, keepText; in an event, keep_text) where it is the name": (
        f"%(value1)s; where it is the name, {_IN_A_CELL}"
    ),
    "or repeat with --keep-text (over HTTP, keepText; in an event, keep_text) where it is the name": (
        f"where it is the name, {_IN_A_CELL}"
    ),
    "looks like a failure, or like a result that is not decided: leave the row out, or correct the grade; or repeat"
    " with --keep-text (over HTTP, keepText; in an event, keep_text) where it is the grade of an award that was"
    " passed": (
        "looks like a failure, or like a result that is not decided; leave the row out, or correct the grade. Where it"
        f" is the grade of an award that was passed, {_IN_A_CELL}"
    ),
    "is not a day of the calendar by the order %(value1)s (%(value2)s); write it as YYYY-MM-DD": (
        "is not a day of the calendar in the order that was chosen: %(order1)s; write it as YYYY-MM-DD"
    ),
    "has a month or a day of one digit; write it as YYYY-MM-DD, or repeat with %(value1)s (over HTTP, dates=…)": (
        "has a month or a day of one digit; write it as YYYY-MM-DD, or upload the file again with the order of its"
        " dates"
    ),
    "is written %(value1)s; write it as YYYY-MM-DD, or repeat with %(value2)s (over HTTP, dates=…)": (
        "is written %(value1)s; write it as YYYY-MM-DD, or upload the file again with the order of its dates"
    ),
    "%(value1)s: %(value2)s of its days%(value3)s can be read as %(value4)s only: --dates %(value5)s": (
        "%(column1)s: %(value2)s of its days%(value3)s can be read in one order only: %(order4)s. Upload the file again"
        " with that order"
    ),
    "%(value1)s: some of its days are written%(value2)s": "%(column1)s: some of its days are written%(value2)s",
    "awarding_date: %(value1)s to come; check that the award is certain": (
        "Awarding date: %(value1)s to come; check that the award is certain"
    ),
    "valid_until: %(value1)s that has passed; the credential is expired from the start": (
        "Valid until: %(value1)s that has passed; the credential is expired from the start"
    ),
    "ects: decimal commas were read as decimal points in %(value1)s rows, 5,0 as 5.0": (
        "ECTS credits: decimal commas were read as decimal points in %(value1)s rows, 5,0 as 5.0"
    ),
    "lies after valid_until": "lies after the last day of validity",
    "is empty, and so is given_name; every row needs one of them": (
        "is empty, and so is the given name; every row needs one of them"
    ),
    "is empty, and so is given_name; a person has one of the two at least": (
        "is empty, and so is the given name; a person has one of the two at least"
    ),
    "read as Windows-1252, since it is not UTF-8: check the accented letters of names with --dry-run, or save the file"
    " as CSV UTF-8": (
        "read as Windows-1252, since it is not UTF-8: check the accented letters of names, or save the file as CSV"
        " UTF-8"
    ),
    "%(value1)s (--keep-text, over HTTP keepText=true, where it is meant)": (
        "%(value1)s (where it is meant, say so in the form)"
    ),
    "(--keep-text, over HTTP keepText=true, where it is meant)": "(where it is meant, say so in the form)",
    "part %(value1)s is not MEMBER/CREDENTIAL:ECTS, and where one counts by it :decision:MEMBER/ID or"
    " :agreement:MEMBER/ID; separate several by spaces": (
        "part %(value1)s is not written as university/credential:credits, for example twente/e7c1ab39-…:5, with"
        " :decision:university/id or :agreement:university/id after it where it counts by one; separate several by"
        " spaces"
    ),
    "record-differs: an earlier award of this document has this record and says something else; it differs in"
    " %(value1)s": (
        "an earlier award of this document has this record and says something else; it differs in %(value1)s"
    ),
    # Held rows
    "The list of held rows is full (%(value1)s), and this row is not in it: decide on rows that are (`registry learner"
    " held`), then send this one again": (
        "The list of held rows is full (%(value1)s), and this row is not in it: decide on the rows under “Who is who”,"
        " then send this one again"
    ),
    "this number is known with another %(value1)s; nothing was issued. Correct the number, or say whether it is the"
    " same person (`registry learner same-person`) or another one (`registry learner other-person`), and send the row"
    " again%(value2)s": (
        "this number is known with another %(person1)s; nothing was issued. Correct the number, or say under “Who is"
        " who” whether it is the same person or another one, and send the row again%(value2)s"
    ),
    "this row, or the person whom its number leads to, changed since you read it; nothing was stored. Read it again:"
    " `registry learner held` lists it with its version": (
        "this row, or the person whom its number leads to, changed since you read it; nothing was stored. Open the page"
        " again, and compare once more"
    ),
    "no row with this id is held: it was issued as credential %(value1)s; `registry learner held` lists those that"
    " are": "this row is held no longer: it was issued as credential %(value1)s",
    "no row with this id is held; `registry learner held` lists those that are": (
        "no row with this id is held; those that are held are under “Who is who”"
    ),
    "an earlier row, which was refused, has this number with another %(value1)s; nothing was issued. Correct the one"
    " that is wrong, and send both again": (
        "an earlier row, which was refused, has this number with another %(person1)s; nothing was issued. Correct the"
        " one that is wrong, and send both again"
    ),
    "Until now a row with this id and another %(value1)s was held; this one has taken its place, and no decision on the"
    " earlier one counts for it": (
        "Until now a row with this id and another %(person1)s was held; this one has taken its place, and no decision"
        " on the earlier one counts for it"
    ),
    "replaces credential %(value1)s of another %(value2)s: it was of %(value3)s, now %(value4)s": (
        "replaces credential %(value1)s; what differs: %(column2)s. It was of %(value3)s, now %(value4)s"
    ),
    # Learners and achievements
    "no change %(value1)s was proposed; `registry learner changes` lists them": "no change %(value1)s was proposed",
    "The vault has no personal data for it, and no erasure says why. If this database came from a copy, restore the"
    " node's newest backup: registry node restore FILE": (
        "The vault has no personal data for it, and no erasure says why. If this database came from a copy, the node's"
        " administrator restores its newest backup"
    ),
    "%(value1)s Nothing was erased. To erase the learner in spite of this, name their file numbers in `confirmCases`": (
        "%(value1)s Nothing was erased. To erase the learner in spite of this, confirm each of these cases in the form"
    ),
    "there is no draft %(value1)s; `registry achievement draft list` shows those that are": (
        "there is no draft %(value1)s; the page of drafts shows those that are"
    ),
    "%(value1)s credentials wait; name them by record in `credentials`": (
        "%(value1)s credentials wait for this draft; choose among them by their record"
    ),
    "Publish it again once nothing is against it: `registry refused publish-again`": (
        "Once nothing is against it, the node's administrator publishes it again"
    ),
    "Ask the consortium to admit it (`registry member admit --help`), then try again": (
        "Ask the consortium to admit it, then try again"
    ),
    "a choice has either minEcts or minCount": "a choice has either a number of credits or a number of parts",
    "less than minEcts": "is less than the smallest number of credits",
    # What parts of a larger achievement lack
    "capstone: %(value1)s": "the credential that completes it: %(value1)s",
    "choices[%(value1)s].minCount: %(value2)s": "parts to choose from: %(value2)s",
    "choices[%(value1)s].minEcts: %(value2)s": "credits of the parts to choose from: %(value2)s",
    "excludes[%(value1)s]: %(value2)s": "parts that exclude each other: %(value2)s",
    "maxAgeMonths: %(value1)s": "age of the parts: %(value1)s",
    "maxCreditedEcts: %(value1)s": "credits for prior learning: %(value1)s",
    "minEcts: %(value1)s": "credits in all: %(value1)s",
    "minEctsAtLevel[%(value1)s]: %(value2)s": "credits at EQF level %(value1)s: %(value2)s",
    "minOwnEcts: %(value1)s": "credits of this university: %(value1)s",
    "required[%(value1)s]: %(value2)s": "a required part: %(value2)s",
    "sharing: %(value1)s": "parts that count in another credential, too: %(value1)s",
    # Accounts
    "an account has the name %(value1)s already; `registry account link` makes a link for it": (
        "an account has the name %(value1)s already; make a link for it on its page"
    ),
    "there is no account %(value1)s; `registry account list` shows them": "there is no account %(value1)s",
    "this node has no identity provider (the setting `openid`)": "this node has no identity provider",
    "does not belong to this list; use the value of `next`": (
        "does not belong to this list; begin again at its first page"
    ),
    # Status of credentials
    "credential %(value1)s is %(value2)s already, for the reason %(value3)s": (
        "the credential has that status already: %(status2)s (%(reason3)s)"
    ),
    "credential %(value1)s is %(value2)s already; a note is kept with a change alone": (
        "the credential has that status already: %(status2)s; a note is kept with a change alone"
    ),
    "credential %(value1)s is %(value2)s": "the status of credential %(value1)s is: %(status2)s",
    "it is %(value1)s; assess the one that replaced it": "its status is: %(status1)s; assess the one that replaced it",
    "it is %(value1)s; wait for its issuer's decision": "its status is: %(status1)s; wait for its issuer's decision",
    "the credential is %(value1)s; open a case, where two persons decide about it": (
        "the status of the credential is: %(status1)s; open a case, where two persons decide about it"
    ),
    "The batch is %(value1)s and cannot be cancelled.": "The batch cannot be cancelled: %(batch1)s.",
    "The batch is %(value1)s and waits for no release.": "The batch waits for no release: %(batch1)s.",
    # Cases
    "open (%(value1)s)": "open: %(state1)s",
    "%(value1)s: only when the case is %(value2)s; it is %(value3)s": (
        "this can be done while the state of the case is: %(state2)s; it is now: %(state3)s"
    ),
    "%(value1)s: only when the case is %(value2)s; it is %(value3)s, for %(value4)s": (
        "this can be done while the state of the case is: %(state2)s; it is now: %(state3)s"
    ),
    "no decision is due: the case is %(value1)s, and its time does not run": (
        "no decision is due: the time of the case does not run. Its state is: %(state1)s"
    ),
    "approve: %(value1)s made the proposal": "%(value1)s made the proposal",
    "withdraw: %(value1)s proposed it": "%(value1)s proposed the withdrawal",
    "there is no credential %(value1)s; the case has %(value2)s, counted from 0": (
        "there is no credential %(next1)s; the case has %(value2)s"
    ),
    "the case has no credential %(value1)s that could be left out": (
        "the case has no credential %(next1)s that could be left out"
    ),
    "the case has no credential %(value1)s that could be removed": (
        "the case has no credential %(next1)s that could be removed"
    ),
    "the case has no credential %(value1)s; it is about %(value2)s": (
        "the case has no credential %(next1)s; it is about %(next2)s"
    ),
    "credential %(value1)s is left out, and a grant rests on it": (
        "credential %(next1)s is left out, and a grant rests on it"
    ),
    "credential %(value1)s was removed from the case": "credential %(next1)s was removed from the case",
    "nothing is proposed on credential %(value1)s (the case has %(value2)s, counted from 0): add a grant on it, or"
    " leave it out and say why": (
        "nothing is proposed on credential %(next1)s (the case has %(value2)s): add a grant on it, or leave it out and"
        " say why"
    ),
    "the case is about %(value1)s credentials, from 0 on": "the case is about %(value1)s credentials",
    "the case is about %(value1)s credentials; say which one: %(value2)s": (
        "the case is about %(value1)s credentials; say which one: %(next2)s"
    ),
    "credential %(value1)s (%(value2)s)": "credential %(next1)s (%(value2)s)",
    "credential %(value1)s (%(value2)s, %(value3)s): your office decided otherwise on other titles of this institution"
    " before: %(value4)s; you propose %(value5)s": (
        "credential %(next1)s (%(value2)s, %(value3)s): your office decided otherwise on other titles of this"
        " institution before: %(value4)s; you propose: %(outcome5)s"
    ),
    "credential %(value1)s (%(value2)s, %(value3)s): your office decided otherwise on this title before: %(value4)s;"
    " you propose %(value5)s": (
        "credential %(next1)s (%(value2)s, %(value3)s): your office decided otherwise on this title before: %(value4)s;"
        " you propose: %(outcome5)s"
    ),
    "credential %(value1)s (%(value2)s, %(value3)s): your office never named %(value4)s on other titles of this"
    " institution before": (
        "credential %(next1)s (%(value2)s, %(value3)s): your office never named this on other titles of this"
        " institution before: %(value4)s"
    ),
    "credential %(value1)s (%(value2)s, %(value3)s): your office never named %(value4)s on this title before": (
        "credential %(next1)s (%(value2)s, %(value3)s): your office never named this on this title before: %(value4)s"
    ),
    "credential %(value1)s names another person than the applicant: %(value2)s in %(value3)s differ": (
        "credential %(next1)s names another person than the applicant: %(value2)s in %(value3)s differ"
    ),
    "credential %(value1)s names another person than the applicant: %(value2)s in %(value3)s differs": (
        "credential %(next1)s names another person than the applicant: %(value2)s in %(value3)s differs"
    ),
    "credential %(value1)s: %(value2)s name the applicant": "credential %(next1)s: %(value2)s name the applicant",
    "credential %(value1)s: %(value2)s of its holder could not be compared with the applicant": (
        "credential %(next1)s: %(value2)s of its holder could not be compared with the applicant"
    ),
    "credential %(value1)s: the date of birth agrees, and only a part of the name in %(value2)s is the applicant's": (
        "credential %(next1)s: the date of birth agrees, and only a part of the name in %(value2)s is the applicant's"
    ),
    "credential %(value1)s: the e-mail address in %(value2)s is the applicant's; no name could be compared": (
        "credential %(next1)s: the e-mail address in %(value2)s is the applicant's; no name could be compared"
    ),
    "credential %(value1)s: this university issued it to the applicant": (
        "credential %(next1)s: this university issued it to the applicant"
    ),
    "credential %(value1)s: whose it is was not checked: %(value2)s": (
        "credential %(next1)s: whose it is was not checked: %(value2)s"
    ),
    "credential %(value1)s was %(value2)s when it was decided, and is %(value3)s now": (
        "the status of credential %(next1)s when it was decided: %(status2)s; now: %(status3)s"
    ),
    "credential %(value1)s was %(value2)s when it was decided, and is %(value3)s now; seen by %(value4)s": (
        "the status of credential %(next1)s when it was decided: %(status2)s; now: %(status3)s; seen by %(value4)s"
    ),
    "credential %(value1)s, %(value2)s: %(value3)s is worth a look (%(value4)s); name it, or say in the assessment why"
    " it is not substantial": (
        "credential %(next1)s, %(aspect2)s: look at “%(difference3)s” (%(value4)s); name it, or say in the assessment"
        " why it is not substantial"
    ),
    "in %(value1)s, %(value2)s is worth a look (%(value3)s); name it as a ground, or open a case, where an assessment"
    " says why it is not substantial": (
        "%(aspect1)s: look at “%(difference2)s” (%(value3)s); name it as a ground, or open a case, where an assessment"
        " says why it is not substantial"
    ),
    "%(value1)s: in %(value2)s, %(value3)s is worth a look (%(value4)s); name it as a difference, or say in the"
    " assessment why it is not substantial": (
        "%(value1)s: %(aspect2)s: look at “%(difference3)s” (%(value4)s); name it as a difference, or say in the"
        " assessment why it is not substantial"
    ),
    "%(value1)s is not a difference in %(value2)s; use one of %(value3)s": (
        "“%(difference1)s” is not a difference in this element: %(aspect2)s; use one of these: %(difference3)s"
    ),
    "assess the element %(value1)s once": "assess this element once: %(aspect1)s",
    "a forgery is refused as formal:notAuthentic, and on no other ground": (
        "a forgery is refused on the formal ground that it is not authentic, and on no other"
    ),
    "it was revoked; refuse it as formal:revoked": "it was revoked; refuse it on the formal ground that it was revoked",
    "%(value1)s ECTS on %(value2)s; only prior learning (the mode `credited`) grants more than the original": (
        "%(value1)s ECTS on %(value2)s; only prior learning grants more than the original"
    ),
    "learning without credits can only be recognised as prior learning (the mode `credited`)": (
        "learning without credits can only be recognised as prior learning"
    ),
    "nothing is proposed: pass grants, or record an assessment that has some": (
        "nothing is proposed: save an assessment that proposes something"
    ),
    "the case has no enquiry %(value1)s (`registry case enquire` makes one)": "the case has no enquiry %(value1)s",
    "the case has no enquiry yet (`registry case enquire` makes one)": "the case has no enquiry yet",
    "the case waits for no documents (`registry case request-documents` asks for some)": (
        "the case waits for no documents"
    ),
    "what the file says is not proved by it: ask its issuer (`enquire`)": (
        "what the file says is not proved by it: ask its issuer"
    ),
    "%(value1)s. Where the file holds no data, name the credential by country, issuer and title (--external"
    " COUNTRY:ISSUER:TITLE, `external` over HTTP), and attach the file to the case (`registry case attach CASE"
    " FILE`)": (
        "%(value1)s. Where the file holds no data, name the credential by country, issuer and title, and attach the"
        " file to the case"
    ),
    "the receipt was altered or is of another log, and proves nothing (%(value1)s). Open the case with what else there"
    " is, for example as a paper document, and attach this file to it as evidence (`registry case attach CASE FILE"
    " --kind evidence`)": (
        "the receipt was altered or is of another log, and proves nothing. Open the case with what else there is, for"
        " example as a paper document, and attach this file to it as evidence"
    ),
    "the vault does not say who the letter is to; name the applicant (--applicant FILE, or in the request)": (
        "the vault does not say who the letter is to"
    ),
    "the vault has no name of this applicant; write the decision's letter, and say whom it is to (`registry recognition"
    " letter DECISION --applicant FILE`, or POST /v1/letters)": (
        "the vault has no name of this applicant, so that no letter can be made here"
    ),
    "there is no profile %(value1)s; `registry office profile list` shows them": "there is no profile %(value1)s",
    "no profile is called %(value1)s Nothing is compared. `registry office profile list` shows the profiles; name one"
    " of your achievements by MEMBER/ACHIEVEMENT": "no profile is called %(value1)s Nothing is compared.",
}
"""The template of a sentence, and that of a page."""
