"""The pages that come with a period's evidence: README and "How to re-perform this", in auditors' words.

The steps name the files of the bundle. The HTML page needs no network and no script.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from engine.periods import Period
from engine.report import period_facts, period_words
from engine.report.layout import counted, wrapped
from engine.report.safe import safe

_WIDTH: Final = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that an auditor can do again: what, why, how (paragraphs and commands), and what it does not show."""

    title: str
    why: str
    how: tuple[str, ...]
    commands: tuple[str, ...] = ()
    limits: str = ""


STEPS: Final = (
    Step(
        "Know that the package is whole",
        "Information produced by the entity (IPE): complete, and unaltered since it was sealed.",
        (
            "Take the verifier from the release, not from this package, and compare its SHA-256 with the one printed "
            "there. Have the organisation's public key (trust.json) from somewhere else than this package.",
            "It ends with 0 only if every record, body, file and chain entry verified. Anything else, also that it "
            "could not verify, is not success. Its first line says whether the chain is anchored in time.",
        ),
        ("python verify_bundle.py BUNDLE.zip --key trust.json", "auditreel verify BUNDLE.zip"),
        "It does not show that the provider answered truthfully. Where the chain is NOT ANCHORED, the key's holder "
        "could have rewritten or removed runs.",
    ),
    Step(
        "Inspect coverage before results",
        "What was not looked at cannot have failed.",
        (
            "workpaper.xlsx, sheets nights, gaps and coverage: every night that the schedule expects, and every check "
            "in every scope on it: ran, ran in part, did not run, not retained, not in force. Sheet runs lists the "
            "sealed runs with their chain entries; numbers without a break show that none was taken out.",
        ),
        (),
        "Between two runs nothing is claimed: what was changed and changed back within a night is not seen.",
    ),
    Step(
        "Inspect a population",
        "Completeness and accuracy of a listing: source, query, parameters, count.",
        (
            "workpaper.xlsx, sheet populations: the query that listed it, first and last seen, whether every listing "
            "was complete, and the count of a second source with the difference where there is one.",
            "runs/RUN/ledger.jsonl has each call with the provider's request ids. Look one up in the customer's own "
            "audit log: AWS CloudTrail (requestID of the event), Azure Activity Log (correlationId), Google Cloud "
            "Audit Logs (operation and insert id of the entry). Reading calls are in these logs only where they are "
            "switched on.",
        ),
    ),
    Step(
        "Select a sample",
        "A selection that nobody could steer, and that can be made again.",
        (
            "Give a nonce of your own. The population is frozen and sealed first, the nonce after it; the seed is "
            "SHA-256(population digest, nonce). Sizes are yours to set. Replacements come in the same order, each with "
            "a reason. A draw without a nonce is marked internal. samples/ has what was drawn already.",
        ),
        ("auditreel sample freeze --help", "auditreel sample draw --help"),
    ),
    Step(
        "Inspect a failure",
        "When it began and ended, and whether the control's rule calls it a deviation.",
        (
            "workpaper.xlsx, sheet failures: last good, first bad, last bad and first good are times of runs. It began "
            "after the first of these and no later than the second. records.jsonl has the record, with the values that "
            "were observed, and evidence.jsonl says of which run it is; bodies.jsonl has the configuration that it was "
            "judged on, named by its SHA-256.",
            "A failure that was corrected or accepted stays listed. One that ended because the test or the boundary "
            "changed is never called corrected.",
        ),
    ),
    Step(
        "Reperform a test",
        "The same test on the same configuration gives the same record.",
        (
            "Replay judges the kept configuration again by the kept check, offline, and compares bytes. It answers "
            "identical, differs (which field), or cannot replay (what is missing); never a bare success.",
            "Each check has examples of resources that pass and that fail: proof that the test can fail. Unpack the "
            "package to try them: checks/ has those of the last run by name, content/ every version that judged.",
        ),
        ("auditreel replay BUNDLE.zip", "auditreel check test checks/PROVIDER/SERVICE/NAME.yaml"),
        "Another version of the engine is stated, and is no failure.",
    ),
    Step(
        "Observe a run",
        "That what you see today comes from the system, now.",
        (
            "Watch a run with a nonce of yours: it stands in the sealed record. Compare what it read with the last "
            "nightly run, or use a read-only identity of your own.",
        ),
        ("auditreel run --witness NONCE",),
    ),
)
"""What can be done again, in the order of an examination."""

