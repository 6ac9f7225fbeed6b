"""Whatever befalls deliveries: each ends delivered as ordered last, or given up with a reason."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from integrations.domain.delivery import Order, Outcome, Pace, Parcel, Result
from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import claims, orders, outcomes, registry
from integrations.outbox.outcomes import Tried

pytestmark = pytest.mark.django_db

START = datetime.fromisoformat("2026-03-27T16:45:00+00:00")
PACE = Pace(at_once=3, per_s=1000.0)
LANES = {"k0": "one", "k1": "one", "k2": "one", "k3": "two", "k4": "two", "k5": "", "k6": ""}
URGENT = {"k2", "k4", "k6"}
A_TRY = st.sampled_from(
    [
        Outcome(Result.DELIVERED),
        Outcome(Result.FOUND, remote_id="r1"),
        Outcome(Result.FAILED, "HTTP 503", retry_after=7.0),
        Outcome(Result.FAILED, "not yet", counts=False),
        Outcome(Result.FAILED, "busy", breaks=True),
        Outcome(Result.LOST, "no answer"),
        Outcome(Result.REFUSED, "HTTP 422"),
        Outcome(Result.REFUSED, "HTTP 401", disables=True),
    ]
)


class Deliveries(RuleBasedStateMachine):
    """A destination, its deliveries, and whoever has claimed some of them, alive or not."""

    parcels: Bundle[Parcel] = Bundle("parcels")

    def __init__(self) -> None:
        super().__init__()
        for model in (Attempt, Delivery, Destination):
            model._default_manager.all().delete()
        self.now = START
        self.row = Destination.objects.create(
            name="d", kind="webhook", mode="live", created_at=START
        )
        self.versions: dict[str, int] = {}
        self.through: dict[str, set[int]] = defaultdict(set)
        self.leases: dict[int, datetime] = {}
        self.fences: dict[int, int] = {}
        self.said = 0

    # -- what befalls them -----------------------------------------------------------------------
    @rule(key=st.sampled_from(sorted(LANES)), again=st.sampled_from([0, 1]))
    def order(self, key: str, again: int) -> None:
        self.said += 1
        told = Order(
            key, "t", "c", {"said": self.said}, LANES[key], again=bool(again), urgent=key in URGENT
        )
        orders.write(destination_id=self.row.pk, orders=[told], now=self.now)
        if again or key not in self.versions:
            self.versions[key] = self.versions.get(key, 0) + 1

    @rule(target=parcels)
    def claim(self) -> Any:
        taken = claims.claim(destination_id=self.row.pk, pace=PACE, now=self.now)
        for parcel in taken:
            assert self.leases.get(parcel.pk, START) <= self.now, "two live leases"
            assert parcel.version == self.versions[parcel.key]
            lane = LANES[parcel.key]
            before = Delivery.objects.filter(lane=lane, state="waiting", pk__lt=parcel.pk)
            assert not lane or not before.exists(), "not the first of its lane"
            lease = claims.URGENT_LEASE if parcel.key in URGENT else claims.LEASE
            self.leases[parcel.pk] = self.now + lease
        return multiple(*taken)

    @rule(parcel=parcels, outcome=A_TRY)
    def note(self, parcel: Parcel, outcome: Outcome) -> None:
        self._note([Tried(parcel, outcome, self.now)])

    @rule(minutes=st.sampled_from([0.1, 0.5, 2, 60, 600]))
    def wait(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def enable(self) -> None:
        outcomes.enable(destination_id=self.row.pk, now=self.now)

    @rule(key=st.sampled_from(sorted(LANES)))
    def send_again(self, key: str) -> None:
        pks = list(Delivery.objects.filter(key=key).values_list("pk", flat=True))
        orders.send_again(pks=pks, now=self.now)

    def _note(self, tried: list[Tried]) -> int:
        through = outcomes.note(
            destination_id=self.row.pk, kind=registry.kind("webhook"), tried=tried, now=self.now
        )
        for one in tried:
            row = Delivery.objects.get(pk=one.parcel.pk)
            if row.fence == one.parcel.fence:
                self.leases.pop(row.pk, None)
            if one.outcome.got_through:
                self.through[row.key].add(one.parcel.version)
        return through

    # -- what holds meanwhile, and at last -------------------------------------------------------
    @invariant()
    def holds(self) -> None:
        live = Delivery.objects.filter(leased_until__gt=self.now)
        assert live.count() <= PACE.at_once
        for row in Delivery.objects.all():
            assert row.version == self.versions[row.key]
            assert row.attempts >= 0
            assert row.fence >= self.fences.get(row.pk, 0)
            self.fences[row.pk] = row.fence
            self._holds_in_its_state(row)

    def _holds_in_its_state(self, row: Delivery) -> None:
        if row.state == "delivered":
            assert row.sent_version == row.version
            assert row.version in self.through[row.key]
        if row.state == "dead":
            assert row.reason
        if row.state != "waiting":
            assert row.leased_until is None

    def teardown(self) -> None:
        for _ in range(4 * len(LANES)):
            self.now += timedelta(hours=9)
            self.enable()
            taken = claims.claim(destination_id=self.row.pk, pace=PACE, now=self.now)
            told = [Tried(one, Outcome(Result.DELIVERED), self.now) for one in taken]
            assert self._note(told) == len(taken)
        self.holds()
        assert not Delivery.objects.filter(state="waiting").exists()
        assert set(Delivery.objects.values_list("key", flat=True)) == set(self.versions)


def test_every_delivery_ends_delivered_as_ordered_last_or_given_up_with_a_reason() -> None:
    run_state_machine_as_test(
        Deliveries,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
