"""Every command of the command line, called in this process with words that are made up from its own parameters."""

import io
import os
import sys
import uuid
from datetime import datetime
from pathlib import Path
from typing import get_args, get_origin

from typer.core import TyperGroup
from typer.main import get_command

from registry.cli.app import app_for, global_options_first, run

TOP = get_command(app_for([]))

ENDLESS = {"serve", "run", "intake kafka", "witness run", "webhook run", "demo"}
"""Commands that go on until they are stopped; they are tried in processes of their own."""


def leaves(command=TOP, path=()):
    """Every command that does something, by the words that call it."""
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from leaves(inner, (*path, name))
        if not command.invoke_without_command or path == ():
            return
    yield " ".join(path), command


ALL = dict(leaves())


def kind_of(parameter):
    """A parameter's type; of one that may be given several times, its items'."""
    kind = parameter.type_descriptor.annotation
    return (get_args(kind) or (kind,))[0] if get_origin(kind) is list else kind


def is_file(parameter):
    return kind_of(parameter) is Path


def words_for(path, file, identifier=None, day="2026-01-02", *, files=True):
    """The words of a call with all that the command requires: files are `file`, and ids are unknown ones."""
    words = path.split()
    identifier = identifier or str(uuid.uuid4())
    for parameter in ALL[path].params:
        prompted = getattr(parameter, "prompt", None)
        if not parameter.required and not prompted:
            continue
        value = value_for(parameter, file, identifier, day)
        if parameter.param_type_name == "argument":
            words.append(value)
        else:
            words += [parameter.opts[0], value]
    if files:
        for parameter in ALL[path].params:
            if not parameter.required and is_file(parameter) and parameter.param_type_name == "option":
                words += [parameter.opts[0], str(file)]
    if path in ("node init", "consortium create"):
        words += ["--database", "postgresql://127.0.0.1:1/nothing"]
    return words


def value_for(parameter, file, identifier, day):
    kind = kind_of(parameter)
    if kind is Path:
        return str(file)
    if kind is datetime or "date" in parameter.name or parameter.name == "valid_until":
        return day
    if kind in (int, float):
        return str(parameter.min or 0)
    return identifier


def call(words, monkeypatch, capfd, folder, stdin=""):
    """Call a command here; gives its exit code, what it printed, and what it said to standard error."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
    capfd.readouterr()
    before = dict(os.environ)
    try:
        code = run(lambda: TOP(args=global_options_first(TOP, words), prog_name="registry"), words)
    finally:
        os.environ.clear()
        os.environ.update(before)
    said = capfd.readouterr()
    return code, said.out, said.err


def bad_files(folder):
    """Files that no command can take in, by what is wrong with them."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "empty": b"",
        "binary": bytes(range(256)) * 40,
        "text": b"this is not what belongs here\n",
        "json": b'{"unexpected": [1, {"a": null}]}',
        "list": b"[1, 2, 3]",
        "number": b"17",
        "deep": b"[" * 20_000,
        "latin": "Müller;Ö\n".encode("latin-1"),
    }
    for name, content in contents.items():
        (folder / f"{name}.json").write_bytes(content)
    (folder / "folder.json").mkdir(exist_ok=True)
    files = {name: folder / f"{name}.json" for name in (*contents, "folder")}
    return files | {"missing": folder / "missing.json", "nowhere": folder / "nowhere" / "missing.json"}
