from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.cli import settings
from engine.errors import InputError, UsageError
from engine.model import SEVERITIES
from engine.report import FORMATS


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment whose user file may be written to tmp_path/config/auditreel/config.toml."""
    (tmp_path / "config" / "auditreel").mkdir(parents=True)
    return {"XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a folder in it."""
    (tmp_path / "project" / ".git").mkdir(parents=True)
    (tmp_path / "project" / "deep" / "deeper").mkdir(parents=True)
    return tmp_path / "project"


def write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def test_the_names_on_the_command_line_are_those_of_the_engine() -> None:
    assert settings.SEVERITIES == SEVERITIES
    assert tuple(FORMATS) == settings.FORMATS
    assert tuple(name for name, row in FORMATS.items() if row.gates) == settings.GATE_FORMATS


def test_without_anything_set_defaults_hold(home: dict[str, str], project: Path) -> None:
    assert settings.merged({}, home, project) == {
        "provider": (),
        "criterion": (),
        "check": (),
        "account": (),
        "region": (),
        "severity": None,
        "policy": None,
        "store": None,
        "fail_on": "low",
        "allow_incomplete": False,
        "format": "text",
        "trigger": "adhoc",
        "resume_within": 12.0,
        "executor": "threads",
        "timeout": 20.0,
    }


def test_flag_comes_before_environment_before_project_before_user_before_default(
    home: dict[str, str], project: Path
) -> None:
    sources: list[tuple[dict[str, Any], dict[str, str], str, str]] = [
        ({"fail_on": "critical"}, {"AUDITREEL_FAIL_ON": "high"}, 'fail_on = "medium"', 'fail_on = "low"'),
        ({"fail_on": None}, {"AUDITREEL_FAIL_ON": "high"}, 'fail_on = "medium"', 'fail_on = "low"'),
        ({}, {"AUDITREEL_FAIL_ON": ""}, 'fail_on = "medium"', 'fail_on = "critical"'),
        ({}, {}, "", 'fail_on = "critical"'),
        ({}, {}, "", ""),
    ]
    found = []
    for flags, environment, in_project, in_user in sources:
        write(project / "auditreel.toml", in_project)
        write(Path(home["XDG_CONFIG_HOME"], "auditreel", "config.toml"), in_user)
        found.append(settings.merged(flags, {**home, **environment}, project / "deep" / "deeper")["fail_on"])

    assert found == ["critical", "high", "medium", "critical", "low"]


def test_a_filter_on_the_command_line_replaces_the_one_of_a_file(home: dict[str, str], project: Path) -> None:
    write(project / "auditreel.toml", 'criterion = ["security"]\naccount = ["1", "2"]')

    known = settings.merged({"criterion": ("CC6.1",), "account": ()}, home, project)

    assert (known["criterion"], known["account"]) == (("CC6.1",), ("1", "2"))


def test_a_flag_that_a_file_sets_stays_set_where_the_command_line_is_silent(
    home: dict[str, str], project: Path
) -> None:
    write(project / "auditreel.toml", "allow_incomplete = true")

    assert settings.merged({"allow_incomplete": None}, home, project)["allow_incomplete"] is True


def test_places_in_a_file_are_relative_to_it(home: dict[str, str], project: Path) -> None:
    write(project / "auditreel.toml", 'policy = "ours"\nstore = "s3://bucket/evidence"')

    known = settings.merged({}, home, project / "deep")

    assert (known["policy"], known["store"]) == (str(project / "ours"), "s3://bucket/evidence")


def test_the_project_file_is_looked_for_up_to_the_root_of_the_repository_and_no_further(
    home: dict[str, str], project: Path
) -> None:
    write(project.parent / "auditreel.toml", 'fail_on = "critical"')

    assert settings.merged({}, home, project / "deep")["fail_on"] == "low"


def test_outside_of_a_repository_only_the_folder_itself_counts(home: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "plain" / "below"
    folder.mkdir(parents=True)
    write(tmp_path / "plain" / "auditreel.toml", 'fail_on = "critical"')

    assert settings.merged({}, home, folder)["fail_on"] == "low"
    assert settings.merged({}, home, folder.parent)["fail_on"] == "critical"


WRONG_FILES = {
    "unknown key": ('fial_on = "low"', "unknown key fial_on; did you mean fail_on?"),
    "unknown choice": (
        'severity = "hihg"',
        "severity: 'hihg' is none of low, medium, high, critical; did you mean high?",
    ),
    "text for a list": ('criterion = "security"', 'criterion: must be a list of text, such as ["security"]'),
    "number for a flag": ("allow_incomplete = 1", "allow_incomplete: must be true or false"),
    "flag for a number": ("timeout = true", "timeout: must be a number above 0"),
    "no time at all": ("timeout = 0", "timeout: must be a number above 0"),
    "number for a place": ("store = 1", "store: must be text"),
    "no TOML": ("= 1", "not TOML: "),
    "a table": ("[run]\nfail_on = 'low'", "unknown key run"),
}


@pytest.mark.parametrize(("text", "message"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_wrong_file_is_an_error_that_names_it(home: dict[str, str], project: Path, text: str, message: str) -> None:
    write(project / "auditreel.toml", text)

    with pytest.raises(InputError) as raised:
        settings.merged({}, home, project)

    assert str(raised.value).startswith(f"reading {project / 'auditreel.toml'}: {message}")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("AUDITREEL_FIAL_ON", "low", "unknown variable AUDITREEL_FIAL_ON; did you mean AUDITREEL_FAIL_ON?"),
        ("AUDITREEL_fail_on", "low", "unknown variable AUDITREEL_fail_on"),
        ("AUDITREEL_ALLOW_INCOMPLETE", "perhaps", "AUDITREEL_ALLOW_INCOMPLETE: must be true or false"),
        ("AUDITREEL_TIMEOUT", "soon", "AUDITREEL_TIMEOUT: must be a number above 0"),
        ("AUDITREEL_SEVERITY", "worst", "AUDITREEL_SEVERITY: 'worst' is none of low, medium, high, critical"),
    ],
)
def test_a_wrong_variable_is_an_error_that_names_it(
    home: dict[str, str], project: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(UsageError) as raised:
        settings.merged({}, {**home, name: text}, project)

    assert str(raised.value).startswith(f"reading the environment: {message}")


def test_variables_give_lists_by_commas_and_flags_by_their_usual_words(home: dict[str, str], project: Path) -> None:
    environment = {
        **home,
        "AUDITREEL_CRITERION": "security, C1.1",
        "AUDITREEL_ALLOW_INCOMPLETE": "yes",
        "AUDITREEL_TIMEOUT": "5",
        "AUDITREEL_SIGNING_KEY": "no setting",
        "AUDITREEL_DEBUG": "1",
    }

    known = settings.merged({}, environment, project)

    assert (known["criterion"], known["allow_incomplete"], known["timeout"]) == (("security", "C1.1"), True, 5.0)


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"HOME": "/h"}, "/h/.config/auditreel"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "/x"}, "/x/auditreel"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "relative"}, "/h/.config/auditreel"),
        ({"HOME": "/h", "AUDITREEL_CONFIG": "/keys"}, "/keys"),
    ],
)
def test_the_configuration_folder_is_where_the_desktop_specification_says(
    environment: dict[str, str], folder: str
) -> None:
    assert settings.configuration(environment) == Path(folder)


def test_without_a_home_the_configuration_folder_must_be_named() -> None:
    with pytest.raises(UsageError, match="AUDITREEL_CONFIG"):
        settings.configuration({})
