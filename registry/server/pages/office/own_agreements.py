"""The agreements of this university that are in force, as the views have them."""

from typing import Any

import msgspec

from projections.recognition.decisions import agreements
from registry.office.cases.open_cases import Agreement
from registry.wire.recognition import AgreementDeclared
from registry.wire.today import utc_today


def read_own_agreements(connection: Any, member: str) -> list[Agreement]:  # noqa: ANN401 - a connection
    """Return this university's agreements that are in force today."""
    today = utc_today()
    return [
        Agreement(view.agreement, msgspec.convert(view.content, AgreementDeclared))
        for view in agreements(connection, member)
        if view.valid_from <= today
        and (view.valid_until is None or view.valid_until >= today)
        and (view.withdrawn_from is None or view.withdrawn_from > today)
    ]
