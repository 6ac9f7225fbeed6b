"""What DCM_EXTENSIONS names is there at the start, or stops it with a reason."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from conversations.events import HANDLERS
from dcm import env, extensions

ROOT = Path(__file__).parents[3]
GOOD = """
from conversations.events import AgentConnected, on

@on(AgentConnected)
def work(event: AgentConnected) -> None:
    pass
"""


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr(env, "KNOWN", {})
    monkeypatch.syspath_prepend(tmp_path)
    before, modules = dict(HANDLERS), set(sys.modules)
    yield
    HANDLERS.clear()
    HANDLERS.update(before)
    for name in set(sys.modules) - modules:
        if name.startswith("some_dcm"):
            del sys.modules[name]


def package(folder: Path, handlers: str | None) -> None:
    (folder / "some_dcm").mkdir()
    (folder / "some_dcm" / "__init__.py").touch()
    if handlers is not None:
        (folder / "some_dcm" / "handlers.py").write_text(handlers)


def test_handlers_are_there_once_a_package_is_named(tmp_path: Path) -> None:
    package(tmp_path, GOOD)
    extensions.load(["some_dcm"])
    assert "some_dcm.handlers.work" in HANDLERS


@pytest.mark.parametrize(
    ("handlers", "why"),
    [
        (None, "its module handlers cannot be imported: it has none$"),
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'$"),
        ("1 / 0", "ZeroDivisionError: division by zero$"),
        ("def", "SyntaxError: "),
        (GOOD.replace("(event: AgentConnected)", "()"), "work must take one argument: the event$"),
    ],
)
def test_what_cannot_be_imported_stops_the_start_by_name(
    tmp_path: Path, handlers: str | None, why: str
) -> None:
    package(tmp_path, handlers)
    with pytest.raises(ImproperlyConfigured, match=f"^DCM_EXTENSIONS names some_dcm.*{why}"):
        extensions.load(["some_dcm"])


@pytest.mark.parametrize("name", ["no_such_dcm", "no_such.dcm", "..", "some dcm", "some_module"])
def test_what_is_no_package_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "some_module.py").touch()
    monkeypatch.setenv("DCM_EXTENSIONS", name)
    with pytest.raises(ImproperlyConfigured, match="no such Python package: install it"):
        env.packages("DCM_EXTENSIONS")


def test_one_that_is_named_twice_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, GOOD)
    monkeypatch.setenv("DCM_EXTENSIONS", "some_dcm, some_dcm")
    assert env.packages("DCM_EXTENSIONS") == ["some_dcm"]


def test_the_start_ends_in_one_line(tmp_path: Path) -> None:
    package(tmp_path, "import nowhere_at_all")
    own = {"DCM_EXTENSIONS": "some_dcm", "PYTHONPATH": str(tmp_path), "DCM_ENV_FILE": os.devnull}
    own |= {"DCM_VAR_DIR": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "dcm.settings"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = (
        "configuration: DCM_EXTENSIONS names some_dcm, and its module handlers cannot be imported: "
        "ModuleNotFoundError: No module named 'nowhere_at_all'\n"
    )
    assert (done.returncode, done.stderr) == (1, said)
