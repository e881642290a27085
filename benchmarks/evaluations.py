"""Evaluations a second on one core: 12 typical checks over generated S3 buckets, IAM users and security groups.

Each resource gets 12 evaluations (the four checks of its type, three times), as raw dictionaries. Prints evaluations a
second and microseconds each, for the generated code and for the reference interpreter, and a calibration (the same
loop over checks written as plain Python functions), so that figures of two machines can be compared.

    python benchmarks/evaluations.py [--resources 3000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.expressions import Failed, Program, compile
from engine.expressions.types import TIMESTAMP, ObjectType, Type, from_schema, parse_type

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
FLAG = {"type": "boolean"}
NUMBER = {"type": "integer"}
MOMENT = {"type": "string", "format": "date-time"}
MAYBE_TEXT = {"type": ["string", "null"]}

SCHEMAS: dict[str, dict[str, Any]] = {
    "AWS::S3::Bucket": {
        "encryption_algorithm": MAYBE_TEXT,
        "versioning": MAYBE_TEXT,
        "public_access_block": {
            "type": ["object", "null"],
            "properties": {"block_public_acls": FLAG, "block_public_policy": FLAG},
        },
        "statements": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"effect": TEXT, "principals": TEXTS, "actions": TEXTS, "secure_transport": MAYBE_TEXT},
            },
        },
        "log_target": MAYBE_TEXT,
        "tags": {"type": "object", "additionalProperties": TEXT},
    },
    "AWS::IAM::User": {
        "mfa_active": FLAG,
        "password_last_used": {"type": ["string", "null"], "format": "date-time"},
        "access_keys": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"status": TEXT, "created_at": MOMENT, "last_used_at": MOMENT},
            },
        },
        "policies": TEXTS,
        "user_name": TEXT,
    },
    "AWS::EC2::SecurityGroup": {
        "group_name": TEXT,
        "ingress": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"protocol": TEXT, "from_port": NUMBER, "to_port": NUMBER, "cidrs": TEXTS},
            },
        },
        "egress_count": NUMBER,
        "description": TEXT,
    },
}

CHECKS: dict[str, tuple[str, ...]] = {
    "AWS::S3::Bucket": (
        "resource.encryption_algorithm in params.approved",
        "resource.versioning == 'Enabled' || has(resource.tags.scratch)",
        "resource.public_access_block != null && resource.public_access_block.block_public_acls"
        " && resource.public_access_block.block_public_policy",
        "resource.statements.exists(s, s.effect == 'Deny' && '*' in s.principals && s.secure_transport == 'false')",
    ),
    "AWS::IAM::User": (
        "resource.mfa_active || resource.password_last_used == null",
        "resource.access_keys.all(k, k.status != 'Active' || now - k.created_at < days(90))",
        "!resource.policies.exists(p, p.endsWith('/AdministratorAccess'))",
        "resource.user_name.matches('^[a-z][a-z0-9.-]{2,30}$') && size(resource.access_keys) <= 2",
    ),
    "AWS::EC2::SecurityGroup": (
        "!resource.ingress.exists(i, i.from_port <= 22 && i.to_port >= 22 && '0.0.0.0/0' in i.cidrs)",
        "!resource.ingress.exists(i, i.protocol == '-1' && i.cidrs.exists(c, c == '0.0.0.0/0' || c == '::/0'))",
        "resource.group_name != 'default' || (size(resource.ingress) == 0 && resource.egress_count == 0)",
        "resource.ingress.all(i, i.to_port - i.from_port < params.widest)",
    ),
}

PARAMETERS = {"approved": ["aws:kms", "aws:kms:dsse"], "widest": 1000}
NOW = "2026-11-22T00:00:00Z"


def bucket(random_: random.Random) -> dict[str, Any]:
    """A bucket with one to five policy statements; one in fifty lacks its encryption."""
    statements = [
        {
            "effect": random_.choice(["Allow", "Deny"]),
            "principals": random_.choice([["*"], [f"arn:aws:iam::{random_.randrange(10**12):012d}:root"] * 3]),
            "actions": [f"s3:Action{random_.randrange(50)}" for _ in range(random_.randrange(1, 8))],
            "secure_transport": random_.choice([None, None, "false"]),
        }
        for _ in range(random_.randrange(1, 6))
    ]
    properties = {
        "encryption_algorithm": random_.choice([None, "AES256", "aws:kms", "aws:kms"]),
        "versioning": random_.choice([None, "Enabled", "Suspended"]),
        "public_access_block": random_.choice([None, *[{"block_public_acls": True, "block_public_policy": True}] * 4]),
        "statements": statements,
        "log_target": None,
        "tags": {f"tag{i}": "x" * 20 for i in range(random_.randrange(0, 8))},
    }
    if random_.random() < 0.02:
        del properties["encryption_algorithm"]
    return properties


def user(random_: random.Random) -> dict[str, Any]:
    """A user with up to two access keys and up to six policies."""
    keys = [
        {
            "status": random_.choice(["Active", "Inactive"]),
            "created_at": f"2026-{random_.randrange(1, 12):02d}-{random_.randrange(1, 29):02d}T08:00:00Z",
            "last_used_at": "2026-11-01T08:00:00Z",
        }
        for _ in range(random_.randrange(0, 3))
    ]
    return {
        "mfa_active": random_.random() < 0.8,
        "password_last_used": random_.choice([None, "2026-11-01T08:00:00Z"]),
        "access_keys": keys,
        "policies": [f"arn:aws:iam::aws:policy/Policy{random_.randrange(40)}" for _ in range(random_.randrange(0, 7))],
        "user_name": random_.choice(["alice", "bob.b", "Carol", "ci-deploy"]),
    }


def group(random_: random.Random) -> dict[str, Any]:
    """A security group with one to eight rules."""
    rules = []
    for _ in range(random_.randrange(1, 9)):
        port = random_.choice([22, 80, 443, 3306, 5432, 8080])
        rules.append(
            {
                "protocol": random_.choice(["tcp", "tcp", "tcp", "-1"]),
                "from_port": port,
                "to_port": port + random_.choice([0, 0, 10]),
                "cidrs": random_.choice([["0.0.0.0/0"], ["10.0.0.0/8", "192.168.0.0/16"], []]),
            }
        )
    return {
        "group_name": random_.choice(["default", "web", "db"]),
        "ingress": rules,
        "egress_count": random_.randrange(0, 3),
        "description": "x" * 60,
    }


PLAIN: dict[str, tuple[Callable[[Mapping[str, Any]], Any], ...]] = {
    "AWS::S3::Bucket": (
        lambda v: v["resource"]["encryption_algorithm"] in v["params"]["approved"],
        lambda v: v["resource"]["versioning"] == "Enabled" or "scratch" in v["resource"]["tags"],
        lambda v: (
            (b := v["resource"]["public_access_block"]) is not None
            and b["block_public_acls"]
            and b["block_public_policy"]
        ),
        lambda v: any(
            s["effect"] == "Deny" and "*" in s["principals"] and s["secure_transport"] == "false"
            for s in v["resource"]["statements"]
        ),
    ),
    "AWS::IAM::User": (
        lambda v: v["resource"]["mfa_active"] or v["resource"]["password_last_used"] is None,
        lambda v: all(k["status"] != "Active" or k["created_at"] > "2026-08-24" for k in v["resource"]["access_keys"]),
        lambda v: not any(p.endswith("/AdministratorAccess") for p in v["resource"]["policies"]),
        lambda v: v["resource"]["user_name"].islower() and len(v["resource"]["access_keys"]) <= 2,
    ),
    "AWS::EC2::SecurityGroup": (
        lambda v: (
            not any(
                i["from_port"] <= 22 <= i["to_port"] and "0.0.0.0/0" in i["cidrs"] for i in v["resource"]["ingress"]
            )
        ),
        lambda v: (
            not any(
                i["protocol"] == "-1" and any(c in ("0.0.0.0/0", "::/0") for c in i["cidrs"])
                for i in v["resource"]["ingress"]
            )
        ),
        lambda v: (
            v["resource"]["group_name"] != "default"
            or (len(v["resource"]["ingress"]) == 0 and v["resource"]["egress_count"] == 0)
        ),
        lambda v: all(i["to_port"] - i["from_port"] < v["params"]["widest"] for i in v["resource"]["ingress"]),
    ),
}


def programs() -> dict[str, tuple[Program, ...]]:
    """The checks, compiled."""
    params = ObjectType("params", {"approved": parse_type("list<string>"), "widest": parse_type("int")})
    compiled: dict[str, tuple[Program, ...]] = {}
    for name, sources in CHECKS.items():
        resource = from_schema({"type": "object", "title": name, "properties": SCHEMAS[name]})
        variables: dict[str, Type] = {"resource": resource, "params": params, "now": TIMESTAMP}
        compiled[name] = tuple(compile(source, variables) for source in sources)
    return compiled


def plain(evaluator: Callable[[Mapping[str, Any]], Any]) -> Callable[[Mapping[str, Any]], Any]:
    """A Python function as a check: what is missing is an error."""

    def evaluate(variables: Mapping[str, Any]) -> Any:
        try:
            return evaluator(variables)
        except KeyError:
            return None

    return evaluate


def timed(work: list[tuple[list[Callable[[Mapping[str, Any]], Any]], dict[str, Any]]], rounds: int) -> float:
    """Median seconds of one pass over all the work."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        for evaluators, variables in work:
            for evaluate in evaluators:
                evaluate(variables)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def compile_seconds() -> float:
    """Seconds that compiling one expression takes, once the modules are loaded."""
    programs()
    start = time.perf_counter()
    count = sum(map(len, programs().values()))
    return (time.perf_counter() - start) / count


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resources", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    random_ = random.Random(7)
    makers = {"AWS::S3::Bucket": bucket, "AWS::IAM::User": user, "AWS::EC2::SecurityGroup": group}
    compiled, names = programs(), list(makers)
    resources = []
    for number in range(options.resources):
        name = names[number % 3]
        resources.append((name, {"resource": makers[name](random_), "params": PARAMETERS, "now": NOW}))
    results: Counter[str] = Counter()
    for name, variables in resources:
        for program in compiled[name]:
            value = program.evaluate(variables)
            if value != program.interpret(variables):
                raise SystemExit(f"the evaluators differ on {program.source}")
            results["error" if isinstance(value, Failed) else str(value)] += 1
    sizes = sorted(len(json.dumps(variables["resource"])) for _, variables in resources)
    print(f"{options.resources} resources of {sizes[0]} to {sizes[-1]} bytes, 12 checks; results {dict(results)}")
    print(f"compile {compile_seconds() * 1e6:,.0f} us an expression")
    ways: dict[str, Callable[[str], list[Callable[[Mapping[str, Any]], Any]]]] = {
        "plain Python (calibration)": lambda name: [plain(evaluator) for evaluator in PLAIN[name]] * 3,
        "generated code": lambda name: [program.evaluate for program in compiled[name]] * 3,
        "interpreter with trace": lambda name: [program.trace for program in compiled[name]] * 3,
    }
    count = options.resources * 12
    for title, evaluators in ways.items():
        elapsed = timed([(evaluators(name), variables) for name, variables in resources], options.rounds)
        print(f"{title:28} {count / elapsed:12,.0f} evaluations/s {elapsed / count * 1e6:8.2f} us each")
    print("budget: 300,000 evaluations/s by the generated code, on one core")


if __name__ == "__main__":
    main()
