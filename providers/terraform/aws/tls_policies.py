"""The protocols of the predefined security policies of application and network load balancers.

What DescribeSSLPolicies tells the live adapter (Elastic Load Balancing user guides, "Security policies"). A policy that
is not here is not known.
"""

from __future__ import annotations

from typing import Final

_VERSIONS: Final = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


def _from(first: int, last: int) -> list[str]:
    return list(_VERSIONS[first : last + 1])


PROTOCOLS: Final[dict[str, list[str]]] = {
    "ELBSecurityPolicy-2015-05": _from(0, 2),
    "ELBSecurityPolicy-2016-08": _from(0, 2),
    "ELBSecurityPolicy-TLS-1-0-2015-04": _from(0, 2),
    "ELBSecurityPolicy-TLS-1-1-2017-01": _from(1, 2),
    "ELBSecurityPolicy-TLS-1-2-2017-01": _from(2, 2),
    "ELBSecurityPolicy-TLS-1-2-Ext-2018-06": _from(2, 2),
    "ELBSecurityPolicy-FS-2018-06": _from(0, 2),
    "ELBSecurityPolicy-FS-1-1-2019-08": _from(1, 2),
    "ELBSecurityPolicy-FS-1-2-2019-08": _from(2, 2),
    "ELBSecurityPolicy-FS-1-2-Res-2019-08": _from(2, 2),
    "ELBSecurityPolicy-FS-1-2-Res-2020-10": _from(2, 2),
    "ELBSecurityPolicy-TLS13-1-0-2021-06": _from(0, 3),
    "ELBSecurityPolicy-TLS13-1-1-2021-06": _from(1, 3),
    "ELBSecurityPolicy-TLS13-1-2-2021-06": _from(2, 3),
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06": _from(2, 3),
    "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06": _from(2, 3),
    "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06": _from(2, 3),
    "ELBSecurityPolicy-TLS13-1-3-2021-06": _from(3, 3),
    "ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04": _from(0, 3),
    "ELBSecurityPolicy-TLS13-1-1-FIPS-2023-04": _from(1, 3),
    "ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04": _from(2, 3),
    "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04": _from(2, 3),
    "ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-2023-04": _from(2, 3),
    "ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-2023-04": _from(2, 3),
    "ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-2023-04": _from(2, 3),
    "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04": _from(3, 3),
    "ELBSecurityPolicy-TLS13-1-0-PQ-2025-09": _from(0, 3),
    "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09": _from(2, 3),
    "ELBSecurityPolicy-TLS13-1-2-Ext1-PQ-2025-09": _from(2, 3),
    "ELBSecurityPolicy-TLS13-1-2-Ext2-PQ-2025-09": _from(2, 3),
    "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09": _from(3, 3),
    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09": _from(2, 3),
    "ELBSecurityPolicy-TLS13-1-2-FIPS-PQ-2025-09": _from(2, 3),
}
