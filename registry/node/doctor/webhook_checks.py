"""Checks of webhooks: those that fail or are disabled, and deliveries that were given up."""

from collections.abc import Iterator
from typing import Final

from registry.application.owner import table_exists
from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import Check, Finding, ok, warning
from registry.store.private_counts import count_deliveries
from registry.values.plural import plural
from registry.webhooks.deliveries import DOWN_FAILURES

_SHOWN: Final = 8
_FAILING: Final = (
    "SELECT endpoint::text, enabled, failures FROM webhooks.endpoints WHERE NOT enabled OR failures >= %s"
    " ORDER BY created LIMIT 20"
)


def check_endpoints(examination: Examination) -> Iterator[Finding]:
    """Check that every webhook is enabled and answers. An address may hold a secret, so the id names it."""
    connection = examination.private_side()
    if not table_exists(connection, "webhooks.endpoints"):
        return
    rows = connection.execute(_FAILING, (DOWN_FAILURES,)).fetchall()
    for endpoint, enabled, failures in rows:
        if enabled:
            yield warning(
                f"The webhook {endpoint[:_SHOWN]} has failed {failures:,} times in a row.",
                "See why: registry webhook list. Deliveries are given up after five days.",
            )
        else:
            yield warning(
                f"The webhook {endpoint[:_SHOWN]} is disabled: its receiver misses what is new.",
                f"registry webhook enable {endpoint[:_SHOWN]}, or remove it.",
            )
    if not rows:
        yield ok("No webhook fails.")


def check_given_up(examination: Examination) -> Iterator[Finding]:
    """Check for deliveries that were given up."""
    connection = examination.private_side()
    if not table_exists(connection, "webhooks.deliveries"):
        return
    dead = count_deliveries(connection)["given-up"]
    if dead:
        yield warning(
            f"{plural(dead, 'delivery')} to webhooks were given up.",
            "registry webhook dead lists them; registry webhook redeliver tries again.",
        )
    else:
        yield ok("No delivery to a webhook was given up.")


CHECKS: Final = (
    Check("webhooks.endpoints", "Is every webhook enabled, and does it answer?", check_endpoints),
    Check("webhooks.given-up", "Were deliveries given up?", check_given_up),
)
