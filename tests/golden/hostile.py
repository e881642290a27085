"""A run and a gate in which everything that comes from outside has a name that attacks whoever reads it."""

from __future__ import annotations

from dataclasses import replace

from engine.gate.model import ContentChange, Gate
from engine.model import Assessment, Unread
from tests.golden import assessments as made
from tests.golden import gates
from tests.golden.assessments import ENCRYPTED, PUBLIC, bucket, every_state, failed, unknown

NAMES = {
    "workflow command": "x\n::error file=a.tf,line=1::owned\n::stop-commands::x\r::add-mask::fail",
    "workflow command on a line of its own": "::set-output name=a::b",
    "workflow command of old": "a ##[error]owned ##[set-env name=PATH;]/evil",
    "logging command": "##vso[task.setvariable variable=PATH]/evil ##VSO[task.complete result=Succeeded;]DONE",
    "end of a property": "a,title=b::c;type=warning;]d%0A::error::e%3A%AZP25",
    "markup": "<script>alert(1)</script> <!-- --> </details><img src=x onerror=alert(1)>",
    "markdown": "[click](http://evil.example) ![x](http://evil.example/x.png) @team `a` | b\n# Everything passes",
    "marker of a comment": "<!-- auditreel:gate:root -->",
    "XML": "]]></failure><testcase name='x'/>&amp;<![CDATA[",
    "control characters": "\x00\x1b[2J\x07\x0b\x85\u2028\x9b31m\x7f",
    "right to left": "\u202egpj.exe\u2066",
    "what is no character": "half \ud800 a \udfff \ufffe\uffff",
    "link of SARIF": "[see](1) {0} [x](http://evil.example)",
    "64 KiB": "A" * 65536,
    "nothing": "",
}


def run(name: str) -> Assessment:
    """A run: a failure, one that is accepted, and what is not known."""
    item = replace(bucket("x"), id=name, name=name, account=name, region=name)
    rows = (
        replace(failed(ENCRYPTED, item), message=f"Bucket {name} is not encrypted."),
        unknown(PUBLIC, item, Unread("malformed_response", name, name, name), name),
        replace(failed(PUBLIC, item), message=name),
    )
    whole = every_state()
    state = whole.waivers[0]
    waiver = replace(state.waiver, id=name, reason=name, owner=name,
                     approval=replace(state.waiver.approval, approver=name))  # fmt: skip
    return replace(
        whole,
        organization=name,
        findings=rows,
        waived={2: waiver},
        waivers=(
            replace(state, waiver=waiver),
            *(replace(row, waiver=replace(row.waiver, id=name)) for row in whole.waivers),
        ),
        populations=made.populations((ENCRYPTED, PUBLIC), rows, {2: waiver}),
    )


def gate(name: str) -> Gate:
    """A gate: what is planned, where, by whom, and what the plan says."""
    whole = gates.every_movement()
    changes = tuple(
        replace(
            row,
            subject=replace(row.subject, id=name, name=name),
            finding=replace(row.finding, message=name) if row.finding is not None else None,
            place=replace(row.place, address=name, parts=(name,)) if row.place is not None else None,
            added=((name, name),),
        )
        for row in whole.changes
    )
    source = replace(whole.source, path=name, tool=name, unmapped={name: 1}, orphans=(name,), actions={name: 1},
                     incomplete=(name,), statements=(name,))  # fmt: skip
    request = replace(whole.request, base_commit=name, head_commit=name, pull_request=name, approvers=(name,))
    needs = tuple(replace(row, why=name) for row in whole.needs_live)
    return replace(
        whole, changes=changes, source=source, request=request, needs_live=needs, base_name=name, policy_ref=name,
        content_changes=(ContentChange(name, "added"),),
    )  # fmt: skip
