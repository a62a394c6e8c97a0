"""The words for accounts: roles of people, and the ways to sign in and what can go wrong with them."""

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
    "scope": {
        "achievements:write": N_("Publish, revise and retire achievements"),
        "credentials:write": N_("Issue credentials, suspend, reinstate and revoke them"),
        "batches:read": N_("See batches and the outcomes of their rows"),
        "batches:release": N_("Release a batch that another person sent in"),
        "learners:read": N_("Read the records of learners, at all universities"),
        "documents:export": N_("Make documents of credentials and portfolios: certificates, badges, wallet copies"),
        "learners:decide": N_("See rows whose student number belongs to another person, and decide who each is about"),
        "learners:erase": N_("Erase a learner, which nobody can take back"),
        "university:read": N_("Read the year of the university, and its credentials"),
        "recognition:read": N_("Read decisions, precedents and agreements"),
        "cases:read": N_("Read the cases of the recognition office, applicants included"),
        "cases:write": N_("Open cases and work on them"),
        "cases:approve": N_("Approve, return, publish and withdraw decisions"),
        "recognition:write": N_("State and withdraw assessments, declare and withdraw agreements"),
        "accounts:administer": N_("Add and end accounts and API keys, and read the journal"),
        "feed:read": N_("Follow what happens to the credentials and decisions of the university"),
    },
    "restriction": {
        "restriction": N_("Use restricted"),
        "objection": N_("The learner objected"),
    },
    "restriction reason": {
        "accuracyContested": N_("They contest that the data is right, until that is checked"),
        "unlawfulProcessing": N_("The use was unlawful, and they want no erasure"),
        "legalClaims": N_("They need the data for a legal claim"),
        "objectionPending": N_("Their objection is being examined"),
        "particularSituation": N_("They object on grounds of their situation"),
        "research": N_("They object to use for research or statistics"),
    },
    "kept": {
        "log": N_("The facts on the shared log, with a random number that leads to nobody"),
        "row_hashes": N_("A keyed hash of each row that became a credential, so that an old file brings nobody back"),
        "acts": N_("The journal of what people did, with random numbers"),
        "reads": N_("The journal of who read data, with random numbers, until its time is over"),
        "cases": N_("The number, days and outcome of each case, without applicant, texts and files"),
    },
    "lifting": {
        "accuracyVerified": N_("The data was checked and is right"),
        "corrected": N_("The data was corrected"),
        "claimsEnded": N_("The legal claim has ended"),
        "objectionRejected": N_("Compelling reasons override the objection"),
        "learnerAsked": N_("The learner asked for it"),
    },
    "way": {"link": N_("One-time link"), "passkey": N_("Passkey"), "provider": N_("Identity provider")},
    "sign-in fault": {
        "passkey": N_(
            "The passkey was not accepted. Try again, use another one, or ask your administrator for a link."
        ),
        "refused": N_("The identity provider did not sign you in: you or it refused. Nothing was changed here."),
        "provider-away": N_("The identity provider cannot be reached at the moment. Try again in a few minutes."),
        "provider-error": N_(
            "The answer of the identity provider was not accepted. Try again; if it goes on, your administrator finds"
            " the reason in the log of the node."
        ),
        "other-browser": N_("This answer belongs to no attempt of this browser. Begin again here."),
        "too-late": N_("Signing in took longer than 10 minutes. Begin again."),
        "unknown": N_(
            "The identity provider knows you, and no account here is connected to you yet. Ask your administrator for a"
            " one-time link: it signs you in and connects your account."
        ),
        "ended": N_("Your account here has ended. Ask your administrator."),
        "no-role": N_("The identity provider gives you no role here any more. Ask your administrator."),
        "name": N_(
            "No account could be made for you: the identity provider says no name, or another account has it. Ask your"
            " administrator for a one-time link."
        ),
        "taken": N_("Another account here is connected to this person at the identity provider. Nothing was changed."),
        "too-many": N_("An account has at most 5 connections. Remove one first."),
    },
}
