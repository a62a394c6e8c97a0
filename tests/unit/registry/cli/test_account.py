"""Who uses the command."""

import pytest
import typer

from registry.cli.account import who
from registry.values.actors import normalise_account


@pytest.mark.parametrize("spelling", ["k.berg", "K.Berg", " k.berg", "k.berg ", "K.BERG", "\uff4b.berg"])
def test_a_name_is_one_account_in_whichever_spelling(spelling):
    assert who(spelling) == "k.berg"


@pytest.mark.parametrize("name", ["", " ", "k.b\u0435rg", "k.berg\u200b", "k\u202eberg", "-k", "k/berg", "k" * 101])
def test_what_looks_like_another_account_is_no_account(name):
    with pytest.raises(typer.BadParameter):
        who(name)


def test_without_a_name_it_is_the_account_that_runs_the_command(monkeypatch):
    monkeypatch.setenv("LOGNAME", "L.Holm")
    assert who(None) == "l.holm"


@pytest.mark.parametrize("name", ["Wim  Jansen", "wim jansen", " WIM JANSEN "])
def test_a_name_with_capitals_and_spaces_is_that_of_the_account_on_the_pages(name):
    assert who(name) == normalise_account("Wim Jansen")


@pytest.mark.parametrize(
    "name", ["José Núñez", "D\u2019Arcy O'Neill-Smith", "Ελένη Παπαδάκη", "Иван Петров", "k_berg2"]
)
def test_names_of_people_in_any_one_script_are_accounts(name):
    assert who(name) == normalise_account(name)
