"""The words of the form for achievements, and of what is shown of one's own."""

from typing import Final

from registry.server.pages.texts import N_

WORDS: Final = {
    "element": {
        "kind": N_("Kind"),
        "title": N_("Title"),
        "description": N_("Description"),
        "learningOutcomes": N_("Learning outcomes"),
        "creditBearing": N_("Whether it gives credits"),
        "ects": N_("ECTS credits"),
        "workloadHours": N_("Workload in hours"),
        "hoursPerEcts": N_("Hours for one ECTS credit"),
        "eqfLevel": N_("Level (EQF)"),
        "nqfLevel": N_("Level of the national framework"),
        "levelBasis": N_("What the level rests on"),
        "qfEheaCycle": N_("Cycle of the European Higher Education Area"),
        "fieldsOfEducation": N_("Fields of education"),
        "language": N_("Languages of teaching"),
        "learningSetting": N_("Formal or non-formal learning"),
        "participation": N_("How it is taught"),
        "assessments": N_("Types of assessment"),
        "supervision": N_("Supervision of the assessment"),
        "identityVerified": N_("Whether identity is verified"),
        "qualityAssurance": N_("Quality assurance"),
        "stackability": N_("Stackability"),
        "awardingBodies": N_("Awarding bodies"),
        "prerequisites": N_("Prerequisites"),
        "furtherInformation": N_("Further information"),
        "gradingScheme": N_("Grading scheme"),
        "entitlesTo": N_("What it gives access to"),
        "partners": N_("Partners that are not members"),
        "composition": N_("What is stacked into it"),
    },
    "use in whole": {
        "required": N_("it is required"),
        "choice": N_("it is one of those to choose from"),
        "capstone": N_("it completes it"),
    },
    "yes_or_no": {"true": N_("Yes"), "false": N_("No")},
    "entitlement": {
        "occupation": N_("An occupation"),
        "learningOpportunity": N_("Further learning"),
        "membership": N_("A membership"),
    },
    "entitlement_status": {"prospective": N_("may give access"), "actual": N_("gives access")},
    "partner_role": {"provider": N_("helps to provide"), "assessor": N_("helps to assess")},
    "sharing": {
        "forbidden": N_("Parts count in one larger credential only"),
        "allowed": N_("Parts may count in others, too"),
    },
    "grade_field": {
        "min": N_("Lowest grade"),
        "max": N_("Highest grade"),
        "pass": N_("Lowest grade that passes"),
    },
    "row_field": {
        "type": N_("Type"),
        "agency": N_("Agency or internal process"),
        "report": N_("Address of the report"),
        "validUntil": N_("Valid until (year-month-day)"),
        "status": N_("How"),
        "name": N_("Name"),
        "role": N_("What it does"),
    },
}
