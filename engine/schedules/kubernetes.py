"""CronJobs of Kubernetes (batch/v1, 1.31 or later): the run, the notification, and the identity that they have.

A pod that is evicted is started again and goes on where it stopped; a run that ended by itself is not repeated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from engine.schedules import CACHE, GRACE_SECONDS, MOST_HOURS, USER, Job, head

NAME: Final = "auditreel"
_CONFIG, _POLICY, _SCRATCH = "/config", "/policy", "/tmp"  # noqa: S108 - an emptyDir
_IDENTITIES: Final[Mapping[str, tuple[str, str]]] = {
    "aws": ("eks.amazonaws.com/role-arn", "arn:aws:iam::ACCOUNT_ID:role/auditreel"),
    "azure": ("azure.workload.identity/client-id", "CLIENT_ID"),
    "gcp": ("iam.gke.io/gcp-service-account", "auditreel@PROJECT_ID.iam.gserviceaccount.com"),
}
"""The annotation of the service account by which each cloud knows it (EKS, AKS, GKE)."""
_FILL: Final[Mapping[str, tuple[str, str]]] = {
    "aws": ("ACCOUNT_ID", "of the role in role-aws.yaml; its trust policy names the cluster's OIDC provider"),
    "azure": ("CLIENT_ID", "of the managed identity that has the role in role-azure.json"),
    "gcp": ("PROJECT_ID", "of the service account that has the role in role-gcp.yaml"),
}


def files(job: Job) -> dict[str, str]:
    """One file with the namespace, service account, claims and both CronJobs."""
    name, _ = job.place
    first = head(
        job,
        "Nightly run of auditreel. Written by `auditreel schedule print --target k8s`.",
        {
            **dict(_FILL[provider] for provider in job.clouds if provider in _FILL),
            **dict(job.variables.values()),
            f"secret {NAME}": "AUDITREEL_SIGNING_KEY" + _of_github(job),
            f"secret {NAME}-notify": "AUDITREEL_NOTIFY: who tells what changed signs nothing",
            "claims": f"auditreel-{name}, auditreel-config (trust.json, secret), auditreel-policy (the policy folder)",
            "image": "pin it by its digest (NAME@sha256:...), which is known when it was pushed",
        },
    )
    told = ("--heartbeat", f"{_CONFIG}/auditreel.prom", "--log-json", "-")
    run = ("run", "--trigger", "scheduled", "--store", job.mounted, "--policy", _POLICY, *told)
    documents = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME, "labels": _RESTRICTED}},
        _account(job),
        *(_claim(name, size) for name, size in ((name, "20Gi"), ("config", "1Gi"), ("policy", "1Gi"))),
        _cron_job(job, NAME, job.at, run, MOST_HOURS * 3600),
        _cron_job(job, f"{NAME}-notify", job.notified, ("notify", "--store", job.mounted), 1800),
    ]
    return {"auditreel.yaml": first + "".join(f"---\n{_yaml(document)}" for document in documents)}


_RESTRICTED: Final = {"pod-security.kubernetes.io/enforce": "restricted"}


def _of_github(job: Job) -> str:
    return ", AUDITREEL_GITHUB_APP_ID, AUDITREEL_GITHUB_APP_KEY" if "github" in job.providers else ""


def _account(job: Job) -> dict[str, Any]:
    notes = dict(_IDENTITIES[provider] for provider in job.clouds if provider in _IDENTITIES)
    metadata: dict[str, Any] = {"name": NAME, "namespace": NAME} | ({"annotations": notes} if notes else {})
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata,
        "automountServiceAccountToken": False,
    }


def _claim(name: str, size: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": f"{NAME}-{name}", "namespace": NAME},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }


def _cron_job(job: Job, name: str, at: tuple[int, int], words: Iterable[str], seconds: int) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": name}
    if "azure" in job.clouds:
        labels["azure.workload.identity/use"] = "true"
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "namespace": NAME},
        "spec": {
            "schedule": job.cron(at),
            "timeZone": "Etc/UTC" if job.schedule.timezone == "UTC" else job.schedule.timezone,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": job.schedule.grace_hours * 3600,
            "successfulJobsHistoryLimit": 7,
            "failedJobsHistoryLimit": 7,
            "jobTemplate": {
                "spec": {
                    "activeDeadlineSeconds": seconds,
                    "backoffLimit": 3,
                    "podFailurePolicy": _FAILURES,
                    "template": {"metadata": {"labels": labels}, "spec": _pod(job, name, words)},
                }
            },
        },
    }


# What ended by itself is told and not repeated; what was evicted begins again, and goes on.
_FAILURES: Final = {
    "rules": [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1, 2, 3, 4, 5]}},
    ]
}


def _pod(job: Job, secret: str, words: Iterable[str]) -> dict[str, Any]:
    claimed = [(*job.place, False), ("config", _CONFIG, False), ("policy", _POLICY, True)]
    mounts = [*claimed, ("tmp", _SCRATCH, False)]
    return {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": NAME,
                "image": job.image,
                "args": list(words),
                "env": [{"name": name, "value": value} for name, value in _environment(job).items()],
                "envFrom": [{"secretRef": {"name": secret}}],
                "resources": {
                    "requests": {"cpu": "500m", "memory": "512Mi"},
                    "limits": {"cpu": "2", "memory": "2Gi"},
                },
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                "volumeMounts": [
                    {"name": name, "mountPath": path} | ({"readOnly": True} if read_only else {})
                    for name, path, read_only in mounts
                ],
            }
        ],
        "volumes": [
            *({"name": name, "persistentVolumeClaim": {"claimName": f"{NAME}-{name}"}} for name, *_ in claimed),
            {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}},
        ],
    }


def _environment(job: Job) -> dict[str, str]:
    found = {"AUDITREEL_CONFIG": _CONFIG, "HOME": _SCRATCH}
    if job.bucket is not None:
        found |= {"XDG_CACHE_HOME": CACHE, **{name: value for name, (value, _) in job.variables.items()}}
    return found


def _yaml(value: Any, indent: str = "") -> str:
    """A document in YAML's block style; text stands as JSON writes it, which YAML reads the same."""
    lines = []
    for key, item in value.items():
        name = key if key.replace("-", "").isalnum() else json.dumps(key)
        if isinstance(item, dict) and item:
            lines.append(f"{indent}{name}:\n{_yaml(item, indent + '  ')}")
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            lines.append(f"{indent}{name}:\n")
            for element in item:
                block = _yaml(element, indent + "    ")
                lines.append(f"{indent}  - {block[len(indent) + 4 :]}")
        else:
            lines.append(f"{indent}{name}: {json.dumps(item, ensure_ascii=False)}\n")
    return "".join(lines)
