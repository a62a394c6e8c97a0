"""Achievements of one university that a reader cannot tell from each other by title, level and credits. Pure."""

from collections.abc import Iterable, Mapping

from projections.catalogue.search import Offer
from registry.wire.achievements import AchievementContent


def find_twins(content: AchievementContent, offers: Iterable[Offer]) -> list[Offer]:
    """Return the other achievements on offer with a title, the level and the credits of this one."""
    titles = _titles(content.title)
    return [
        offer
        for offer in offers
        if offer.achievement != content.achievement
        and not offer.retired
        and titles & _titles(offer.title)
        and offer.eqf_level == content.eqf_level
        and (None if offer.ects is None else float(offer.ects)) == content.ects
    ]


def _titles(title: Mapping[str, str]) -> set[str]:
    """Return the titles in all languages without capitals and doubled spaces."""
    return {" ".join(text.casefold().split()) for text in title.values()}
