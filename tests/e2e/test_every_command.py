"""No command answers a mistake with a traceback: all of them, with whatever a person can get wrong."""

import re
import signal
import subprocess

import psycopg
import pytest

from tests.support.command import Consortium, command, registry, started, until
from tests.support.every_command import ALL, ENDLESS, bad_files, call, is_file, words_for
from tests.support.examples import THOROUGH

CODES = {0, 1, 2, 3, 4, 5, 6}
CLASS = re.compile(r"\b(?:[A-Z][a-z]+)+(?:Error|Refused|Transition|Exception|Unavailable)\b: ")
SHORT = sorted(set(ALL) - ENDLESS)


@pytest.fixture(scope="module")
def shared(tmp_path_factory, postgres):
    return Consortium(tmp_path_factory.mktemp("every"), postgres)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return bad_files(tmp_path_factory.mktemp("files"))


@pytest.fixture
def calls(monkeypatch, capfd, tmp_path):
    monkeypatch.delenv("REGISTRY_HOME", raising=False)

    def checked(*words):
        code, out, err = call([*map(str, words)], monkeypatch, capfd, tmp_path)
        said = f"registry {' '.join(map(str, words))}: {code}\n{out}\n{err}"
        assert code in CODES, said
        assert "Traceback" not in out + err, said
        assert "Internal error" not in err, said
        assert not CLASS.search(err), said
        if code in (2, 3, 4):
            assert (out + err).strip(), f"nothing said: {said}"
        return code, out, err

    return checked


def home_with(folder, content):
    folder.mkdir()
    (folder / "registry.toml").write_bytes(content)
    return folder


def some(path, values, count):
    """Some of the values, others for each command, since what reads them is the same; in a thorough run all of them."""
    first = SHORT.index(path)
    return values if THOROUGH else [values[(first + number) % len(values)] for number in range(count)]


@pytest.mark.parametrize("path", SHORT)
def test_a_file_that_cannot_be_read_is_named(path, shared, files, calls):
    takes = [one for one in ALL[path].params if is_file(one)]
    if not takes:
        pytest.skip("takes no files")
    for name, file in files.items():
        calls("--home", shared.home, *words_for(path, file))
        if THOROUGH or name in ("json", "folder"):
            calls("--home", shared.folder / "consortium", *words_for(path, file))
    code, out, err = calls("--home", shared.home, *words_for(path, files["nowhere"]))
    required = [one for one in ALL[path].params if one.required]
    # A setting that a command needs comes before its files.
    if code and required and all(is_file(one) for one in required) and "set public_url" not in err:
        assert "missing.json" in re.sub(r"[\s│]", "", out + err), out + err


@pytest.mark.parametrize("path", SHORT)
def test_a_home_that_is_none_and_settings_that_are_wrong_are_said(path, files, calls, tmp_path, shared):
    words = words_for(path, files["text"], files=False)
    calls(*words)
    wrong_port = (shared.home / "registry.toml").read_bytes() + b"\n[http]\nport = 'abc'\n"
    contents = [b"", b"garbled", b"member = 3\n", wrong_port, bytes(range(256))]
    written = [home_with(tmp_path / str(number), content) for number, content in enumerate(contents)]
    for home in some(path, [tmp_path / "nowhere", files["text"], *written], 3):
        calls("--home", home, *words)
    code, _, err = calls("--log-level", "loud", *words)
    assert (code, "loud" in err) == (2, True)


@pytest.mark.parametrize("path", SHORT)
def test_a_database_that_does_not_answer_is_said(path, shared, files, calls, monkeypatch):
    monkeypatch.setenv("REGISTRY_DATABASE", "postgresql://127.0.0.1:1/nothing")
    calls("--home", shared.home, *words_for(path, files["text"], files=False))


@pytest.mark.parametrize("path", SHORT)
def test_a_log_that_is_gone_is_said(path, shared, files, calls, monkeypatch, tmp_path):
    for log in some(path, [f"file:{tmp_path / 'gone'}", f"file:{files['text']}", "ftp://somewhere"], 1):
        monkeypatch.setenv("REGISTRY_LOG", log)
        calls("--home", shared.home, *words_for(path, files["text"], files=False))


@pytest.mark.parametrize("path", SHORT)
def test_ids_that_are_unknown_are_said(path, shared, files, calls):
    no_ids = ["no id", "2afda2b4", "../..", "é\udce9"]
    for identifier in (None, "twente/2afda2b4-a247-4f0f-aedd-e040beb58eab", *some(path, no_ids, 2)):
        calls("--home", shared.home, *words_for(path, files["text"], identifier, files=False))
    calls("--home", shared.home, *words_for(path, files["text"], day="31.12.2026", files=False))


@pytest.mark.parametrize("path", SHORT)
def test_views_that_are_not_there_are_said(path, shared, files, calls, postgres, monkeypatch):
    name = "every_command_empty"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            connection.execute(f"CREATE DATABASE {name}")
    monkeypatch.setenv("REGISTRY_DATABASE", postgres.dsn(name))
    calls("--home", shared.home, *words_for(path, files["text"], files=False))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run",), "is running"),
        (("serve", "--port", "0", "--workers", "1"), "http://127.0.0.1:"),
        (("webhook", "run"), "webhooks are posted"),
    ],
    ids=["run", "serve", "webhook run"],
)
def test_what_goes_on_until_it_is_stopped_ends_without_a_traceback(words, says, sent, shared):
    with started(*words, home=shared.home, says=says) as process:
        process.send_signal(sent)
        assert process.wait(60) in (0, 128 + sent)
        assert "Traceback" not in process.output.read_text()


@pytest.mark.parametrize(
    "words", [("run",), ("serve", "--port", "0"), ("webhook", "run"), ("intake", "kafka")], ids=" ".join
)
def test_what_would_go_on_says_at_once_that_its_settings_are_wrong(words, tmp_path):
    done = registry(*words, home=tmp_path / "nowhere", check=3)
    assert "registry.toml" in done.stderr


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_command_that_is_stopped_at_a_question_ends_as_interrupted(sent, shared, tmp_path):
    said = tmp_path / "said"
    words = ("--record", "r", "--student", "s", "--awarding-date", "2026-01-01")
    with said.open("w") as file, subprocess.Popen(
        command("credential", "issue", "2afda2b4-a247-4f0f-aedd-e040beb58eab", *words, home=shared.home),
        stdin=subprocess.PIPE, stdout=file, stderr=file,
    ) as process:  # fmt: skip
        try:
            until(lambda: "Family name" in said.read_text(), 60.0, says=said.read_text)
            process.send_signal(sent)
            assert process.wait(60) == 128 + sent
        finally:
            process.kill()
    assert "Traceback" not in said.read_text()
