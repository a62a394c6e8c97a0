"""The agreements of this university that are in force, as the views have them."""

from typing import Any, Final

import msgspec

from projections.recognition.decisions import agreements
from registry.office.cases.open_cases import Agreement
from registry.wire.recognition import AgreementDeclared
from registry.wire.today import utc_today

_MOST_AGREEMENTS: Final = 1_000


def read_own_agreements(connection: Any, member: str) -> list[Agreement]:  # noqa: ANN401 - a connection
    """Return this university's agreements that are in force today, up to the most that a page reads."""
    rows = agreements(connection, member, in_force_on=utc_today(), limit=_MOST_AGREEMENTS)
    return [Agreement(view.agreement, msgspec.convert(view.content, AgreementDeclared)) for view in rows]