FILES: Final[Mapping[str, str]] = {
    "index.html": "the page to begin with: coverage, criteria, controls, failures on a time line",
    "report.pdf": "the same to be read, printed and filed",
    "workpaper.xlsx": "in the shape of section IV, with empty columns for the auditor, and the lists behind it",
    "csv/": "the same cells as CSV, one file a sheet",
    "report.txt": "the same as plain text",
    "report.md": "the same as Markdown",
    "oscal.json": "the same as OSCAL assessment results, for tools",
    "ocsf.jsonl": "failures and gaps as OCSF Compliance Findings (class 2003), for tools",
    "REPERFORM.html": "how to do every step again, and what it cannot show",
    "REPERFORM.txt": "the same as plain text",
    "README.txt": "this page",
    "manifest.json": "the period, its runs, what was left out and why, digest and size of every file",
    "signature.json": "the signer's word for the manifest, and so for every file",
    "verify_bundle.py": "a verifier, as a convenience: take yours from the release",
    "keys.json": "public keys, as a claim: have them from somewhere else",
    "chain/": "the signed entries of the chain",
    "records.jsonl": "the records, each once, in the order in which the runs have them first",
    "evidence.jsonl": "the records with when they were collected and sealed, and what was accepted; again where that "
    "changed",
    "bodies.jsonl": "the configurations that were judged, each once, named by their SHA-256",
    "runs/": "of each run: leaves.txt, which records it has (SHA-256 of a zero byte and the line), in order; "
    "ledger.jsonl, the calls that were made, with the provider's request ids",
    "checks/": "the checks of the last run by name, with their examples",
    "content/": "checks, controls, policies, schemas and parameters as they were evaluated, each named by its SHA-256",
    "private/": "personal data apart, so that it can be left out or erased and every hash still verifies",
    "samples/": "frozen populations, in the order in which they were drawn, and what was replaced and why",
}
"""What the members of a bundle are, by name or folder, in the order in which a reader wants them."""


def text(period: Period) -> bytes:
    """How to re-perform it, as plain text."""
    lines = [*period_words.firsts(period), "", "How to re-perform this", "", *_opening(period)]
    for number, step in enumerate(STEPS, 1):
        lines += ["", f"{number}. {step.title}", *_wrapped(step.why, 3)]
        for paragraph in step.how:
            lines += ["", *_wrapped(paragraph, 3)]
        lines += ["", *(f"       {command}" for command in step.commands)] if step.commands else []
        lines += ["", *_wrapped(f"What it does not show: {step.limits}", 3)] if step.limits else []
    return ("\n".join(lines) + "\n").encode()


def html(period: Period) -> bytes:
    """How to re-perform it, as a page that opens from disk."""
    firsts = "".join(f'<p class="first">{_markup(line)}</p>' for line in period_words.firsts(period))
    opening = "".join(f"<p>{_markup(line)}</p>" for line in _opening(period))
    steps = "".join(map(_section, STEPS))
    return _PAGE.format(title="How to re-perform this", firsts=firsts, opening=opening, steps=steps).encode()


@dataclass(frozen=True, slots=True)
class Said:
    """What a README says was left out: formats, the records of other than these criteria (None: none), and personal."""

    without: tuple[str, ...] = ()
    criteria: tuple[str, ...] | None = None
    redacted: tuple[str, ...] = ()


def readme(period: Period, names: tuple[str, ...], said: Said = Said()) -> bytes:
    """What a bundle with the members ``names`` is and holds, in auditors' words.

    A member of which nothing is known here is listed by its name all the same; what was left out is named.
    """
    lines = [*period_words.firsts(period), "", period_words.title(period), "", *_opening(period), "", "What is in here"]
    told = {name: what for name, what in FILES.items() if _present(name, names)}
    unknown = sorted({name.partition("/")[0] + ("/" if "/" in name else "") for name in names} - told.keys())
    width = max(map(len, (*told, *unknown)), default=0)
    for name, what in told.items():
        lines += [f"  {name:<{width}}  {line}" if not index else f"  {'':<{width}}  {line}"
                  for index, line in enumerate(wrapped(what, _WIDTH - width - 4))]  # fmt: skip
    lines += [f"  {safe(name)}" for name in unknown]
    lines += _added(period, said)
    lines += _left_out(said)
    lines += ["", "What it is not", *_wrapped(period_words.NOT_AN_OPINION, 2), *_wrapped(_CANNOT, 2)]
    return ("\n".join(lines) + "\n").encode()


