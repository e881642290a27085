from __future__ import annotations

from dataclasses import replace

from engine.model import Unread
from engine.report import summary
from engine.report.summary import Coverage, Fix, Gap, Totals
from tests.golden import assessments as made
from tests.golden.assessments import DENIED, ENCRYPTED, GLOBAL, IRELAND, PUBLIC, USERS, bucket, every_state, unknown


def test_totals_add_up_to_what_was_listed() -> None:
    sums = summary.totals(every_state())

    assert sums == Totals(listed=9, passed=3, failed=2, waived=1, unknown=3, not_applicable=1)
    assert sums.listed == sums.passed + sums.failed + sums.unknown + sums.not_applicable


def test_a_waived_failure_is_not_among_what_to_fix_but_is_counted_beside() -> None:
    run = every_state()

    (fix,) = summary.fixes(run)

    assert fix == Fix(
        ENCRYPTED, (next(row for row in run.findings if row.subject.name == "invoices" and row.verdict == "fail"),), 1
    )


def test_what_to_fix_first_is_the_worst_severity_and_then_the_most_failures() -> None:
    def failing(id_: str, severity: str, count: int) -> list[made.Finding]:
        check = made.check(id_, "Things are as they should be", severity)
        return [made.failed(check, bucket(f"b{n}")) for n in range(count)]

    findings = [
        *failing("aws.s3.medium", "medium", 9),
        *failing("aws.s3.high_few", "high", 1),
        *failing("aws.s3.high_many", "high", 2),
        *failing("aws.s3.critical", "critical", 1),
    ]
    run = replace(every_state(), findings=tuple(findings), waived={})

    assert [fix.check.id for fix in summary.fixes(run)] == [
        "aws.s3.critical",
        "aws.s3.high_many",
        "aws.s3.high_few",
        "aws.s3.medium",
    ]


def test_unknown_verdicts_are_grouped_by_the_permission_that_would_have_told() -> None:
    assert summary.gaps(every_state()) == (
        Gap("access_denied", "s3:GetBucketPolicy", True, 2, (PUBLIC.id,), (IRELAND,)),
        Gap("throttled", "iam:ListUsers", False, 1, (USERS.id,), (GLOBAL,)),
    )


def test_one_permission_explains_every_verdict_that_waits_for_it() -> None:
    findings = tuple(unknown(check, bucket(f"b{n}")) for check in (ENCRYPTED, PUBLIC) for n in range(106))

    (gap,) = summary.gaps(replace(every_state(), findings=findings))

    assert (gap.needs, gap.verdicts, gap.checks) == ("s3:GetBucketPolicy", 212, (ENCRYPTED.id, PUBLIC.id))


def test_a_cause_without_operation_is_named_by_its_path() -> None:
    finding = unknown(ENCRYPTED, bucket("b"), Unread("expression_error"), "resource.rules[3]")

    (gap,) = summary.gaps(replace(every_state(), findings=(finding,)))

    assert (gap.reason, gap.needs, gap.granting) == ("expression_error", "resource.rules[3]", False)


def test_a_verdict_with_two_causes_counts_in_both() -> None:
    throttled = Unread("throttled", "s3:GetBucketAcl")
    first = unknown(PUBLIC, bucket("b"))
    both = replace(first, causes=(*first.causes, made.Cause("resource.acl", throttled)))

    gaps = summary.gaps(replace(every_state(), findings=(both,)))

    assert [(gap.needs, gap.verdicts) for gap in gaps] == [(DENIED.permission, 1), ("s3:GetBucketAcl", 1)]


def test_coverage_says_what_was_planned_answered_refused_and_empty() -> None:
    run = every_state()
    listings = {row.type: row for row in run.snapshot.collections}

    assert summary.coverage(run) == Coverage(
        planned=6,
        answered=3,
        calls=19,
        refused={"access_denied": 2, "throttled": 1},
        resources=5,
        types=2,
        incomplete=(listings["AWS::IAM::User"],),
        off=(listings["AWS::SecurityHub::Hub"],),
        empty=("AWS::EFS::FileSystem",),
    )


def test_a_type_that_could_not_be_listed_is_never_called_empty() -> None:
    run = every_state()
    failed = replace(next(row for row in run.snapshot.collections if row.type == "AWS::IAM::User"), scope=IRELAND)
    rows = (*run.snapshot.collections, replace(failed, type="AWS::EFS::FileSystem"))
    snapshot = replace(run.snapshot, collections=rows)

    assert summary.coverage(replace(run, snapshot=snapshot)).empty == ()


def test_a_scope_that_was_not_listed_is_no_resource_of_the_population() -> None:
    assert summary.seen(every_state())[USERS.id] == 0
