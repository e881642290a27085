"""A workflow of GitHub Actions on a runner of your own, whose disk keeps the store.

Clouds are entered by OIDC: the job's token is exchanged by each cloud's own default chain, and nothing is stored. It
uses GitHub's own actions, pinned by commit, and no others.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Final

import engine
from engine.schedules import MOST_HOURS, Job, filled, head

_VARIABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "aws": {
        "AWS_ROLE_ARN": "the role in role-aws.yaml; its trust policy names GitHub and this repository",
        "AWS_REGION": "any region that is enabled",
    },
    "azure": {
        "AZURE_CLIENT_ID": "an application with a federated credential for this repository",
        "AZURE_TENANT_ID": "its tenant",
    },
    "gcp": {
        "GCP_PROVIDER": "the pool: //iam.googleapis.com/projects/NUMBER/.../workloadIdentityPools/POOL/providers/ID",
        "GCP_SERVICE_ACCOUNT": "the address of the service account that has the role in role-gcp.yaml",
    },
    "github": {"AUDITREEL_GITHUB_APP_ID": "the App of role-github.json"},
}
"""Variables of the repository that each cloud takes, with what they are."""
_AUDIENCES: Final = {"aws": "sts.amazonaws.com", "azure": "api://AzureADTokenExchange"}
_REQUEST: Final = """\
          curl -sSf -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
            "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=@AUDIENCE@" | jq -re .value >"$RUNNER_TEMP/@PROVIDER@.token"
"""
_HEAD: Final = """\
name: auditreel nightly
on:
  schedule:
    - cron: @CRON@
      timezone: @ZONE@
  workflow_dispatch:
permissions:
  contents: read
  id-token: write
concurrency:
  group: auditreel-nightly
  cancel-in-progress: false
jobs:
  run:
    runs-on: [self-hosted, auditreel]
    timeout-minutes: @MINUTES@
    env:
      AUDITREEL_CONFIG: @CONFIG@
@ENVIRONMENT@    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        # The history says since when a waiver holds.
        with: {persist-credentials: false, fetch-depth: 0}
      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
        with: {python-version: "3.13"}
      - name: Install
        run: |
          python -m venv "$RUNNER_TEMP/auditreel"
          "$RUNNER_TEMP/auditreel/bin/pip" install @REQUIREMENT@
          echo "$RUNNER_TEMP/auditreel/bin" >>"$GITHUB_PATH"
"""
_STEPS: Final = """\
      - name: Run
        env:
          AUDITREEL_SIGNING_KEY: ${{ secrets.AUDITREEL_SIGNING_KEY }}
@SECRETS@        run: @COMMAND@
      - name: Notify
        # Also where the run failed. What never began is told by the heartbeat's next_due, or by another machine.
        if: ${{ always() }}
        env:
          AUDITREEL_NOTIFY: ${{ secrets.AUDITREEL_NOTIFY }}
        run: @NOTIFY@
"""
_GOOGLE: Final = """\
          jq -n --arg url "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=https:$PROVIDER" \\
            --arg token "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" --arg provider "$PROVIDER" --arg account "$ACCOUNT" '{
              type: "external_account", audience: $provider, token_url: "https://sts.googleapis.com/v1/token",
              subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
              service_account_impersonation_url:
                "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/\\($account):generateAccessToken",
              credential_source: {url: $url, headers: {Authorization: "bearer \\($token)"},
                format: {type: "json", subject_token_field_name: "value"}}}' >"$RUNNER_TEMP/gcp.json"
"""


def files(job: Job) -> dict[str, str]:
    """One workflow, which goes to .github/workflows of the repository that holds the policy folder."""
    first = head(
        job,
        "Nightly run of auditreel. Written by `auditreel schedule print --target github`.",
        {
            "runner": f"your own, labelled auditreel: a hosted one forgets {_forgotten(job)}",
            "secrets": "AUDITREEL_SIGNING_KEY, AUDITREEL_NOTIFY" + _of_github(job),
            **{
                f"variable {name}": said
                for provider in job.clouds
                for name, said in _VARIABLES.get(provider, {}).items()
            },
            **{f"variable {name}": said for name, (_, said) in job.variables.items()},
        },
    )
    zone = "Etc/UTC" if job.schedule.timezone == "UTC" else job.schedule.timezone
    top = {
        "CRON": json.dumps(job.cron(job.at)),
        "ZONE": json.dumps(zone),
        "MINUTES": str(MOST_HOURS * 60),
        "CONFIG": json.dumps(job.config),
        "ENVIRONMENT": "".join(_environment(job)),
        "REQUIREMENT": shlex.quote(f"auditreel[{job.extras}]=={engine.__version__}"),
    }
    told = ("--heartbeat", f"{job.config}/auditreel.prom", "--log-json", "-", "--policy", job.policy or "policies")
    words = [word for word in job.run if word not in ("--policy", job.policy)]
    secrets = "          AUDITREEL_GITHUB_APP_KEY: ${{ secrets.AUDITREEL_GITHUB_APP_KEY }}\n"
    steps = {
        "COMMAND": json.dumps(shlex.join((*words, *told))),
        "NOTIFY": json.dumps(shlex.join(job.notify)),
        "SECRETS": secrets if "github" in job.providers else "",
    }
    text = filled(_HEAD, top) + "".join(_identities(job)) + filled(_STEPS, steps)
    return {"auditreel-nightly.yml": first + text}


def _forgotten(job: Job) -> str:
    if job.bucket is None:
        return f"{job.store}, and with it the evidence"
    return f"{job.config}, and with it what it trusts"


def _of_github(job: Job) -> str:
    return ", AUDITREEL_GITHUB_APP_KEY" if "github" in job.providers else ""


def _environment(job: Job) -> Iterator[str]:
    names = [name for provider in job.clouds if provider != "gcp" for name in _VARIABLES.get(provider, {})]
    for name in dict.fromkeys((*names, *job.variables)):
        yield f"      {name}: ${{{{ vars.{name} }}}}\n"


def _identities(job: Job) -> Iterator[str]:
    """A step for each cloud that writes the job's token where the cloud's own library looks for it."""
    files = {"aws": "AWS_WEB_IDENTITY_TOKEN_FILE", "azure": "AZURE_FEDERATED_TOKEN_FILE"}
    for provider in job.clouds:
        if provider in _AUDIENCES:
            yield f"      - name: Identity for {provider}\n        run: |\n"
            yield filled(_REQUEST, {"AUDIENCE": _AUDIENCES[provider], "PROVIDER": provider})
            yield f'          echo "{files[provider]}=$RUNNER_TEMP/{provider}.token" >>"$GITHUB_ENV"\n'
        elif provider == "gcp":
            yield "      - name: Identity for gcp\n        env:\n"
            yield "          PROVIDER: ${{ vars.GCP_PROVIDER }}\n          ACCOUNT: ${{ vars.GCP_SERVICE_ACCOUNT }}\n"
            yield f"        run: |\n{_GOOGLE}"
            yield '          echo "GOOGLE_APPLICATION_CREDENTIALS=$RUNNER_TEMP/gcp.json" >>"$GITHUB_ENV"\n'
