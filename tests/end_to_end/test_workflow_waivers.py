"""Waivers are written with what fails at their approval, by the organisation's rules, and end or go on in the open."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from engine.cli import group, main
from engine.errors import UsageError
from engine.report import Options
from engine.report import waivers as shown
from engine.run.observing import DEMO
from engine.run.request import RunRequest
from engine.workflows import waivers
from tests.end_to_end.small_firm import folder, tree

DAY = date(2026, 11, 26)
SUBNETS = "aws.ec2.subnet_no_auto_public_ip"
TERMS = waivers.Terms(
    kind="planned_fix",
    owner="Dana Platform",
    approver="Robin Security",
    reason="The subnets are empty, and go away with the old network in spring.",
    approved=DAY,
    start=DAY,
    expires=date(2027, 2, 28),
    ticket="SEC-142",
)


@pytest.fixture
def request_(tmp_path: Path) -> RunRequest:
    return RunRequest(config=tmp_path / "config", policy=folder(tmp_path), snapshot=str(DEMO))


def without(request: RunRequest, tmp_path: Path, *gone: str) -> RunRequest:
    """The same snapshot in which resources are corrected."""
    document = json.loads(DEMO.read_text())
    for resource in document["resources"]:
        if resource["id"] in gone:
            resource["properties"]["map_public_ip_on_launch"] = False
    path = tmp_path / "later.json"
    path.write_text(json.dumps(document))
    return replace(request, snapshot=str(path))


def unread(request: RunRequest, tmp_path: Path, *denied: str) -> RunRequest:
    """The same snapshot in which nobody could read what resources are judged by."""
    document = json.loads(DEMO.read_text())
    for resource in document["resources"]:
        if resource["id"] in denied:
            del resource["properties"]["map_public_ip_on_launch"]
            resource["unread"]["/map_public_ip_on_launch"] = {"reason": "access_denied"}
    path = tmp_path / "denied.json"
    path.write_text(json.dumps(document))
    return replace(request, snapshot=str(path))


def test_a_waiver_names_everything_that_fails_at_its_approval(request_: RunRequest) -> None:
    made = waivers.add(request_, SUBNETS, None, (), TERMS, None)

    value = yaml.load(made.waiver.path.read_bytes(), yaml.BaseLoader)
    assert made.waiver.id == "ec2-subnet-no-auto-public-ip"
    assert (made.seen_in, len(value.pop("resources"))) == (str(DEMO), 9)
    assert value == {
        "kind": "planned_fix",
        "check": SUBNETS,
        "account": made.waiver.account,
        "owner": "Dana Platform",
        "approver": "Robin Security",
        "approved_on": "2026-11-26",
        "reason": "The subnets are empty, and go away with the old network in spring.",
        "start": "2026-11-26",
        "expires": "2027-02-28",
        "ticket": "SEC-142",
    }
    one = waivers.add(request_, SUBNETS, None, made.waiver.resources[:1], TERMS, None)
    assert one.waiver.resources == made.waiver.resources[:1]
    assert one.waiver.id.startswith("ec2-subnet-no-auto-public-ip-subnet-")


def test_what_the_rules_refuse_is_not_written(request_: RunRequest) -> None:
    assert request_.policy is not None
    before = tree(request_.policy)
    refused = {
        "there is no check aws.ec2.subnet_no_auto": (SUBNETS.removesuffix("_public_ip"), (), TERMS),
        "vpc-0 does not fail": (SUBNETS, ("vpc-0",), TERMS),
        "approver: is the owner": (SUBNETS, (), replace(TERMS, approver="dana  platform")),
        "organization.yaml allows 365": (SUBNETS, (), replace(TERMS, expires=date(2027, 11, 26))),
        "expires: 2026-11-25 is before the start": (SUBNETS, (), replace(TERMS, expires=date(2026, 11, 25))),
        "reason: must have at least 20 characters": (SUBNETS, (), replace(TERMS, reason="it is fine")),
        "nothing fails aws.iam.root_mfa_enabled .*: there is nothing to accept": (
            "aws.iam.root_mfa_enabled",
            (),
            TERMS,
        ),
    }
    for message, (check, resources, terms) in refused.items():
        with pytest.raises(UsageError, match=message):
            waivers.add(request_, check, None, resources, terms, None)
    with pytest.raises(UsageError, match="lower-case letters"):
        waivers.add(request_, SUBNETS, None, (), TERMS, "Not An Id")
    with pytest.raises(UsageError, match="no store is named, and no --snapshot"):
        waivers.add(replace(request_, snapshot=None), SUBNETS, None, (), TERMS, None)
    assert {name: data for name, data in tree(request_.policy).items() if name in before} == before
    assert set(tree(request_.policy)) == set(before)


def test_a_renewed_waiver_has_a_new_approval_and_drops_what_fails_no_more(request_: RunRequest, tmp_path: Path) -> None:
    made = waivers.add(request_, SUBNETS, None, (), TERMS, "subnets").waiver
    gone, *still = made.resources
    made.path.write_text(f"# agreed in the board\n{made.path.read_text()}")
    changes = {"approver": "Sam Security", "approved_on": "2027-02-20", "start": "2027-02-20", "expires": "2027-05-31"}

    renewed = waivers.renew(without(request_, tmp_path, gone), "subnets", changes)

    assert renewed.left_out == (gone,)
    assert made.path.read_text().startswith("# agreed in the board\nkind: planned_fix\n")
    value = yaml.load(made.path.read_bytes(), yaml.BaseLoader)
    assert {key: value[key] for key in changes} == changes
    assert (value["resources"], value["reason"]) == (still, TERMS.reason)
    before = made.path.read_bytes()
    with pytest.raises(UsageError, match=r"nothing that it names fails in .*; end it: auditreel waiver expire subnets"):
        waivers.renew(without(request_, tmp_path, *made.resources), "subnets", changes)
    with pytest.raises(UsageError, match="approver: is the owner"):
        waivers.renew(request_, "subnets", {**changes, "approver": "Dana Platform"})
    with pytest.raises(UsageError, match="there is no waiver subnet; did you mean subnets"):
        waivers.renew(request_, "subnet", changes)
    assert made.path.read_bytes() == before


def test_what_was_not_seen_is_not_taken_for_corrected_when_a_waiver_is_renewed(
    request_: RunRequest, tmp_path: Path
) -> None:
    made = waivers.add(request_, SUBNETS, None, (), TERMS, "subnets").waiver
    hidden = made.resources[0]
    denied = unread(request_, tmp_path, hidden)
    before = made.path.read_bytes()

    with pytest.raises(UsageError, match=f"does not say whether {hidden} still fails"):
        waivers.renew(denied, "subnets", {"approver": "Sam", "expires": "2027-03-31"})

    assert made.path.read_bytes() == before


def test_an_ended_waiver_ends_on_the_day_and_only_once(request_: RunRequest) -> None:
    made = waivers.add(request_, SUBNETS, None, (), TERMS, "subnets").waiver

    with pytest.raises(UsageError, match=r"begins on 2026-11-26 only; remove .*subnets\.yaml instead"):
        waivers.expire(request_.policy, "subnets", date(2026, 11, 25))
    ended = waivers.expire(request_.policy, "subnets", date(2026, 12, 1))

    assert (ended.expires, ended.resources) == (date(2026, 12, 1), made.resources)
    with pytest.raises(UsageError, match="it ends on 2026-12-01 already"):
        waivers.expire(request_.policy, "subnets", date(2026, 12, 2))


def test_the_register_tells_states_by_the_day_and_matches_by_the_snapshot(request_: RunRequest, tmp_path: Path) -> None:
    made = waivers.add(request_, SUBNETS, None, (), TERMS, "subnets").waiver
    now = "2027-02-20T08:00:00Z"

    in_force = waivers.register(request_, now)
    corrected = waivers.register(without(request_, tmp_path, *made.resources), now)
    ended = waivers.register(request_, "2027-03-01T00:00:00Z")
    unknown = waivers.register(replace(request_, snapshot=None), now)

    assert [register.states[0].state for register in (in_force, corrected, ended)] == [
        "in_force", "unmatched", "expired",
    ]  # fmt: skip
    assert (len(in_force.states[0].matches), unknown.seen_in) == (9, None)

    def text(register: waivers.Register, form: str = "text") -> str:
        on = date(2027, 2, 20)
        return shown.render(
            register.states, register.seen_in, register.as_of, on, form, Options(width=100), register.unseen
        )

    denied = waivers.register(unread(request_, tmp_path, *made.resources), now)
    assert (corrected.unseen, denied.unseen) == (frozenset(), {"subnets"})
    assert "NOT SEEN  subnets: what it names was not seen there" in text(denied)
    assert "UNMATCHED subnets: nothing that it names fails" in text(corrected)
    assert json.loads(text(denied, "json"))["waivers"][0]["matches"] is None

    assert "in force  subnets: 9 failures" in text(in_force)
    assert "ends in 8 days: auditreel waiver renew subnets" in text(in_force)
    assert "no run was read: what they match is not known" in text(unknown)
    assert "UNMATCHED" not in text(unknown)
    assert json.loads(text(unknown, "json"))["waivers"][0]["matches"] is None
    assert json.loads(text(unknown, "json"))["waivers"][0]["state"] == "by_date"


def test_the_verbs_tell_what_fails_and_the_next_step(
    request_: RunRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITREEL_CONFIG", str(tmp_path / "config"))
    places = ["--policy", "policies", "--snapshot", str(DEMO)]
    people = ["--owner", "Dana Platform", "--approver", "Robin Security", "--basis", "planned_fix", "--id", "subnets"]
    asked = [SUBNETS, "--reason", TERMS.reason, "--expires", "2026-12-31", "--approved-on", "2026-11-26"]

    assert main(group, ["waiver", "add", *people, *asked, *places], "auditreel") == 0
    told = capsys.readouterr()
    assert told.out.startswith(f"policies/waivers/subnets.yaml\n  {SUBNETS} in ")
    assert told.out.count("  fails: ") == 9
    assert "let Robin Security sign the commit" in told.err
    assert "Until it is committed it waives nothing." in told.err
    assert main(group, ["waiver", "expire", "subnets", "--on", "2026-11-26", "--policy", "policies"], "auditreel") == 0
    assert main(group, ["waiver", "list", *places], "auditreel") == 0
    assert "subnets: " in capsys.readouterr().out
