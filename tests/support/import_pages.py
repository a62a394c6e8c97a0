"""The clerk's imports over HTTP, without a script: upload, decide about rows, hand over."""

import re

from tests.support.command import until
from tests.support.served import form, row


def upload(clerk, content, name="spring.csv", **fields):
    page = clerk.get("/desk/imports")
    data = form(page, key=re.search(r'name="key" value="([^"]+)"', page.text)[1], **fields)
    return clerk.post("/desk/imports", data=data, files={"file": (name, content)})


def checked(clerk, answer):
    """The path of an upload's page, once it was checked."""
    assert answer.status_code == 303, summary(answer)
    path = answer.headers["location"]
    until(lambda: "See how far it is now" not in clerk.get(path).text, 30)
    return path


def summary(answer):
    return re.sub(r"\s+|<[^>]+>", " ", answer.text.partition('class="summary-error')[2])[:800] or answer.text[:800]


def act(browser, path, target, **fields):
    """Send a form of a page with the version and the key that it has."""
    return browser.post(target, data={**hidden(browser.get(path), target), **fields})


def hidden(page, target):
    """The hidden fields of a page's form."""
    block = page.text.partition(f'action="{target}"')[2].partition("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', block))


def rows(offer, prefix, count=5):
    return [row(offer, f"{prefix}-{number}", f"{prefix}-s{number}") for number in range(count)]


def hand_over(clerk, path, **fields):
    """Hand over an import, and return the path of its newest batch."""
    answer = act(clerk, path, f"{path}/hand-over", **fields)
    assert answer.status_code == 303, summary(answer)
    return re.search(r"/desk/(releases|changes)/[0-9a-f-]{36}", clerk.get(path).text)[0]
