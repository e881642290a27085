"""Amazon Macie: the session of an account in a region."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.macie2 import SESSION
from providers.terraform.aws.beyond import NOT_HELD
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Where

JOB: Final = "aws_macie2_classification_job"
ALSO: Final = (JOB,)


def _identity(block: Block, where: Where) -> Any:
    # The provider's id of a session is the account's.
    account = block.get("id", None, computed=False)
    return f"{where.region}|{account}" if where.region is not None and isinstance(account, str) else None


def _scheduled(block: Block) -> Any:
    """The scheduled jobs beside the session that the plan holds; an existing session may have others."""
    jobs = [job for job in block.referring.beside((JOB,)) if job.get("job_type") != "ONE_TIME"]
    if not jobs:
        return NOT_HELD
    told = [{"name": job.get("name", computed=False), "status": job.get("job_status", computed=False)} for job in jobs]
    there = isinstance(block.get("id", None, computed=False), str)
    return [*told, *([dict.fromkeys(("name", "status"), NOT_HELD)] if there else [])]


MAPPINGS: Final = (
    Mapping(
        type=SESSION,
        terraform="aws_macie2_account",
        control=True,
        keys=("id",),
        name=Attribute("id", None, computed=False),
        identity=_identity,
        properties={
            "scheduled_jobs": Derived(("id",), _scheduled),
            "status": Attribute("status", "ENABLED", "Macie API, EnableMacie: ENABLED where nothing is said"),
        },
    ),
)
