"""What a credential and the one that it replaces differ in, beyond what a correction usually corrects."""

from registry.application.registry import Registry
from registry.application.requests import Replacement
from registry.domain.errors import UnknownAchievement
from registry.rules.credentials import Credential
from registry.wire.credentials import CredentialIssued


def replacement_of(registry: Registry, old: Credential, data: CredentialIssued) -> Replacement | None:
    """Return how a new credential is of another achievement or version than the old one; None where it is not.

    Another learner's credential is never replaced: the rules refuse that.
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
        titles = registry.achievement(achievement).content.title
    except UnknownAchievement:  # one that a trial would have published
        return f"achievement {achievement}, version {version}"
    title = titles.get("en") or next(iter(titles.values()))
    return f"{title!r} (achievement {achievement}, version {version})"
