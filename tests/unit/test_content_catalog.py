"""The catalogue of checks: what it lists, and the gaps that it names."""

from __future__ import annotations

from pathlib import Path

from engine.catalog.criteria import catalogue
from engine.content.load import load
from tests.unit.data_folders import CHECK, CONTROL, ENCRYPTION, LOGGING, RELATED, root


def test_checks_stand_under_the_criterion_that_they_serve_first_and_gaps_are_named(tmp_path: Path) -> None:
    product = RELATED.replace("severity: low", "severity: low\nproduct: Test | Trails")
    content = load(root(tmp_path, {ENCRYPTION: CHECK, LOGGING: product}, {"controls/a.yaml": CONTROL}))
    text = catalogue(content)
    assert "2 checks serve 3 of 61 criteria." in text
    assert (
        f"""\
### CC6.1 Logical access protections guard information assets

| Check | Severity | Resource type | What it says |
|---|---|---|---|
| `{ENCRYPTION}` | high | Test::Bucket | Buckets are encrypted with an approved algorithm |
"""
        in text
    )
    assert f"### C1.1 Confidential information is identified and kept protected\n\nAlso: `{ENCRYPTION}`\n" in text
    assert "Buckets are watched by a trail that is on (asks for Test \\| Trails) |" in text
    unserved = text[text.index("## Criteria that no check serves") : text.index("## Checks that no control uses")]
    assert unserved.count("\n- ") == 58
    assert "\n- CC1.1 " in unserved
    assert text.endswith(f"## Checks that no control uses\n\n- `{LOGGING}`\n")


def test_where_controls_use_every_check_it_says_so(tmp_path: Path) -> None:
    either = CONTROL.replace(f"checks: [{ENCRYPTION}]", f"satisfied_by: {{any: [{ENCRYPTION}, {LOGGING}]}}")
    assert "None: every check is named by a control" in catalogue(
        load(root(tmp_path, policies={"controls/a.yaml": either}))
    )
