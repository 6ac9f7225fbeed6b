"""genesys_setup, as an administrator runs it who has never done it."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from django.core.management import CommandError
from django.test import Client

from integrations.genesys import hooks
from integrations.genesys.setup import names, wishes
from integrations.inbox import sources
from integrations.models import Source, SourceKey
from simulator.server import Served
from tests.http.setup.conftest import Receiver, deny, run
from tests.http.setup.set_up import THINGS, URL, only, set_up, writes

pytestmark = pytest.mark.django_db


def test_a_dry_run_tells_all_there_is_to_do_and_does_none_of_it(centre: Served) -> None:
    before = writes(centre)

    told = run("genesys_setup", "--url", URL)

    assert len(told.beginning("create")) + len(told.beginning("change")) == THINGS
    assert 'create  trigger "DCM user.end": enabled' in told.lines
    assert told.lines[-1] == f"{THINGS} to be made or changed: run it with --apply"
    assert writes(centre) == before


def test_applied_it_makes_everything_and_a_second_time_changes_nothing(centre: Served) -> None:
    first = set_up()
    before = writes(centre)
    second = set_up()

    assert len(first.beginning("done")) == THINGS
    assert len(second.beginning("exists")) == THINGS
    assert second.lines[-1] == "nothing was to be done"
    assert writes(centre) == before
    store = centre.centre.automation
    assert {t["topicName"] for t in store.triggers.values()} == {
        names.TOPIC + event for event in names.EVENTS
    }
    assert {f["name"] for f in store.flows.values()} == {
        names.of_event(event) for event in names.EVENTS
    }


def test_the_token_goes_to_genesys_and_is_never_told(centre: Served) -> None:
    told = set_up()

    (fields,) = centre.centre.automation.secrets.values()
    token = fields[names.TOKEN_FIELD]
    key = sources.KEYS.bearer(token, now=datetime.now(UTC))
    assert key is not None
    assert key.source == names.SOURCE
    assert token not in "\n".join(told.lines)
    assert sources.TOKEN_PREFIX not in "\n".join(told.lines)


@pytest.mark.parametrize(
    ("drift", "told"),
    [
        (lambda s: only(s.integrations).update(intendedState="DISABLED"), "state of the"),
        (lambda s: only(s.configs).update(credentials={}), "credential of the"),
        (
            lambda s: only(s.actions)["config"]["request"].update(
                requestUrlTemplate="https://elsewhere.example.org/"
            ),
            "request.requestUrlTemplate differs",
        ),
        (
            lambda s: only(s.actions)["config"]["request"].update(requestTemplate="{}"),
            "request.requestTemplate differs",
        ),
        (
            lambda s: only(s.actions)["contract"]["input"]["inputSchema"].update(required=[]),
            "the contract differs",
        ),
        (lambda s: _first(s.flows).update(description="by hand"), "it is not this version's"),
        (lambda s: _first(s.flows).pop("publishedVersion"), "it is not published"),
        (lambda s: _first(s.triggers).update(enabled=False), "enabled differs"),
        (lambda s: _first(s.triggers).update(matchCriteria=[]), "matchCriteria differs"),
        (
            lambda s: _first(s.triggers).update(topicName="v2.users.{id}.activity"),
            "topicName differs",
        ),
        (lambda s: s.triggers.pop(next(iter(s.triggers))), 'create  trigger "DCM'),
    ],
)
def test_what_was_changed_in_genesys_is_told_and_repaired(
    centre: Served, drift: Any, told: str
) -> None:
    set_up("--media", "email")
    drift(centre.centre.automation)

    repaired = set_up("--media", "email")
    again = set_up("--media", "email")

    (line,) = repaired.beginning("done")
    assert told in line
    assert again.lines[-1] == "nothing was to be done"


def _first(things: dict[str, Any]) -> Any:
    return next(iter(things.values()))


def test_a_key_that_was_revoked_here_is_replaced_there(centre: Served) -> None:
    set_up()
    sources.revoke(key_id=SourceKey.objects.get().pk, now=datetime.now(UTC))

    told = set_up()

    (line,) = told.beginning("done")
    assert line.startswith('done    change  credential "DCM events token"')
    (fields,) = centre.centre.automation.secrets.values()
    assert sources.KEYS.bearer(fields[names.TOKEN_FIELD], now=datetime.now(UTC))


def test_a_missing_permission_is_named_with_the_path_and_the_fix(centre: Served) -> None:
    deny(centre, "processautomation:trigger:add")

    with pytest.raises(CommandError) as refused:
        set_up()

    told = str(refused.value)
    assert "/api/v2/processautomation/triggers: 403" in told
    assert "fix: add processautomation:trigger:add to a role of the OAuth client" in told


def test_what_genesys_says_of_a_refusal_is_told(centre: Served) -> None:
    set_up()
    centre.centre.faults.put([{"path": "*/triggers", "kind": "error", "status": 400}])

    with pytest.raises(CommandError, match="fix: Genesys says: The simulator was told to fail"):
        set_up()


def test_triggers_are_filtered_by_queue_and_medium(centre: Served) -> None:
    queue = centre.centre.world.organization.queues[0]

    set_up("--queue", queue.name, "--media", "email", "--media", "message", "--ttl", "600")

    by_name = {each["name"]: each for each in centre.centre.automation.triggers.values()}
    media = {"jsonPath": "mediaType", "operator": "In", "values": ["EMAIL", "MESSAGE"]}
    queues = {"jsonPath": "queueId", "operator": "In", "values": [queue.id]}
    assert by_name["DCM user.end"]["matchCriteria"] == [media, queues]
    assert by_name["DCM customer.end"]["matchCriteria"] == [media]  # it names no queue
    assert by_name["DCM acw"]["eventTTLSeconds"] == 600


def test_a_queue_that_is_not_there_is_told_with_what_is_like_it(centre: Served) -> None:
    with pytest.raises(CommandError, match="no queue 'Servce E-Mail': is it service e-mail"):
        set_up("--queue", "Servce E-Mail")
    with pytest.raises(CommandError, match=r"no queue 'zzz' that this client sees: .*e-mail"):
        set_up("--queue", "zzz")


@pytest.mark.parametrize(
    ("url", "why"),
    [("", "DCM_PUBLIC_URL"), ("http://dcm.example.org", "not https"), ("https://a/b", "our own")],
)
def test_an_url_that_is_no_good_is_refused(centre: Served, url: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        run("genesys_setup", "--apply", "--url", url)
    assert centre.centre.automation.integrations == {}


def test_a_real_organisation_is_not_sent_to_this_machine(centre: Served, settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="this machine alone"):
        set_up()


def test_all_of_it_is_removed_when_asked_for(
    centre: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up()
    centre.centre.automation.triggers["x"] = {"id": "x", "name": "DCM of somebody else"} | {
        "enabled": False,
        "target": {"id": ""},
        "topicName": "v2.users.{id}.activity",
    }
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    assert run("genesys_setup", "--remove").lines[-1].endswith("nothing was removed")
    assert len(centre.centre.automation.flows) == len(names.EVENTS)

    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="nobody is there to say yes: use --yes"):
        run("genesys_setup", "--remove")
    run("genesys_setup", "--remove", "--yes")

    store = centre.centre.automation
    assert list(store.triggers) == ["x"]
    assert (store.flows, store.actions, store.integrations, store.credentials) == ({}, {}, {}, {})
    assert not Source.objects.get().active
    assert run("genesys_setup", "--remove").lines == ["nothing of ours is there"]


def test_workflows_are_exported_for_those_who_import_them_by_hand(
    centre: Served, tmp_path: Path
) -> None:
    told = run("genesys_setup", "--export", str(tmp_path / "flows"))

    assert len(told.lines) == len(names.EVENTS)
    text = (tmp_path / "flows" / "DCM-user.end.yaml").read_text()
    assert 'lit: "v2.detail.events.conversation.{id}.user.end"' in text
    assert wishes.description("user.end", "Home") in text


def test_what_happens_is_posted_as_set_up_and_our_reader_takes_it(
    moved_centre: Served, receiver: Receiver
) -> None:
    """The simulated triggers fire with the token and at the URL that were set up."""
    run("genesys_setup", "--apply", "--url", receiver.url, "--media", "email")
    requests.post(f"{moved_centre.url}/simulator/clock", json={"advance_s": 14400}, timeout=60)
    told = requests.post(f"{moved_centre.url}/simulator/triggered/flush", timeout=40).json()

    assert told["done"]
    assert receiver.got
    topics = set()
    for path, headers, body in receiver.got:
        token = headers["Authorization"].removeprefix("Bearer ")
        assert path == "/hooks/genesys/"
        assert sources.KEYS.bearer(token, now=datetime.now(UTC))
        (carried,) = hooks.read(body)
        answer = Client().post(
            path,
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 202
        topics.add(carried.topic)
        assert msgspec.json.decode(body)["mediaType"] == "EMAIL"
    assert topics == {names.TOPIC + event for event in names.EVENTS}
