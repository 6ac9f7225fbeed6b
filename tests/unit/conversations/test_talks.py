"""Who has the customer of a call, and who is only asked."""

import pytest

from conversations.domain.talks import Talk, is_again, is_consult, took_over_at
from tests.documents import at

_KINDS = {"consult": is_consult, "again": is_again}
ME = Talk("s2", "u2", "p2", "voice", at(10))


def other(
    start: float,
    end: float | None = None,
    *,
    user: str = "u1",
    media: str = "voice",
    on: bool = False,
) -> Talk:
    """Return another session; on: it ended by handing the conversation on."""
    ended_at = None if end is None else at(end)
    return Talk("s1", user, f"p-{user}", media, at(start), ended_at, transferred=on)


@pytest.mark.parametrize(
    ("before", "is_a", "taken_over"),
    [
        pytest.param(other(1), "consult", None, id="another has the call"),
        pytest.param(other(1, 20, on=True), "consult", 20, id="and hands it over"),
        pytest.param(other(1, 20), "consult", None, id="and hangs up"),
        pytest.param(other(1, 9, on=True), "", None, id="handed it over at the ring"),
        pytest.param(other(1, 10, on=True), "", None, id="at the very instant"),
        pytest.param(other(11), "", None, id="another comes later"),
        pytest.param(other(1, media="message"), "", None, id="a message of another's"),
        pytest.param(other(1, user="u2"), "again", None, id="my own call"),
        pytest.param(other(1, 10, user="u2"), "again", None, id="my own until now"),
        pytest.param(other(1, 9.9, user="u2"), "", None, id="my own, before"),
        pytest.param(other(1, user="u2", media="email"), "again", None, id="my own mail"),
    ],
)
def test_of_a_call_one_has_the_customer(before: Talk, is_a: str, taken_over: float | None) -> None:
    both = [ME, before]

    assert [name for name, is_so in _KINDS.items() if is_so(ME, both)] == [is_a] * bool(is_a)
    assert took_over_at(ME, both) == (at(taken_over) if taken_over else None)


def test_messages_have_no_consultation() -> None:
    mine = ME._replace(media_type="message")

    assert not is_consult(mine, [mine, other(1, media="message")])


def test_who_left_before_the_hand_over_takes_nothing_over() -> None:
    mine = ME._replace(ended_at=at(20))

    assert took_over_at(mine, [mine, other(1, 20, on=True)]) is None


def test_of_three_the_last_one_counts_who_had_it_before() -> None:
    third = other(2, 30, user="u3", on=True)._replace(session_id="s3")

    assert took_over_at(ME, [ME, other(1, 20, on=True), third]) == at(30)
    assert took_over_at(ME, [ME, other(1, 20, on=True), third._replace(ended_at=None)]) is None
