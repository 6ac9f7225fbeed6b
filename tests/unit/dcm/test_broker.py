from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

from kombu import Connection, Exchange, Queue

from dcm import broker


def connect(folder: Path) -> Connection:
    options = {"data_folder_in": str(folder), "data_folder_out": str(folder)}
    return Connection(
        "filesystem://", transport_options={**options, "control_folder": str(folder / "control")}
    )


def channel_of(connection: Connection) -> broker.Channel:
    channel: object = connection.channel()
    assert isinstance(channel, broker.Channel)
    return channel


class Onlooker:
    """A part of a message that looks, while it is being written, at what a worker would find."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.found: list[Path] = []

    def __json__(self) -> str:
        self.found += self.folder.glob("*.msg")
        return "seen"


def test_celery_goes_over_the_files_that_appear_whole(tmp_path: Path) -> None:
    assert connect(tmp_path).get_transport_cls() is broker.Transport


def test_no_worker_finds_a_message_that_is_not_written_yet(tmp_path: Path) -> None:
    onlooker = Onlooker(tmp_path)
    with closing(connect(tmp_path)) as connection:
        channel = channel_of(connection)
        channel._put("derive", {"body": onlooker})
        assert (onlooker.found, channel._size("derive")) == ([], 1)
        assert channel._get("derive") == {"body": "seen"}
    assert list(tmp_path.glob("*")) == []


def test_processes_that_start_together_all_get_their_queues(tmp_path: Path) -> None:
    together = Barrier(8)

    def bind(number: int, connection: Connection) -> None:
        with connection.channel() as channel:
            for round_ in range(20):
                together.wait(timeout=10)
                exchange = Exchange(f"exchange{round_}", "direct")
                Queue(f"queue{number}", exchange, routing_key=f"key{number}")(channel).declare()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bind, range(8), [connect(tmp_path) for _ in range(8)]))
    with closing(connect(tmp_path)) as connection:
        channel = channel_of(connection)
        for round_ in range(20):
            bound = {row.queue for row in channel.get_table(f"exchange{round_}")}
            assert bound == {f"queue{number}" for number in range(8)}
