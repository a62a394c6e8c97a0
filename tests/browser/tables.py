"""The addresses of every page, by room and name. Names in braces are places that each room's fixture fills."""

from typing import Final

NOBODY: Final = "6f1ed002-ab56-4b9a-8e6c-0a3b1f2c4d5e"
UNKNOWN: Final = "0bbac7a9-a411-4809-ad9e-534f483b7a03"

PUBLIC: Final = {
    "catalogue": "/",
    "catalogue filtered": "/?text=data&member=twente&recognisedBy=lund",
    "catalogue with a lens": "/?at=lund",
    "catalogue by credits": "/?sort=credits&at=nobody",
    "nothing found": "/?text=nothing-has-this-word",
    "wrong filter": "/?eqfLevel=high",
    "achievement": "/achievements/twente/{joint}",
    "achievement with a lens": "/achievements/twente/{plain}?at=lund",
    "achievement with markup": "/achievements/twente/{hostile}",
    "composed achievement": "/achievements/twente/{larger}",
    "members": "/members",
    "own member": "/members/twente",
    "other member": "/members/lund",
    "no such member": "/members/nobody",
    "precedents": "/precedents",
    "verify": "/verify",
    "verify nonsense": "/verify?id=nonsense",
    "unknown": f"/verify/twente/{UNKNOWN}",
    "valid": "/verify/twente/{valid}",
    "warning": "/verify/twente/{warning}",
    "suspended": "/verify/twente/{suspended}",
    "revoked": "/verify/twente/{revoked}",
    "replaced": "/verify/twente/{replaced}",
    "expired": "/verify/twente/{expired}",
    "hostile": "/verify/twente/{hostile_credential}",
    "log": "/log",
    "log of a member": "/log/twente",
    "entry": "/log/twente/0@2",
    "commit": "/log/twente/{commit}",
    "consistency": "/log/twente/consistency?from=1&to=2",
    "no such log": "/log/nobody",
    "no such head": "/log/twente/1@999999",
    "statistics": "/statistics",
    "data": "/data",
    "about verification": "/about/verification",
    "about accessibility": "/about/accessibility",
    "about privacy": "/about/privacy",
    "sign in": "/signin?next=%2Foffice",
    "no such link": "/signin/link/nonsense",
    "answer of no attempt": "/signin/provider/answer?state=x",
    "no such page": "/no-such-page",
    "catalogue in Dutch": "/?lang=nl",  # the browser keeps the language from here on
    "entry in Dutch": "/log/twente/1@2",
}
"""Pages for everybody."""

ADMINISTRATION: Final = {
    "account": "/account",
    "accounts": "/admin/accounts",
    "one account": "/admin/accounts/{account}",
    "no such account": f"/admin/accounts/{NOBODY}",
    "API keys": "/admin/keys",
    "journal": "/admin/journal?check=yes",
    "log as a member": "/log/twente",
    "entry as a member": "/log/twente/4@6",
    "audit reports": "/log/reports",
    "not allowed": "/office",
}
"""Pages of an administrator who is an auditor, too, and what they may not see."""

