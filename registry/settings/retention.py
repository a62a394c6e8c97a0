"""Settings of how long personal data stays, and of what law keeps after an erasure."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[int, Field(ge=1, le=36_525)]


class KeptBasis(BaseModel):
    """The legal basis of each kind of data that an erasure leaves: `[retention_basis]` in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    log: Annotated[str, Field(max_length=300)] = (
        "Art. 17(3)(b) and (d): a public task, and archiving in the public interest"
    )
    """Of the facts on the shared log: achievement, day, credits and status, with a random id that names nobody."""
    row_hashes: Annotated[str, Field(max_length=300)] = "Art. 17(3)(b): so that the erasure stays in force"
    """Of the keyed hash of each row that became a credential: last year's file does not bring the learner back."""
    acts: Annotated[str, Field(max_length=300)] = "Art. 17(3)(b) with Art. 5(2): accountability"
    """Of the journal of what people did, which has random ids."""
    reads: Annotated[str, Field(max_length=300)] = "Art. 17(3)(b) with Art. 5(2) and 32: accountability and security"
    """Of the access journal, which has random ids."""
    cases: Annotated[str, Field(max_length=300)] = (
        "Art. 17(3)(b) and (e): a public task, and the defence of legal claims"
    )
    """Of each case's number, days and outcome, without its applicant, texts and files."""


class RetentionSetting(BaseModel):
    """Settings of how long personal data stays: `[retention]` in the file. A rule without days is off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reads_days: Days | None = 1_095
    """Days after which a row of the access journal is deleted."""
    held_rows_days: Days | None = 365
    """Days after which a row whose person is uncertain, and about which nobody decided, is deleted."""
    waiting_days: Days | None = 730
    """Days after which a credential of a document is deleted that still waits for its achievement."""
    status_notes_days: Days | None = None
    """Days after which a note beside a suspension or a revocation is deleted."""
    case_texts_days: Days | None = None
    """Days after the last text of a case that is closed, or withdrawn, after which its texts are deleted."""
    case_files_days: Days | None = None
    """Days after the last text or file of a case that is closed, or withdrawn, after which its files are deleted."""
    applicant_details_days: Days | None = 365
    """Days after a case was closed, or withdrawn, after which e-mail, address, date of birth and student number go."""
    file_names_days: Days | None = 365
    """Days after a case was closed, or withdrawn, after which its files' own names go."""
    erased_bytes_days: Days | None = 1
    """Days after an erasure after which tables are rewritten, so that its bytes leave the database's files."""
