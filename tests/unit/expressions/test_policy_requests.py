"""No request of a stranger is allowed by a policy that the library finds nothing wrong with.

The library reasons about all requests at once; here single requests are decided by an evaluator that knows nothing of
it (``policy_requests.py``). Policies are the rows of ``policy_documents.yaml`` and mixtures of their statements.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.expressions.failures import EvaluationError
from tests.unit.expressions.policy_requests import Context, Request, allowed
from tests.unit.expressions.policy_table import answered, cases

STRANGER = "999999999999"
SOUND = [case for case in cases() if case.answer != "error" and case.document is not None]
STATEMENTS = [
    statement
    for case in SOUND
    for statement in (case.document["Statement"] if isinstance(case.document["Statement"], list) else [])
]


def principals(question: str) -> list[dict[str, Any]]:
    """Statements of the rows of a question."""
    rows = [case.document for case in SOUND if case.question == question]
    return [statement for row in rows for statement in row["Statement"] if isinstance(row["Statement"], list)]


def mixtures(statements: list[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Policies of such statements, the conditions of one put to the rest of another."""

    def mixed(one: dict[str, Any], other: dict[str, Any], effect: str) -> dict[str, Any]:
        bare = {name: value for name, value in one.items() if name != "Condition"}
        return {**bare, "Effect": effect, **({"Condition": other["Condition"]} if "Condition" in other else {})}

    some = st.sampled_from(statements)
    made = st.builds(mixed, some, some, st.sampled_from(["Allow", "Allow", "Deny"]))
    return st.lists(made, min_size=1, max_size=4).map(lambda made: {"Version": "2012-10-17", "Statement": made})


def concrete(pattern: str, filler: str) -> str:
    """A text that a pattern matches, with the values of no policy in the place of wildcards and variables."""
    return re.sub(r"\$\{[^}]*\}|\*", filler, pattern).replace("?", "z")


def asked(policy: dict[str, Any]) -> list[tuple[str, str]]:
    """Actions and resources that the policy is about, and some that it does not name."""
    found = []
    for statement in policy["Statement"]:
        several = [statement.get(name, "*") for name in ("Action", "Resource")]
        actions, resources = ([value] if isinstance(value, str) else value for value in several)
        for filler in ("zzz", "home/alice/zzz"):
            pairs = itertools.product(actions, resources)
            found += [(concrete(action, "zzz"), concrete(resource, filler)) for action, resource in pairs]
    return [*dict.fromkeys(found), ("zzz:Zzz", "arn:aws:zzz:eu-west-9:111122223333:zzz")]


# --- resource policies -----------------------------------------------------------------------------------------------

ANYONE: Context = {
    "aws:securetransport": ["true"],
    "aws:sourceip": ["8.8.8.8"],
    "aws:referer": ["https://example.com/"],
    "aws:useragent": ["secret"],
    "aws:currenttime": ["2026-11-26T00:00:00Z"],
    "aws:requestedregion": ["eu-west-1"],
    "aws:resourceaccount": ["111122223333"],
    "s3:tlsversion": ["1.3"],
    "sns:endpoint": ["me@example.com"],
    "lambda:functionurlauthtype": ["NONE"],
    "elasticfilesystem:accessedviamounttarget": ["false"],
}
"""What a request of a stranger may bring, or the resource says of itself."""

