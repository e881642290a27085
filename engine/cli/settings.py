"""Settings and where they come from: flag, environment, project file, user file, default, in this order.

The project file is ``auditreel.toml`` in the working folder or above it, up to the root of the repository; outside of a
repository only the working folder counts, so that nobody who can write to a folder far above sets what a run does. The
user file is ``config.toml`` in the configuration folder. Credentials are in neither.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from engine.errors import InputError, UsageError

SEVERITIES: Final = ("low", "medium", "high", "critical")
TRIGGERS: Final = ("adhoc", "scheduled")
FORMATS: Final = (
    "text", "json", "jsonl", "csv", "markdown", "html",
    "sarif", "junit", "github", "summary", "comment", "gitlab", "azure",
)  # fmt: skip
GATE_FORMATS: Final = ("text", "json", "sarif", "junit", "github", "summary", "comment", "gitlab", "azure")
PROJECT_FILE: Final = "auditreel.toml"
USER_FILE: Final = "config.toml"
PREFIX: Final = "AUDITREEL_"

Kind = Literal["names", "text", "place", "flag", "number", "amount", "choice"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What may be set: "names" is a list of text, "place" a path or (where it holds "://") an address.

    A "number" is above 0, an "amount" may be 0.
    """

    kind: Kind
    default: Any = None
    choices: tuple[str, ...] = ()


SETTINGS: Final[Mapping[str, Setting]] = {
    "provider": Setting("names", ()),
    "criterion": Setting("names", ()),
    "check": Setting("names", ()),
    "account": Setting("names", ()),
    "region": Setting("names", ()),
    "severity": Setting("choice", None, SEVERITIES),
    "policy": Setting("place"),
    "store": Setting("place"),
    "fail_on": Setting("choice", "low", SEVERITIES),
    "allow_incomplete": Setting("flag", False),
    "format": Setting("choice", "text", FORMATS),
    "trigger": Setting("choice", "adhoc", TRIGGERS),
    "timeout": Setting("number", 20.0),
    "resume_within": Setting("amount", 12.0),
    "executor": Setting("text", "threads"),
}
OTHER_VARIABLES: Final = (
    "AUDITREEL_CONFIG",
    "AUDITREEL_DEBUG",
    "AUDITREEL_NOTIFY",
    "AUDITREEL_SIGNING_KEY",
    "AUDITREEL_BASE_COMMIT",
    "AUDITREEL_HEAD_COMMIT",
    "AUDITREEL_PULL_REQUEST",
    "AUDITREEL_APPROVER",
    "AUDITREEL_GITHUB_APP_ID",
    "AUDITREEL_GITHUB_APP_KEY",
    "AUDITREEL_GITHUB_APP_KEY_FILE",
)
"""Variables that are no settings: configuration folder, tracebacks, whom to notify, signing key, what CI tells a gate,
a GitHub App."""

_LEAST: Final = sys.float_info.min
_TRUE: Final = ("1", "true", "yes", "on")
_FALSE: Final = ("0", "false", "no", "off")


