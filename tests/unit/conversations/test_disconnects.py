import pytest

from conversations.domain.disconnects import canonical


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("client", "client"),
        ("CLIENT", "client"),
        ("TRANSPORT_FAILURE", "transportFailure"),
        ("transport.failure", "transportFailure"),
        ("session.expired", "sessionExpired"),
        ("CONFERENCE_TRANSFER", "conferenceTransfer"),
        ("transfer.conference", "conferenceTransfer"),
        ("transfer.consult", "consultTransfer"),
        ("transfer.forward", "forwardTransfer"),
        ("transfer.noanswer", "noAnswerTransfer"),
        ("transfer.notavailable", "notAvailableTransfer"),
        ("transfer.dnd", "dndTransfer"),
        ("transfer.donotdisturb", "dndTransfer"),
        ("transferDnd", "dndTransfer"),
        ("endpoint.dnd", "dndEndpoint"),
        ("endpoint.donotdisturb", "dndEndpoint"),
        ("endpointDnd", "dndEndpoint"),
        ("noAnswerTransfer", "noAnswerTransfer"),
        ("SomethingNew", "SomethingNew"),
    ],
)
def test_every_spelling_of_a_disconnect_type_becomes_that_of_analytics(
    spelling: str, expected: str
) -> None:
    assert canonical(spelling) == expected
