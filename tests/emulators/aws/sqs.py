"""Amazon SQS: a queue with a policy."""

from __future__ import annotations

from tests.emulators.aws_services import HOME, client, policy
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT


def build(wire: AwsWire) -> None:
    queues = client("sqs")
    url = queues.get_queue_url(QueueName="invoices")["QueueUrl"]
    arn = f"arn:aws:sqs:{HOME}:{ACCOUNT}:invoices"
    who = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}}
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy("sqs:SendMessage", arn, **who)})
