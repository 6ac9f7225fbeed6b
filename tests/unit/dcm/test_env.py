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


@pytest.mark.parametrize(
    "raw",
    [
        "http://api.mypurecloud.de",
        "http://10.0.0.7:8099",
        "http://127.0.0.1@api.mypurecloud.de",
        "http://localhost.example.org",
        "https://api.mypurecloud.de/api/v2",
        "api.mypurecloud.de",
    ],
)
def test_a_base_url_is_https_or_this_machine(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv(MINE, raw)
    with pytest.raises(ImproperlyConfigured, match="credentials would cross the network in clear"):
        env.base_url(MINE)


@pytest.mark.parametrize(
    "raw",
    [
        "https://api.usw2.pure.cloud",
        "http://127.0.0.1:8099",
        "http://localhost:8099",
        "http://[::1]",
    ],
)
def test_a_base_url_that_is_good_is_taken(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv(MINE, f"{raw}/")
    assert env.base_url(MINE) == raw


def test_a_refused_secret_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MINE, "mysql://dcm:hunter2@host/name")
    with pytest.raises(ImproperlyConfigured) as refused:
        env.database(MINE, default="sqlite:////x")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("raw", "host", "port", "tls"),
    [
        ("smtp://mail.example.org", "mail.example.org", 25, None),
        ("smtp+tls://a%40b.org:p%3Aw@h", "h", 587, "EMAIL_USE_TLS"),
        ("smtp+ssl://u:p@h:2465", "h", 2465, "EMAIL_USE_SSL"),
    ],
)
def test_a_mail_server_is_a_url(
    monkeypatch: pytest.MonkeyPatch, raw: str, host: str, port: int, tls: str | None
) -> None:
    monkeypatch.setenv(MINE, raw)
    found = env.mail(MINE)
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == (host, port)
    assert [key for key in found if key.startswith("EMAIL_USE")] == ([tls] if tls else [])
    if "%40" in raw:
        assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("a@b.org", "p:w")


@pytest.mark.parametrize("raw", ["smtp://", "smtps://h", "nonsense", "https://u:hunter2@h"])
def test_a_wrong_mail_server_is_refused_untold(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv(MINE, raw)
    with pytest.raises(ImproperlyConfigured, match="write smtp") as refused:
        env.mail(MINE)
    assert str(refused.value).startswith(f"{MINE} is '(set)': ")
    assert "hunter2" not in env.KNOWN[MINE].shown


def test_without_a_mail_server_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MINE, "")
    assert env.mail(MINE) == {}
    assert env.KNOWN[MINE].shown == ""


@pytest.mark.parametrize("raw", ["dcm", "@b", "a@", "a@b\r\nBcc: c@d", "\u00e9@b"])
def test_a_sender_is_an_address(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv(MINE, raw)
    with pytest.raises(ImproperlyConfigured, match="write an address"):
        env.mailbox(MINE)


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
