"""The formats of exports: one row each. A module is loaded when its format is first written."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final, Literal, get_args

import msgspec

from registry.export.document import Exported, ExportError, Profile, Tie

Content = Literal["credential", "portfolio"]
Argument = Literal[
    "facts", "portfolio", "copy", "copies", "signer", "extension", "language", "attachments", "fonts"
]  # fmt: skip
"""The values that the function of a format receives, in its order.

`facts` are a credential or a portfolio, `portfolio` is always one, also of a single credential, and `copies` has what
each credential of a portfolio has of its own, by its id.
"""
Language = Literal["en", "de", "es", "fr", "nl", "pt", "sv"]
LANGUAGES: Final[Sequence[str]] = get_args(Language)


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """A format: what it is made of, what it needs, and which function writes it."""

    name: str
    title: str
    """For people. A name of a standard is not translated."""
    content: Content
    media_type: str
    extension: str
    """Of the file's name, without a dot."""
    profiles: Sequence[Profile] = ()
    """The profiles in which it is signed, the usual one first; empty for a document that no issuing key signs."""
    ties: Sequence[Tie] = ("none", "open")
    """The ties to the log that it can have, the usual one first."""
    needs_holder: bool = False
    """True for a wallet copy, which is bound to the holder's key."""
    cannot_carry: str = ""
    """The facts that it can never carry, in words; each document says which of them its credential has."""
    writer: str
    """`module:function`. The function returns `Exported`, and raises `ExportError`."""
    arguments: Sequence[Argument]
    writer_inside: str | None = None
    """The function that writes it for the inside of a certificate, where that is another."""

    @property
    def is_signed(self) -> bool:
        """True if an issuing key signs it: then it has a place in a status list, too."""
        return bool(self.profiles)

    def load(self) -> Callable[..., Exported]:
        """Return the function that writes it."""
        module, _, function = self.writer.partition(":")
        writer: Callable[..., Exported] = getattr(import_module(module), function)
        return writer


class FormatTable:
    """The formats that this installation has."""

    def __init__(self, rows: Sequence[Format]) -> None:
        self._formats = {(row.name, row.content): row for row in rows}

    def list_formats(self, content: Content) -> list[Format]:
        """Return the formats that are made of a credential, or of a portfolio, in the order of the table."""
        return [each for each in self._formats.values() if each.content == content]

    def find(self, name: str, content: Content) -> Format:
        """Return the format with this name. Raises `ExportError`, which names those that there are."""
        format_ = self._formats.get((name, content))
        if format_ is None:
            names = ", ".join(each.name for each in self.list_formats(content)) or "none"
            raise ExportError(f"{name[:40]!r} is not a format of a {content}; there are: {names}")
        return format_


def call_writer(format_: Format, values: dict[str, Any]) -> Exported:
    """Write a document: pass the format's function the values that it receives."""
    return format_.load()(*(values[name] for name in format_.arguments))


_BADGE: Final = "the person but for a hash of the name; texts in further languages; accreditations; disclosures"
_ELMO: Final = "quality assurance, assessment, supervision, workload; when a result ends; the receipt"
_ROWS: Final = (
    Format(
        name="pdf", title="Certificate (PDF)", content="credential", media_type="application/pdf", extension="pdf",
        ties=("open",),
        cannot_carry="student number; identifiers of skills and of the issuer; accreditations",
        writer="registry.export.certificate:export_certificate",
        arguments=("facts", "copy", "language", "attachments", "fonts"),
    ),
    Format(
        name="open-badge", title="Open Badges 3.0", content="credential", media_type="application/vc",
        extension="json", profiles=("open",), cannot_carry=_BADGE,
        writer="registry.export.open_badges:export_open_badge", arguments=("facts", "copy", "signer", "language"),
        writer_inside="registry.export.open_badges:export_named_badge",
    ),
    Format(
        name="badge-png", title="Open Badges 3.0 in an image (PNG)", content="credential", media_type="image/png",
        extension="png", profiles=("open",), cannot_carry=_BADGE,
        writer="registry.export.badge_image:export_badge_image",
        arguments=("facts", "copy", "signer", "extension", "language"),
    ),
    Format(
        name="badge-svg", title="Open Badges 3.0 in an image (SVG)", content="credential", media_type="image/svg+xml",
        extension="svg", profiles=("open",), cannot_carry=_BADGE,
        writer="registry.export.badge_image:export_badge_image",
        arguments=("facts", "copy", "signer", "extension", "language"),
    ),
    Format(
        name="sd-jwt-vc", title="SD-JWT VC", content="credential", media_type="application/dc+sd-jwt",
        extension="sd-jwt", profiles=("open", "eudi"), needs_holder=True, ties=("disclosable", "open", "none"),
        cannot_carry="the ids of the learner and of parts, which would link copies; accreditations",
        writer="registry.export.sd_jwt_vc:export_sd_jwt_vc", arguments=("facts", "copy", "signer"),
    ),
    Format(
        name="elm", title="European Learning Model 3.1", content="credential", media_type="application/ld+json",
        extension="jsonld", cannot_carry="kind, hours per ECTS, cycle, partners, stackability; the note; the receipt",
        writer="registry.export.elm:export_elm", arguments=("facts", "copy"),
    ),
    Format(
        name="euhemc", title="European higher-education micro-credential (EuHEMC)", content="credential",
        media_type="application/ld+json", extension="jsonld",
        cannot_carry="kind, hours per ECTS, cycle, partners, stackability; the note; the receipt; all awarding bodies"
        " but one",
        writer="registry.export.euhemc:export_euhemc", arguments=("facts", "copy"),
    ),
    Format(
        name="elmo", title="ELMO 2.0", content="credential", media_type="application/xml", extension="xml",
        cannot_carry=_ELMO, writer="registry.export.elmo:export_elmo", arguments=("portfolio", "copy"),
    ),
    Format(
        name="elmo-1.7", title="ELMO 1.7", content="credential", media_type="application/xml", extension="xml",
        cannot_carry=_ELMO, writer="registry.export.elmo:export_old_elmo", arguments=("portfolio", "copy"),
    ),
    Format(
        name="transcript", title="Transcript (PDF)", content="portfolio", media_type="application/pdf",
        extension="pdf", ties=("open",), cannot_carry="descriptions; identifiers of skills; places on the log",
        writer="registry.export.transcript:export_transcript",
        arguments=("facts", "copy", "language", "attachments", "fonts"),
    ),
    Format(
        name="clr", title="Comprehensive Learner Record 2.0", content="portfolio", media_type="application/vc",
        extension="json", profiles=("open",), cannot_carry=_BADGE,
        writer="registry.export.clr:export_clr", arguments=("facts", "copy", "copies", "signer", "language"),
    ),
    Format(
        name="elmo", title="ELMO 2.0", content="portfolio", media_type="application/xml", extension="xml",
        cannot_carry=_ELMO, writer="registry.export.elmo:export_elmo", arguments=("facts", "copy"),
    ),
    Format(
        name="elmo-1.7", title="ELMO 1.7", content="portfolio", media_type="application/xml", extension="xml",
        cannot_carry=f"{_ELMO}; decisions on recognition", writer="registry.export.elmo:export_old_elmo",
        arguments=("facts", "copy"),
    ),
)  # fmt: skip
FORMATS: Final = FormatTable(_ROWS)
