"""The program itself: help, version, `explain`, and what is no command."""

import re

import pytest

import convlens as package
from convlens.explanations import EXPLANATIONS
from convlens.findings import Code
from tests.commands import commands

COMMANDS = commands()
OPTIONS = [
    (name, option)
    for name, command in COMMANDS.items()
    for parameter in command.params
    for option in parameter.opts
    if option.startswith("--")
]


def test_the_version_is_the_packages(convlens):
    done = convlens("--version")
    assert (done.code, done.out, done.err) == (0, f"convlens {package.__version__}\n", "")


def test_help_names_every_command(invoke):
    done = invoke("--help")
    assert done.code == 0
    listed = done.out.partition("Commands:")[2]
    assert sorted(re.findall(r"(?m)^  ([a-z-]+) ", listed)) == sorted({name.split()[0] for name in COMMANDS})
    assert invoke("-h").out == done.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(invoke, command):
    done = invoke(*command.split(), "--help")
    assert done.code == 0
    for name, option in OPTIONS:
        assert name != command or re.search(rf"{option}[, ]", done.out)
    assert max(map(len, done.out.splitlines())) <= 80
    assert invoke(*command.split(), "-h").out == done.out


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_every_option_has_a_sentence(command, option):
    [parameter] = [p for p in COMMANDS[command].params if option in p.opts]
    assert parameter.help
    assert re.match(r"[A-Z].*[.)]$", parameter.help)


@pytest.mark.parametrize("arguments", [(), ("compare",), ("parse",), ("zoo",)])
def test_without_arguments_help_is_shown(invoke, arguments):
    done = invoke(*arguments)
    assert done.code == 2
    assert "Usage: convlens" in done.out + done.err


@pytest.mark.parametrize(
    "arguments", [("nope",), ("--nope",), ("parse", "--nope"), ("explain", "CL001", "CL002")]
)
def test_what_is_no_command_or_option_is_told(invoke, arguments):
    done = invoke(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "Error: " in done.err


@pytest.mark.parametrize("code", Code)
def test_every_code_is_explained(invoke, code):
    done = invoke("explain", code.lower())
    assert (done.code, done.err) == (0, "")
    explanation = EXPLANATIONS[code]
    title, _, rest = done.out.partition("\n\n")
    assert title == f"{code}: {explanation.title}"
    text, _, example = rest.partition("\n\nExample: ")
    assert " ".join(text.split()) == " ".join(explanation.text.split())
    assert " ".join(example.split()) == " ".join(explanation.example.split())
    assert max(map(len, done.out.splitlines())) <= 80


def test_explain_lists_all_codes(convlens):
    done = convlens("explain")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [f"{code}  {EXPLANATIONS[code].title}" for code in Code]


def test_an_unknown_code_is_told_with_those_there_are(invoke):
    done = invoke("explain", "CL99")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(
        "convlens: No finding named 'CL99'. Did you mean 'CL019'? There is: CL001, CL002, "
    )
