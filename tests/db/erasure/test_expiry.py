"""Personal data goes once its days are over, and does not come back."""

from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from conversations.models import Participant, RawSnapshot
from integrations.erasure import expiry
from integrations.models import Watermark
from tests.db.erasure.someone import document, event, hear, residues, take
from tests.documents import at

pytestmark = pytest.mark.django_db


def test_personal_data_past_its_days_goes_and_does_not_come_back(
    now: datetime, settings: Settings
) -> None:
    take(now, document("c1"), document("c2", start=24 * 60))
    old = hear(now - timedelta(days=31), event("c1"))
    settings.PERSONAL_DATA_DAYS = 30
    later = at(5) + timedelta(days=30, seconds=1)

    assert expiry.strip_old(now=later) == 1
    assert expiry.strip_old(now=later) == 0
    take(later, document("c1", note="Kanarienvogel"), minutes=90)

    assert not Participant.objects.filter(conversation__genesys_id="c1", name="Kanarienvogel")
    assert not RawSnapshot.objects.filter(conversation__genesys_id="c1")
    assert Participant.objects.filter(conversation__genesys_id="c2", name="Kanarienvogel")
    old.refresh_from_db()
    assert old.body == b""


def test_other_days_are_looked_through_anew(now: datetime, settings: Settings) -> None:
    settings.PERSONAL_DATA_DAYS = 30
    later = at(5) + timedelta(days=31)
    expiry.strip_old(now=later)
    settings.PERSONAL_DATA_DAYS = 0
    take(later, document("c1"))
    assert expiry.strip_old(now=later) == 0
    assert Watermark.objects.get(road=expiry.ROAD).read_to is None

    settings.PERSONAL_DATA_DAYS = 60
    assert expiry.strip_old(now=later) == 0
    settings.PERSONAL_DATA_DAYS = 30
    assert expiry.strip_old(now=later) == 1
    assert residues() == 0
