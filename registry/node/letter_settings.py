"""Which settings letters need and a node lacks."""

from registry.settings.settings import Settings


def missing_settings(settings: Settings) -> list[str]:
    """Return in sentences what a recognition office's letters cannot print as the settings are."""
    found = []
    if not settings.office.address:
        found.append("`address` in [office] is not set: letters do not print where to write to")
    if settings.public_url is None:
        found.append("`public_url` is not set: letters have no address and no code to verify them with")
    return found
