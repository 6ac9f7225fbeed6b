"""What is written down about configuration and dependencies, held to what is there."""

import re
from pathlib import Path

from dcm import env, settings

ROOT = Path(__file__).parents[3]


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def pins(path: str) -> list[str]:
    return re.findall(r"^([A-Za-z0-9][^=\s]*)==\S+$", text(path), re.MULTILINE)


def test_every_variable_stands_in_the_readme_and_in_the_example() -> None:
    assert settings.BASE_DIR == ROOT
    table = text("README.md").partition("## Configuration")[2].partition("## The tree")[0]
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)) == set(env.KNOWN)
    assert set(re.findall(r"^#([A-Z_]+)=", text(".env.example"), re.MULTILINE)) == set(env.KNOWN)


def test_every_dependency_is_pinned_and_has_its_reason() -> None:
    runs, tests = text("docs/adr/0002-dependencies.md").split("## What checks and tests")
    for path, table in (("requirements.txt", runs), ("requirements-dev.txt", tests)):
        lines = [line for line in text(path).splitlines() if line and line[0] not in "#-"]
        assert len(pins(path)) == len(lines), f"{path} has a line without an exact pin"
        assert re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE) == pins(path)


def test_every_document_that_is_linked_is_there() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.relative_to(ROOT)} links to {link}"
