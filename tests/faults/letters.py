"""Numbered events on their way to us, by every road that acknowledges, until it has."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import requests

from simulator.push import shapes
from simulator.push.plan import Destination
from simulator.world.feed import Occurrence

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

WEBHOOK, BUS, SQS = "genesys", "eventbridge", "sqs"
TOPICS: Final = ("customer.start", "acd.start", "user.start", "user.end", "acd.end", "customer.end")
# What befalls an event, and how many of a hundred it befalls.
FATES: Final = {
    "webhook": 34,
    "webhook without an id": 10,
    "webhook repeated": 10,
    "hint": 4,  # it has no time: nothing but the sender's id tells two of it apart
    "bus": 16,
    "webhook and bus": 12,
    "queue": 8,
    "bus and queue": 4,
    "poison": 2,
}
SENDERS: Final = 4
AGAIN_AFTER_S: Final = 0.1
MOST_TRIES: Final = 900
MOST_A_BATCH: Final = 10


class Letter(NamedTuple):
    """One body to be sent by a road, with the sender's id where a header is to carry it."""

    road: str
    body: str
    own_id: str = ""


@dataclass
class Post:
    """What is to be sent, and what must have become of it."""

    letters: list[Letter] = field(default_factory=list)
    events: set[str] = field(default_factory=set)  # participants: each is in one event alone
    conversations: set[str] = field(default_factory=set)
    poison: list[str] = field(default_factory=list)
    fates: Counter[str] = field(default_factory=Counter)


def written(draw: Random, *, many: int, known: Sequence[str], now_ms: int) -> Post:
    """Write so many events of conversations, some of which do not exist; in random order."""
    post = Post()
    strange = [str(UUID(int=draw.getrandbits(128), version=4)) for _ in range(len(known) // 10)]
    fates = draw.choices(list(FATES), list(FATES.values()), k=many)
    for number, fate in enumerate(fates):
        post.fates[fate] += 1
        conversation = draw.choice([*known, *strange])
        if fate == "poison":
            _poison(post, draw, number)
            continue
        occurrence = _occurrence(draw, number, conversation, now_ms)
        post.events.add(occurrence.body["participantId"])
        post.conversations.add(conversation)
        post.letters += _letters(fate, occurrence, number)
    draw.shuffle(post.letters)
    return post


def _occurrence(draw: Random, number: int, conversation: str, now_ms: int) -> Occurrence:
    """Return an event that nobody can mistake for another: its participant has its number."""
    body: dict[str, Any] = {
        "eventTime": now_ms + number,
        "conversationId": conversation,
        "participantId": str(UUID(int=(number << 64) + draw.getrandbits(60), version=4)),
        "mediaType": "VOICE",
    }
    if number % 10 == 0:  # a session that no reading will ever show
        body["sessionId"] = str(UUID(int=draw.getrandbits(128), version=4))
    topic = f"v2.detail.events.conversation.{conversation}.{draw.choice(TOPICS)}"
    return Occurrence(topic, body, now_ms + number)


def _letters(fate: str, told: Occurrence, number: int) -> list[Letter]:
    """Write an event down for each road that it takes."""
    webhook = Letter(WEBHOOK, json.dumps(shapes.trigger(told, _OURS)), f"n-{number}")
    envelope = json.dumps(shapes.envelope(told, told, str(UUID(int=1)), "eu-central-1"))
    bus, queue = Letter(BUS, envelope), Letter(SQS, envelope)
    hint = {k: v for k, v in json.loads(webhook.body).items() if k != "eventTime"}
    return {
        "webhook": [webhook],
        "webhook without an id": [webhook._replace(own_id="")],
        "webhook repeated": [webhook, webhook],
        "hint": [webhook._replace(body=json.dumps(hint))],
        "bus": [bus],
        "webhook and bus": [webhook, bus],
        "queue": [queue],
        "bus and queue": [bus, queue],
    }[fate]


_OURS: Final = Destination(name="ours", shape="trigger", url="http://127.0.0.1/")


def _poison(post: Post, draw: Random, number: int) -> None:
    """Write what is authentic and cannot be read; the sender's id tells which it was."""
    own_id, road = f"poison-{number}", draw.choice((WEBHOOK, BUS, SQS))
    body = json.dumps({"id": own_id, "detail": {"topicName": 7}})
    post.letters.append(Letter(road, body, own_id if road == WEBHOOK else ""))
    post.poison.append(own_id)


@dataclass
class Sender:
    """Sends letters at a pace, each until it is acknowledged; and counts what came of it."""

    url: str
    keys: dict[str, str]
    queue: "SQSClient"
    queue_url: str
    a_second: float
    acknowledged: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _begun: float = field(default_factory=time.monotonic)
    _sent: int = 0
    _closing: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def sending(self, letters: Sequence[Letter]) -> Iterator[list[Future[None]]]:
        """Send meanwhile."""
        posts = iter([letter for letter in letters if letter.road != SQS])
        messages = [letter for letter in letters if letter.road == SQS]
        self._begun = time.monotonic()
        with ThreadPoolExecutor(SENDERS + 1) as pool:
            work = [pool.submit(self._post_all, posts) for _ in range(SENDERS)]
            try:
                yield [*work, pool.submit(self._enqueue_all, messages, len(letters))]
            finally:
                self._closing.set()

    def _post_all(self, posts: Iterator[Letter]) -> None:
        with requests.Session() as session:
            while letter := self._next(posts):
                for _ in range(MOST_TRIES):
                    if self._post(session, letter) or self._closing.wait(AGAIN_AFTER_S):
                        break
                else:
                    raise AssertionError(f"never acknowledged: {dict(self.refused)}")

    def _next(self, posts: Iterator[Letter]) -> Letter | None:
        with self._lock:
            letter = next(posts, None)
            self._sent += 1
            due = self._begun + self._sent / self.a_second
        return None if self._closing.wait(max(0.0, due - time.monotonic())) else letter

    def _post(self, session: requests.Session, letter: Letter) -> bool:
        headers = {"Authorization": f"Bearer {self.keys[letter.road]}"}
        headers |= {"webhook-id": letter.own_id} if letter.own_id else {}
        try:
            answer = session.post(
                f"{self.url}/hooks/{letter.road}/", letter.body, headers=headers, timeout=5
            )
        except requests.RequestException as error:
            return self._counted(type(error).__name__)
        if answer.status_code == 202:
            return self._counted("")
        assert answer.status_code in {502, 503}, answer.text
        return self._counted(str(answer.status_code))

    def _counted(self, refusal: str) -> bool:
        with self._lock:
            if refusal:
                self.refused[refusal] += 1
            else:
                self.acknowledged += 1
        return not refusal

    def _enqueue_all(self, messages: Sequence[Letter], among: int) -> None:
        """Put messages into the queue, as fast as the others are sent."""
        for start in range(0, len(messages), MOST_A_BATCH):
            due = self._begun + start * among / len(messages) / self.a_second
            if self._closing.wait(max(0.0, due - time.monotonic())):
                return
            some = messages[start : start + MOST_A_BATCH]
            entries: Any = [{"Id": str(n), "MessageBody": one.body} for n, one in enumerate(some)]
            answer = self.queue.send_message_batch(QueueUrl=self.queue_url, Entries=entries)
            assert not answer.get("Failed")
            with self._lock:
                self.acknowledged += len(some)
