"""The written boundary, from a run to its replay and the report of a period: what is out is counted, and never gone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.cli import group, main
from engine.collection.snapshot import read
from engine.custody import rejudging
from engine.custody.examination import changes, period
from engine.custody.handover import export
from engine.custody.rejudging import replay, replays
from engine.custody.upkeep import compact, initialise
from engine.custody.verification import verify
from engine.evidence import standalone_verify
from engine.model import Assessment, Clock, LeftOut, Resource, Scope, Snapshot
from engine.report import FORMATS, PERIOD_FORMATS, Options
from engine.run import pipeline
from engine.run.observing import DEMO
from engine.run.pipeline import run
from engine.run.request import RunRequest
from providers.base import Unread
from tests.plans import UNKNOWN, PlanBuilder

VERSIONED = "aws.s3.bucket_versioning"
BUCKET = "AWS::S3::Bucket"
ACCOUNT = "123456789012"
APPROVAL = "reason: Experiments without customer data.\n    approver: Robin\n    approved_on: 2026-01-02\n"
NAMED = f'  - id: live\n    state: in\n    accounts: ["{ACCOUNT}"]\n    {APPROVAL}'
SANDBOX = f"  - id: sandbox\n    tags: {{env: [sandbox]}}\n    {APPROVAL}"


def policy(folder: Path, *rules: str) -> Path:
    place = folder / "policies"
    place.mkdir(exist_ok=True)
    written = "boundary:\n" + "".join(rules) if rules else ""
    (place / "organization.yaml").write_text(f"name: Example\ncategories: [security]\n{written}")
    return place


def buckets(day: int, tags: Mapping[str, Mapping[str, str] | None], **more: Any) -> Snapshot:
    """The buckets of the fictional company on a night, as if they had been read then. ``tags`` by the end of a name."""
    snapshot = read(DEMO)

    def tagged(item: Resource) -> Resource:
        for end, said in tags.items():
            if item.name.endswith(end):
                unread = {} if said is not None else {"/tags": Unread("access_denied", "s3:GetBucketTagging")}
                return replace(item, tags=said, unread={**item.unread, **unread})
        return item

    return replace(
        snapshot,
        as_of=f"2026-06-{day:02}T02:00:00Z",
        source="live",
        scopes=tuple(row for row in snapshot.scopes if row.provider == "aws"),
        collections=tuple(row for row in snapshot.collections if row.type == BUCKET),
        resources=tuple(tagged(item) for item in snapshot.resources if item.type == BUCKET),
        ledger=(),
        finished_at=f"2026-06-{day:02}T02:01:00Z",
        **more,
    )


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs and seals what was read on a day of June."""
    initialise(str(tmp_path / "store"), tmp_path / "config")

    def ran(snapshot: Snapshot, *rules: str, **more: Any) -> Assessment:
        def observed(*_: Any) -> Iterator[Snapshot]:
            yield snapshot

        monkeypatch.setattr(pipeline, "observed", observed)
        asked = {"checks": (VERSIONED,), "store": str(tmp_path / "store"), **more}
        request = RunRequest(config=tmp_path / "config", policy=policy(tmp_path, *rules), **asked)
        return run(request, Clock(lambda: snapshot.as_of, lambda: 0.0, lambda seconds: None))

    return ran


def verdicts(assessment: Assessment) -> dict[str, str]:
    return {finding.subject.name.removeprefix("northwind-"): finding.verdict for finding in assessment.findings}


def test_what_is_out_of_the_boundary_is_counted_apart_and_has_no_verdict(night: Any, tmp_path: Path) -> None:
    found = night(buckets(1, {"exports": {"env": "sandbox"}, "site": {"env": "live"}}), SANDBOX, NAMED)

    assert verdicts(found) == dict.fromkeys(("access-logs", "customer-documents", "public-site", "trail-logs"), "pass")
    assert found.exit_code == 0
    [row] = found.populations
    assert (row.listed, row.passed, row.out_of_boundary, row.complete) == (4, 4, 1, True)
    bounds = found.boundary
    assert bounds is not None
    assert (bounds.inside, bounds.out_of_boundary, bounds.undecided, bounds.unnamed) == (4, 1, 0, ())
    said = "1 of 5 resources out of the boundary, not judged: sandbox 1 (approved by Robin: Experiments without"
    for form in ("text", "markdown", "html"):
        assert said in " ".join(FORMATS[form].render(found, Options(width=120)).replace("`", "").split())
    assert json.loads(FORMATS["json"].render(found, Options()))["boundary"]["rules"][0]["resources"] == 1

    store, config = str(tmp_path / "store"), tmp_path / "config"
    assert verify(store, config).exit_code == 0
    again = replay(found.run_id, store, config)
    assert (again.exit_code, any("identical" in line for line in again.lines)) == (0, True)
    export(found.run_id, store, config, tmp_path / "run.zip")
    assert verify(str(tmp_path / "run.zip"), config, allow_unanchored=True).exit_code == 0
    trusted = ["--allow-unanchored", "--key", str(config / "trust.json")]
    assert standalone_verify.main([*trusted, str(tmp_path / "run.zip")]) == 0
    bundled = rejudging.replay_bundle(tmp_path / "run.zip", config)
    assert any("identical" in line for line in bundled.lines)


