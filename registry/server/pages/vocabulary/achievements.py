"""The words for what achievements are: kind, form, assessment, quality."""

from typing import Final

from registry.server.pages.texts import N_

WORDS: Final = {
    "kind": {
        "microCredential": N_("Micro-credential"),
        "module": N_("Module"),
        "programme": N_("Programme"),
        "degree": N_("Degree"),
    },
    "participation": {
        "onsite": N_("On site"),
        "online": N_("Online"),
        "blended": N_("Blended"),
        "hybrid": N_("Hybrid"),
        "workBased": N_("At work"),
        "projectBased": N_("In a project"),
        "researchLab": N_("In a laboratory"),
        "volunteering": N_("As a volunteer"),
    },
    "assessment": {
        "peerAssessment": N_("Peer assessment"),
        "markedAssignment": N_("Marked assignment"),
        "continuousEvaluation": N_("Continuous evaluation"),
        "portfolio": N_("Portfolio"),
        "groupPerformance": N_("Group performance"),
        "practicalAssessment": N_("Practical assessment"),
        "writtenExamination": N_("Written examination"),
        "attendance": N_("Attendance"),
        "projectWork": N_("Project work"),
        "peerReview": N_("Peer review"),
        "quiz": N_("Quiz"),
        "problemBased": N_("Problem-based assessment"),
        "oralExamination": N_("Oral examination"),
        "artefact": N_("Artefact"),
        "presentation": N_("Presentation"),
        "selfAssessment": N_("Self-assessment"),
        "guidedSelfAssessment": N_("Guided self-assessment"),
        "testing": N_("Test"),
        "recognitionOfPriorLearning": N_("Recognition of prior learning"),
    },
    "supervision": {
        "none": N_("unsupervised"),
        "online": N_("supervised online"),
        "onsite": N_("supervised on site"),
        "unspecified": N_("supervision not stated"),
    },
    "quality": {
        "institutionalLicence": N_("Licence of the institution"),
        "programmeLicence": N_("Licence of the programme"),
        "institutionalQA": N_("Quality assurance of the institution"),
        "programmeQA": N_("Quality assurance of the programme"),
        "internal": N_("Internal quality assurance"),
    },
    "setting": {"formal": N_("Formal learning"), "nonFormal": N_("Non-formal learning")},
    "stackability": {
        "standalone": N_("Has value in itself"),
        "stackable": N_("Can count towards a larger credential"),
    },
    "level_basis": {
        "referenced": N_("as the national framework references it"),
        "providerStated": N_("as the university states it"),
    },
    "sort": {"title": N_("By title"), "credits": N_("The most credits first")},
}
