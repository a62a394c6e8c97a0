"""The settings that letters need."""

from registry.settings.settings import Settings


def missing_settings(settings: Settings) -> list[str]:
    """Return a sentence for each part of a letter that is left out because a setting is missing."""
    sentences = []
    if not settings.office.address:
        sentences.append("`address` in [office] is not set: letters have no address to write to")
    if settings.public_url is None:
        sentences.append("`public_url` is not set: letters have no link and no code for verification")
    return sentences
