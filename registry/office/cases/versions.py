"""The version of a case that a form was made from: a form about an older one changes nothing."""

from registry.application.registry import Registry
from registry.domain.case_errors import CaseChanged


def check_version(registry: Registry, case_id: str, version: int) -> None:
    """Check that a case has no step after those that a person has seen; `version` is their number.

    Raises `CaseChanged`, and `UnknownCase`.
    """
    if registry.case(case_id).version != version:
        raise CaseChanged("somebody else changed this case since this form was made; look at what changed", "$.case")
