"""Who uses the command."""

import pytest
import typer

from registry.cli.account import who


@pytest.mark.parametrize("spelling", ["k.berg", "K.Berg", " k.berg", "k.berg ", "K.BERG"])
def test_a_name_is_one_account_in_whichever_spelling(spelling):
    assert who(spelling) == "k.berg"


@pytest.mark.parametrize("name", ["", " ", "k.b\u0435rg", "k.berg\u200b", "k berg", "\uff4b.berg", "-k", "k" * 101])
def test_what_looks_like_another_account_is_no_account(name):
    with pytest.raises(typer.BadParameter):
        who(name)


def test_without_a_name_it_is_the_account_that_runs_the_command(monkeypatch):
    monkeypatch.setenv("LOGNAME", "L.Holm")
    assert who(None) == "l.holm"
