"""Who has what, by the fictional company's snapshot: nothing that was not seen is left out in silence."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from engine.collection.snapshot import read
from engine.model import Snapshot
from engine.reviews.model import Line, Population
from engine.reviews.population import narrowed, population
from engine.reviews.reading import NOT_READ
from engine.run.observing import DEMO
from providers.base import LeftOut, Resource, Scope, Unread

DENIED = Unread("access_denied", "iam:GetCredentialReport", "iam:GetCredentialReport")
USER = "AWS::IAM::User"
AWS = "123456789012"


@cache
def snapshot() -> Snapshot:
    return read(DEMO)


def changed(id_: str, **more: object) -> Snapshot:
    """The snapshot with one resource changed."""
    rows = tuple(replace(row, **more) if row.id.endswith(id_) else row for row in snapshot().resources)  # type: ignore[arg-type]
    return replace(snapshot(), resources=rows)


def resource(id_: str) -> Resource:
    return next(row for row in snapshot().resources if row.id.endswith(id_))


def lines(found: Population, provider: str) -> list[tuple[str, str, bool | None, bool | None, str]]:
    return sorted(
        (row.name, row.access, row.privileged, row.mfa, row.unseen) for row in found.lines if row.provider == provider
    )


def test_every_credential_and_right_of_an_aws_account_has_a_line_and_roles_of_services_none() -> None:
    found = population(snapshot(), [AWS])
    deploy = f"arn:aws:iam::{AWS}:policy/deploy"
    assert lines(found, "aws") == [
        ("*", "assume role partner-export", False, None, ""),
        ("ana.lopez", "console sign-in", True, True, ""),
        ("ana.lopez", "group administrators", True, True, ""),
        ("ben.carter", "console sign-in", True, False, ""),
        ("ben.carter", "group engineers", True, False, ""),
        ("ci-deploy", "access key 1", False, False, ""),
        ("ci-deploy", f"policy {deploy}", False, False, ""),
        ("kim.tanaka", "console sign-in", True, True, ""),
        ("kim.tanaka", "group engineers", True, True, ""),
        ("root user", "root user", True, True, ""),
    ]
    assert dict(found.machines) == {"role that only services assume": 2}


def test_people_of_azure_and_google_are_named_by_the_way_in_which_they_hold_a_role() -> None:
    found = population(snapshot())
    subscription = "/subscriptions/5ab5c21a-0000-4000-8000-000000000001"
    azure = {(name, access): (power, mfa) for name, access, power, mfa, _ in lines(found, "azure")}
    assert azure["ana.lopez@northwind.example", f"Owner on {subscription}"] == (True, None)
    assert azure["ana.lopez@northwind.example", "Global Administrator"] == (True, None)
    google = {(name, access): (power, mfa) for name, access, power, mfa, _ in lines(found, "gcp")}
    viewer = "roles/viewer on projects/northwind-analytics via group:engineers@northwind.example"
    assert google["ben.carter@northwind.example", viewer] == (False, False)
    owner = "roles/owner on organizations/604411927735"
    assert google["ana.lopez@northwind.example", owner] == (True, True)
    assert found.machines["serviceAccount"] > 0


def test_what_nobody_saw_is_a_line_of_its_own() -> None:
    user = resource("user/ana.lopez")
    unread = {name: value for name, value in user.properties.items() if name != "access_keys"}
    denied = changed("user/ana.lopez", properties=unread, unread={"/access_keys": DENIED})
    gap = Line(
        "aws", AWS, USER, user.id, "not seen", "ana.lopez",
        unseen="access_keys: access_denied, needs iam:GetCredentialReport",
    )  # fmt: skip
    found = population(denied, [AWS])
    assert found.gaps == (gap,)
    assert ("aws", AWS, USER) in found.places  # of all the others it is known

    failed = replace(
        snapshot(),
        collections=tuple(
            replace(row, state="failed", unread=DENIED) if row.type == USER else row for row in snapshot().collections
        ),
    )
    (whole,) = population(failed, [AWS]).gaps
    assert (whole.name, whole.whole) == (f"every {USER}", True)
    assert ("aws", AWS, USER) not in population(failed, [AWS]).places

    never = replace(snapshot(), collections=tuple(row for row in snapshot().collections if row.type != USER))
    assert [(gap.name, gap.unseen) for gap in population(never, [AWS]).gaps] == [(f"every {USER}", NOT_READ)]


def test_an_account_that_was_left_out_and_all_that_a_run_was_not_asked_for_are_lines_too() -> None:
    left_out = (*snapshot().left_out, LeftOut(Scope("aws", "999999999999", "*"), "sandbox", "suspended"))
    found = population(replace(snapshot(), left_out=left_out), [AWS, "999999999999"])
    assert [(gap.account, gap.name, gap.unseen) for gap in found.gaps] == [
        ("999999999999", "sandbox", "the account was left out of the run: suspended"),
    ]  # fmt: skip
    assert narrowed(found, {"accounts": [], "checks": ["aws.iam.*"]}) == found
    (*_, gap) = narrowed(found, {"providers": ["aws"]}).gaps
    assert (gap.name, gap.unseen) == ("all others", "the run was asked for providers aws alone")


def test_people_whom_no_reader_lists_are_lines_too() -> None:
    role = resource("role/partner-export")
    center = "/aws-reserved/sso.amazonaws.com/"
    found = population(changed("role/partner-export", properties={**role.properties, "path": center}))
    assert [(gap.provider, gap.name) for gap in found.gaps] == [
        ("aws", "role partner-export"), ("github", "members and collaborators"),
    ]  # fmt: skip
