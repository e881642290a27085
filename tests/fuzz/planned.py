"""Terraform plans, CloudFormation and ARM templates: read, folded, judged by every check that they can be judged by."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from engine.collection.conformance import conforming
from engine.content.checks import CompiledCheck, compile_checks, load_checks
from engine.content.resources import ResourceSchema, load_types
from engine.content.root import find
from engine.judging.evaluate import evaluate
from engine.model import Collection, Resource, Snapshot
from providers import arm, cloudformation
from providers.base import Unread
from providers.cloudformation import NotParameters
from providers.terraform import NotAPlan, folded
from tests.fuzz.fuzzing import Target, Wrong

PLANS: Final = Path(__file__).resolve().parents[2].parent / "shared" / "plans"
AT: Final = "2026-11-26T00:00:00Z"
UNPLACED: Final = ("the plan: ", "the template: ")
"""How the readers say that something raised an exception that nobody thought of."""


def plan(data: bytes) -> str:
    """A plan is read, or refused in words that somebody wrote; what was read is judged."""
    return _judged(lambda: folded(data, AT))


def stack(data: bytes) -> str:
    """A CloudFormation template likewise, with parameters given or not."""
    try:
        cloudformation.is_template(data)
        given = cloudformation.given(("AWS::Region=eu-central-1",))
        cloudformation.public(data, given)
    except (NotParameters, NotAPlan):
        return "refused"
    return _judged(lambda: cloudformation.folded(data, AT, given, True))


def deployment(data: bytes) -> str:
    """An ARM template likewise."""
    from tests.arm import GIVEN

    try:
        arm.is_template(data)
        arm.public(data, GIVEN)
    except NotAPlan:
        return "refused"
    return _judged(lambda: arm.folded(data, AT, GIVEN, True))


def _judged(fold: Callable[[], Any]) -> str:
    try:
        found = fold()
    except NotAPlan as error:
        if str(error).startswith(UNPLACED):
            cause = error.__cause__
            where = cause.__traceback__ if cause is not None else None
            names = []
            while where is not None:
                code = where.tb_frame.f_code
                names.append(f"{code.co_filename.rpartition('/')[2]}:{code.co_name}")
                where = where.tb_next
            raise Wrong(f"nobody thought of {type(cause).__name__} in {names[-1] if names else '?'}") from error
        if not str(error):
            raise Wrong("it is refused without a word") from error
        return "refused"
    for side in (found.before, found.after):
        _evaluated(tuple(map(_conform(), side)))
    if not all(isinstance(key[0], str) and isinstance(key[2], str) for key in found.places):
        raise Wrong("what identifies a resource is no text")
    return "read"


def _evaluated(resources: tuple[Resource, ...]) -> None:
    for item in resources:
        _sound(item)
    types = {item.type for item in resources}
    context = sorted({(item.type, item.scope) for item in resources if item.type in _CONTEXT})
    snapshot = Snapshot(
        AT, "planned", {}, (), tuple(Collection(type_, scope, "complete", 1) for type_, scope in context), resources
    )
    checks = [check for check in _checks() if check.check.resource_type in types]
    for finding in evaluate(snapshot, checks):
        if finding.verdict == "unknown" and not finding.reason:
            raise Wrong("an unknown verdict has no reason")


def _sound(item: Resource) -> None:
    """A resource as everything after it expects it: text that identifies, and nothing unread among its values."""
    if not all(isinstance(text, str) for text in (item.id, item.name, item.account, item.region)):
        raise Wrong("what identifies a resource is no text")
    waiting: list[Any] = [item.properties, item.tags]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Unread):
            raise Wrong("an unread value stands among the values")
        if isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, (list, tuple)):
            waiting += value


_CONTEXT: Final = frozenset(
    ("AWS::Account", "AWS::Region", "Microsoft.Resources/subscriptions", "cloudresourcemanager.googleapis.com/Project")
)


@cache
def _types() -> dict[str, ResourceSchema]:
    return load_types(find().schemas)


@cache
def _conform() -> Callable[[Resource], Resource]:
    return conforming({name: schema.type for name, schema in _types().items()})


@cache
def _checks() -> tuple[CompiledCheck, ...]:
    return compile_checks(load_checks(find(), [], examples=False).values(), _types())


@cache
def _plans() -> tuple[bytes, ...]:
    """The plans that others published, where these are at hand, and pairs of ours that drive checks to a verdict."""
    from tests.planned import plan as built
    from tests.unit import test_azurerm_verdicts, test_terraform_mutations, test_terraform_verdicts
    from tests.unit import test_terraform_verdicts_google as google

    pairs = [*test_terraform_verdicts.PAIRS.values(), *test_azurerm_verdicts.PAIRS.values(), *google.PAIRS.values()]
    ours = [built(rows).data() for pair in pairs for rows in pair]
    ours += [
        made().data()
        for name in ("opened_by_a_module", "opened_in_place", "control_deleted", "suspended_after_a_move")
        for made in (getattr(test_terraform_mutations, name),)
    ] * 10
    others = [path.read_bytes() for path in sorted(PLANS.rglob("*.json"))]
    return (*ours, *[data for data in others if len(data) < 60_000] * 4)


@cache
def _stacks() -> tuple[bytes, ...]:
    """Templates that drive checks to a verdict, in JSON and, some of them, in YAML; the functions of templates."""
    import yaml

    from tests.templates import data, template
    from tests.unit import test_cloudformation_mutations, test_cloudformation_verdicts

    rows = [row for pair in test_cloudformation_verdicts.PAIRS.values() for row in pair]
    whole = test_cloudformation_mutations.template()
    texts = [yaml.safe_dump(template(row)).encode() for row in rows[::3]]
    return (
        *(data(row) for row in rows),
        *texts,
        *[json.dumps(whole).encode(), yaml.safe_dump(whole).encode(), _YAML] * 30,
    )


_YAML: Final = b"""\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::LanguageExtensions
Parameters:
  Env: {Type: String, Default: dev, AllowedValues: [dev, prod], NoEcho: true}
  Nets: {Type: CommaDelimitedList, Default: "10.0.0.0/8,0.0.0.0/0"}
