"""A parameter that lets more pass than its default is told; one whose effect is not plain is told too."""

from __future__ import annotations

from typing import Any

import pytest

from engine.content.load import load
from engine.content.root import find
from engine.content.strictness import directed, is_weaker
from engine.model import Parameter
from tests.unit.evidence.synthetic_runs import check

CASES: list[tuple[str, Any, Any, bool]] = [
    ("resource.age <= params.p", 30, 90, True),
    ("resource.age <= params.p", 30, 10, False),
    ("resource.days >= params.p", 7, 1, True),
    ("resource.days >= params.p", 7, 14, False),
    ("params.p < resource.days", 7, 14, False),
    ("!(resource.days < params.p)", 7, 1, True),
    ("!(resource.days < params.p)", 7, 8, False),
    ("now - resource.made_at <= days(params.p)", 30, 31, True),
    ("now - resource.made_at <= days(resource.hot ? params.p : 5)", 30, 31, True),
    ("now - resource.made_at <= days(resource.hot ? params.p : 5)", 30, 29, False),
    ("resource.algorithm in params.p", ["kms"], ["kms", "aes"], True),
    ("resource.algorithm in params.p", ["kms", "aes"], ["kms"], False),
    ("!(resource.name in params.p)", ["kms", "aes"], ["kms"], True),
    ("!(resource.name in params.p)", ["kms"], ["kms", "aes"], False),
    ("size(params.p) > 0 && params.p.all(kind, kind in resource.kinds)", ["a", "b"], ["a"], True),
    ("size(params.p) > 0 && params.p.all(kind, kind in resource.kinds)", ["a"], ["a", "b"], False),
    ("params.p.exists(kind, kind in resource.kinds)", ["a"], ["a", "b"], True),
    ("resource.encrypted || (params.p && resource.old)", False, True, True),
    ("resource.encrypted || (params.p && resource.old)", True, False, False),
    ("resource.rules.all(rule, rule.days <= params.p)", 7, 8, True),
    # What more of it does is not plain: every other value may let more pass.
    ("resource.age <= params.p && resource.days >= params.p", 7, 8, True),
    ("resource.mode == params.p", "a", "b", True),
    ("net.closed(resource.ingress, params.p)", [22], [22, 3389], True),
    ("resource.age <= 90 - params.p", 7, 6, True),
    ("params.p in resource.kinds", "a", "b", True),
]


@pytest.mark.parametrize(("expression", "default", "value", "weaker"), CASES)
def test_a_value_is_weaker_where_it_lets_more_pass_or_may(
    expression: str, default: Any, value: Any, weaker: bool
) -> None:
    made = check("made", expression=expression, parameters={"p": Parameter("p", "int", default, "")})

    assert is_weaker(made, "p", value) is weaker
    assert is_weaker(made, "p", default) is False


def test_a_parameter_that_decides_what_a_check_applies_to_is_never_plain() -> None:
    made = check(
        "made",
        when="resource.tag == params.p",
        expression="resource.on",
        parameters={"p": Parameter("p", "string", "a", "")},
    )

    assert is_weaker(made, "p", "b")


def test_the_direction_of_many_parameters_of_the_checkout_is_plain() -> None:
    checks = load(find()).checks
    found = {f"{id_}.{name}": directed(item, name) for id_, item in checks.items() for name in item.parameters}

    assert found["aws.iam.user_access_key_rotated.max_age_days"] == "more"
    assert found["aws.iam.password_policy_length.min_length"] == "less"
    assert found["aws.s3.bucket_default_encryption.approved_algorithms"] == "more"
    assert found["aws.eks.control_plane_logging.required"] == "less"
    assert sum(direction != "unclear" for direction in found.values()) > len(found) * 2 / 5
