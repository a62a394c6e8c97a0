"""The options of the check of a receipt."""

from pathlib import Path
from typing import Annotated

import typer

ReceiptFile = Annotated[Path, typer.Argument(dir_okay=False, help="A .tlog-proof file, or a .consistency file.")]
GovernanceOption = Annotated[
    Path | None, typer.Option("--governance", help="The folder with governance.log (else the receipt's own).")
]
FoundedOption = Annotated[
    str | None,
    typer.Option("--founded", help="The founding's hash, from somebody you trust (else the node's setting)."),
]
WitnessOption = Annotated[
    list[str] | None,
    typer.Option("--witness", help="The key of a witness that you rely on (else the node's settings)."),
]
NeededOption = Annotated[
    int | None,
    typer.Option("--needed", min=0, help="The number of witnesses that must have cosigned (else all that are named)."),
]
MaxAgeOption = Annotated[
    int | None,
    typer.Option(
        "--max-age-hours",
        min=1,
        help="The greatest age of their cosignatures, in hours (else any age, which is printed).",
    ),
]
SealOption = Annotated[
    Path | None,
    typer.Option("--seal", dir_okay=False, help="The proof of its status (else RECEIPT.seal.json, if it exists)."),
]
MaxSealAgeOption = Annotated[
    int | None,
    typer.Option(
        "--max-seal-age",
        metavar="HOURS",
        min=1,
        help="The greatest age of the proof of its status, in hours (else any age, which is printed).",
    ),
]
DisclosuresOption = Annotated[
    Path | None,
    typer.Option(
        "--disclosures",
        dir_okay=False,
        help="The disclosures about the person, as the learner received them (else RECEIPT.disclosures, if it exists).",
    ),
]
