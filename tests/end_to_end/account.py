"""An account on which every reader of every check has something to read, and scans of it.

It is the fictional company's, with what that one does not have. Nothing of a test is kept in it: faults, paging and
rewritten answers stand on the wire and are taken off again, so that all tests share one.
"""

from __future__ import annotations

import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import boto3

from engine.collection import collect, discovered
from engine.collection.conformance import conforming
from engine.collection.limiter import Limiter
from engine.collection.planner import plan
from engine.conclude import Conclusion, conclude
from engine.content.checks import compile_checks
from engine.content.load import load
from engine.content.root import find
from engine.evaluate import evaluate
from engine.model import Clock, Finding, Snapshot
from engine.selection import select
from providers import declared
from providers.aws.adapter import Aws
from providers.aws.caller import Caller
from providers.aws.clients import Clients
from providers.base import Governor, Scope, Tally
from tests.collectors.scan import reads
from tests.emulators.aws_wire import AwsWire
from tests.emulators.demo_company import HOME, build, environment
from tests.emulators.identify import Call
from tests.emulators.moto_process import ACCOUNT, MotoProcess
from tests.emulators.overrides import Overrides
from tests.emulators.wire import Answer, Exchange, Next

AS_OF: Final = "2026-11-24T00:00:00Z"
CANARY: Final = "Canary7PlantedSecretXk2f9Qw"
"""Stands wherever the account holds a secret; nothing that we write may hold it."""
PARTNER: Final = "999999999999"
_ACCOUNT_BLOCK: Final = (
    '<?xml version="1.0"?><PublicAccessBlockConfiguration>'
    "<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls>"
    "<BlockPublicPolicy>false</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets>"
    "</PublicAccessBlockConfiguration>"
)
_STATEFUL: Final = frozenset({"iam:GenerateCredentialReport"})


def clock(now: str = AS_OF) -> Clock:
    """A clock that stands still and does not wait."""
    return Clock(lambda: now, time.monotonic, lambda seconds: None)


class Remembered:
    """The layer next to moto: what was asked once is answered from memory, as long as nothing is written."""

    def __init__(self) -> None:
        self._answers: dict[Call, Answer] = {}

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Answer one exchange."""
        call = exchange.call
        if not call.operation.startswith(("Describe", "Get", "List")) or call.name in _STATEFUL:
            self._answers.clear()
            return await forward(exchange)
        if call not in self._answers:
            self._answers[call] = await forward(exchange)
        return self._answers[call]


class OlderStorage:
    """The layer that, where ``on``, lists buckets without their regions, as S3-compatible servers do."""

    def __init__(self) -> None:
        self.on = False

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Change one listing."""
        answer = await forward(exchange)
        if not self.on or exchange.call.name != "s3:ListBuckets":
            return answer
        return answer.with_body(re.sub(rb"<BucketRegion>[^<]*</BucketRegion>", b"", answer.body))


@dataclass(frozen=True, slots=True)
class Account:
    """The seeded account: the ``wire`` to it, and what tests put on that.

    ``said`` are answers given or rewritten by a test, ``older_storage`` lets s3:GetBucketLocation be asked.
    """

    wire: AwsWire
    said: Overrides
    older_storage: OlderStorage

    def restore(self) -> None:
        """Take everything off the wire that a test put there, and count from zero."""
        self.said.clear()
        self.older_storage.on = False
        self.wire.faults.clear()
        self.wire.enforcement.clear()
        self.wire.paging.size, self.wire.paging.pauses, self.wire.paging.served = None, False, {}
        self.wire.latency.jitter = 0.0
        self.wire.traffic.reset()


@contextmanager
def seeded() -> Iterator[Account]:
    """The account, on a loopback address."""
    said, older = Overrides(), OlderStorage()
    with MotoProcess() as moto, AwsWire(moto.address, outer=(said, older), inner=(Remembered(),)) as wire:
        with environment(wire.url):
            build(wire)
            _extend(wire)
        account = Account(wire, said, older)
        account.restore()
        yield account


