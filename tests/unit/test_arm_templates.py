"""ARM templates as they are written: what is read, what is an error with its line, what no alteration lets pass."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.content.root import find
from engine.errors import AuditreelError
from engine.gate.pipeline import GateRequest, gate
from engine.model import Clock
from providers.arm import folded, is_template, public
from providers.arm.declared import Expanded
from providers.arm.loading import document
from providers.arm.parameters import given
from providers.arm.template import expanded
from providers.arm.unresolved import Unresolved
from providers.base import Unread
from providers.cloudformation import NotParameters
from providers.templates import NotATemplate
from providers.terraform import Folded, NotAPlan
from tests.arm import GIVEN, GROUP, PARAMETERS, SUBSCRIPTION, data, row, template
from tests.gated import gating
from tests.unit.test_terraform_mutations import anywhere

AT = "2026-11-26T00:00:00Z"
STORAGE = "Microsoft.Storage/storageAccounts"
HEAD = f'{{"$schema": "{GROUP}", "contentVersion": "1.0.0.0",\n'
ACCOUNT = '"resources": [{"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "st"}]}'


def read(file: str | bytes, **chosen: Any) -> Folded:
    return folded(file.encode() if isinstance(file, str) else file, AT, chosen)


def whole(rows: Any, chosen: Any = None, **sections: Any) -> Expanded:
    return expanded(document(data(rows, **sections)), chosen or {})


# --- what is no template ---------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "it is empty"),
    "a list": ("[]", "it holds no object"),
    "cut off": (HEAD + ACCOUNT[:-20], "it was cut off"),
    "cut off in a text": (
        HEAD + '"resources": [{"type": "Micro',
        "line 2, column 24: a text has no end: it was cut off",
    ),
    "text behind": (HEAD + ACCOUNT + "\nDone", "line 3, column 1: text follows the JSON"),
    "text before": (f"WARNING: x\n{HEAD}{ACCOUNT}", "line 1, column 1: a value is missing"),
    "a key twice": (HEAD + '"resources": [],\n"resources": []}', "line 3, column 12: the key 'resources' stands twice"),
    "a key twice, spelt otherwise": (HEAD + '"resources": [],\n"Resources": []}', "the key 'Resources' stands twice"),
    "a trailing comma": (HEAD + '"resources": [1,]}', "line 2, column 17: a value is missing"),
    "NaN": (HEAD + '"resources": [NaN]}', "a value is missing"),
    "depth": (HEAD + '"metadata": ' + "[" * 400 + "]" * 400 + "}", "nested too deeply"),
    "Latin-1": ((HEAD + '"metadata": "\xe9",' + ACCOUNT).encode("latin-1"), "it is not UTF-8"),
    "UTF-16 without a mark": ((HEAD + ACCOUNT).encode("utf-16-le"), "neither UTF-8 nor marked as UTF-16"),
    "too large": (HEAD + '"metadata": "' + "x" * 2**22 + '",' + ACCOUNT, "it is larger than"),
    "parameters": (json.dumps({"$schema": PARAMETERS, "parameters": {}}), "it is a file of parameters"),
    "another schema": ('{"$schema": "https://json-schema.org/x"}', "line 1: $schema: it is none of"),
    "no resources": (HEAD + '"outputs": {}}', "it has no resources"),
    "an unknown section": (HEAD + '"resource": [], ' + ACCOUNT, "line 2: resource: templates have no such section"),
    "resources of another form": (HEAD + '"resources": "x"}', "it is neither a list nor an object of resources"),
    "no name": (
        HEAD + f'"resources": [{{"type": "{STORAGE}", "apiVersion": "x"}}]}}',
        "resources.0.name: a resource has",
    ),
    "no type": (HEAD + '"resources": [{"name": "st"}]}', "resources.0.type: it is no resource type"),
    "no expression": (
        data([row(STORAGE, "[concat('a']", "2023-01-01")]),
        "resources.0.name: [concat('a']: 'the end' stands",
    ),
    "no such parameter": (data([row(STORAGE, "[parameters('x')]", "2023-01-01")]), "there is no parameter 'x'"),
    "no such variable": (data([row(STORAGE, "[variables('x')]", "2023-01-01")]), "there is no variable 'x'"),
    "variables in a circle": (
        data([row(STORAGE, "[variables('a')]", "x")], variables={"a": "[variables('b')]", "b": "[variables('a')]"}),
        "the variable 'a' refers to itself",
    ),
    "defaults in a circle": (
        data(
            [row(STORAGE, "[parameters('a')]", "x")],
            parameters={"a": {"type": "string", "defaultValue": "[parameters('a')]"}},
        ),
        "a parameter's default refers to itself",
    ),
    "a parameter without a type": (data([], parameters={"a": {}}), "parameters.a: its type is none of"),
    "a value that is not allowed": (
        data(
            [row(STORAGE, "[parameters('a')]", "x")],
            parameters={"a": {"type": "string", "defaultValue": "b", "allowedValues": ["c"]}},
        ),
        "the value 'b' is not among its allowedValues",
    ),
    "copyIndex outside of a loop": (
        data([row(STORAGE, "[concat('a', copyIndex())]", "x")]),
        "copyIndex stands outside",
    ),
    "an element that is not there": (data([row(STORAGE, "[createArray('a')[1]]", "x")]), "the list has no element 1"),
    "a property that is not there": (
        data([row(STORAGE, "[variables('o').b]", "x")], variables={"o": {"a": 1}}),
        "the object has no property 'b'",
    ),
    "no condition": (data([row(STORAGE, "st", "x", condition="maybe")]), "a condition is true or false"),
    "the same twice": (data([row(STORAGE, "st", "x"), row(STORAGE, "ST", "x")]), "is in it twice"),
    "a loop without end": (
        data([row(STORAGE, "st", "x", copy={"name": "c", "count": 10**9})]),
        "it is no number of copies",
    ),
    "calls without end": (
        data([row(STORAGE, "[variables('v')]", "x")], variables={"v": "[" + "concat(" * 300 + "'a'" + ")" * 300 + "]"}),
        "nested too deeply",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_template_is_an_error_that_says_where(name: str) -> None:
    text, why = REFUSED[name]
    with pytest.raises(NotAPlan) as error:
        read(text)
    assert why in str(error.value)


def test_a_small_template_never_stands_for_a_huge_one() -> None:
    doubled = {f"v{n}": f"[concat(variables('v{n - 1}'), variables('v{n - 1}'))]" for n in range(1, 60)}
    with pytest.raises(NotAPlan, match="make too much of it"):
        read(data([row(STORAGE, "[variables('v59')]", "x")], variables={"v0": "x" * 100, **doubled}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_say_what_they_are_are_read(encoding: str) -> None:
    assert is_template((HEAD + ACCOUNT).encode(encoding))
    assert [item.type for item in read((HEAD + ACCOUNT).encode(encoding)).after][1:] == [STORAGE]


def test_comments_lines_and_the_case_of_keys_do_not_matter() -> None:
    text = (
        HEAD
        + """
    // one line
    "Resources": [ /* several
    lines */ {"Type": "Microsoft.Storage/storageAccounts", "APIVersion": "2023-01-01", "name": "[concat('s',
        't')]",
      "Properties": {"MinimumTLSVersion": "TLS1_2"}}]}
    """
    )
    found = read(text)
    (account,) = [item for item in found.after if item.type == STORAGE]
    assert (account.name, account.properties["minimum_tls_version"]) == ("st", "TLS1_2")
    assert [place.line for place in found.places.values()] == [5]


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        (HEAD + ACCOUNT, True),
        (json.dumps({"$schema": SUBSCRIPTION}), True),
        (json.dumps({"$schema": PARAMETERS}), True),
        ('{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}', False),
        (json.dumps({"format_version": "1.2", "x": json.dumps({"$schema": GROUP})}), False),
    ],
)
def test_a_template_is_told_from_plans_and_other_templates(text: str, is_it: bool) -> None:
    assert is_template(text.encode()) is is_it


# --- expressions -----------------------------------------------------------------------------------------------------

VALUES: dict[str, Any] = {
    "plain": "plain",
    "[[not an expression]": "[not an expression]",
    "[concat('a', 1, true())]": "a1True",
    "[concat(createArray(1), createArray(2))]": [1, 2],
    "[format('{0}-{1:D3}-{{x}}', 'a', 7)]": "a-007-{x}",
    "[toLower(toUpper('aB'))]": "ab",
    "[substring('abcdef', 1, 3)]": "bcd",
    "[split('a,b;c', createArray(',', ';'))]": ["a", "b", "c"],
    "[join(createArray('a', 'b'), '-')]": "a-b",
    "[replace('a-b', '-', '')]": "ab",
    "[trim(' a ')]": "a",
    "[padLeft(7, 3, '0')]": "007",
    "[indexOf('abcABC', 'C')]": 2,
    "[lastIndexOf('abcABC', 'c')]": 5,
    "[startsWith('Abc', 'aB')]": True,
    "[endsWith('Abc', 'BC')]": True,
    "[contains('abc', 'b')]": True,
    "[contains(createArray('a'), 'A')]": False,
    "[contains(createObject('Key', 1), 'key')]": True,
    "[empty(createArray())]": True,
    "[length('abc')]": 3,
    "[first('abc')]": "a",
    "[last(createArray(1, 2))]": 2,
    "[take(createArray(1, 2, 3), 2)]": [1, 2],
    "[skip('abc', 1)]": "bc",
    "[range(2, 3)]": [2, 3, 4],
    "[union(createArray(1, 2), createArray(2, 3))]": [1, 2, 3],
    '[union(json(\'{"a": {"b": 1}}\'), json(\'{"a": {"c": 2}}\'))]': {"a": {"b": 1, "c": 2}},
    "[intersection(createArray(1, 2), createArray(2, 3))]": [2],
    "[flatten(createArray(createArray(1), createArray(2)))]": [1, 2],
    "[items(createObject('b', 2, 'a', 1))]": [{"key": "a", "value": 1}, {"key": "b", "value": 2}],
    "[if(equals(1, 1), 'y', variables('missing'))]": "y",
    "[if(not(equals('a', 'A')), 1, 2)]": 1,
    "[and(true(), not(false()))]": True,
    "[or(false(), greater(2, 1), less('b', 'a'))]": True,
    "[coalesce(null(), 'x')]": "x",
    "[int('4')]": 4,
    "[bool('1')]": True,
    "[string(createArray(1))]": "[1]",
    "[add(mul(2, 3), sub(7, div(9, 2)))]": 9,
    "[mod(-7, 3)]": -1,
    "[max(createArray(1, 3, 2))]": 3,
    "[min(4, 2)]": 2,
    "[base64ToString(base64('a'))]": "a",
    "[uriComponent('a b')]": "a%20b",
    "[cidrSubnet('10.0.0.0/16', 24, 2)]": "10.0.2.0/24",
    "[map(range(0, 2), lambda('i', add(lambdaVariables('i'), 1)))]": [1, 2],
    "[filter(range(0, 4), lambda('i', equals(mod(lambdaVariables('i'), 2), 0)))]": [0, 2],
    "[reduce(createArray(1, 2), 0, lambda('a', 'b', add(lambdaVariables('a'), lambdaVariables('b'))))]": 3,
    "[toObject(createArray('a'), lambda('x', lambdaVariables('x')))]": {"a": "a"},
    "[variables('o').list[1].name]": "two",
    "[tryGet(variables('o'), 'none', 'deeper')]": None,
    "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'x')]": (
        "/subscriptions/5d1b0000-0000-4000-8000-000000000001/providers/Microsoft.Authorization/roleDefinitions/x"
    ),
    "[resourceId('other', 'Microsoft.Network/virtualNetworks/subnets', 'v', 's')]": (
        "/subscriptions/5d1b0000-0000-4000-8000-000000000001/resourceGroups/other/providers/Microsoft.Network/"
        "virtualNetworks/v/subnets/s"
    ),
    "[resourceGroup().location]": "westeurope",
    "[own.prefixed('x')]": "my-x",
}
UNKNOWN: dict[str, str] = {
    "[uniqueString(resourceGroup().id)]": "known_after_apply",
    "[concat('st', guid('a'))]": "known_after_apply",
    "[utcNow()]": "known_after_apply",
    "[reference('x').y]": "known_after_apply",
    "[listKeys('x', '2023-01-01').keys[0].value]": "sensitive",
    "[parameters('secret')]": "sensitive",
    "[concat(parameters('secret'), parameters('none'))]": "sensitive",
    "[parameters('hidden').password]": "sensitive",
    "[parameters('none')]": "not_collected",
    "[if(parameters('none'), 1, 2)]": "not_collected",
    "[and(true(), bool(parameters('none')))]": "not_collected",
    "[contains(createArray(parameters('none')), 'a')]": "not_collected",
    "[length(parameters('none'))]": "not_collected",
    "[equals(parameters('none'), 'a')]": "not_collected",
    "[deployment().name]": "not_collected",
    "[resourceGroup().tags.x]": "known_after_apply",
    "[environment().suffixes.storage]": "known_after_apply",
    "[nobodyKnows('x')]": "known_after_apply",
    "[filter(createArray(parameters('none')), lambda('x', equals(lambdaVariables('x'), 1)))]": "not_collected",
}
SECTIONS: dict[str, Any] = {
    "variables": {"o": {"list": [{"name": "one"}, {"name": "two"}]}},
    "functions": [
        {
            "namespace": "own",
            "members": {
                "prefixed": {
                    "parameters": [{"name": "n", "type": "string"}],
                    "output": {"type": "string", "value": "[concat('my-', parameters('n'))]"},
                }
            },
        }
    ],
    "definitions": {"login": {"type": "object", "properties": {"password": {"type": "securestring"}}}},
    "parameters": {
        "none": {"type": "string"},
        "secret": {"type": "SecureString", "defaultValue": "hunter2"},
        "hidden": {"$ref": "#/definitions/login", "defaultValue": {"password": "hunter2"}},
    },
}


def value(text: str) -> Any:
    found = whole([row(STORAGE, "st", "x", {"x": text})], GIVEN, **SECTIONS)
    return found.resources[0].properties["x"]


@pytest.mark.parametrize("text", VALUES)
def test_an_expression_gives_what_its_documentation_says(text: str) -> None:
    assert value(text) == VALUES[text]


@pytest.mark.parametrize("text", UNKNOWN)
def test_an_expression_that_only_the_deployment_tells_is_not_known(text: str) -> None:
    found = value(text)
    assert isinstance(found, Unresolved)
    assert found.reason == UNKNOWN[text]
    assert "hunter2" not in found.text


def test_a_condition_of_which_one_side_decides_is_known() -> None:
    assert value("[or(true(), bool(parameters('none')))]") is True
    assert value("[if(bool(parameters('none')), 'same', 'same')]") == "same"


def test_a_function_that_is_not_known_leaves_the_template_incomplete() -> None:
    plan = read(data([row(STORAGE, "st", "x", {"x": "[nobodyKnows('x')]"})])).plan
    assert plan.incomplete == (
        "it uses the function nobodyKnows, which this version does not know (resources.0.properties.x)",
    )


# --- resources -------------------------------------------------------------------------------------------------------


def addresses(found: Expanded) -> list[str]:
    return [item.address for item in found.resources]


def test_loops_make_resources_properties_and_variables() -> None:
    found = whole(
        [
            row(
                STORAGE,
                "[concat('st', copyIndex(1))]",
                "x",
                {"copy": [{"name": "rules", "count": 2, "input": {"value": "[variables('v')[copyIndex('rules')]]"}}]},
                copy={"name": "accounts", "count": "[length(variables('v'))]"},
            )
        ],
        variables={"copy": [{"name": "v", "count": 2, "input": "[concat('10.0.0.', copyIndex('v'))]"}]},
    )
    assert addresses(found) == [f"{STORAGE}/st1", f"{STORAGE}/st2"]
    assert found.resources[0].properties == {"rules": [{"value": "10.0.0.0"}, {"value": "10.0.0.1"}]}


def test_a_loop_of_a_length_that_is_not_known_is_judged_once_and_leaves_the_template_incomplete() -> None:
    rows = [row(STORAGE, "[concat('st', copyIndex())]", "x", copy={"name": "c", "count": "[parameters('n')]"})]
    found = read(data(rows, parameters={"n": {"type": "int"}}))
    assert [item.type for item in found.after][1:] == [STORAGE]
    assert found.plan.incomplete == ("the length of 1 loops is not known, such as c (line 1); one turn is judged",)


def test_conditions_that_are_false_make_nothing_and_others_are_judged_as_if_they_held() -> None:
    rows = [
        row(STORAGE, "a", "x", condition="[equals(1, 2)]"),
        row(STORAGE, "b", "x", condition="[parameters('p')]"),
        row(STORAGE, "c", "x", condition=True),
    ]
    found = read(data(rows, parameters={"p": {"type": "bool"}}))
    assert [item.name for item in found.after if item.type == STORAGE] == ["b", "c"]
    assert [text for text in found.plan.statements if "condition" in text] == [
        f"1 resources are not made, since their condition is false, such as {STORAGE}/a",
        f"1 resources are made only if a condition holds that is not known here, such as {STORAGE}/b: they are judged "
        "as if they were, and what they add to others is not known",
    ]


def test_children_within_and_beside_their_parents_have_the_same_ids() -> None:
    inside = row(
        STORAGE, "st", "x", resources=[row("blobServices", "default", "x", resources=[row("containers", "c", "x")])]
    )
    beside = [
        row(STORAGE, "st", "x"),
        row(f"{STORAGE}/blobServices", "st/default", "x"),
        row(f"{STORAGE}/blobServices/containers", "[format('{0}/{1}', 'st/default', 'c')]", "x"),
    ]
    assert [item.key for item in whole([inside], GIVEN).resources] == [
        item.key for item in whole(beside, GIVEN).resources
    ]


def test_an_extension_has_one_id_in_each_of_its_forms() -> None:
    vault, setting = "Microsoft.KeyVault/vaults", "Microsoft.Insights/diagnosticSettings"
    forms = [
        [row(setting, "s", "x", scope="[resourceId('Microsoft.KeyVault/vaults', 'kv')]")],
        [row(setting, "s", "x", scope="[format('Microsoft.KeyVault/vaults/{0}', 'kv')]")],
        [row(f"{vault}/providers/diagnosticSettings", "kv/Microsoft.Insights/s", "x")],
        [row(vault, "kv", "x", resources=[row("providers/diagnosticSettings", "Microsoft.Insights/s", "x")])],
    ]
    base = "/subscriptions/5d1b0000-0000-4000-8000-000000000001/resourcegroups/rg-app/providers"
    wanted = f"{base}/microsoft.keyvault/vaults/kv/providers/microsoft.insights/diagnosticsettings/s"
    assert {whole(rows, GIVEN).resources[-1].key for rows in forms} == {wanted}


def nested(inner: dict[str, Any], *, scope: str | None, **more: Any) -> dict[str, Any]:
    options = {} if scope is None else {"expressionEvaluationOptions": {"scope": scope}}
    properties = {"mode": "Incremental", **options, "template": inner, **more.pop("properties", {})}
    return row("Microsoft.Resources/deployments", more.pop("name", "m"), "2022-09-01", properties, **more)


def test_a_nested_deployment_is_read_in_its_own_scope_or_in_its_parents() -> None:
    inner = template([row(STORAGE, "[variables('n')]", "x")], variables={"n": "inner"})
    found = whole(
        [
            nested(inner, scope="inner", name="a"),
            nested(inner, scope=None, name="b"),
            nested(inner, scope="Outer", name="c", resourceGroup="other"),
        ],
        GIVEN,
        variables={"n": "outer"},
    )
    subscription = "/subscriptions/5d1b0000-0000-4000-8000-000000000001/resourcegroups"
    account = "providers/microsoft.storage/storageaccounts"
    deployment = "Microsoft.Resources/deployments"
    assert {item.address: item.key for item in found.resources} == {
        f"{deployment}/a/{STORAGE}/inner": f"{subscription}/rg-app/{account}/inner",
        f"{deployment}/b/{STORAGE}/outer": f"{subscription}/rg-app/{account}/outer",
        f"{deployment}/c/{STORAGE}/outer": f"{subscription}/other/{account}/outer",
    }


MODULE = {
    "network": nested(
        template(
            {
                "nsg": row("Microsoft.Network/networkSecurityGroups", "[parameters('name')]", "2023-04-01"),
                "there": {**row("Microsoft.Network/virtualNetworks", "hub", "2023-04-01"), "existing": True},
            },
            parameters={"name": {"type": "string"}},
            outputs={
                "nsgId": {
                    "type": "string",
                    "value": "[resourceId('Microsoft.Network/networkSecurityGroups', parameters('name'))]",
                }
            },
        ),
        scope="inner",
        name="network",
        properties={"parameters": {"name": {"value": "[format('nsg-{0}', uniqueString(resourceGroup().id))]"}}},
    ),
    "vnet": row(
        "Microsoft.Network/virtualNetworks",
        "v",
        "2023-04-01",
        {
            "subnets": [
                {
                    "name": "a",
                    "properties": {"networkSecurityGroup": {"id": "[reference('network').outputs.nsgId.value]"}},
                }
            ]
        },
    ),
}
"""What ``bicep build`` prints of a module, and of what uses its output."""


def test_the_output_of_a_module_leads_to_its_resource() -> None:
    found = read(data(MODULE))
    nsg, vnet = (next(item for item in found.after if item.type.endswith(name)) for name in ("Groups", "Networks"))
    assert vnet.properties["subnets"][0]["network_security_group_id"] == nsg.id
    assert [item.type for item in found.after if item.name == "hub"] == []
    assert sorted(place.address for place in found.places.values()) == ["network/nsg", "vnet"]


def test_a_linked_deployment_is_not_read_and_is_counted() -> None:
    linked = row(
        "Microsoft.Resources/deployments", "m", "2022-09-01", {"templateLink": {"uri": "https://example.com/t.json"}}
    )
    assert read(data([row(STORAGE, "st", "x"), linked])).plan.incomplete == (
        "1 linked deployments are not read, such as Microsoft.Resources/deployments/m; judge their templates too",
    )


def test_a_part_whose_owner_is_elsewhere_is_an_orphan_and_one_that_may_be_anybodys_decides_nothing() -> None:
    service = f"{STORAGE}/blobServices"
    assert list(read(data([row(service, "other/default", "2023-01-01")])).orphans) == [f"{service}/other/default"]
    rows = [
        row(STORAGE, "st", "2023-01-01", kind="StorageV2"),
        row(service, "[concat(parameters('name'), '/default')]", "2023-01-01"),
    ]
    found = read(data(rows, parameters={"name": {"type": "string"}}))
    (account,) = [item for item in found.after if item.type == STORAGE]
    assert account.unread["/blob_service"].reason == "ambiguous"


def test_a_property_that_its_api_version_may_not_know_is_not_told() -> None:
    (account,) = [
        item
        for item in read(data([row(STORAGE, "st", "2019-06-01", {"minimumTlsVersion": "TLS1_2"})])).after
        if item.type == STORAGE
    ]
    assert account.unread["/minimum_tls_version"].reason == "not_collected"
    assert "minimum_tls_version" not in account.properties


def test_what_is_left_out_is_unread_unless_its_default_is_documented() -> None:
    (account,) = [item for item in read(data([row(STORAGE, "st", "2018-02-01", {})])).after if item.type == STORAGE]
    assert account.unread["/https_traffic_only"] == Unread(
        "known_after_apply", detail="not set in the template, so that the service decides"
    )
    (account,) = [item for item in read(data([row(STORAGE, "st", "2023-01-01", {})])).after if item.type == STORAGE]
    assert account.properties["https_traffic_only"] is True
    assert "minimum_tls_version" not in account.properties


# --- parameters ------------------------------------------------------------------------------------------------------

TYPED = {
    "tls": {"type": "string"},
    "count": {"type": "int", "defaultValue": 1},
    "open": {"type": "bool", "defaultValue": False},
    "secret": {"type": "securestring"},
}


def test_parameters_are_given_by_name_and_by_file_in_their_types(tmp_path: Path) -> None:
    file = tmp_path / "main.parameters.json"
    rows = {"tls": {"value": "TLS1_2"}, "secret": {"reference": {"keyVault": {"id": "x"}, "secretName": "s"}}}
    file.write_text(json.dumps({"$schema": PARAMETERS, "contentVersion": "1.0.0.0", "parameters": rows}))
    chosen = given([str(file), "count=3", "open=true"])
    assert chosen == {"tls": "TLS1_2", "count": "3", "open": "true"}
    properties = {name: f"[parameters('{name}')]" for name in TYPED}
    (item,) = whole([row(STORAGE, "st", "x", properties)], chosen, parameters=TYPED).resources
    found = item.properties
    assert (found["tls"], found["count"], found["open"], found["secret"].reason) == ("TLS1_2", 3, True, "sensitive")


def test_the_values_of_secret_parameters_are_nowhere() -> None:
    file = data([row(STORAGE, "st", "x", {"minimumTlsVersion": "[parameters('secret')]"})], parameters=TYPED)
    assert public(file, {"secret": "hunter2", "tls": "TLS1_2"}) == {"secret": None, "tls": "TLS1_2"}
    assert "hunter2" not in repr(read(file, secret="hunter2"))


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ({"none": "x"}, "the parameter 'none', which it does not have"),
        ({"count": "x"}, "is no int"),
        ({"open": "[]"}, "is no bool"),
    ],
)
def test_values_that_do_not_fit_are_errors(chosen: dict[str, str], why: str) -> None:
    rows = [row(STORAGE, "[concat(parameters('count'), parameters('open'))]", "x")]
    with pytest.raises(NotATemplate, match=why):
        whole(rows, chosen, parameters=TYPED)


@pytest.mark.parametrize("text", ["{}", "[]", '{"$schema": "x"}', '{"parameters": {'])
def test_a_file_that_is_none_of_parameters_is_an_error(text: str, tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(text)
    with pytest.raises(NotParameters, match="is no file of parameters"):
        given([str(file)])


# --- templates that were altered -------------------------------------------------------------------------------------

SEED, MUTATIONS = 20261126, 1000
CHECKS = ("azure.network.nsg_no_open_admin_ports", "azure.storage.minimum_tls_12")
CLOCK = Clock(lambda: AT, lambda: 0.0, lambda seconds: None)
DECIDING = frozenset(
    {
        *(
            "properties",
            "securityRules",
            "sourceAddressPrefix",
            "destinationPortRange",
            "direction",
            "access",
            "protocol",
        ),
        *("priority", "condition", "cidr", "Net", "variables", "defaultValue", "minimumTlsVersion", "type"),
    }
)
"""What really decides whether the rule opens the group: another value there may well pass."""


def failing() -> dict[str, Any]:
    """A template with one failure: a rule of its own that opens a group, by what a variable and a module say."""
    rule = {
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "priority": 100,
        "sourceAddressPrefix": "[variables('nets')[parameters('env')]]",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "22",
    }
    group = "Microsoft.Network/networkSecurityGroups"
    return template(
        [
            row(group, "web", "2023-04-01", {}),
            row(f"{group}/securityRules", "web/ssh", "2023-04-01", rule),
            nested(template([row(group, "closed", "2023-04-01", {"securityRules": []})]), scope="inner"),
        ],
        parameters={"env": {"type": "string", "defaultValue": "dev"}},
        variables={"nets": {"dev": "*"}},
        outputs={"id": {"type": "string", "value": "[resourceId('Microsoft.Network/networkSecurityGroups', 'web')]"}},
    )


def code_of(text: str, path: Path) -> int:
    path.write_text(text)
    try:
        return gate(GateRequest(path, find(), path.parent, checks=CHECKS), CLOCK).assessment.exit_code
    except AuditreelError as error:
        return error.exit_code


@pytest.fixture
def _content() -> Iterator[None]:
    with gating(*CHECKS):
        yield


@pytest.mark.usefixtures("_content")
def test_no_alteration_of_a_failing_template_passes(tmp_path: Path) -> None:
    file, chance = tmp_path / "main.json", random.Random(SEED)
    assert code_of(json.dumps(failing()), file) == 3
    passed = set()
    for _ in range(MUTATIONS):
        altered = copy.deepcopy(failing())
        _, *path = anywhere(altered, chance)
        code = code_of(json.dumps(altered), file)
        assert code in (0, 2, 3, 4)
        if code == 0 and not DECIDING.intersection(path):
            passed.add(".".join(map(str, path)))
    # Without the rule nothing opens the group.
    assert passed <= {"resources.1"}


@pytest.mark.usefixtures("_content")
def test_no_template_that_is_cut_off_passes(tmp_path: Path) -> None:
    file, text = tmp_path / "main.json", json.dumps(failing(), indent=1)
    assert {code_of(text[:end], file) for end in range(0, len(text) - 1, 7)} == {2}