def merged(
    flags: Mapping[str, Any], environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> dict[str, Any]:
    """Every setting by name. ``flags`` holds None, or nothing, for what was not given on the command line.

    Raises UsageError for an unknown variable or a wrong value, InputError for a wrong file.
    """
    environment = os.environ if environment is None else environment
    folder = Path.cwd() if folder is None else folder
    layers = [
        {name: value for name, value in flags.items() if name in SETTINGS and value not in (None, ())},
        from_environment(environment),
        *(from_file(path) for path in files(environment, folder)),
    ]
    defaults = {name: setting.default for name, setting in SETTINGS.items()}
    for layer in reversed(layers):
        defaults.update(layer)
    return defaults


def configuration(environment: Mapping[str, str] | None = None) -> Path:
    """The folder of the user file, of keys and of the trust file (XDG Base Directory Specification).

    AUDITREEL_CONFIG replaces it. Raises UsageError where there is neither that nor a home folder.
    """
    environment = os.environ if environment is None else environment
    if environment.get("AUDITREEL_CONFIG"):
        return Path(environment["AUDITREEL_CONFIG"]).absolute()
    base = Path(environment.get("XDG_CONFIG_HOME", ""))
    # The specification tells to ignore a relative path.
    if not base.is_absolute():
        base = Path(environment.get("HOME", "")) / ".config"
    if not base.is_absolute():
        raise UsageError("finding the configuration folder: HOME is not set; set AUDITREEL_CONFIG to a folder")
    return base / "auditreel"


def files(environment: Mapping[str, str], folder: Path) -> Iterable[Path]:
    """The configuration files that exist, the stronger first."""
    project = _project_file(folder)
    if project is not None:
        yield project
    user = configuration(environment) / USER_FILE
    if user.is_file():
        yield user


def _project_file(folder: Path) -> Path | None:
    above = (folder, *folder.parents)
    root = next((index for index, path in enumerate(above) if (path / ".git").exists()), 0)
    return next((path / PROJECT_FILE for path in above[: root + 1] if (path / PROJECT_FILE).is_file()), None)


def from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """What AUDITREEL_* set; lists are separated by commas, an empty variable is as good as none."""
    found = {}
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name in OTHER_VARIABLES or not environment[name]:
            continue
        key = name.removeprefix(PREFIX).lower()
        if key not in SETTINGS or name != name.upper():
            known = [PREFIX + setting.upper() for setting in SETTINGS]
            raise UsageError(
                f"reading the environment: unknown variable {name}{_nearest(name, (*known, *OTHER_VARIABLES))}"
            )
        found[key] = _from_text(name, SETTINGS[key], environment[name])
    return found


def _from_text(name: str, setting: Setting, text: str) -> Any:
    value: Any = text
    if setting.kind == "names":
        value = [part.strip() for part in text.split(",") if part.strip()]
    elif setting.kind == "flag":
        value = True if text.lower() in _TRUE else False if text.lower() in _FALSE else text
    elif setting.kind in ("number", "amount"):
        try:
            value = float(text)
        except ValueError:
            value = text
    try:
        return _valid(setting, value, Path())
    except ValueError as error:
        raise UsageError(f"reading the environment: {name}: {error}") from None


def from_file(path: Path) -> dict[str, Any]:
    """What a configuration file sets. Relative places are relative to it."""
    import tomllib

    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"reading {path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"reading {path}: not TOML: {error}") from error
    found = {}
    for key, value in document.items():
        if key not in SETTINGS:
            raise InputError(f"reading {path}: unknown key {key}{_nearest(key, SETTINGS)}")
        try:
            found[key] = _valid(SETTINGS[key], value, path.parent)
        except ValueError as error:
            raise InputError(f"reading {path}: {key}: {error}") from None
    return found


def _valid(setting: Setting, value: Any, base: Path) -> Any:
    """A value as the command line would give it. Raises ValueError in words for the user."""
    kind = setting.kind
    if kind == "names":
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise ValueError('must be a list of text, such as ["security"]')
    if kind == "flag":
        if isinstance(value, bool):
            return value
        raise ValueError("must be true or false")
    if kind in ("number", "amount"):
        least = 0.0 if kind == "amount" else _LEAST
        if isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value < float("inf"):
            return float(value)
        raise ValueError("must be 0 or a number above it" if kind == "amount" else "must be a number above 0")
    if not isinstance(value, str):
        raise ValueError("must be text")
    if kind == "choice" and value not in setting.choices:
        raise ValueError(f"{value!r} is none of {', '.join(setting.choices)}{_nearest(value, setting.choices)}")
    if kind == "place" and "://" not in value:
        return str(base / Path(value).expanduser())
    return value


def _nearest(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]}?" if near else ""