UNSIGNED: Context = {
    **ANYONE,
    "aws:principalaccount": ["anonymous"],
    "aws:userid": ["anonymous"],
    "aws:principaltype": ["Anonymous"],
}
SIGNED: Context = {
    **ANYONE,
    "aws:principalaccount": [STRANGER],
    "aws:principalarn": [f"arn:aws:iam::{STRANGER}:role/admin"],
    "aws:principaltype": ["AssumedRole"],
    "aws:principalorgid": ["o-stranger"],
    "aws:principalorgpaths": ["o-stranger/r-ab12/ou-ab12-11111111/"],
    "aws:principalisawsservice": ["false"],
    "aws:principaltag/team": ["blue"],
    "aws:userid": ["AROASTRANGERSTRANGER:session"],
    "aws:username": ["alice"],
    "sts:externalid": ["secret"],
    "kms:calleraccount": [STRANGER],
    "kms:viaservice": ["s3.eu-west-1.amazonaws.com"],
    "aws:viaawsservice": ["false"],
    "s3:dataaccesspointaccount": [STRANGER],
    "s3:dataaccesspointarn": [f"arn:aws:s3:us-west-2:{STRANGER}:accesspoint/records"],
}
INSIDE_A_NETWORK: Context = {
    **{key: value for key, value in SIGNED.items() if key != "aws:sourceip"},
    "aws:sourcevpc": ["vpc-stranger"],
    "aws:sourcevpce": ["vpce-stranger"],
    "aws:vpcsourceip": ["10.0.0.1"],
    "aws:vpceaccount": [STRANGER],
    "aws:viaawsservice": ["true"],
    "aws:calledvia": ["athena.amazonaws.com"],
}
SERVICES: list[Context] = [
    {
        **ANYONE,
        "aws:principalisawsservice": ["true"],
        "aws:principalservicename": ["zzz.amazonaws.com"],
        "aws:sourceaccount": [STRANGER],
        "aws:sourcearn": [source],
    }
    for source in (
        f"arn:aws:sns:eu-west-1:{STRANGER}:topic",
        "arn:aws:s3:::records-zzz",
        f"arn:aws:s3:us-west-2:{STRANGER}:accesspoint/records",
        f"arn:aws:lambda:eu-west-1:{STRANGER}:function:arn:aws:lambda:eu-west-1:111122223333:function",
    )
]
"""What a service brings that a stranger has set to work."""
ROLE = (("AWS", f"arn:aws:iam::{STRANGER}:role/admin"), ("AWS", f"arn:aws:iam::{STRANGER}:root"), ("AWS", STRANGER))
STRANGERS = [
    ((("CanonicalUser", "65a011a29cdf8ec533ec3d1ccaae921c"),), UNSIGNED),
    ((), UNSIGNED),
    (ROLE, SIGNED),
    (ROLE, INSIDE_A_NETWORK),
    *(((("Service", "zzz.amazonaws.com"),), service) for service in SERVICES),
    ((("Federated", "graph.facebook.com"),), SIGNED),
    ((("Federated", "cognito-identity.amazonaws.com"),), SIGNED),
]


def lets_a_stranger_in(policy: dict[str, Any]) -> Request | None:
    for action, resource in asked(policy):
        for names, context in STRANGERS:
            request = Request(names, action, resource, context)
            if allowed(policy, request):
                return request
    return None


PUBLIC_ROWS = [case for case in SOUND if case.question == "iam.publicStatements"]


@pytest.mark.parametrize("case", PUBLIC_ROWS, ids=[case.id for case in PUBLIC_ROWS])
def test_a_row_that_is_not_public_lets_no_stranger_in(case: Any) -> None:
    document = case.document
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    if not case.answer:
        assert lets_a_stranger_in({"Statement": statements}) is None


def test_rows_that_are_public_do_let_strangers_in() -> None:
    # The evaluator would prove nothing if it let nobody in. In the rows where it does, the library errs on the side of
    # caution, as the table says, or is about strangers that are not among these.
    public = [case for case in PUBLIC_ROWS if case.answer and isinstance(case.document["Statement"], list)]
    let_in = [case for case in public if lets_a_stranger_in(case.document) is not None]
    assert len(let_in) > 0.8 * len(public)


@settings(max_examples=400)
@given(mixtures(principals("iam.publicStatements")))
def test_no_policy_that_lets_a_stranger_in_is_called_private(policy: dict[str, Any]) -> None:
    try:
        found = answered("iam.publicStatements", policy, [])
    except EvaluationError:
        return
    assert found or lets_a_stranger_in(policy) is None


# --- trust policies --------------------------------------------------------------------------------------------------

GITHUB = "token.actions.githubusercontent.com"
FOREIGN_SUBJECTS = {
    GITHUB: [
        "repo:evil/app:ref:refs/heads/main",
        "repo:acme-evil/deploy:ref:refs/heads/main",
        "environment:production",
        "ref:refs/heads/main",
        "repository_owner:acme-evil",
        "job_workflow_ref:acme/ci/.github/workflows/a.yml@refs/heads/main",
    ],
    "gitlab.com": ["project_path:evil/app:ref_type:branch:ref:main", "project_path:acme-evil/app:ref:main"],
    "app.terraform.io": ["organization:evil:project:p:workspace:w:run_phase:apply"],
}


def tokens() -> list[tuple[tuple[tuple[str, str], ...], Context]]:
    """Tokens of shared issuers that strangers can have."""
    return [
        (
            (("Federated", issuer), ("Federated", f"arn:aws:iam::111122223333:oidc-provider/{issuer}")),
            {
                **ANYONE,
                f"{issuer}:sub": [subject],
                f"{issuer}:aud": ["sts.amazonaws.com"],
                f"{issuer}:repository": ["evil/deploy"],
                f"{issuer}:repository_id": ["999"],
                f"{issuer}:actor": ["octocat"],
                f"{issuer}:job_workflow_ref": ["acme/ci/.github/workflows/a.yml@main"],
            },
        )
        for issuer, subjects in FOREIGN_SUBJECTS.items()
        for subject in subjects
    ]


