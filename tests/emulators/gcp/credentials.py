"""Application Default Credentials of each kind, as files that google-auth reads (AIP-4112, 4117 and 4118)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

TOKEN: Final = "https://oauth2.googleapis.com/token"
EMAIL: Final = "auditreel@audit.iam.gserviceaccount.com"


@cache
def private_key() -> str:
    # Reading a key proves its primes: of twice the length that takes 30 ms, each time that a client is made.
    key = rsa.generate_private_key(65537, 1024)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def service_account(folder: Path, project: str = "web", token_uri: str = TOKEN) -> Path:
    """The key of a service account in ``project``."""
    return _written(
        folder / "service-account.json",
        {
            "type": "service_account",
            "project_id": project,
            "private_key_id": "0123456789abcdef",
            "private_key": private_key(),
            "client_email": EMAIL,
            "client_id": "1",
            "token_uri": token_uri,
        },
    )


def impersonation(folder: Path, source: dict[str, Any] | None = None) -> Path:
    """A user who enters a service account."""
    user = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "a-refresh-token"}
    url = f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{EMAIL}:generateAccessToken"
    told = {"service_account_impersonation_url": url, "source_credentials": source or user, "delegates": []}
    return _written(folder / "impersonated.json", {"type": "impersonated_service_account", **told})


def federation(folder: Path, token: str = "a-workloads-token") -> Path:
    """A workload outside Google Cloud, whose own token lies in a file."""
    subject = folder / "token"
    subject.write_text(token)
    pool = "//iam.googleapis.com/projects/70000000002/locations/global/workloadIdentityPools/ci/providers/github"
    return _written(
        folder / "federated.json",
        {
            "type": "external_account",
            "audience": pool,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": "https://sts.googleapis.com/v1/token",
            "credential_source": {"file": str(subject)},
        },
    )


def _written(path: Path, value: dict[str, Any]) -> Path:
    path.write_text(json.dumps(value))
    return path
