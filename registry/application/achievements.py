"""The achievements of this university: published, revised, retired, awarded jointly."""

from collections.abc import Collection

from registry.application.achievement_content import refuse_faulty
from registry.application.private_store import PrivateStore
from registry.application.transaction import Transaction
from registry.domain.achievement import Achievement, Joining
from registry.domain.aggregate import uuid_of
from registry.domain.errors import Duplicate, UnknownAchievement
from registry.store.recorder import EVENTS_TABLE
from registry.wire.achievements import AchievementContent, AchievementJoined


class Achievements:
    """The achievements of one university.

    `keep_text` are the fields whose texts are right although they look broken. Each method that writes adds to the
    caller's transaction, or commits one of its own.
    """

    def __init__(self, store: PrivateStore) -> None:
        self._store = store

    def get(self, achievement: str) -> Achievement:
        """Return one of the university's achievements. Raises `UnknownAchievement`."""
        aggregate: Achievement = self._store.get(Achievement, achievement, UnknownAchievement)
        return aggregate

    def list_all(self) -> list[Achievement]:
        """Return all achievements, the first published first."""
        rows = self._store.cursor().execute(
            f"SELECT originator_id FROM {EVENTS_TABLE} WHERE topic = %s ORDER BY notification_id",  # noqa: S608 - a constant of this project
            (Achievement.Published.TOPIC,),
        )
        return [self.get(str(row["originator_id"])) for row in rows.fetchall()]

    def newest_version(self, achievement: str) -> int | None:
        """Return the newest version of an achievement; None if the university has none with that id."""
        try:
            return self.get(achievement).state.version
        except UnknownAchievement:
            return None

    def publish(
        self, content: AchievementContent, *, keep_text: Collection[str] = (), transaction: Transaction | None = None
    ) -> None:
        """Publish a new achievement, version 1. Raises `FaultyContent` with all its faults, and `Duplicate`."""
        self._refuse_faulty(content, keep_text)
        self._store.save(Achievement.publish(content), transaction=transaction)

    def check_new(self, content: AchievementContent, *, keep_text: Collection[str] = ()) -> None:
        """Check that a new achievement could be published; nothing is stored. Raises what `publish` raises."""
        self._refuse_faulty(content, keep_text)
        self._store.check(Achievement.publish(content))
        if self._store.exists(uuid_of(content.achievement)):
            raise Duplicate(f"there is an achievement {content.achievement} already", "$.achievement")

    def revise(
        self, content: AchievementContent, *, keep_text: Collection[str] = (), transaction: Transaction | None = None
    ) -> None:
        """Publish the next version, with its whole content. Raises `FaultyContent` with all its faults."""
        self._store.save(self._revise(content, keep_text), transaction=transaction)

    def check_revision(self, content: AchievementContent, *, keep_text: Collection[str] = ()) -> None:
        """Check that the next version could be published; nothing is stored. Raises what `revise` raises."""
        self._store.check(self._revise(content, keep_text))

    def retire(self, achievement: str, transaction: Transaction | None = None) -> None:
        """Stop offering an achievement."""
        retired = self.get(achievement)
        retired.retire()
        self._store.save(retired, transaction=transaction)

    def join(self, data: AchievementJoined, transaction: Transaction | None = None) -> None:
        """Confirm that this university awards another member's achievement jointly."""
        self._store.save(Joining.join(data), transaction=transaction)

    def _revise(self, content: AchievementContent, keep_text: Collection[str]) -> Achievement:
        self._refuse_faulty(content, keep_text)
        achievement = self.get(content.achievement)
        achievement.revise(content)
        return achievement

    def _refuse_faulty(self, content: AchievementContent, keep_text: Collection[str]) -> None:
        refuse_faulty(content, self._store.member, self.newest_version, keep_text)
