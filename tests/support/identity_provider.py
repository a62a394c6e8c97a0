"""An OpenID Connect provider, a process of software that is not ours, and a browser that signs in at it."""

import contextlib
import re
import subprocess
from html import unescape
from urllib.parse import urljoin

import httpx

ANSWER = "http://localhost/signin/provider/answer"
SETTINGS = """
[openid]
issuer = "{issuer}"
client_id = "registry"
client_secret_file = "openid-secret"
name = "Twente <b>account</b>"
"""


@contextlib.contextmanager
def run_provider(folder):
    """Yield the issuer's address while the provider runs. `folder` has npm's packages."""
    command = ["node", "openid.js", ANSWER]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


class ProviderVisit:
    """A browser's visit at the provider, whose cookies stay from one visit to the next."""

    def __init__(self):
        self._client = httpx.Client(timeout=20, headers={"Accept": "text/html"})

    def close(self):
        self._client.close()

    def sign_in(self, address, login):
        """Go to the provider's address as a node's page has it and sign in; return where it leads back to."""
        return self._go(address, login)

    def refuse(self, address):
        """Give up at the provider's first page."""
        answer = self._follow(self._client.get(address))
        cancel = re.search(r'href="([^"]+/abort)"', answer.text)[1]
        return self._follow(self._client.get(urljoin(str(answer.url), cancel)))

    def _go(self, address, login):
        answer = self._follow(self._client.get(address))
        for _ in range(4):
            if isinstance(answer, str):
                return answer
            form = re.search(r'<form[^>]* action="([^"]+)"', answer.text)[1]
            fields = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', answer.text))
            fields |= {"login": login, "password": "any"} if 'name="login"' in answer.text else {}
            answer = self._follow(self._client.post(urljoin(str(answer.url), form), data=fields))
        raise AssertionError(answer.text)

    def _follow(self, answer):
        """Follow redirects at the provider; return its page, or the address of the node that it leads to."""
        while answer.is_redirect:
            address = urljoin(str(answer.url), answer.headers["location"])
            if "/signin/provider/answer" in address:
                return address
            answer = self._client.get(address)
        return answer


def provider_address(page):
    """The address that a page of the node leads on to."""
    return unescape(re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)[1])
