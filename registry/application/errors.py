"""Errors of the use cases that commands and routes answer for.

Refusal              a rule forbids the act; `code` is one of docs/events.md
UnknownAchievement   a refusal: this university offers no such achievement
InvalidEvent         verifiers would refuse the form of the event
"""

from registry.domain.errors import InvalidEvent, Refusal, UnknownAchievement

__all__ = ["InvalidEvent", "Refusal", "UnknownAchievement"]