# --- scans -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scan of the account gave."""

    snapshot: Snapshot
    findings: tuple[Finding, ...]
    conclusion: Conclusion


def verdicts(scan: Scan) -> dict[tuple[str, str, str, str], str]:
    """(check, kind of subject, its id, region) -> verdict."""
    return {(f.check.id, f.subject.kind, f.subject.id, f.scope.region): f.verdict for f in scan.findings}


class _Recalling(Caller):
    """A caller that sends only what is to be asked ``anew``, and knows the answers to everything else."""

    def __init__(self, answers: dict[Hashable, Any], anew: frozenset[str] | None, *given: Any) -> None:
        super().__init__(*given)
        self._answers, self._anew = answers, anew

    def _governed(self, service: str, method: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        send = super()._governed(service, method)
        name = f"{service}:{self._clients.get(service, self.region).meta.method_to_api_mapping[method.__name__]}"

        def request(**arguments: Any) -> dict[str, Any]:
            key = (name, self.region, repr(sorted(arguments.items())))
            if self._anew is None:
                self._answers[key] = send(**arguments)
                return self._answers[key]
            return self._answers[key] if key in self._answers and name not in self._anew else send(**arguments)

        return request


class _Recall(Aws):
    """The adapter, with the answers of its last whole scan."""

    def __init__(self, timeout: float) -> None:
        self._answers: dict[Hashable, Any] = {}
        self.anew: frozenset[str] | None = None
        super().__init__(Clients(timeout, "auditreel"))

    def caller(self, scope: Scope, governor: Governor, tally: Tally) -> Caller:
        return _Recalling(self._answers, self.anew, self._clients, scope, governor, tally)


class Scanner:
    """Scans with every check, again and again: data folders read once, clients kept. Needs the account's environment.

    ``timeout`` is how long one request may take, in seconds.
    """

    def __init__(self, timeout: float = 5.0) -> None:
        self._content = content = load(find())
        self._selection = select(content.checks, content.policy.controls, content.policy.criteria, patterns=("*",))
        self._checks = compile_checks(self._selection.checks, content.types, content.policy.organization.parameters)
        self._conform = conforming({name: schema.type for name, schema in content.types.items()})
        self._adapter = _Recall(timeout)
        self.plan = plan("aws", declared("aws"), reads(self._checks))

    def __call__(self, *anew: str) -> Scan:
        """One scan, from the discovery to the exit code. Asks everything, or only the operations ``anew``.

        Then the other answers are those of the last scan that asked everything.
        """
        self._adapter.anew = frozenset(anew) if anew else None
        limiter = Limiter(lambda seconds: None, threading.Event())
        found = discovered(self._adapter, limiter, frozenset(), frozenset())
        snapshot = collect(self.plan, self._adapter, found, limiter, lambda: AS_OF, self._conform)
        findings = evaluate(snapshot, self._checks)
        return Scan(snapshot, findings, conclude(findings, self._selection, snapshot, self._content.policy))


# --- what the company does not have ----------------------------------------------------------------------------------


def _client(service: str) -> Any:
    return boto3.client(service, region_name=HOME)


def _policy(action: str, resource: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _extend(wire: AwsWire) -> None:
    _identities()
    _storage(wire)
    _network(wire)
    _databases()
    _functions()
    _trail()


def _identities() -> None:
    iam = _client("iam")
    iam.put_user_policy(UserName="ci-deploy", PolicyName="inline", PolicyDocument=_policy("s3:GetObject", "*"))
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="ana.lopez")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="ana.lopez", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )


