"""Sources and items for tests of the inbox."""

from datetime import datetime

import pytest

from integrations.models import Source


@pytest.fixture
def source(now: datetime) -> Source:
    return Source.objects.create(name="Flow of Genesys", kind=Source.Kind.GENESYS, created_at=now)
