"""The exception tree. Every error says what was being done, to what, and what to do next.

    AuditreelError
    ├── UsageError              flags, nothing selected                                   exit 2
    │   ├── NoReader            a check reads what no reader of its provider gives        exit 2
    │   ├── NothingRecorded     a store holds no run of the days that were asked for      exit 2
    │   └── ClusterUnfit        a cluster would not read as this machine does              exit 2
    ├── ContentError            a data file is wrong; holds every problem, each located   exit 2
    ├── ExpressionError         an expression does not parse or type-check                exit 2 (inside ContentError)
    ├── InputError              a snapshot, bundle or other input file cannot be used     exit 2
    ├── DiscoveryError          a provider did not say who we are or what there is        exit 4
    ├── DeliveryError           a notification could not be delivered                     exit 4
    ├── SealError               evidence could not be written                             exit 5
    ├── VerificationError       evidence does not verify, or could not be verified        exit 5
    └── Interrupted             a signal ended the run                                    exit 130 / 143

Errors of a cloud provider are no exceptions here: ``engine.collection`` turns them into outcomes. An evaluation error
is a value as well (``engine.expressions.Failed``). Any other exception is a bug and ends with exit 1.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path


class AuditreelError(Exception):
    """Base of what auditreel raises on purpose. ``exit_code`` is what the process ends with."""

    exit_code = 2


class UsageError(AuditreelError):
    """The command line cannot be carried out as given."""


class NoReader(UsageError):
    """A check reads a type, or (where it is not empty) a property of it, that no reader of its provider gives."""

    def __init__(self, provider: str, type_: str, name: str) -> None:
        self.provider, self.type, self.name = provider, type_, name
        super().__init__(provider, type_, name)

    def __str__(self) -> str:
        lacks, has = (f"of {self.type} fills {self.name}", "fills") if self.name else (f"lists {self.type}", "lists")
        return (
            f"planning what to read: no reader {lacks}: one of providers/{self.provider} has to have it in `{has}`, "
            "and where there is SERVICES, that has to name its module (docs/writing-a-provider.md)"
        )


class NothingRecorded(UsageError):
    """A store holds no run of the days that were asked for."""


class ClusterUnfit(UsageError):
    """A cluster would not read as this machine does: no scheduler, no worker, other software, other credentials."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a data file: where (1-based line and column, key path) and what, in a sentence."""

    path: Path
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}"
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class ContentError(AuditreelError):
    """Data files cannot be used. Raised once, with every problem that was found, in file order."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        count = len(self.problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{count} {'problem' if count == 1 else 'problems'} in the data files:\n{lines}")


class ExpressionError(AuditreelError):
    """An expression does not parse or does not type-check. ``line`` and ``column`` are 1-based, in the expression."""

    def __init__(self, message: str, line: int, column: int) -> None:
        self.message, self.line, self.column = message, line, column
        super().__init__(f"{message} (line {line}, column {column} of the expression)")


class InputError(AuditreelError):
    """A file that was handed in (a snapshot, a bundle, a plan) cannot be used."""


class DiscoveryError(AuditreelError):
    """A provider did not say who we are, so that nothing could be read: the run is incomplete."""

    exit_code = 4


class DeliveryError(AuditreelError):
    """A notification could not be delivered to everyone; who could be told was told."""

    exit_code = 4


class SealError(AuditreelError):
    """Evidence could not be written or sealed; nothing was lost of what stood before."""

    exit_code = 5


class VerificationError(AuditreelError):
    """Evidence does not verify, or could not be verified, which is never success."""

    exit_code = 5


class Interrupted(AuditreelError):
    """A signal asked the run to stop. ``exit_code`` is 128 plus the signal's number."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        self.exit_code = 128 + number
        super().__init__(f"stopped by {signal.Signals(number).name}")
