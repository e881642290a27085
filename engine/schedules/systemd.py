"""Hardened units of systemd: a service and a timer for the run, and for the notification.

A word of ``ExecStart=`` is quoted as systemd.service(5) says: percent and dollar signs are doubled.
"""

from __future__ import annotations

from typing import Final

from engine.schedules import GRACE_SECONDS, MOST_HOURS, Job, filled, head

_SERVICE: Final = """\
[Unit]
Description=@DESCRIPTION@
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User=auditreel
Group=auditreel
EnvironmentFile=-/etc/auditreel/@ENVIRONMENT@
Environment="AUDITREEL_CONFIG=@CONFIG@"
ExecStart=@COMMAND@
@EXITS@TimeoutStartSec=@LIMIT@
TimeoutStopSec=@STOP@
KillSignal=SIGTERM

UMask=0077
ReadWritePaths=@WRITABLE@
@CACHE@NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
ProcSubset=pid
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""
_TIMER: Final = """\
[Unit]
Description=@DESCRIPTION@

[Timer]
OnCalendar=*-*-* @TIME@:00 @ZONE@
Persistent=yes
AccuracySec=1s

[Install]
WantedBy=timers.target
"""
_CACHE: Final = "CacheDirectory=auditreel\nCacheDirectoryMode=0700\nEnvironment=XDG_CACHE_HOME=/var/cache\n"
_EXITS: Final = "# 3 is a run that found failures and told them: it did its work.\nSuccessExitStatus=3\n"


def files(job: Job) -> dict[str, str]:
    """Two services and two timers, which go to /etc/systemd/system."""
    first = head(
        job,
        "Nightly run of auditreel. Written by `auditreel schedule print --target systemd`.",
        {
            **{
                f"/etc/auditreel/{name}": ", ".join((secret, *job.variables, "credentials (root's, mode 0600)"))
                for name, secret in (("run", "AUDITREEL_SIGNING_KEY"), ("notify", "AUDITREEL_NOTIFY"))
            },
            "auditreel": "a system user; it owns "
            + ("store and configuration folder" if job.bucket is None else "the configuration folder"),
            **{name: said for name, (_, said) in job.variables.items()},
        },
    )
    told = ("--heartbeat", f"{job.config}/auditreel.prom", "--log-json", "-")
    return {
        "auditreel.service": first + _service(job, "run", "Nightly run of auditreel", (*job.run, *told), _EXITS),
        "auditreel.timer": first + _timer(job, "Every night: auditreel", job.at),
        "auditreel-notify.service": first + _service(job, "notify", "Tell owners what a night changed", job.notify),
        "auditreel-notify.timer": first + _timer(job, "Every day: who is told what changed", job.notified),
    }


def _service(job: Job, environment: str, description: str, words: tuple[str, ...], exits: str = "") -> str:
    values = {
        "ENVIRONMENT": environment,
        "DESCRIPTION": description,
        "CONFIG": job.config.replace("%", "%%"),
        "COMMAND": " ".join(map(_word, ("/usr/bin/env", *words))),
        "EXITS": exits,
        "LIMIT": f"{MOST_HOURS}h",
        "STOP": str(GRACE_SECONDS),
        "WRITABLE": " ".join(map(_word, (job.store, job.config) if job.bucket is None else (job.config,))),
        "CACHE": _CACHE if job.bucket is not None else "",
    }
    return filled(_SERVICE, values)


def _timer(job: Job, description: str, at: tuple[int, int]) -> str:
    time = f"{at[0]:02}:{at[1]:02}"
    return filled(_TIMER, {"DESCRIPTION": description, "TIME": time, "ZONE": job.schedule.timezone})


def _word(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or " " in word else word
