"""Two workers that compute one agent anew at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from handling import services
from handling.models import AgentHandling, DailyHandling
from tests.db.handling.mirrored import MORNING, at, session


@pytest.mark.django_db(transaction=True)
def test_recomputations_of_one_agent_come_one_after_the_other() -> None:
    session("E", "email", "i0 h100 i400-500")
    session("V", "voice", "i100-300")
    together = Barrier(4)

    def work(_: int) -> int:
        together.wait(timeout=10)
        try:
            later = MORNING + timedelta(days=1)
            return services.recompute(user_id="a1", start=at(0), end=at(900), now=later).writes
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        writes = sorted(pool.map(work, range(4)))
    assert writes[:3] == [0, 0, 0]
    assert AgentHandling.objects.count() == 2
    assert DailyHandling.objects.count() == 2