DESK: Final = {
    "desk": "/desk",
    "feed": "/desk/feed",
    "imports": "/desk/imports",
    "import with faults": "/desk/imports/{faulty}",
    "import with an open row": "/desk/imports/{faulty}?row=2#row-2",
    "import handed over": "/desk/imports/{handed}",
    "import without known columns": "/desk/imports/{columns}",
    "import that cannot be read": "/desk/imports/{unreadable}",
    "no such import": f"/desk/imports/{NOBODY}",
    "releases": "/desk/releases",
    "release": "/desk/releases/{release}",
    "release that is done": "/desk/releases/{done}",
    "credentials": "/desk/credentials",
    "suspended": "/desk/credentials?status=suspended",
    "none": "/desk/credentials?from=1999-01-01&until=1999-01-02",
    "credential": "/desk/credentials/{decided}",
    "credential that is a part": "/desk/credentials/{part}",
    "credential that is suspended": "/desk/credentials/{suspended}",
    "no such credential": f"/desk/credentials/{NOBODY}",
    "search that is over": f"/desk/credentials/found/{NOBODY}",
    "changes": "/desk/changes",
    "revoke": "/desk/credentials/change?do=revoke&credential={decided}&credential={part}&credential={suspended}",
    "suspend": "/desk/credentials/change?do=suspend&credential={plain}",
    "reinstate": "/desk/credentials/change?do=reinstate&credential={suspended}",
    "nothing chosen": "/desk/credentials/change?do=revoke",
    "replace": "/desk/credentials/{plain}/replace",
    "documents": "/desk/credentials/{plain}/documents",
    "documents of a suspended one": "/desk/credentials/{suspended}/documents",
    "changes to release": "/desk/changes/{changes}",
    "worklist": "/desk/worklist",
    "held rows": "/desk/held-rows",
    "learner": "/desk/learners/{learner}",
    "erase": "/desk/learners/{learner}/erase",
    "learner changes": "/desk/learner-changes",
    "merge": "/desk/learner-changes/{merge}",
    "achievements": "/desk/achievements",
    "no achievement found": "/desk/achievements?text=nothing-has-this-word",
    "new achievement": "/desk/achievements/new",
    "own achievement": "/desk/achievements/{achievement}",
    "own composed": "/desk/achievements/{larger}",
    "revise": "/desk/achievements/{larger}/revise",
    "retire": "/desk/achievements/{achievement}/retire",
    "drafts": "/desk/achievements/drafts",
    "draft": "/desk/achievements/drafts/{draft}",
    "drop a draft": "/desk/achievements/drafts/{draft}/drop",
    "stacks": "/desk/stacks",
    "stack": "/desk/stacks/{larger}",
    "not allowed": "/admin/accounts",
}
"""Pages of a clerk who also releases."""

OFFICE: Final = {
    "inbox": "/office",
    "new case": "/office/cases/new",
    "empty filter": "/office?state=closed",
    "case": "/office/cases/{case}",
    "case being decided": "/office/cases/{complete}",
    "case of a member's credential": "/office/cases/{case_on_log}",
    "case to approve": "/office/cases/{proposed}",
    "no such case": f"/office/cases/{NOBODY}",
    "search of cases that is over": f"/office/found/{NOBODY}",
    "withdraw": "/office/cases/{case}/withdraw",
    "agreements": "/office/agreements",
    "agreement": "/office/agreements/{agreement}",
    "together": "/office/together/{agreement}",
    "end": "/office/agreements/{agreement}/end",
    "simulation": "/office/agreements/simulate?withMember=lund&level=6&revisions=true",
    "simulation of nothing": "/office/agreements/simulate",
    "publish": "/office/agreements/declare?withMember=lund&level=6&purpose=creditTransfer",
    "statements": "/office/assessments",
    "new statement": "/office/assessments/new?member=lund",
    "statement to confirm": "/office/assessments/confirm?member=twente&achievement={joint}@1&purpose=creditTransfer"
    "&outcome=full&mode=recognised&effect=binding&ects=5&towards=Energy",
    "no statement to confirm": "/office/assessments/confirm?member=twente&outcome=full",
    "withdraw a statement": "/office/assessments/{assessment}/withdraw",
    "cohorts": "/office/cohorts?assessment={assessment}",
    "countries": "/office/countries",
    "country": "/office/countries/NO",
    "year": "/office/year",
}
"""Pages of an officer who also approves and assesses."""

STATUSES: Final = {
    "wrong filter": 422,
    "verify nonsense": 422,
    "unknown": 404,
    "search that is over": 410,
    "search of cases that is over": 410,
    "nothing chosen": 422,
    "not allowed": 403,
    "answer of no attempt": 422,
    "no statement to confirm": 422,
}
"""How a page answers that does not answer 200; of what there is not, 404."""


def status_of(name: str) -> int:
    """Return the status that the page of a name answers with."""
    return STATUSES.get(name, 404 if name.startswith("no such") else 200)