def _added(period: Period, said: Said) -> Iterator[str]:
    """What the chain says of the period beside its runs: responses, samples, and runs that are kept no longer."""
    answered = sum(len(failure.responses) for failure in period.failures)
    replaced = sum(len(sample.replaced) for sample in period.samples)
    texts = [
        f"{counted(answered, 'response')} of management to failures; they change nothing of the failures."
        if answered
        else "",
        f"{counted(len(period.samples), 'frozen population')}, with {counted(replaced, 'unit')} replaced in samples."
        if period.samples
        else "",
        *(f"Not retained: {text}." for text in period_facts.removed(period)),
    ]
    if any(texts):
        yield from ("", "What the chain says beside the runs")
    for text in filter(None, texts):
        yield from _wrapped(text, 2)


def _left_out(said: Said) -> Iterator[str]:
    if said.without:
        yield from ("", f"Left out when it was made: {', '.join(said.without)}.")
    if said.criteria is not None:
        text = (
            f"It carries the records of the checks of {', '.join(said.criteria)}, and of the others every failure and "
            "everything unknown. Of the rest stand the hashes in runs/, so that the sealed roots come out; how many "
            "failed is sealed too, so that none can have been left out. Reports and ledgers are whole."
        )
        yield from ("", *wrapped(text, _WIDTH))
    if said.redacted:
        text = (
            f"Redacted: {', '.join(said.redacted)}. What schemas mark as personal stands apart and was left out, "
            "and so are who asked the clouds, management's responses, and why a unit was replaced; digests stand in "
            "their place, and every hash still verifies. What needs it cannot be replayed, as replay says."
        )
        if "people" in said.redacted:
            text += (
                " The policy folder and the controls name people: of them, with records, documents and waivers, stand "
                "the digests in the seals alone; what reports say of them is without owners, approvers and reasons."
            )
        yield from ("", *wrapped(text, _WIDTH))


_CANNOT: Final = (
    "No cryptography shows that a provider answered truthfully, that a collector had every right it needed (what it "
    "was refused is listed), or what happened between two runs."
)


def _present(name: str, names: tuple[str, ...]) -> bool:
    return name in names or (name.endswith("/") and any(member.startswith(name) for member in names))


def _opening(period: Period) -> list[str]:
    return [
        *wrapped(f"{safe(period.organization)}. {period_words.span(period)}.", _WIDTH),
        *wrapped(period_words.coverage(period), _WIDTH),
        *wrapped(period_words.BETWEEN, _WIDTH),
        f"Digest of the period: {safe(period.digest)}",
    ]


def _wrapped(paragraph: str, indent: int) -> list[str]:
    return [" " * indent + line for line in wrapped(paragraph, _WIDTH - indent)]


def _markup(line: str) -> str:
    return escape(safe(line, 2_000))


def _section(step: Step) -> str:
    how = "".join(f"<p>{_markup(paragraph)}</p>" for paragraph in step.how)
    commands = f"<pre><code>{_markup_lines(step.commands)}</code></pre>" if step.commands else ""
    limits = (
        f'<p class="limits"><strong>What it does not show.</strong> {_markup(step.limits)}</p>' if step.limits else ""
    )
    return f'<li><h2>{_markup(step.title)}</h2><p class="why">{_markup(step.why)}</p>{how}{commands}{limits}</li>\n'


def _markup_lines(lines: tuple[str, ...]) -> str:
    return "\n".join(map(_markup, lines))


_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: #1f2937; --paper: #fff; --quiet: #52606d; --box: #eef2f6; --line: #c3ccd6; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e5e9ee; --paper: #14181d; --quiet: #a9b4c0; --box: #20262d; --line: #3c4650; }}
}}
body {{ margin: 0 auto; max-width: 46rem; padding: 2rem 1.25rem 4rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.55 system-ui, sans-serif; }}
h1 {{ line-height: 1.2; }}
h2 {{ font-size: 1.15rem; margin: 0 0 .25rem; }}
ol {{ padding-left: 1.5rem; }}
li {{ margin: 1.75rem 0; }}
li::marker {{ font-weight: 700; }}
.first {{ font-weight: 700; border-left: .3rem solid var(--line); padding-left: .75rem; }}
.why, .limits {{ color: var(--quiet); }}
pre {{ background: var(--box); border: 1px solid var(--line); border-radius: .3rem; padding: .75rem;
  overflow-x: auto; }}
@media print {{ body {{ max-width: none; padding: 0; }} li {{ break-inside: avoid; }} }}
</style>
</head>
<body>
<main>
{firsts}
<h1>{title}</h1>
{opening}
<ol>
{steps}</ol>
</main>
</body>
</html>
"""