Mappings: {M: {dev: {cidr: 0.0.0.0/0}, prod: {cidr: 10.0.0.0/8}}}
Conditions:
  Dev: !Equals [!Ref Env, dev]
  Both: !And [!Condition Dev, !Not [!Equals [!Select [0, !Ref Nets], x]]]
Resources:
  Fn::ForEach::Groups:
    - Name
    - [A, B]
    - Group${Name}:
        Type: AWS::EC2::SecurityGroup
        Properties: {GroupDescription: !Sub "${Name} of ${AWS::StackName}"}
  Web:
    Type: AWS::EC2::SecurityGroup
    Condition: Both
    DeletionPolicy: Retain
    Properties:
      GroupDescription: !Join ["-", [!Ref Env, !Select [1, !Split [",", "a,b"]]]]
      SecurityGroupIngress:
        - !If
          - Dev
          - {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !FindInMap [M, !Ref Env, cidr]}
          - !Ref AWS::NoValue
  Bucket: &bucket
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub ["${A}-${Env}", {A: !ImportValue x}]
      VersioningConfiguration: {Status: Enabled}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Statement: [{Effect: Allow, Principal: "*", Action: "s3:*", Resource: !GetAtt Bucket.Arn}]
Outputs: {B: {Value: !Base64 {"Fn::Cidr": [10.0.0.0/16, 2, 8]}}}
"""


@cache
def _deployments() -> tuple[bytes, ...]:
    """Templates that drive checks to a verdict, and one with what the language has."""
    from tests.arm import data, row
    from tests.unit import test_arm_verdicts as verdicts

    account = row(
        "Microsoft.Storage/storageAccounts",
        "[concat(parameters('p'), variables('v')[0], copyIndex('c'))]",
        "2023-01-01",
        {
            "minimumTlsVersion": "[if(equals(parameters('p'), 'a'), 'TLS1_0', variables('o').tls)]",
            "networkAcls": {
                "copy": [
                    {"name": "ipRules", "count": 2, "input": {"value": "[format('10.0.0.{0}', copyIndex('ipRules'))]"}}
                ]
            },
        },
        copy={"name": "c", "count": "[length(variables('v'))]"},
        condition="[not(empty(variables('v')))]",
        location="[resourceGroup().location]",
        tags="[union(createObject('a', 'b'), variables('o'))]",
        resources=[
            row(
                "blobServices",
                "default",
                "2023-01-01",
                {"isVersioningEnabled": True},
                dependsOn=["[variables('v')[0]]"],
            )
        ],
    )
    nested = row(
        "Microsoft.Resources/deployments",
        "inner",
        "2022-09-01",
        {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": {"q": {"value": "[uniqueString(resourceGroup().id)]"}},
            "template": json.loads(
                data(
                    [row("Microsoft.KeyVault/vaults", "[parameters('q')]", "2023-07-01", {})],
                    parameters={"q": {"type": "string"}},
                )
            ),
        },
    )
    language = data(
        [account, nested],
        parameters={
            "p": {"type": "string", "defaultValue": "st", "allowedValues": ["st", "a"]},
            "s": {"type": "securestring"},
        },
        variables={
            "v": ["x", "[toLower(substring('ABC', 0, 2))]"],
            "o": {"tls": "TLS1_2", "n": "[map(range(0, 3), lambda('i', add(lambdaVariables('i'), 1)))]"},
            "copy": [{"name": "many", "count": 3, "input": "[copyIndex('many')]"}],
        },
        functions=[
            {
                "namespace": "f",
                "members": {
                    "g": {
                        "parameters": [{"name": "x", "type": "string"}],
                        "output": {"type": "string", "value": "[parameters('x')]"},
                    }
                },
            }
        ],
        outputs={"o": {"type": "string", "value": "[f.g('x')]"}},
    )
    return (*(one for pair in verdicts.EVERY.values() for one in pair), *[language] * 60)


_PLAN_TOKENS: Final = (
    b'"after_unknown": true',
    b'"before": null',
    b'"index": "a"',
    b"module.a[0].",
    b'"mode": "data"',
    b'"moved"',
)
_STACK_TOKENS: Final = (
    *(b"!Ref X", b"!Sub ${X.Arn}", b"!If [X, a, b]", b'{"Fn::Join": ["", []]}', b"Fn::ForEach::X", b"!Select [9, []]"),
    *(b"Fn::Transform", b"AWS::NoValue", b"!GetAtt X.Y", b"${AWS::Region}", b"&a [*a]", b"!Cidr [a, 1, 1]"),
)
_ARM_TOKENS: Final = (
    *(b"[concat('a', 1)]", b"[copyIndex()]", b"[resourceId('a/b', 'c')]", b"[reference('x').y]", b"[parameters('p')]"),
    *(
        b"[if(true(), 1, div(1, 0))]",
        b"[range(0, 100000)]",
        b"[json('{}')]",
        b"[split('a', '')]",
        b"[padLeft('a', 99999999)]",
    ),
    *(
        b"[substring('a', 1, 5)]",
        b"[[x]",
        b"[variables('v')[99]]",
        b"[lambda('x', 1)]",
        b"[int('9')]",
        b"[createArray(1)[-1]]",
    ),
)

TARGETS: Final = (
    Target("plan", _plans, plan, tokens=_PLAN_TOKENS),
    Target("cloudformation", _stacks, stack, tokens=_STACK_TOKENS),
    Target("arm", _deployments, deployment, tokens=_ARM_TOKENS),
)
