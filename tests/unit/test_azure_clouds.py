"""Which cloud the environment names, and that no token leaves by a door that anyone can listen at."""

from __future__ import annotations

import pytest

from providers.azure.clouds import CLOUDS, Cloud, chosen
from providers.base import NotConfigured

PUBLIC, GOVERNMENT, CHINA = CLOUDS.values()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, PUBLIC),
        ({"AZURE_CLOUD": "AZURE_US_GOVERNMENT"}, GOVERNMENT),
        ({"AZURE_CLOUD": "AzureChinaCloud"}, CHINA),
        ({"AZURE_AUTHORITY_HOST": "https://login.microsoftonline.us/"}, GOVERNMENT),
        ({"AZURE_AUTHORITY_HOST": "login.chinacloudapi.cn"}, CHINA),
    ],
)
def test_a_cloud_is_told_by_its_name_or_its_authority(environment: dict[str, str], expected: Cloud) -> None:
    assert chosen(environment) == expected


def test_a_cloud_in_no_list_is_told_by_its_addresses() -> None:
    environment = {
        "AZURE_AUTHORITY_HOST": "https://login.stack.example",
        "AZURE_RESOURCE_MANAGER_ENDPOINT": "https://management.stack.example/",
        "AZURE_MICROSOFT_GRAPH_ENDPOINT": "https://graph.stack.example",
    }
    assert chosen(environment) == Cloud(
        manager="https://management.stack.example",
        audience="https://management.stack.example",
        graph="https://graph.stack.example",
        authority="login.stack.example",
        private=True,
    )


@pytest.mark.parametrize(
    "environment",
    [
        {"AZURE_CLOUD": "AZURE_MOON_CLOUD"},
        {"AZURE_RESOURCE_MANAGER_ENDPOINT": "http://management.example"},
        {"AZURE_MICROSOFT_GRAPH_ENDPOINT": "http://10.0.0.1"},
        {"AZURE_MICROSOFT_GRAPH_ENDPOINT": "http://localhost.example"},
        {"AZURE_RESOURCE_MANAGER_ENDPOINT": "management.azure.com"},
    ],
)
def test_what_is_no_cloud_and_what_is_not_encrypted_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(NotConfigured):
        chosen(environment)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
def test_plain_http_is_for_this_machine_alone(url: str) -> None:
    assert chosen({"AZURE_RESOURCE_MANAGER_ENDPOINT": url}).manager == url
