"""Contracts that hold only where the linter looks: every package must be in its view."""

import ast
import configparser
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}


def test_every_package_is_under_contract() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")

    assert set(config["importlinter"]["root_packages"].split()) == PACKAGES


def test_no_save_without_its_fields() -> None:
    """A bare save() writes back columns that another worker has changed since."""
    bare = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "save"
        # A form's save(commit=False) writes nothing.
        and not {"update_fields", "commit"} & {keyword.arg for keyword in node.keywords}
    ]
    assert bare == []


def test_the_web_process_never_imports_the_genesys_sdk() -> None:
    """Importing it costs seconds of CPU and 200 MB: only the genesys worker pays."""
    code = (
        "import sys, django; from django.urls import get_resolver; import dcm.wsgi;"
        "get_resolver().url_patterns; import integrations.tasks, integrations.genesys.tasks;"
        "print('PureCloudPlatformClientV2' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
