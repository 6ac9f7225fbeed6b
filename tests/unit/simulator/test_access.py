import pytest

from simulator.api.access import Access
from simulator.api.errors import ApiError


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_token_lives_as_long_as_told() -> None:
    seconds = Seconds()
    access = Access(lifetime=100, seconds=seconds)
    bearer = f"Bearer {access.issue().value}"
    seconds.now = 99.9
    assert access.admit(bearer).count == 0
    seconds.now = 100
    with pytest.raises(ApiError) as refused:
        access.admit(bearer)
    assert (refused.value.status, refused.value.code) == (401, "bad.credentials")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", "Basic eDp5"])
def test_what_is_no_token_of_ours_is_refused(authorization: str) -> None:
    with pytest.raises(ApiError, match="credentials"):
        Access().admit(authorization)


def test_revoked_tokens_are_worth_nothing() -> None:
    access = Access()
    bearer = f"Bearer {access.issue().value}"
    assert access.revoke_all() == 1
    with pytest.raises(ApiError):
        access.admit(bearer)


def test_one_request_too_many_in_a_minute_is_told_when_to_come_back() -> None:
    seconds = Seconds()
    access = Access(allowed=2, seconds=seconds)
    token = access.issue()
    access.count(token)
    seconds.now = 20.5
    access.count(token)
    with pytest.raises(ApiError) as refused:
        access.count(token)
    assert refused.value.status == 429
    assert refused.value.headers["Retry-After"] == "40"
    assert refused.value.headers["inin-ratelimit-allowed"] == "2"
    seconds.now = 60
    access.count(token)
    assert access.headers(token)["inin-ratelimit-count"] == "1"


def test_each_token_has_a_budget_of_its_own() -> None:
    access = Access(allowed=1)
    access.count(access.issue())
    access.count(access.issue())


def test_without_a_limit_nothing_is_too_many() -> None:
    access = Access(allowed=0)
    token = access.issue()
    for _ in range(1_000):
        access.count(token)
    assert access.headers(token)["inin-ratelimit-count"] == "1000"
