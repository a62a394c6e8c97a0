"""Files that readers send to be checked, receipts that they take away, and a node that cannot tell."""

import contextlib
import io
import re

import httpx
import psycopg
import pytest
import segno

UNKNOWN = "0bbac7a9-a411-4809-ad9e-534f483b7a03"


@pytest.fixture
def reader(site):
    with httpx.Client(base_url=site.url, headers={"Accept": "text/html"}, timeout=60) as client:
        yield client


@pytest.fixture
def send(reader):
    """Send a file as the form does."""

    def post(content, name="r.tlog-proof"):
        token = re.search('name="csrf" value="([^"]+)"', reader.get("/verify").text)[1]
        return reader.post("/verify/file", data={"csrf": token}, files={"file": (name, content)})

    return post


@pytest.fixture
def receipt(site, reader):
    answer = reader.get(f"/verify/twente/{site.credentials.valid}/receipt")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith('.tlog-proof"')
    return answer.content


def photo(text):
    drawing = io.BytesIO()
    segno.make(text).save(drawing, kind="png", scale=6)
    return drawing.getvalue()


def test_a_receipt_that_was_taken_away_is_checked_as_a_file(site, page):
    page.goto(f"/verify/twente/{site.credentials.valid}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the receipt").click()
    page.goto("/verify")
    page.get_by_label("Or a file").set_input_files(download.value.path())
    page.get_by_role("button", name="Verify the file").click()
    assert page.locator("h1").inner_text() == "Valid"
    assert page.get_by_text("The receipt is genuine").is_visible()


def test_a_photo_of_a_qr_code_leads_to_its_credential(site, page):
    page.goto("/verify")
    content = photo(f"{site.url}/verify/twente/{site.credentials.revoked}")
    page.get_by_label("Or a file").set_input_files({"name": "photo.png", "mimeType": "image/png", "buffer": content})
    page.get_by_role("button", name="Verify the file").click()
    page.wait_for_url("**/verify/twente/**")
    assert page.locator("h1").inner_text() == "Revoked"


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda text: text.replace(b"index ", b"index 1"), "Altered"),
        (lambda text: text.replace(b"test.example/", b"other.example/"), "We do not know this credential"),
    ],
    ids=["another place", "another consortium"],
)
def test_a_receipt_that_does_not_fit_gets_no_other_verdict(send, receipt, change, verdict):
    answer = send(change(receipt))
    assert answer.status_code == 200
    assert f"<h1>{verdict}</h1>" in answer.text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Choose a file first."),
        (b"c2sp.org/tlog-proof@v1\nextra", "its rest cannot be read"),
        (b"MZ a program", "neither a document that can be verified nor a picture"),
        (photo("https://example.org/"), "does not lead to a credential"),
    ],
    ids=["none", "cut receipt", "program", "another link"],
)
def test_a_file_of_no_use_is_answered_with_what_to_do(send, content, message):
    answer = send(content, "<b>.tlog-proof")
    assert answer.status_code == 422
    assert message in answer.text
    assert "<title>Error: " in answer.text


def test_a_file_that_is_too_large_is_refused_on_a_page(send):
    for size in (10 * 1024**2 + 1, 11_000_000):  # a file over the limit, and a form over it
        answer = send(b"x" * size)
        assert answer.status_code == 413
        assert "The file is larger than 10 MB." in answer.text
        assert '<input class="input" id="file"' in answer.text
    assert "neither a document that can be verified nor a picture" in send(b"x" * 9_000_000).text


def test_there_is_no_receipt_of_an_unknown_credential(reader):
    assert reader.get(f"/verify/twente/{UNKNOWN}/receipt").status_code == 404


@contextlib.contextmanager
def without_database(site):
    """Refuse the node every connection to its database."""
    database = psycopg.conninfo.conninfo_to_dict(site.dsn)["dbname"]
    with psycopg.connect(site.consortium.server.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,))
        try:
            yield
        finally:
            connection.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")


def test_a_node_without_its_database_says_that_it_cannot_tell(site, open_reader, judge):
    page = open_reader()
    with without_database(site):
        answer = page.goto(f"/verify/twente/{site.credentials.valid}")
        assert answer.status == 503
        assert page.locator("h1").inner_text() == "We cannot tell at the moment"
        judge(page)
