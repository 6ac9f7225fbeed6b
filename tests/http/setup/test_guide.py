"""docs/genesys-setup.md says what the commands do."""

import re
from io import StringIO

import pytest
from django.core.management import get_commands, load_command_class

from integrations.genesys import permissions
from integrations.genesys.setup import names
from tests.http.setup.doctor import ROOT

GUIDE = (ROOT / "docs/genesys-setup.md").read_text()
COMMANDS = ("genesys_doctor", "genesys_setup", "listen_notifications")


def test_the_tables_hold_every_permission_and_no_other() -> None:
    rows = re.findall(r"^\| (`\w+:\w+:\w+`(?: or `\S+`)*) \| (.+) \|$", GUIDE, re.MULTILINE)
    told = [(tuple(re.findall(r"`(\S+)`", row)), without) for row, without in rows]

    assert sorted(told) == sorted((need.names, need.without) for need in permissions.NEEDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_the_options_that_the_guide_names(command: str) -> None:
    name = str(get_commands()[command])
    out = StringIO()
    load_command_class(name, command).create_parser("manage.py", command).print_help(out)
    named = re.findall(rf"`(?:manage\.py )?{command}([^`\n]*)`", GUIDE)
    named += re.findall(rf"^manage\.py {command}(.*)$", GUIDE, re.MULTILINE)

    options = {option for rest in named for option in re.findall(r"--[\w-]+", rest)}

    assert {each for each in options if each not in out.getvalue()} == set()


def test_every_option_of_the_set_up_is_in_the_guide() -> None:
    out = StringIO()
    parser = load_command_class("integrations", "genesys_setup").create_parser("m", "genesys_setup")
    parser.print_help(out)
    ours = out.getvalue().split("--version")[0]

    missing = set(re.findall(r"--[a-z-]+", ours)) - set(re.findall(r"--[a-z-]+", GUIDE))

    assert missing <= {"--help", "--dry-run"}


def test_every_thing_that_is_made_is_named() -> None:
    for name in (names.INTEGRATION, names.CREDENTIAL, names.ACTION, names.SOURCE):
        assert f"`{name}" in GUIDE
    for event in names.EVENTS:
        assert f"`{event}`" in GUIDE


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http|#)([^)#]+)", GUIDE):
        assert (ROOT / "docs" / target).exists(), target
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in GUIDE.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", GUIDE)) <= headings
