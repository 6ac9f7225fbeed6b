"""One queue of Amazon SQS: boto3 at arm's length, its errors sorted by what to do about them."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from integrations.errors import (
    CredentialsError,
    IntegrationError,
    NotFoundError,
    PermanentError,
    PermissionMissingError,
    RateLimitedError,
    RefusedError,
    TemporaryError,
)
from integrations.eventbridge import envelope

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

WAIT_S: Final = 20  # the longest that SQS knows
VISIBILITY_S: Final = 60
MOST_A_CALL: Final = 10
CONNECT_S: Final = 5
READ_S: Final = 15

_REGION: Final = re.compile(r"(?:^|\.)(?:sqs\.)?([a-z]{2}(?:-[a-z]+)+-\d)(?:\.|$)")
_MISSING: Final = {"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "InvalidAddress"}
_DENIED: Final = {"AccessDenied", "AccessDeniedException", "KMS.AccessDeniedException"}
_STRANGER: Final = {
    *("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"),
    *("InvalidSecurity", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature"),
    *("MissingAuthenticationToken", "AuthFailure", "InvalidAccessKeyId"),
}
_TOO_OFTEN: Final = {
    *("RequestThrottled", "Throttling", "ThrottlingException", "ThrottledException"),
    *("TooManyRequestsException", "KMS.ThrottlingException", "SlowDown", "OverLimit"),
}


_SORTS: Final = (
    (_TOO_OFTEN, RateLimitedError, "SQS asks to slow down"),
    (_MISSING, NotFoundError, "there is no such queue; check DCM_SQS_QUEUE_URL"),
    (_STRANGER, CredentialsError, "the AWS credentials are not accepted"),
)


class Message(NamedTuple):
    """One message as SQS delivered it. receipt names this delivery, not the message."""

    message_id: str
    receipt: str
    body: bytes

    @property
    def sender_id(self) -> str:
        """EventBridge's own id of the event, which a repeated delivery has too, or else SQS's."""
        return envelope.sender_id(self.body) or self.message_id


class Queue:
    """A queue that is read. Its calls raise what integrations.errors has, and nothing of boto3's.

    Safe for several threads. wait_s is the long poll, visibility_s how long what was received is
    kept from others.
    """

    def __init__(
        self,
        url: str,
        *,
        region: str,
        endpoint_url: str = "",
        wait_s: int = WAIT_S,
        visibility_s: int = VISIBILITY_S,
    ) -> None:
        self.url = url
        self.name = urlsplit(url).path.rstrip("/").rpartition("/")[2] or url
        self.region = region
        self.visibility_s = visibility_s
        self._wait_s = wait_s
        self._sqs: SQSClient = _client(region, endpoint_url or None, wait_s)

    def receive(self) -> list[Message]:
        """Wait for messages; return up to ten, or none when the wait is over."""
        with self._told("sqs:ReceiveMessage"):
            answer = self._sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=MOST_A_CALL,
                WaitTimeSeconds=self._wait_s,
                VisibilityTimeout=self.visibility_s,
            )
        return [
            Message(one["MessageId"], one["ReceiptHandle"], _bytes(one.get("Body", "")))
            for one in answer.get("Messages", [])
        ]

    def delete(self, messages: Sequence[Message]) -> list[Message]:
        """Delete messages; return those that SQS did not delete."""
        with self._told("sqs:DeleteMessage"):
            answer = self._sqs.delete_message_batch(
                QueueUrl=self.url,
                Entries=[
                    {"Id": str(n), "ReceiptHandle": message.receipt}
                    for n, message in enumerate(messages)
                ],
            )
        return [messages[int(failed["Id"])] for failed in answer.get("Failed", [])]

    def hide(self, messages: Sequence[Message], seconds: int) -> None:
        """Keep messages from others for so many seconds from now on; 0 gives them back."""
        with self._told("sqs:ChangeMessageVisibility"):
            self._sqs.change_message_visibility_batch(
                QueueUrl=self.url,
                Entries=[
                    {"Id": str(n), "ReceiptHandle": one.receipt, "VisibilityTimeout": seconds}
                    for n, one in enumerate(messages)
                ],
            )

    @contextmanager
    def _told(self, permission: str) -> Iterator[None]:
        """Raise boto3's errors as ours."""
        try:
            yield
        except ClientError as error:
            raise _refusal(error, self, permission) from error
        except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
            raise CredentialsError(
                f"no AWS credentials for queue {self.name}: set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or run under a role (instance profile, ECS, EKS)"
            ) from error
        except (EndpointConnectionError, HTTPClientError) as error:
            kind = type(error).__name__
            raise TemporaryError(f"SQS of {self.region} cannot be reached ({kind})") from error
        except BotoCoreError as error:
            raise PermanentError(f"queue {self.name}: boto3 refuses it ({error})") from error


def region_of(url: str) -> str:
    """Return the region in a queue's URL, or ""."""
    found = _REGION.search(urlsplit(url).hostname or "")
    return found[1] if found else ""


def _client(region: str, endpoint_url: str | None, wait_s: int) -> "SQSClient":
    config = Config(
        connect_timeout=CONNECT_S,
        read_timeout=wait_s + READ_S,
        retries={"total_max_attempts": 1, "mode": "standard"},  # the consumer tries again itself
        user_agent_extra="dcm",
    )
    session = boto3.session.Session(region_name=region)
    made: Any = session.client("sqs", endpoint_url=endpoint_url, config=config)
    return made  # type: ignore[no-any-return]


def _refusal(error: ClientError, queue: Queue, permission: str) -> IntegrationError:
    told = error.response.get("Error", {})
    code = told.get("Code", "").rpartition("#")[2]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    where = f"queue {queue.name} in {queue.region}"
    if code in _DENIED:
        return PermissionMissingError(
            f"{where}: access denied; allow {permission} on it in the role's policy",
            permissions=(permission,),
        )
    for codes, kind, words in _SORTS:
        if code in codes:
            return kind(f"{where}: {words} ({code})")
    told_so = f"{where}: SQS answers {status} ({code})"
    if status >= 500 or not status:  # noqa: PLR2004 - their fault, not ours
        return TemporaryError(told_so)
    return RefusedError(told_so, status=status, code=code)


def _bytes(body: str) -> bytes:
    """Return a body as bytes, whatever it is: an unpaired surrogate is for its reader to refuse."""
    return body.encode("utf-8", "surrogatepass")
