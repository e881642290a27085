"""The token endpoint of Microsoft Entra ID (v2.0), as MSAL and azure-identity ask it, and App Service's for machines.

OpenID Connect discovery 1.0; "Microsoft identity platform and the OAuth 2.0 client credentials flow"; "REST endpoint
reference" of managed identities for App Service. A token is a JWT that nobody signed: who made it remembers it.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

import jwt

from tests.emulators.azure.errors import answered
from tests.emulators.azure.tenant import Tenant
from tests.emulators.identify import Request
from tests.emulators.wire import Answer

LIFETIME: Final = 3599


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that was given: to which application, for whom, until when (Unix time)."""

    client: str
    audience: str
    expires: float


class Login:
    """Gives tokens, and knows whose they are. ``lifetime`` of new ones is in seconds."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.lifetime = LIFETIME
        self.identity_header = "planted-identity-header"
        self.issued: dict[str, Issued] = {}

    def answer(self, request: Request, base: str) -> Answer:
        """The answer to a request for the discovery document or for a token."""
        if request.path.endswith("/openid-configuration"):
            return answered(self._configuration(request.path.split("/")[1], base))
        if request.path == "/msi/token":
            return self._machine(request)
        return self._token(request)

    def holder(self, request: Request, audiences: tuple[str, ...]) -> tuple[str | None, str]:
        """The application whose token a request bears, or None and why not."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        known = self.issued.get(token)
        if scheme.lower() != "bearer" or known is None:
            return None, "missing" if not token else "invalid"
        if known.audience.rstrip("/") not in audiences:
            return None, "audience"
        return (known.client, "") if known.expires > time.time() else (None, "expired")

    def _configuration(self, tenant: str, base: str) -> dict[str, Any]:
        return {
            "token_endpoint": f"{base}/{tenant}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/devicecode",
            "issuer": f"{base}/{tenant}/v2.0",
            "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "tenant_region_scope": "EU",
        }

    def _token(self, request: Request) -> Answer:
        form = {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
        tenant = request.path.split("/")[1]
        if tenant != self.tenant.data["id"]:
            return _refused(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        app = self.tenant.application(form.get("client_id", ""))
        if app is None:
            return _refused(400, "unauthorized_client", 700016, "Application was not found in the directory.")
        if not self._proved(app, form):
            return _refused(401, "invalid_client", 7000215, "Invalid client secret provided.")
        audience, _, wanted = form.get("scope", "").rpartition("/")
        if wanted != ".default":
            return _refused(400, "invalid_scope", 1002012, "The provided value for scope is not valid.")
        token = self.give(app, audience)
        return answered(
            {
                "token_type": "Bearer",
                "expires_in": self.lifetime,
                "ext_expires_in": self.lifetime,
                "access_token": token,
            }
        )

    def _proved(self, app: dict[str, Any], form: dict[str, str]) -> bool:
        """By a secret, or by an assertion that a registered key signed or that a federated issuer gave."""
        if "client_secret" in form:
            return form["client_secret"] == app.get("secret")
        assertion = form.get("client_assertion", "")
        if assertion and assertion == app.get("federated"):
            return True
        key = app.get("publicKey")
        if key is None:
            return False
        try:
            claims = jwt.decode(assertion, key, algorithms=["RS256", "PS256"], options={"verify_aud": False})
        except jwt.InvalidTokenError:
            return False
        return bool(claims["iss"] == claims["sub"] == app["clientId"])

    def _machine(self, request: Request) -> Answer:
        if request.headers.get("x-identity-header") != self.identity_header:
            return answered({"statusCode": 401, "message": "Unauthorized"}, 401)
        (app, *_) = self.tenant.data["applications"]
        resource = request.query.get("resource", "")
        expires = str(int(time.time()) + self.lifetime)
        token = self.give(app, resource)
        return answered({"access_token": token, "expires_on": expires, "resource": resource, "token_type": "Bearer"})

    def give(self, app: dict[str, Any], audience: str) -> str:
        """A token for an application."""
        expires = time.time() + self.lifetime
        claims = {
            "aud": audience,
            "tid": self.tenant.data["id"],
            "oid": app["objectId"],
            "appid": app["clientId"],
            "idtyp": "app",
            "exp": int(expires),
            "uti": str(len(self.issued)),
        }
        token = ".".join((_part({"typ": "JWT", "alg": "RS256"}), _part(claims), "planted-signature"))
        self.issued[token] = Issued(app["clientId"], audience, expires)
        return token


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _refused(status: int, error: str, number: int, message: str) -> Answer:
    return answered(
        {
            "error": error,
            "error_description": f"AADSTS{number}: {message} Trace ID: 0 Timestamp: 2026-11-23 12:00:00Z",
            "error_codes": [number],
            "timestamp": "2026-11-23 12:00:00Z",
        },
        status,
    )
