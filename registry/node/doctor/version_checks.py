"""Checks of versions: Python and the libraries of this program."""

import ssl
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement

from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import Check, Finding, error, ok, warning

_DISTRIBUTION: Final = "credential-registry"


def check_python(examination: Examination) -> Iterator[Finding]:
    """Report the versions of Python and OpenSSL."""
    del examination
    version = ".".join(map(str, sys.version_info[:3]))
    yield ok(f"registry {metadata.version(_DISTRIBUTION)} on Python {version}, {ssl.OPENSSL_VERSION}.")


def check_libraries(examination: Examination) -> Iterator[Finding]:
    """Check that the installed libraries are those that this program requires."""
    del examination
    count = 0
    for text in metadata.requires(_DISTRIBUTION) or []:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            yield warning(f"The requirement {text!r} of this program cannot be read.", "Install the program again.")
            continue
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        count += 1
        try:
            installed = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield error(f"The library {requirement.name} is not installed.", "Install the program again.")
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            yield error(
                f"The library {requirement.name} has version {installed}; this program requires"
                f" {requirement.specifier}.",
                "Install the program again, in an environment of its own.",
            )
    yield ok(f"{count} libraries were looked up.")


CHECKS: Final = (
    Check("versions.python", "Which versions of the program, Python and OpenSSL run?", check_python),
    Check("versions.libraries", "Are the libraries those that the program requires?", check_libraries),
)
