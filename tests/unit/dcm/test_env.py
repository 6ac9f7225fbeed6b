import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from dcm import env

MINE = "DCM_TEST_ONLY"


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "KNOWN", {})


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MINE, "  ")
    assert env.number(MINE, default=7) == 7


@pytest.mark.parametrize(
    ("reader", "default", "raw", "hint"),
    [
        (env.number, 1, "a few", "write a whole number from 0 up"),
        (env.number, 1, "-1", "write a whole number from 0 up"),
        (env.flag, True, "yes", "write 1 or 0"),
        (env.port, 8000, "65536", "from 1 to 65535"),
        (env.port, 8000, "0", "from 1 to 65535"),
        (env.level, "INFO", "LOUD", "write DEBUG, INFO, WARNING or ERROR"),
        (env.database, "sqlite:////x", "nonsense", "write postgres://"),
        (env.database, "sqlite:////x", "postgres://", "write postgres://"),
        (env.database, "sqlite:////x", "mysql://host/name", "write postgres://"),
        (env.database, "sqlite:////x", "sqlite://:memory:", "write postgres://"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_with_what_to_write(
    monkeypatch: pytest.MonkeyPatch, reader: object, default: object, raw: str, hint: str
) -> None:
    monkeypatch.setenv(MINE, raw)
    with pytest.raises(ImproperlyConfigured, match=re.escape(hint)) as refused:
        reader(MINE, default=default)  # type: ignore[operator]
    assert str(refused.value).startswith(f"{MINE} is {raw!r}: ")


def test_a_refused_secret_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MINE, "mysql://dcm:hunter2@host/name")
    with pytest.raises(ImproperlyConfigured) as refused:
        env.database(MINE, default="sqlite:////x")
    assert "hunter2" not in str(refused.value)


@given(st.text(st.characters(blacklist_characters="@/:", codec="ascii"), min_size=1))
def test_no_password_of_a_url_is_shown(password: str) -> None:
    shown = env.Variable("URL", f"redis://user:{password}@host:6379/0", "").shown
    assert shown == "redis://user:***@host:6379/0"


def test_a_secret_is_shown_as_set_only() -> None:
    assert env.Variable("KEY", "hunter2", "", secret=True).shown == "(set)"
    assert env.Variable("KEY", "", "", secret=True).shown == ""


def test_a_misspelt_variable_is_told_with_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DCM_POLL_SECONDS", "5")
    env.number("DCM_POLL_SECONDS", default=60)

    found = env.strangers(["DCM_POLL_SECONDS", "DCM_POL_SECONDS", "DCM_ZZZ", "HOME"])

    assert found == {"DCM_POL_SECONDS": "DCM_POLL_SECONDS", "DCM_ZZZ": ""}


def test_a_folder_that_cannot_be_made_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv(MINE, "/dev/null/var")
    with pytest.raises(ImproperlyConfigured, match="name one that this user may write to"):
        env.folder(MINE, default=tmp_path)  # type: ignore[arg-type]
