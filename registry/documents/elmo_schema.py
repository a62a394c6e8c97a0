"""The XML schemas of EMREX ELMO 1.7 and 2.0, shipped with the program. Nothing is fetched."""

from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from lxml import etree

ElmoVersion = Literal["1.7", "2.0"]
NAMESPACE: Final = "https://github.com/emrex-eu/elmo-schemas/tree/v1"
"""The namespace of all versions from 1.0 to 2.0."""

_FOLDER: Final = Path(__file__).parent / "schemas" / "elmo"
_SCHEMAS: Final[dict[ElmoVersion, str]] = {"1.7": "elmo-1.7.0.xsd", "2.0": "elmo-2.0.0.xsd"}
_EWP: Final = "https://raw.githubusercontent.com/erasmus-without-paper/"
_EMREX: Final = "https://raw.githubusercontent.com/emrex-eu/elmo-schemas/v1/references/"
IMPORTS: Final = {
    "http://www.w3.org/2001/03/xml.xsd": "xml.xsd",
    "https://www.w3.org/2001/03/xml.xsd": "xml.xsd",
    f"{_EMREX}xmldsig-core-schema.xsd": "xmldsig-core-schema.xsd",
    f"{_EMREX}EUROPASS_ISOCountries_V1.1.xsd": "EUROPASS_ISOCountries_V1.1.xsd",
    f"{_EWP}ewp-specs-types-address/stable-v1/schema.xsd": "ewp-address.xsd",
    f"{_EWP}ewp-specs-architecture/stable-v1/common-types.xsd": "ewp-common-types.xsd",
}
"""The shipped file of each schema that the schemas import."""


class _ShippedFiles(etree.Resolver):
    """Answers every import of a schema from the shipped files, and refuses any other."""

    def resolve(  # type: ignore[override] # the stubs lack the context that lxml passes
        self,
        system_url: str,
        public_id: str,  # noqa: ARG002 - lxml's signature
        context: Any,  # noqa: ANN401 - an opaque value of lxml's
    ) -> Any:  # noqa: ANN401 - an opaque value of lxml's
        name = IMPORTS.get(system_url)
        if name is not None:
            return self.resolve_filename(str(_FOLDER / name), context)  # type: ignore[attr-defined] # not in the stubs
        if Path(system_url).parent == _FOLDER:
            return None
        raise ValueError(f"the schemas import {system_url}, which is not shipped")


def schema_path(version: ElmoVersion) -> Path:
    """Return the file of a version's schema."""
    return _FOLDER / _SCHEMAS[version]


@cache
def _load(version: ElmoVersion) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    parser.resolvers.add(_ShippedFiles())
    return etree.XMLSchema(etree.parse(schema_path(version), parser))


def list_faults(root: etree._Element, version: ElmoVersion, most: int = 5) -> list[str]:
    """Return the first faults of a document by the schema of a version, each with its path. Empty if it is valid."""
    schema = _load(version)
    if schema.validate(root):
        return []
    faults = [f"{error.path}: {error.message}".replace(f"{{{NAMESPACE}}}", "") for error in schema.error_log]  # type: ignore[attr-defined] # it is iterable
    return faults[:most]