def assumed_by_a_stranger(policy: dict[str, Any]) -> bool:
    role = "arn:aws:iam::111122223333:role/app"
    by_token = (
        allowed(policy, Request(names, "sts:AssumeRoleWithWebIdentity", role, context)) for names, context in tokens()
    )
    by_caller = (
        allowed(policy, Request(ROLE, "sts:AssumeRole", role, {**context, "sts:rolesessionname": ["me"]}))
        for context in (SIGNED, INSIDE_A_NETWORK)
    )
    return any(by_token) or any(by_caller)


TRUST = [
    statement
    for question in ("iam.publicTrustStatements", "iam.unpinnedSubjectStatements", "iam.trustedIssuers")
    for statement in principals(question)
]


@settings(max_examples=400)
@given(mixtures(TRUST))
def test_no_role_that_a_stranger_can_assume_is_called_closed(policy: dict[str, Any]) -> None:
    assert answered("iam.publicTrustStatements", policy, []) or not assumed_by_a_stranger(policy)


@settings(max_examples=400)
@given(mixtures(TRUST))
def test_no_role_that_accepts_a_strangers_token_has_its_subject_called_pinned(policy: dict[str, Any]) -> None:
    names = list(FOREIGN_SUBJECTS)
    accepts = any(
        allowed(policy, Request(who, "sts:AssumeRoleWithWebIdentity", "*", context)) for who, context in tokens()
    )
    if accepts:
        assert answered("iam.trustedIssuers", policy, [names])
        assert answered("iam.unpinnedSubjectStatements", policy, [names])


# --- identity policies -----------------------------------------------------------------------------------------------

HOLDER: Context = {
    **{key: value for key, value in ANYONE.items() if not key.startswith(("sns:", "lambda:", "s3:"))},
    "aws:requestedregion": ["eu-central-1"],
    "aws:principalaccount": ["111122223333"],
    "aws:principalarn": ["arn:aws:iam::111122223333:role/app"],
    "aws:principalorgid": ["o-abc123"],
    "aws:resourceorgid": ["o-abc123"],
    "aws:username": ["alice"],
    "aws:principaltag/team": ["platform"],
    "aws:useragent": ["terraform/1.9"],
    "aws:epochtime": ["1795651200"],
    "aws:viaawsservice": ["false"],
}
"""Someone without MFA, from anywhere."""
UNHEARD_OF = [
    Request((), action, f"arn:aws:{service}:eu-central-1:111122223333:{name}", HOLDER)
    for action, service, name in (("zzz:ZzzZzz", "zzz", "zzz/1"), ("qqq:Q", "qqq", "q"))
]
"""What only a policy that grants everything can allow: actions of services that do not exist yet."""
GRANTS = [
    statement
    for question in ("iam.administrativeStatements", "iam.grantsUnconditionally", "iam.escalations")
    for statement in principals(question)
]


@settings(max_examples=400)
@given(mixtures(GRANTS))
def test_no_policy_that_allows_what_nobody_has_heard_of_is_called_less_than_everything(policy: dict[str, Any]) -> None:
    try:
        found = answered("iam.administrativeStatements", policy, [])
    except EvaluationError:
        return
    assert found or not any(allowed(policy, request) for request in UNHEARD_OF)


@settings(max_examples=400)
@given(mixtures(GRANTS))
def test_what_is_called_granted_or_not_agrees_on_single_actions(policy: dict[str, Any]) -> None:
    actions = ["cloudtrail:StopLogging", "kms:ScheduleKeyDeletion", "iam:CreateUser"]
    try:
        granted = answered("iam.grantsUnconditionally", policy, [actions])
    except EvaluationError:
        return
    anywhere = "arn:aws:{}:eu-central-1:111122223333:{}"
    for action in actions:
        service = action.partition(":")[0]
        names = {"cloudtrail": "trail/zzz", "kms": "key/zzz"}
        request = Request((), action, anywhere.format(service, names.get(service, "zzz/zzz")), HOLDER)
        assert action in granted or not allowed(policy, request), action


# --- plain HTTP ------------------------------------------------------------------------------------------------------


@settings(max_examples=400)
@given(mixtures(principals("iam.deniesInsecureTransport")))
def test_no_policy_that_lets_plain_http_through_is_said_to_refuse_it(policy: dict[str, Any]) -> None:
    arns = ["arn:aws:s3:::records", "arn:aws:s3:::records/*"]
    try:
        refuses = answered("iam.deniesInsecureTransport", policy, [arns])
    except EvaluationError:
        return
    open_to_all = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    # S3 takes a request without TLS for one of an old version (Knowledge Center, s3-enforce-modern-tls).
    plain = {**SIGNED, "aws:securetransport": ["false"], "s3:tlsversion": ["0"]}
    for resource in ("arn:aws:s3:::records", "arn:aws:s3:::records/zzz"):
        request = Request(ROLE, "s3:GetObject", resource, plain)
        everyone = {"Statement": [*policy["Statement"], open_to_all]}
        assert not (refuses and allowed(everyone, request))
