"""Errors of the use cases that commands and routes answer for.

Refusal              a rule forbids the act; `code` is one of docs/events.md
UnknownAchievement   a refusal: this university offers no such achievement
UnknownCredential    a refusal: this university has issued no such credential
InvalidEvent         verifiers would refuse the form of the event
"""

from registry.domain.errors import InvalidEvent, Refusal, UnknownAchievement, UnknownCredential

__all__ = ["InvalidEvent", "Refusal", "UnknownAchievement", "UnknownCredential"]