def test_a_tag_that_was_not_read_puts_nothing_out_and_says_so(night: Any) -> None:
    found = night(buckets(1, {"exports": None}), SANDBOX, NAMED)
    assert (verdicts(found)["exports"], found.exit_code, found.boundary.undecided) == ("fail", 3, 1)
    assert "1 resource judged, since what a rule asks of them was not read" in FORMATS["text"].render(found, Options())


@pytest.mark.parametrize("why", ["excluded", "suspended"])
def test_an_account_that_no_rule_names_makes_the_run_incomplete(night: Any, why: str) -> None:
    other = LeftOut(Scope("aws", "999988887777", "*"), "new", why)
    passing = buckets(1, {"exports": {"env": "sandbox"}}, left_out=(other,))
    found = night(passing, SANDBOX, NAMED)
    unnamed = {"excluded": (other.scope,), "suspended": ()}[why]
    assert (found.boundary.unnamed, found.exit_code) == (unnamed, 4 if unnamed else 0)

    alone = night(passing, SANDBOX)
    assert (alone.exit_code, Scope("aws", ACCOUNT, "*") in alone.boundary.unnamed) == (4, True)
    assert "that no boundary rule names" in alone.exit_reasons[4]
    # Without a boundary everything discovered is in.
    assert night(passing).boundary is None


def test_what_leaves_the_boundary_after_it_failed_is_told_and_never_called_deleted(night: Any, tmp_path: Path) -> None:
    night(buckets(1, {}), SANDBOX, NAMED)
    night(buckets(2, {"exports": {"env": "sandbox"}}), SANDBOX, NAMED)
    night(buckets(3, {}), NAMED)

    shown = period(str(tmp_path / "store"), tmp_path / "config", date(2026, 6, 1), date(2026, 6, 4))

    ends = [(row.subject.name, row.ended, row.first_bad.as_of[8:10]) for row in shown.failures]
    assert ends == [("northwind-exports", "out_of_boundary", "01"), ("northwind-exports", "open", "03")]
    told = [(row.name.rpartition(": ")[2], row.now) for row in shown.changes if row.kind == "boundary"]
    assert ("arn:aws:s3:::northwind-exports", "out of the boundary after it failed") in told
    assert ("rule sandbox", None) in told
    [population] = shown.populations
    assert (population.count, population.out_of_boundary) == (5, 1)
    text = PERIOD_FORMATS["text"].render(shown, Options(width=120)).decode()
    assert "out of the boundary after it failed" in " ".join(text.split())

    seen = changes(str(tmp_path / "store"), (), tmp_path / "config", tmp_path, date(2026, 6, 1), date(2026, 6, 4))
    out = [(row.before == row.now, row.out) for row in seen.redrawn]
    assert out == [(True, ("arn:aws:s3:::northwind-exports",)), (False, ())]

    # Merged with others, the rows say the same.
    store, later = str(tmp_path / "store"), Clock(lambda: "2026-08-01T00:00:00Z", lambda: 0.0, lambda seconds: None)
    assert compact(store, tmp_path / "config", None, later)
    assert verify(store, tmp_path / "config").exit_code == 0
    assert replays(("2026-06-01", "2026-06-04"), store, tmp_path / "config").exit_code == 0
    assert period(store, tmp_path / "config", date(2026, 6, 1), date(2026, 6, 4)).failures == shown.failures


# --- the gate ---


GROUP = {"id": "sg-1", "arn": f"arn:aws:ec2:eu-central-1:{ACCOUNT}:security-group/sg-1", "name": "web", "egress": []}
OPEN = [{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}]
LIVE, TRIAL = {"env": "live"}, {"env": "sandbox"}


@pytest.mark.parametrize(
    ("plan", "code", "told"),
    [
        (lambda: PlanBuilder().create("aws_security_group.web", ingress=OPEN, tags=LIVE), 3, 0),
        (lambda: PlanBuilder().create("aws_security_group.web", ingress=OPEN, tags=TRIAL), 0, 1),
        (lambda: PlanBuilder().create("aws_security_group.web", ingress=OPEN, tags=UNKNOWN), 3, 0),
        # What the change itself puts out of the boundary is named, and no correction.
        (lambda: _changed({"ingress": OPEN, "tags": LIVE}, {"ingress": OPEN, "tags": TRIAL}), 0, 2),
        # What it brings in fails anew.
        (lambda: _changed({"ingress": OPEN, "tags": TRIAL}, {"ingress": OPEN, "tags": LIVE}), 3, 0),
    ],
)
def test_the_gate_draws_the_same_line(
    plan: Any, code: int, told: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUDITREEL_CONFIG", str(tmp_path / "config"))
    path = plan().write(tmp_path / "plan.json")
    asked = ["--policy", str(policy(tmp_path, SANDBOX, NAMED)), "--check", "aws.ec2.security_group_no_open_ssh"]
    assert main(group, ["gate", str(path), "--format", "json", *asked], "auditreel") == code
    found = json.loads(capsys.readouterr().out)
    statements = [text for text in found["plan"]["statements"] if "of the boundary" in text]
    assert (len(statements), [row["movement"] for row in found["changes"]]) == (told, ["new_failure"] if code else [])


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> PlanBuilder:
    return PlanBuilder().update("aws_security_group.web", {**GROUP, **before}, **{**GROUP, **after})
