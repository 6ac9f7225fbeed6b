from typing import Any

import pytest

from integrations import seal


def test_what_is_sealed_opens_and_shows_nothing() -> None:
    sealed = seal.seal("whsec_canary")
    assert b"canary" not in sealed
    assert seal.unseal(sealed) == "whsec_canary"
    assert seal.seal("whsec_canary") != sealed


def test_keys_are_rotated_by_a_list(settings: Any) -> None:
    settings.SECRET_KEY = "django's"
    settings.SECRETS_KEYS = []
    of_django = seal.seal("a")
    settings.SECRETS_KEYS = ["old"]
    of_old = seal.seal("b")
    settings.SECRETS_KEYS = ["new", "old"]
    assert [seal.unseal(sealed) for sealed in (of_django, of_old)] == ["a", "b"]

    anew = seal.resealed(of_old)
    settings.SECRETS_KEYS = ["new"]
    assert seal.unseal(anew) == "b"
    with pytest.raises(seal.SealBrokenError, match="DCM_SECRETS_KEY"):
        seal.unseal(of_old)
    settings.SECRET_KEY = "another"
    with pytest.raises(seal.SealBrokenError):
        seal.unseal(of_django)
