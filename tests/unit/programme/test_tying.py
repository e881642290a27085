"""What an auditor asks for is tied to what would answer it; what the words do not say is not claimed."""

from __future__ import annotations

from functools import cache

import pytest

from engine.content.load import load
from engine.content.root import find
from engine.programme.requests import Request
from engine.programme.tying import Known, asks, references, theirs_are_ours, tied
from engine.workflows.requests import known
from tests.end_to_end.larkfield import lines

CATEGORIES = ("security", "availability", "confidentiality")
TEXTS = {
    "large_firm": lambda row: (row["id"], row["request"], row["criteria"], row["type"]),
    "small_firm": lambda row: (row["number"], row["evidence"], row["control"], ""),
    "platform_export": lambda row: (row["ref"], f"{row['title']}. {row['detail']}", row["code"], ""),
}


@cache
def ours() -> tuple[Known, frozenset[str]]:
    from dataclasses import replace

    policy = load(find()).policy
    organization = replace(policy.organization, categories=CATEGORIES, providers=("aws", "github"))
    return known(replace(policy, organization=organization)), frozenset(policy.criteria)


def made(*rows: tuple[str, str, str, str]) -> tuple[Request, ...]:
    held, criteria = ours()
    found = []
    for number, (id_, text, cited, type_) in enumerate(rows, 1):
        named, _ = references((cited, text), criteria)
        _, controls = references((cited,), ())
        found.append(Request(id_, text, number, criteria=named, controls=controls, asks=asks(text, [type_])))
    return tied(found, held)


def answering(request: Request) -> list[set[str]]:
    """Of each tie the names that it goes by: a kind, checks, a part; of a control what it names."""
    held, _ = ours()
    rows = []
    for tie in request.ties:
        names = {*held.checks(tie.checks), *filter(None, (tie.kind, f"org:{tie.part}" if tie.part else None))}
        for control in held.controls if tie.control else ():
            if control.id == tie.control:
                names |= {
                    *control.evidence,
                    *control.checks,
                    *(name for group in control.alternatives for name in group),
                }
        rows.append(names)
    return rows


@pytest.mark.parametrize(
    ("name", "tied_", "most_wrong"), [("large_firm", 67, 3), ("small_firm", 20, 1), ("platform_export", 15, 1)]
)
def test_two_thirds_of_a_list_are_tied_without_help_and_the_ties_are_those_written_before(
    name: str, tied_: int, most_wrong: int
) -> None:
    rows = lines(name)
    found = made(*(TEXTS[name](row) for row in rows))
    wrong = []
    for row, request in zip(rows, found, strict=True):
        expected = row["expected"].split() if row["expected"] != "-" else []
        names = answering(request)
        if request.ties and not (
            len(names) == len(expected) and all(any(one in of for of in names) for one in expected)
        ):
            wrong.append((request.id, request.text, [tie.name for tie in request.ties], expected))
    assert len(wrong) <= most_wrong, wrong
    assert sum(bool(request.ties) for request in found) >= tied_


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tickets showing removal in line with the access control policy", []),
        ("Evidence of intrusion detection (e.g., GuardDuty, a firewall)", ["threat_detection_report"]),
        ("Evidence of controls such as penetration tests", ["penetration_test"]),
        ("For a sample of new hires: signed NDAs", ["confidentiality_agreement"]),
        ("NDAs for the selected new hires", ["confidentiality_agreement"]),
        ("List of new hires", ["background_check"]),
        ("Our prior SOC 2 report", []),
        ("Full set of approved security policies", []),
        ("Schedule a walkthrough of the penetration test", []),
        ("Access to your ticketing system for the audit team", []),
        ("Backup settings, with schedule and retention", ["backup_report"]),
        ("Review of user access; organisation chart", ["access_review", "organization_chart"]),
        ("", []),
        ("access review " * 400, ["access_review"]),
    ],
)
def test_words_that_only_set_the_scene_name_nothing(text: str, expected: list[str]) -> None:
    (request,) = made(("1", text, "", ""))
    assert [tie.kind for tie in request.ties] == expected


def test_a_tie_says_by_which_words_and_how_sure() -> None:
    rows = made(
        ("1", "Quarterly reviews of user access", "AC-15", ""),
        ("2", "Quarterly reviews of user access", "HR-02", ""),
        ("3", "As discussed", "HR-02", ""),
        ("4", "As discussed", "HR-99", ""),
    )
    assert [[(tie.name, tie.sure, tie.why) for tie in row.ties] for row in rows] == [
        [("access_review", "certain", 'its words: "reviews access"; AC-15 asks for it')],
        [("access_review", "likely", 'its words: "reviews access"; HR-02, which it cites, does not ask for it')],
        [("HR-02", "likely", "it cites HR-02, whose evidence is training")],
        [],
    ]  # fmt: skip


def test_control_ids_that_only_look_like_ours_tie_nothing() -> None:
    held, _ = ours()
    rows = made(
        ("1", "Organisation chart", "AC-01", ""),
        ("2", "Board minutes", "AC-03", ""),
        ("3", "Something else entirely", "AC-15", ""),
    )
    assert not theirs_are_ours(rows, held)
    assert [tie.name for row in rows for tie in row.ties] == ["organization_chart", "board_minutes"]


def test_every_name_of_the_vocabulary_is_a_kind_a_topic_or_a_part_that_exists() -> None:
    from engine.judging.scope import kinds
    from engine.programme.requests import PARTS
    from engine.programme.vocabulary import BESIDE, NOTHING, PHRASES, TAKES_IN, TOPICS

    policy = load(find()).policy
    every = Known(policy.controls)
    named = kinds(policy.controls) - {"nightly_scans"}
    assert {name for name in PHRASES if name[0] not in "@#-"} == named
    assert {name[1:] for name in PHRASES if name[0] == "@"} == TOPICS.keys()
    assert {name[1:] for name in PHRASES if name[0] == "#"} <= set(PARTS)
    assert BESIDE.keys() <= named
    spoken = {name for names in TAKES_IN.values() for name in names} | TAKES_IN.keys()
    assert spoken <= PHRASES.keys() | {NOTHING}
    patterns = {pattern for rows in (*TOPICS.values(), *BESIDE.values()) for pattern in rows}
    assert [pattern for pattern in sorted(patterns) if not every.checks((pattern,))] == []