def _storage(wire: AwsWire) -> None:
    s3, efs = _client("s3"), _client("efs")
    s3.create_bucket(Bucket="northwind-partner", CreateBucketConfiguration={"LocationConstraint": HOME})
    key = f"arn:aws:kms:{HOME}:{PARTNER}:key/11111111-2222-3333-4444-555555555555"
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket="northwind-partner", ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_ownership_controls(
        Bucket="northwind-partner", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    s3.put_bucket_ownership_controls(
        Bucket="northwind-public-site", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    s3.put_bucket_acl(Bucket="northwind-public-site", ACL="public-read")
    # Not seeded: outside of our adapter, boto3 puts the account's id before the host of S3 Control.
    wire.overrides.answer("s3control:GetPublicAccessBlock", _ACCOUNT_BLOCK)
    wire.overrides.change("kms:DescribeKey", _partners_key)
    efs.create_file_system(CreationToken="shared", Encrypted=True, Tags=[{"Key": "Name", "Value": "shared"}])


def _partners_key(exchange: Exchange, answer: Answer) -> Answer:
    """The partner lets us see its key; moto knows no key of another account."""
    if PARTNER.encode() not in exchange.request.body:
        return answer
    body = {"KeyMetadata": {"KeyId": "11111111-2222-3333-4444-555555555555", "KeyManager": "CUSTOMER"}}
    return replace(answer.with_body(json.dumps(body).encode()), status=200)


def _network(wire: AwsWire) -> None:
    ec2 = _client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    entries = [{"Cidr": "203.0.113.0/24", "Description": "office"}]
    listed = ec2.create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=5, AddressFamily="IPv4", Entries=entries
    )["PrefixList"]["PrefixListId"]
    group = ec2.create_security_group(GroupName="offices", Description="offices", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListIds": [{"PrefixListId": listed}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    web = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["web"]}])["SecurityGroups"][0]
    everyone = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    ec2.authorize_security_group_ingress(GroupId=web["GroupId"], IpPermissions=[everyone])
    # moto assigns no IPv6 addresses.
    address = b"<ipv6AddressesSet><item><ipv6Address>2600:1f18::7</ipv6Address></item></ipv6AddressesSet>"
    none = re.compile(rb"<ipv6AddressesSet ?/>|<ipv6AddressesSet></ipv6AddressesSet>")
    wire.overrides.rewrite("ec2:DescribeInstances", lambda body: none.sub(address, body))
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.register_image(Name="golden", RootDeviceName="/dev/sda1")
    ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, UserData=f"export TOKEN={CANARY}")


def _databases() -> None:
    rds = _client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="analytics",
        Engine="aurora-postgresql",
        MasterUsername="master",
        MasterUserPassword=CANARY,
        StorageEncrypted=True,
        BackupRetentionPeriod=7,
    )
    rds.create_db_cluster_snapshot(DBClusterIdentifier="analytics", DBClusterSnapshotIdentifier="analytics-june")
    rds.create_db_snapshot(DBInstanceIdentifier="ledger", DBSnapshotIdentifier="ledger-june")
    rds.modify_db_instance(DBInstanceIdentifier="ledger", MasterUserPassword=CANARY)
    tables = _client("dynamodb")
    arn = tables.describe_table(TableName="sessions")["Table"]["TableArn"]
    tables.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "web"}])


def _functions() -> None:
    secrets, functions, queues = _client("secretsmanager"), _client("lambda"), _client("sqs")
    secret = secrets.create_secret(Name="canary", SecretString=CANARY)["ARN"]
    who = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}}
    secrets.put_resource_policy(SecretId=secret, ResourcePolicy=_policy("secretsmanager:GetSecretValue", "*", **who))
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "def handle(event, context): pass")
    functions.create_function(
        FunctionName="canary",
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/app",
        Handler="handler.handle",
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {"DB_PASSWORD": CANARY, "URL": f"postgres://master:{CANARY}@ledger/db"}},
        Publish=True,
    )
    functions.create_alias(FunctionName="canary", Name="live", FunctionVersion="1")
    functions.add_permission(
        FunctionName="canary", StatementId="events", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    url = queues.get_queue_url(QueueName="invoices")["QueueUrl"]
    arn = f"arn:aws:sqs:{HOME}:{ACCOUNT}:invoices"
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _policy("sqs:SendMessage", arn, **who)})


def _trail() -> None:
    trails = _client("cloudtrail")
    objects = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::northwind-customer-documents/"]}
    trails.put_event_selectors(
        TrailName="northwind",
        EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [objects]}],
    )
