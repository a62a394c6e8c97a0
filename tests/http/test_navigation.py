"""The navigation: every link of it leads to a page, for a person who sees it."""

import pytest

from registry.accounts.roles import ROLES
from registry.http.access import SCOPES
from registry.server.pages.navigation import sections_for

LINKS = [page.path for section in sections_for(SCOPES) for page in section.pages or (section,)]


@pytest.fixture(scope="module")
def person(node):
    return node.sign_in(*ROLES)


@pytest.mark.parametrize("path", LINKS)
def test_each_link_leads_to_a_page_that_marks_it(person, path):
    page = person.get(path)
    assert page.status_code == 200, page.text
    assert f'<a href="{path}" aria-current="page">' in page.text
