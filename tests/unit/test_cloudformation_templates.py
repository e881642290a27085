"""Templates as they are written: what is read, what is an error with its line, and what no file makes of the reader."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.base import Unread
from providers.cloudformation import NotATemplate, folded, is_template
from providers.cloudformation.functions import Functions
from providers.cloudformation.loading import document
from providers.cloudformation.parameters import NotParameters, given, values
from providers.terraform import Folded, NotAPlan

AT = "2026-11-26T00:00:00Z"
BUCKET = "Resources:\n  B:\n    Type: AWS::S3::Bucket\n"


def read(text: str | bytes, **chosen: str) -> Folded:
    return folded(text.encode() if isinstance(text, str) else text, AT, chosen)


# --- what is no template ---------------------------------------------------------------------------------------------

BOMB = "\n".join(
    ["Metadata:", "  a: &a [x, x, x, x, x, x, x, x, x, x]"]
    + [f"  {chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]" for n in range(8)]
)
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "it is empty"),
    "spaces": ("  \n \n", "it is empty"),
    "a list": ("- Resources:\n", "it holds no object"),
    "no resources": ("AWSTemplateFormatVersion: 2010-09-09\n", "it has no Resources"),
    "zero resources": ("Resources: {}\n", "line 1: Resources: it holds no resource"),
    "another version": (f"AWSTemplateFormatVersion: 2030-01-01\n{BUCKET}", "the only version there is is 2010-09-09"),
    "an unknown section": (f"{BUCKET}Resorces: {{}}\n", "line 4: Resorces: templates have no such section"),
    "an unknown key": (f"{BUCKET}    Propertys: {{}}\n", "line 4: Resources.B.Propertys: a resource has no such key"),
    "no type": ("Resources:\n  B:\n    Properties: {}\n", "line 2: Resources.B.Type: it is no resource type"),
    "a key twice": (f"{BUCKET}  B:\n    Type: AWS::SQS::Queue\n", "line 4: the key 'B' stands twice"),
    "a key twice in JSON": ('{"Resources": {"B": {"Type": "AWS::S3::Bucket"}, "B": {}}}', "the key 'B' stands twice"),
    "cut off in JSON": ('{"Resources": {"B": {"Type": "AWS::S3::Buck', "it is not JSON (line 1"),
    "cut off in YAML": ('Resources:\n  B:\n    Type: "AWS::S3::Buck', "it is not YAML"),
    "text before": (f"Uploading template...\n{BUCKET}", "it is not YAML"),
    "text behind": (json.dumps({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}) + "\ndone", "it is not JSON (line 2"),
    "two documents": (f"{BUCKET}---\n{BUCKET}", "line 4: a second document begins"),
    "a tag of Python": (f"Metadata: !!python/object/apply:os.system [id]\n{BUCKET}", "none of CloudFormation's short"),
    "an unknown tag": (f"Metadata: !Foo x\n{BUCKET}", "line 1: the tag '!Foo' is none"),
    "a merge key": (f"Metadata: &m {{a: b}}\nMappings:\n  <<: *m\n{BUCKET}", "line 3: '<<' is no key"),
    "aliases that multiply": (f"{BOMB}\n{BUCKET}", "with its aliases it holds more than"),
    "a long text many times over": (
        f"Metadata: [&t {'x' * 500_000}{', *t' * 10_000}]\n{BUCKET}",
        "with its aliases it holds more than",
    ),
    "a long text put together": (
        "Mappings: {M: {a: {b: " + "x" * 500_000 + "}}}\nResources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n"
        "      BucketName: !Join ['', [" + ", ".join(["!FindInMap [M, a, b]"] * 5_000) + "]]\n",
        "its functions make too much of it",
    ),
    "an alias in itself": (f"Metadata: &m [*m]\n{BUCKET}", "line 1: the alias *m stands for nothing"),
    "a key that is a list": (f"? [a]\n: b\n{BUCKET}", "line 1: a key that is no text"),
    "depth": (f"Metadata: {'[' * 500}{']' * 500}\n{BUCKET}", "nested too deeply"),
    "depth beyond libyaml": (f"Metadata: {'[' * 100000}\n{BUCKET}", "nested too deeply"),
    "depth in JSON": ('{"Resources": ' + '{"a": ' * 5000 + "1" + "}" * 5001, "nested too deeply"),
    "null": (f"{BUCKET}    Properties:\n      BucketName:\n", "line 5: Resources.B.Properties.BucketName: it is null"),
    "Latin-1": (f"Description: caf\xe9\n{BUCKET}".encode("latin-1"), "it is not UTF-8 from byte 16 on"),
    "UTF-16 without a mark": (BUCKET.encode("utf-16-le"), "neither UTF-8 nor marked as UTF-16"),
    "too large": (f"{BUCKET}# {'x' * 2**20}\n", "it is larger than"),
    "a reference to nothing": (
        f"{BUCKET}Outputs:\n  X:\n    Value: !Ref Gone\n",
        "Outputs.X.Value.Ref: 'Gone' is neither",
    ),
    "an attribute of nothing": (f"{BUCKET}Outputs:\n  X: {{Value: !GetAtt Gone.Arn}}\n", "'Gone' is no resource"),
    "DependsOn nothing": (f"{BUCKET}    DependsOn: Gone\n", "line 4: Resources.B.DependsOn: 'Gone' is no resource"),
    "no such condition": (f"{BUCKET}    Condition: IsProd\n", "line 4: Resources.B.Condition: there is no condition"),
    "conditions in a circle": (
        f"Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\n{BUCKET}",
        "the condition refers to itself",
    ),
    "no such mapping": (
        f"{BUCKET}    Properties:\n      BucketName: !FindInMap [A, b, c]\n",
        "line 5: Resources.B.Properties.BucketName.Fn::FindInMap: there is no A.b.c in its Mappings",
    ),
    "a function with company": (
        f"{BUCKET}    Properties:\n      BucketName: {{Ref: B, Other: x}}\n",
        "a function stands alone in its object",
    ),
    "a deletion policy of one's own": (f"{BUCKET}    DeletionPolicy: Keep\n", "it is none of Delete, Retain"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_template_is_an_error_that_says_where(name: str) -> None:
    text, why = REFUSED[name]
    with pytest.raises(NotAPlan) as error:
        read(text)
    assert why in str(error.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_say_what_they_are_are_read(encoding: str) -> None:
    assert [item.type for item in read(BUCKET.encode(encoding)).after if "S3" in item.type] == ["AWS::S3::Bucket"]


def test_yaml_and_json_of_one_template_are_the_same_resources() -> None:
    yaml = """
        Resources:
          Web:
            Type: AWS::EC2::SecurityGroup
            Properties:
              SecurityGroupIngress:
                - &ssh {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !Sub "10.0.0.0/${Size}"}
                - *ssh
        Parameters: {Size: {Type: Number, Default: 8}}
    """
    row = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": {"Fn::Sub": "10.0.0.0/${Size}"}}
    whole = {
        "Parameters": {"Size": {"Type": "Number", "Default": 8}},
        "Resources": {"Web": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"SecurityGroupIngress": [row, row]}}},
    }
    assert read(yaml).after == read(json.dumps(whole)).after


def test_what_yaml_reads_in_its_own_way_stays_as_it_is_written() -> None:
    text = "Metadata: [2012-10-17, 010, 1_000, 0x1F, 12:30, yes, on, 1.0, true, 7, ~]\n"
    found = document(text.encode()).value["Metadata"]
    assert found == ["2012-10-17", "010", "1_000", "0x1F", "12:30", "yes", "on", "1.0", True, 7, None]


@pytest.mark.parametrize(
    ("text", "template"),
    [
        (BUCKET, True),
        ('{"Resources": {}}', True),
        ('{"AWSTemplateFormatVersion": "2010-09-09"}', True),
        ('{\n  "Resources" : {', True),
        ('{"format_version": "1.2", "resource_changes": []}', False),
        ('{"format_version": "1.2", "planned_values": {"Resources": {}}}', False),
        ("", False),
        ("Refreshing state...\n", False),
        ("Outputs:\n\nx = 1\n", False),
        ('Description: writes "format_version": 1\nResources: {}\n', True),
        ("[]", False),
    ],
)
def test_what_a_file_is_its_content_says(text: str, template: bool) -> None:
    assert is_template(text.encode()) is template


# --- what is read of it ----------------------------------------------------------------------------------------------


def test_what_cannot_be_read_whole_is_said_to_be_incomplete() -> None:
    found = read(
        """
        Transform: AWS::Serverless-2016-10-31
        Resources:
          Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://example.com/t.yaml}}
          Made: {Type: AWS::S3::Bucket, Properties: {BucketNam: x, BucketName: !Ref ElsewhereMade}}
          Odd: {Type: AWS::S3::Bucket, Properties: {BucketName: {Fn::New: x}, Tags: {Fn::Transform: {Name: M}}}}
        """
    )
    said = " / ".join(found.plan.incomplete)
    for text in (
        "the macro AWS::Serverless-2016-10-31 may change anything",
        "1 nested stacks are not read, such as Nested",
        "1 properties have names that their types do not, such as Made.Properties.BucketNam (line 5)",
        "it uses Fn::New, which this version does not know (Resources.Odd.Properties.BucketName)",
        "a macro or loop makes what stands at Resources.Odd.Properties.Tags",
    ):
        assert text in said


def test_loops_of_the_language_extensions_are_not_read() -> None:
    loop = {"Fn::ForEach::Buckets": ["Name", ["a", "b"], {"B${Name}": {"Type": "AWS::S3::Bucket"}}]}
    whole = {"Transform": "AWS::LanguageExtensions", "Resources": {**loop, "B": {"Type": "AWS::S3::Bucket"}}}
    assert read(json.dumps(whole)).plan.incomplete == (
        "1 loops make resources that are not read, such as Fn::ForEach::Buckets",
    )


def test_unknown_types_are_counted() -> None:
    found = read(f"{BUCKET}  C: {{Type: Custom::Thing}}\n  D: {{Type: AWS::Nobody::Knows}}\n")
    assert found.unmapped == {"AWS::Nobody::Knows": 1, "Custom::Thing": 1}


def test_a_resource_whose_condition_is_false_is_not_there() -> None:
    text = f"Parameters: {{E: {{Type: String}}}}\nConditions: {{P: !Equals [!Ref E, p]}}\n{BUCKET}    Condition: P\n"
    types = [[item.type for item in read(text, E=value).after] for value in ("p", "d")]
    assert [("AWS::S3::Bucket" in names) for names in types] == [True, False]


# --- functions -------------------------------------------------------------------------------------------------------

SECTIONS = {
    "Parameters": {
        "Env": {"Type": "String", "Default": "prod"},
        "Open": {"Type": "String"},
        "Secret": {"Type": "String", "NoEcho": True, "Default": "hunter2"},
        "Nets": {"Type": "CommaDelimitedList", "Default": "10.0.0.0/8, 10.1.0.0/16"},
        "Image": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/aws/ami"},
    },
    "Mappings": {"Sizes": {"prod": {"days": 35}, "dev": {"days": 1}}},
    "Conditions": {
        "Prod": {"Fn::Equals": [{"Ref": "Env"}, "prod"]},
        "Unsure": {"Fn::Equals": [{"Ref": "Open"}, "x"]},
        "Either": {"Fn::Or": [{"Condition": "Unsure"}, {"Condition": "Prod"}]},
        "Both": {"Fn::And": [{"Condition": "Unsure"}, {"Fn::Not": [{"Condition": "Prod"}]}]},
    },
    "Resources": {
        "Logs": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "logs-${Env}"}}},
        "Any": {"Type": "AWS::S3::Bucket"},
    },
}
KNOWN: list[tuple[Any, Any]] = [
    ({"Ref": "Env"}, "prod"),
    ({"Ref": "Nets"}, ["10.0.0.0/8", "10.1.0.0/16"]),
    ({"Ref": "Logs"}, "logs-prod"),
    ({"Ref": "AWS::Partition"}, "aws-cn"),
    ({"Fn::GetAtt": ["Logs", "Arn"]}, "arn:aws-cn:s3:::logs-prod"),
    ({"Fn::Sub": "${Env}-${!Env}-${AWS::Region}"}, "prod-${Env}-cn-north-1"),
    ({"Fn::Sub": ["${a}/${Env}", {"a": {"Ref": "Logs"}}]}, "logs-prod/prod"),
    ({"Fn::Join": ["-", ["a", {"Ref": "Env"}, 7, True]]}, "a-prod-7-true"),
    ({"Fn::Join": [",", {"Ref": "Nets"}]}, "10.0.0.0/8,10.1.0.0/16"),
    ({"Fn::Select": ["1", {"Ref": "Nets"}]}, "10.1.0.0/16"),
    ({"Fn::Select": [0, {"Fn::Split": ["-", {"Ref": "Logs"}]}]}, "logs"),
    ({"Fn::FindInMap": ["Sizes", {"Ref": "Env"}, "days"]}, 35),
    ({"Fn::FindInMap": ["Sizes", "none", "days", {"DefaultValue": 7}]}, 7),
    ({"Fn::If": ["Prod", "a", {"Ref": "AWS::NoValue"}]}, "a"),
    ({"Fn::If": ["Either", "a", "b"]}, "a"),
    ({"Fn::If": ["Both", "a", "b"]}, "b"),
    ({"Fn::If": ["Unsure", "same", "same"]}, "same"),
    ({"Fn::Base64": "hi"}, "aGk="),
    ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
    ({"Fn::Length": [1, 2]}, 2),
    ({"Fn::ToJsonString": {"a": {"Ref": "Env"}}}, '{"a":"prod"}'),
    ([1, {"Fn::If": ["Prod", {"Ref": "AWS::NoValue"}, 2]}], [1]),
    ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
]
UNREAD: list[tuple[Any, str, list[str]]] = [
    ({"Ref": "Open"}, "not_collected", []),
    ({"Ref": "Image"}, "known_after_apply", []),
    ({"Ref": "Secret"}, "sensitive", []),
    ({"Fn::Sub": "x-${Secret}-${Open}"}, "sensitive", []),
    ({"Ref": "Any"}, "known_after_apply", ["Any"]),
    ({"Fn::GetAtt": "Any.Arn"}, "known_after_apply", ["Any.Arn"]),
    ({"Fn::Sub": "${Any}"}, "known_after_apply", ["Any"]),
    ({"Fn::Sub": "arn:${AWS::Partition}:s3:::${Any}"}, "known_after_apply", ["Any"]),
    ({"Fn::Join": ["", ["arn:aws:s3:::", {"Ref": "Any"}]]}, "known_after_apply", ["Any"]),
    ({"Fn::Sub": "arn:aws:kms:${AWS::AccountId}:key/${Any}"}, "known_after_apply", ["Any"]),
    ({"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}, "not_collected", []),
    ({"Ref": "AWS::StackId"}, "known_after_apply", []),
    ({"Fn::Sub": "${Any}-logs"}, "known_after_apply", []),
    ({"Fn::Sub": "logs-${Any}"}, "known_after_apply", []),
    ({"Fn::Sub": "arn:aws:s3:::${Any}/*"}, "known_after_apply", []),
    ({"Fn::If": ["Unsure", "a", "b"]}, "not_collected", []),
    ({"Fn::If": ["Unsure", "a", {"Ref": "Secret"}]}, "sensitive", []),
    ({"Fn::ImportValue": "x"}, "known_after_apply", []),
    ({"Fn::GetAZs": ""}, "known_after_apply", []),
    ("{{resolve:ssm:/a:1}}", "known_after_apply", []),
    ("a{{resolve:secretsmanager:x:SecretString}}b", "sensitive", []),
    ({"Fn::Join": ["", ["{{resolve:ssm-", "secure:/a}}"]]}, "sensitive", []),
]


def functions() -> Functions:
    found = document(json.dumps(SECTIONS).encode())
    naming = {("AWS::S3::Bucket", ""): "{BucketName}", ("AWS::S3::Bucket", "Arn"): "arn:{Partition}:s3:::{BucketName}"}
    return Functions(found, values(found, {"AWS::Region": "cn-north-1"}), naming)


@pytest.mark.parametrize(("node", "value"), KNOWN)
def test_a_function_is_resolved(node: Any, value: Any) -> None:
    assert functions().resolve(node, ())[0] == value


@pytest.mark.parametrize(("node", "reason", "references"), UNREAD)
def test_what_cannot_be_resolved_is_unread_and_keeps_what_it_refers_to(
    node: Any, reason: str, references: list[str]
) -> None:
    value, written = functions().resolve(node, ())
    assert isinstance(value, Unread)
    assert (value.reason, (written or {}).get("references", [])) == (reason, references)


# --- parameters ------------------------------------------------------------------------------------------------------


def test_parameters_are_given_by_name_or_in_the_files_that_tools_read(tmp_path: Any) -> None:
    files = {
        "cli.json": [{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "Z", "UsePreviousValue": True}],
        "pipeline.json": {"Parameters": {"B": "2"}, "Tags": {}},
        "plain.json": {"C": 3, "D": True},
    }
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    arguments = [*(str(tmp_path / name) for name in files), "E=x=y", "AWS::Region=eu-central-1"]
    assert given(arguments) == {
        **{"A": "1", "B": "2", "C": "3", "D": "true", "E": "x=y"},
        "AWS::Region": "eu-central-1",
    }


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["A=1", "A=2"], "A is given two values"),
        (["gone.json"], "neither KEY=VALUE nor a file"),
        (["{tmp}/odd.json"], "names with texts"),
        (["{tmp}/twice.json"], "a key stands twice"),
        (["{tmp}/cut.json"], "is no JSON of parameters"),
    ],
)
def test_what_is_no_parameter_is_an_error(arguments: list[str], why: str, tmp_path: Any) -> None:
    (tmp_path / "odd.json").write_text('{"A": ["x"]}')
    (tmp_path / "twice.json").write_text('{"A": "x", "A": "y"}')
    (tmp_path / "cut.json").write_text('{"A": ')
    with pytest.raises(NotParameters, match=why):
        given([argument.replace("{tmp}", str(tmp_path)) for argument in arguments])


@pytest.mark.parametrize(
    ("chosen", "why"),
    [({"Nope": "x"}, "the parameter 'Nope', which it does not have"), ({"E": "x"}, "not among its AllowedValues")],
)
def test_a_value_that_cloudformation_would_refuse_is_an_error(chosen: dict[str, str], why: str) -> None:
    text = f"Parameters: {{E: {{Type: String, AllowedValues: [p, d]}}}}\n{BUCKET}"
    with pytest.raises(NotATemplate, match=why):
        read(text, **chosen)
