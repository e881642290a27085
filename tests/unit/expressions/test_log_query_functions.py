"""What a query of Google Cloud's logs surely selects: one row a case, its id says why."""

import pytest

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.log_queries import FUNCTIONS

[selects] = [function.call for function in FUNCTIONS]

ENTRY = (
    'resource.type="gce_firewall_rule" protoPayload.methodName="v1.compute.firewalls.insert" severity="NOTICE" '
    'logName="projects/web/logs/cloudaudit.googleapis.com%2Factivity" deltas.action="ADD" deltas.action="REMOVE" '
    'protoPayload.serviceData.policyDelta.role="roles/owner"'
)

SELECTS = [
    ("", "everything"),
    ("-- nothing but a comment", "a comment"),
    ('resource.type="gce_firewall_rule"', "the type"),
    ("resource.type=gce_firewall_rule", "without quotation marks"),
    ("resource.type = 'gce_firewall_rule'", "other quotation marks, and spaces"),
    ('resource.type="gce_firewall_rule" protoPayload.methodName:"compute.firewalls.insert"', "AND is left out"),
    ('resource.type="gce_firewall_rule"\nAND protoPayload.methodName:"firewalls"', "over lines"),
    ('resource.type="gce_network" OR resource.type="gce_firewall_rule"', "one of two"),
    ('resource.type=("gce_network" OR "gce_firewall_rule")', "one of two values"),
    # (a OR b) AND (c OR d): OR binds before AND.
    ("severity=NOTICE OR severity=INFO AND severity=ERROR OR severity=NOTICE", "OR binds before AND"),
    ('NOT resource.type="gce_network"', "not another"),
    ('-resource.type="gce_network"', "not another, by a sign"),
    ('resource.type!="gce_network"', "another than this"),
    ("severity>=INFO", "at least as severe"),
    ("severity<WARNING severity<=NOTICE severity>DEBUG", "not more severe"),
    ('protoPayload.methodName=~"firewalls\\.(insert|delete)$"', "a regular expression"),
    ('protoPayload.methodName!~"^beta"', "not a regular expression"),
    ("protoPayload.methodName:*", "it is there"),
    ("protoPayload.serviceData.policyDelta:*", "something below it is there"),
    ('log_id("cloudaudit.googleapis.com/activity")', "the log, by a function"),
    ('deltas.action="REMOVE"', "one of several values"),
    ("roles/owner", "a text anywhere"),
    ('protoPayload:"roles/owner"', "a text anywhere below"),
    ('resource.type="gce_firewall_rule" OR sample(insertId, 0.1)', "whatever a function says"),
    ('("roles/owner" OR projectOwnerInvitee) AND severity="NOTICE"', "texts in parentheses"),
]
NOT_SURELY = [
    (None, "none"),
    ('resource.type="gce_network"', "another type"),
    ('resource.type="GCE_FIREWALL_RULE"', "another case"),
    ('NOT resource.type="GCE_FIREWALL_RULE"', "not another case"),
    ("severity>=ERROR", "more severe"),
    ('protoPayload.authenticationInfo.principalEmail="a@example.com"', "what is not known"),
    ('NOT protoPayload.authenticationInfo.principalEmail="a@example.com"', "not what is not known"),
    ('protoPayload.authenticationInfo.principalEmail!="a@example.com"', "other than what is not known"),
    ("protoPayload.status.code:*", "that something else is there"),
    ('resource.type="gce_firewall_rule" AND sample(insertId, 0.1)', "a sample"),
    ('deltas.action!="REMOVE"', "none of several values"),
    ("Unheard", "a text that it need not have"),
    ("NOT Unheard", "not a text that it may have"),
    ("timestamp>=2026-01-01", "from a day on"),
    ('resource.type=("gce_network"', "parentheses without an end"),
    ('resource.type="gce_firewall_rule', "quotation marks without an end"),
    ("resource.type=", "no value"),
    ("AND", "a word alone"),
    ("(" * 60 + "a" + ")" * 60, "too deep"),
    ('protoPayload.methodName=~"("', "no regular expression"),
    ("a " * 20_000, "too long"),
]


@pytest.mark.parametrize("query", [query for query, _ in SELECTS], ids=[why for _, why in SELECTS])
def test_a_query_selects(query: str) -> None:
    assert selects(query, ENTRY)


@pytest.mark.parametrize("query", [query for query, _ in NOT_SURELY], ids=[why for _, why in NOT_SURELY])
def test_a_query_does_not_surely_select(query: str | None) -> None:
    assert not selects(query, ENTRY)


@pytest.mark.parametrize("entry", ['a:"b"', 'NOT a="b"', "text", 'a="b" OR a="c"', 'a="b'])
def test_an_entry_that_is_not_made_of_equalities_is_an_error(entry: str) -> None:
    with pytest.raises(EvaluationError):
        selects("", entry)
