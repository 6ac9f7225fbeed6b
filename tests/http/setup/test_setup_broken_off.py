"""genesys_setup where a run breaks off, is killed or is refused: the next one finishes it."""

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError
from django.utils import timezone

from integrations.genesys.client import connect
from integrations.genesys.setup import names, wishes
from integrations.genesys.setup.run import apply
from integrations.genesys.setup.steps import Step
from integrations.inbox import sources
from integrations.models import SourceKey
from simulator.server import Served
from tests.http.setup.conftest import deny
from tests.http.setup.set_up import THINGS, URL, only, set_up

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["*/credentials", "*/actions", "*/flows/jobs", "*/triggers"])
@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_a_run_that_breaks_off_is_finished_by_the_next(
    centre: Served, path: str, kind: str
) -> None:
    """drop_after: Genesys has done it, and we never heard so."""
    centre.centre.faults.put([{"path": path, "kind": kind, "method": "POST", "count": 1}])

    with pytest.raises(CommandError, match="run it again"):
        set_up()
    set_up()

    assert set_up().lines[-1] == "nothing was to be done"
    store = centre.centre.automation
    assert len(store.triggers) == len(store.flows) == len(names.EVENTS)
    assert len(store.integrations) == len(store.actions) == len(store.credentials) == 1
    (fields,) = store.secrets.values()
    assert sources.KEYS.bearer(fields[names.TOKEN_FIELD], now=datetime.now(UTC))


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8, 12, 15, THINGS])
def test_a_run_that_is_killed_after_any_step_is_finished_by_the_next(
    centre: Served, steps: int
) -> None:
    done: list[Step] = []

    def tell(step: Step) -> None:
        done.append(step)
        if len(done) == steps:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(client=connect(timezone.now), wishes=wishes.Wishes(url=URL), tell=tell)

    told = set_up()
    assert len(told.beginning("done")) == THINGS - steps
    assert len(told.beginning("exists")) == steps


def test_a_key_that_a_killed_run_left_behind_is_replaced(centre: Served) -> None:
    """It was made, and never reached Genesys: what Genesys has would end with the day."""
    set_up()
    used = SourceKey.objects.get()
    sources.new_key(source_id=used.source_id, now=datetime.now(UTC))

    told = set_up()

    (line,) = told.beginning("done")
    assert "credential" in line
    (fields,) = centre.centre.automation.secrets.values()
    newest = sources.KEYS.bearer(fields[names.TOKEN_FIELD], now=datetime.now(UTC))
    assert newest is not None
    assert newest.expires_at is None
    assert SourceKey.objects.get(pk=used.pk).expires_at is not None  # still good for a day
    assert SourceKey.objects.count() == 2
    assert set_up().lines[-1] == "nothing was to be done"


def test_a_key_that_genesys_refuses_leaves_the_one_before_as_it_was(centre: Served) -> None:
    set_up()
    kept = SourceKey.objects.get()
    only(centre.centre.automation.credentials)["name"] = names.CREDENTIAL  # who knows which
    deny(centre, "integrations:integration:edit")

    with pytest.raises(CommandError, match="integrations:integration:edit"):
        set_up()

    assert SourceKey.objects.get() == kept
    assert SourceKey.objects.get().expires_at is None
