"""A person in a browser goes to the identity provider and comes back signed in, with and without scripts."""

import contextlib
import re

import pytest

from tests.support.browser import WIDE, open_page, require_chromium
from tests.support.identity_provider import SETTINGS, run_provider
from tests.support.served import Served


@pytest.fixture(scope="module")
def issuer(npm_checks):
    with run_provider(npm_checks) as address:
        yield address


@pytest.fixture(scope="module")
def staff(tmp_path_factory, postgres, issuer):
    require_chromium()
    with contextlib.closing(Served(tmp_path_factory.mktemp("staff"), postgres, SETTINGS.format(issuer=issuer))) as node:
        (node.home / "openid-secret").write_text("a secret + more")
        node.start()
        node.url = node.url.replace("127.0.0.1", "localhost")
        yield node


def sign_in_at_provider(page, login):
    page.wait_for_url(re.compile(r"^http://127\.0\.0\.1:"), wait_until="commit")
    page.locator("[name=login]").fill(login)
    page.locator("[name=password]").fill("any")
    page.locator("[type=submit]").click()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(re.compile(r"^http://localhost:"), wait_until="commit")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_link_connects_an_account_which_the_provider_signs_in_later(staff, chromium, issuer, judge, scripts):
    page, watch = open_page(chromium, staff.url, viewport=WIDE, scripts=scripts)
    look = judge if scripts else bool  # axe-core is a script, too
    page.route("https://**", lambda route: route.abort())  # the provider's pages ask for a font
    page.goto(staff.link("clerk", name=f"Wim {scripts}"))
    page.get_by_role("button", name="Sign in and connect").click()
    sign_in_at_provider(page, f"wim {scripts}")
    page.get_by_text("Your account is connected").wait_for()
    look(page)
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    page.context.clear_cookies(domain="127.0.0.1")
    page.goto("/members")
    page.get_by_role("link", name="Sign in").click()
    look(page)
    page.get_by_role("button", name="Sign in with Twente").click()
    sign_in_at_provider(page, f"wim {scripts}")
    assert page.get_by_text(f"Wim {scripts}").first.is_visible()
    page.goto("/signin/provider/answer?state=x")
    assert page.title().startswith("Error:")
    look(page)
    page.context.close()
    faults = [fault for fault in watch.faults if issuer not in fault]
    assert not faults, "\n".join(faults)
