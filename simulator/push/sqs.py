"""Sending to an SQS queue. Imported only when a destination asks for it: boto3 is large."""

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from simulator.push.plan import Destination

_SENT = 200


class Queue:
    """One queue; credentials come from the environment, as AWS's own tools take them."""

    def __init__(self, of: Destination) -> None:
        self._url = of.url
        self._client = boto3.client(
            "sqs",
            region_name=of.region,
            endpoint_url=of.endpoint or None,
            config=Config(
                connect_timeout=of.timeout_s,
                read_timeout=of.timeout_s,
                retries={"total_max_attempts": 1},
            ),
        )

    def send(self, body: bytes, *, forged: bool) -> int:
        """Send a message; return the status of the answer, 0 where none came."""
        if forged:
            return 0  # a queue takes no token of ours: who may not send is AWS's business
        try:
            self._client.send_message(QueueUrl=self._url, MessageBody=body.decode())
        except ClientError as error:
            return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
        except BotoCoreError:
            return 0
        return _SENT

    def close(self) -> None:
        self._client.close()
