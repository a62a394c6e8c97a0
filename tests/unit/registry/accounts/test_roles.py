"""What a role allows, and what a person with several has."""

from typing import get_args, get_origin

import pytest

from registry.accounts.errors import AccountError
from registry.accounts.roles import ROLES, check_roles, scopes_of
from registry.http.access import SCOPES
from registry.settings.sign_in import OpenIdSetting


def test_every_role_has_scopes_that_exist():
    for role, scopes in ROLES.items():
        assert scopes, role
        assert scopes <= SCOPES.keys(), role


def test_every_scope_belongs_to_a_role():
    assert scopes_of(ROLES) == SCOPES.keys()


def test_nobody_prepares_and_approves_by_one_role():
    for first, second in (("credentials:write", "batches:release"), ("cases:write", "cases:approve")):
        assert not [role for role, scopes in ROLES.items() if {first, second} <= scopes]


def test_a_person_with_two_roles_has_the_scopes_of_both():
    assert scopes_of(["officer", "auditor"]) == ROLES["officer"] | ROLES["auditor"]


def test_a_role_of_a_later_version_allows_nothing():
    assert scopes_of(["rector"]) == frozenset()


def test_roles_are_stored_once_and_in_order():
    assert check_roles(["auditor", "clerk", "auditor"]) == ["clerk", "auditor"]


@pytest.mark.parametrize("roles", [[], ["rector"], ["clerk", "rector"]])
def test_an_account_without_a_known_role_is_refused(roles):
    with pytest.raises(AccountError, match="choose from clerk"):
        check_roles(roles)


def test_the_identity_provider_can_give_every_role_and_no_other():
    [choices] = [arm for arm in get_args(OpenIdSetting.model_fields["roles"].annotation) if get_origin(arm) is tuple]
    assert set(get_args(get_args(choices)[0])) == ROLES.keys()


def test_who_issues_cannot_erase_and_no_administrator_can_by_that_role():
    assert {role for role in ROLES if "learners:erase" in ROLES[role]} == {"approver"}
