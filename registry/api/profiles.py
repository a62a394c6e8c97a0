"""Programme profiles of the recognition office over HTTP: what its programmes require."""

from typing import Any

import msgspec
from litestar import Controller, HttpMethod, Request, Response, get, put, route
from litestar.handlers import HTTPRouteHandler

from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.http import requires
from registry.office.assessments.offered import Requirement
from registry.office.assessments.profiles import ProfileName, ProfileRow, StoredProfile, list_profiles

_TAG = "Cases"


class ProfileEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A programme profile to set or to remove."""

    name: ProfileName
    requirement: Requirement | None
    """Null removes the profile."""


class Profiles(msgspec.Struct, frozen=True):
    """All profiles, by name."""

    items: list[StoredProfile]


class ProfileTable(Controller):
    """The table. Both methods of the path are in one class, so that `Allow` names both."""

    path = "/v1/office/profiles"

    @route(http_method=[HttpMethod.OPTIONS], status_code=204, include_in_schema=False, sync_to_thread=False)
    def allow_methods(self) -> Response[None]:
        """Return the allowed methods. The framework takes the first name of a path, and its own answer lacks some."""
        return Response(None, status_code=204, headers={"Allow": "GET, OPTIONS, PUT"})

    @get(
        tags=[_TAG],
        operation_id="listProfiles",
        summary="List the programme profiles",
        sync_to_thread=True,
        **requires("cases:read"),
    )
    def list_profiles(self, private: PrivateSide) -> Response[Profiles]:
        """Return what the office's programmes require. A case is compared with the programme that it names."""
        with private.reading() as registry:
            profiles = list_profiles(registry.cursor())
        return private.respond(Profiles(profiles))

    @put(
        tags=[_TAG],
        operation_id="setProfile",
        summary="Set a programme profile",
        sync_to_thread=True,
        **requires("cases:write"),
    )
    def change(
        self, private: PrivateSide, request: Request[Any, Any, Any], data: ProfileEntry, key: IdempotencyKey
    ) -> Response[ProfileEntry]:
        """Set what a programme requires, or remove it with null. A profile of the same name is replaced."""

        def act(write: Write) -> Answer:
            with write.registry.transaction() as transaction:
                transaction.add(ProfileRow(data.name, data.requirement, request.user.actor))
                return write.commit(transaction, Answer(200, data))

        return private.write_once(request, key, data, act)


BODIES = (ProfileEntry,)
ROUTES: list[HTTPRouteHandler | type[Controller]] = [ProfileTable]
