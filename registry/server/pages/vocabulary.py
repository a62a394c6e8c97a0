"""The words for the codes of the log, in English; each language's file translates them.

Fields of education are those of ISCED-F 2013 (UNESCO Institute for Statistics), broad and narrow.
"""

from collections.abc import Mapping
from typing import Final


def N_(text: str) -> str:  # noqa: N802 - the extractor's own name for a text that is translated elsewhere
    """Mark a text for translation."""
    return text


VOCABULARY: Final[Mapping[str, Mapping[str, str]]] = {
    "role of person": {
        "clerk": N_("Clerk"),
        "approver": N_("Approver"),
        "officer": N_("Officer"),
        "assessor": N_("Assessor"),
        "decision-approver": N_("Approver of decisions"),
        "auditor": N_("Auditor"),
        "administrator": N_("Administrator"),
    },
    "way": {"link": N_("One-time link"), "passkey": N_("Passkey")},
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
    "status": {
        "active": N_("Active"),
        "suspended": N_("Suspended"),
        "revoked": N_("Revoked"),
        "replaced": N_("Replaced"),
        "expired": N_("Expired"),
    },
    "standing": {
        "active": N_("In good standing"),
        "suspended": N_("Suspended"),
        "withdrawn": N_("Withdrawn"),
    },
    "role": {
        "issuer": N_("Issues credentials"),
        "recogniser": N_("Recognises credentials"),
    },
    "outcome": {
        "full": N_("Recognised in full"),
        "partial": N_("Recognised in part"),
        "conditional": N_("Recognised on conditions"),
        "alternative": N_("Recognised in another way"),
        "refused": N_("Not recognised"),
    },
    "purpose": {
        "admission": N_("Admission to a programme"),
        "creditTransfer": N_("Transfer of credits"),
        "stacking": N_("Counting towards a larger credential"),
        "employment": N_("Employment"),
    },
    "field": {
        "00": N_("Generic programmes and qualifications"),
        "01": N_("Education"),
        "02": N_("Arts and humanities"),
        "03": N_("Social sciences, journalism and information"),
        "04": N_("Business, administration and law"),
        "05": N_("Natural sciences, mathematics and statistics"),
        "06": N_("Information and communication technologies"),
        "07": N_("Engineering, manufacturing and construction"),
        "08": N_("Agriculture, forestry, fisheries and veterinary"),
        "09": N_("Health and welfare"),
        "10": N_("Services"),
        "001": N_("Basic programmes and qualifications"),
        "002": N_("Literacy and numeracy"),
        "003": N_("Personal skills and development"),
        "011": N_("Education"),
        "021": N_("Arts"),
        "022": N_("Humanities (except languages)"),
        "023": N_("Languages"),
        "031": N_("Social and behavioural sciences"),
        "032": N_("Journalism and information"),
        "041": N_("Business and administration"),
        "042": N_("Law"),
        "051": N_("Biological and related sciences"),
        "052": N_("Environment"),
        "053": N_("Physical sciences"),
        "054": N_("Mathematics and statistics"),
        "061": N_("Information and communication technologies"),
        "071": N_("Engineering and engineering trades"),
        "072": N_("Manufacturing and processing"),
        "073": N_("Architecture and construction"),
        "081": N_("Agriculture"),
        "082": N_("Forestry"),
        "083": N_("Fisheries"),
        "084": N_("Veterinary"),
        "091": N_("Health"),
        "092": N_("Welfare"),
        "101": N_("Personal services"),
        "102": N_("Hygiene and occupational health services"),
        "103": N_("Security services"),
        "104": N_("Transport services"),
    },
}


def field_group(code: str) -> str:
    """Return the narrow field that a code of ISCED-F belongs to; the broad one if there is no narrow one."""
    return next((code[:length] for length in (3, 2) if code[:length] in VOCABULARY["field"]), code)
