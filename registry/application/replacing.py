"""Replacements that change more than a correction usually does: the achievement or its version."""

from registry.application.registry import Registry
from registry.application.requests import Replacement
from registry.domain.errors import UnknownAchievement
from registry.rules.credentials import Credential
from registry.wire.credentials import CredentialIssued


def describe_replacement(registry: Registry, old: Credential, data: CredentialIssued) -> Replacement | None:
    """Return how a new credential differs from the old one in its achievement or version; None where it does not.

    The rules refuse to replace another learner's credential.
    """
    if data.replaces is None or (old.achievement, old.version) == (data.achievement, data.version):
        return None
    return Replacement(
        data.replaces,
        "version" if old.achievement == data.achievement else "achievement",
        _achievement(registry, old.achievement, old.version),
        _achievement(registry, data.achievement, data.version),
    )


def _achievement(registry: Registry, achievement: str, version: int) -> str:
    try:
        titles = registry.achievements.get(achievement).content.title
    except UnknownAchievement:  # one that a trial would have published
        return f"achievement {achievement}, version {version}"
    title = titles.get("en") or next(iter(titles.values()))
    return f"{title!r} (achievement {achievement}, version {version})"
