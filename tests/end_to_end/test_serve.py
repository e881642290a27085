"""``auditreel serve`` as a reader meets it: what a link shows, and what it never does."""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from itertools import pairwise, product
from pathlib import Path

import jsonschema
import openapi_spec_validator
import pytest

from benchmarks import readers
from engine.cli import group, main
from engine.custody import examination, handover, upkeep, verification
from engine.errors import SealError, VerificationError
from engine.evidence import canonical, dsse, merkle, standalone_verify
from engine.evidence.trust import read_trust
from engine.report import PERIOD_FORMATS
from engine.serve.accesses import AccessLog, standing
from engine.serve.api import description
from engine.serve.links import Links
from tests.asgi import Client, Response, resolved
from tests.end_to_end.served import NAME, Server, five_nights, folded, hostile_night
from tests.golden.hostile import NAMES
from tests.unit.test_report_html import Page, read

WHOLE, MIDDLE = f"/{NAME}/2026-06-01--2026-06-05", f"/{NAME}/2026-06-03--2026-06-04"


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("five")
    five_nights(folder)
    return folder


@pytest.fixture
def server(five: Path, tmp_path: Path) -> Iterator[Server]:
    server = Server(five, tmp_path / "accesses.jsonl")
    yield server
    server.close()


def runs(five: Path) -> list[str]:
    period = examination.period(str(five / "store"), five / "config", date(2026, 6, 1), date(2026, 6, 5))
    return [frame.moment.run for frame in period.frames]


def is_page(response: Response) -> bool:
    return (response.header("content-type") or "").startswith("text/html")


def crawled(client: Client, start: str = "/") -> dict[str, Response]:
    """Everything that links lead to."""
    found: dict[str, Response] = {}
    waiting = [start]
    while waiting:
        url = waiting.pop()
        if url in found:
            continue
        response = found[url] = client.get(url)
        hrefs = [response.header("location")] if response.status == 303 else []
        if is_page(response) and "/downloads/index" not in url:
            hrefs += [attributes["href"] for tag, attributes in read(response.body).elements if tag == "a"]
        waiting += [resolved(url, href) for href in hrefs if href is not None]
    return found


# --- what a link shows -----------------------------------------------------------------------------------------------


def addresses(server: Server, five: Path) -> dict[str, list[str]]:
    """Every route with every value that the whole store has for its parts."""
    whole = server.client(server.token())
    period = examination.period(str(five / "store"), five / "config", date(2026, 6, 1), date(2026, 6, 5))
    days = [f"2026-06-0{day}" for day in range(1, 6)]
    known = runs(five)
    rows = {run: whole.get(f"/api/v1{WHOLE}/runs/{run}").json["run"]["rows"] for run in known}
    listed = [whole.get(f"{WHOLE}/runs/{run}/resources/").text for run in known]
    resources = {match[1] for text in listed for match in re.finditer(r'href="([0-9a-f]{24})/"', text)}
    values = {
        "store": [NAME],
        "period": [f"{a}--{b}" for a, b in (*pairwise(days), (days[0], days[4]), (days[2], days[2]))],
        "run": known,
        "index": [str(index) for index in range(max(map(len, rows.values())))],
        "resource": sorted(resources),
        "failure": [failure.id for failure in period.failures],
        "control": ["DP-01", "AV-99"],
        "before": [known[0], known[2]],
        "name": [form.name for form in PERIOD_FORMATS.values()],
        "page": ["index.html", "pages/criterion-A1.2.html", "pages/criterion-CC6.1.html", "pages/failures-1.html"],
        "token": ["x"],
    }
    found = {}
    for route in server.app.app.app.routes:
        names = re.findall(r"\{(\w+)(?::path)?\}", route.path)
        pattern = re.sub(r":path\}", "}", route.path)
        found[route.path] = [
            pattern.format(**dict(zip(names, chosen, strict=True)))
            for chosen in product(*(values[name] for name in names))
        ]
    return found


def test_nothing_outside_of_a_links_period_and_criteria_is_shown_on_any_route(server: Server, five: Path) -> None:
    limited = server.client(server.token("2026-06-03", "2026-06-04", ("CC6.1",)))
    whole = server.client(server.token())
    outside = [run for run in runs(five) if run[:8] not in ("20260603", "20260604")]
    told, shown = set(), set()
    for route, urls in addresses(server, five).items():
        # What the whole link shows under the widest period is enough to know that there is something to hide.
        for url in urls:
            found = limited.get(url)
            text = folded(found.body)
            assert "forbidden" not in text, url
            assert found.status in (200, 303, 403, 404), url
            if any(run in url for run in outside) or (
                "--" in url and not re.search(r"2026-06-0[34]--2026-06-0[34]", url)
            ):
                assert found.status == 404, url
            if found.status == 200:
                shown.add(route)
            elif found.status == 303:
                assert limited.get(resolved(url, found.header("location") or "")).status == 200, url
                shown.add(route)
        if any("forbidden" in folded(whole.get(url).body) for url in urls if WHOLE in url or "{" not in route):
            told.add(route)
    period, run, api = "/{store}/{period}", "/{store}/{period}/runs/{run}", "/api/v1/{store}/{period}"
    everything = {route.path for route in server.app.app.app.routes}
    assert everything - shown == {"/link/{token}"}
    assert told >= {
        f"{run}/", f"{run}/records/{{index}}/", f"{run}/records/{{index}}/proof.json", f"{run}/resources/",
        f"{run}/resources/{{resource}}/", f"{period}/downloads/{{name}}", f"{period}/", f"{period}/{{page:path}}",
        api, f"{api}/runs/{{run}}", f"{api}/runs/{{run}}/records/{{index}}", f"{api}/controls",
        f"{api}/controls/{{control}}", f"{api}/failures", f"{api}/waivers", f"{api}/resources/{{resource}}",
        f"{api}/runs/{{run}}/since/{{before}}",
    }  # fmt: skip


@pytest.mark.parametrize(
    "limits", [("2026-06-02", "2026-06-30", None), ("2026-06-03", "2026-06-04", ("CC6.1",)), (None, None, ("A1.2",))]
)
def test_every_link_on_every_page_arrives_and_says_first_how_it_is_anchored(
    server: Server, limits: tuple[str | None, str | None, tuple[str, ...] | None]
) -> None:
    found = crawled(server.client(server.token(*limits)))
    assert {url: response.status for url, response in found.items() if response.status not in (200, 303)} == {}
    pages = [read(response.body) for response in found.values() if is_page(response)]
    assert len(pages) > 20
    for page in pages:
        assert page.unbalanced == []
        assert "NOT ANCHORED: the key's holder could have rewritten or removed this" in page.words
        if limits[2]:
            assert f"imited to {limits[2][0]}" in page.words or f"This link shows {limits[2][0]}" in page.words


def test_a_link_to_another_store_shows_nothing_of_this_one(server: Server) -> None:
    client = server.client(server.token(stores=("0" * 32,)))
    assert NAME not in read(client.get("/").body).words
    assert [client.get(url).status for url in (f"{WHOLE}/", f"/api/v1{WHOLE}")] == [404, 404]
    assert client.get("/api/v1/stores").json["stores"] == []


def test_a_record_is_proved_to_whoever_has_the_public_key(server: Server, five: Path) -> None:
    run = runs(five)[2]
    proof = server.client(server.token()).get(f"{WHOLE}/runs/{run}/records/1/proof.json").json
    trust = read_trust(five / "config" / "trust.json")
    payload, _, _ = dsse.unseal(canonical.encode(proof["seal"]), trust.public_keys())
    sealed = json.loads(payload)["body"]["records"]
    leaf = merkle.leaf_digest(canonical.encode(proof["record"]))
    path = [base64.b64decode(part) for part in proof["path"]]
    assert merkle.root_by(leaf, proof["index"], proof["count"], path) == sealed["root"]
    assert proof["count"] == sealed["count"]


def test_data_is_what_its_description_says(server: Server, five: Path) -> None:
    said = server.client().get("/api/v1/openapi.json").json
    assert said == json.loads(json.dumps(description()))
    openapi_spec_validator.validate(said)
    client = server.client()
    bearer = [("Authorization", f"Bearer {server.token()}")]
    for path, offer in said["paths"].items():
        named = {"run": runs(five)[4], "before": runs(five)[0], "index": 0, "control": "DP-01", "resource": "0" * 24}
        found = client.get(path.format(store=NAME, period=WHOLE.rpartition("/")[2], **named), headers=bearer)
        assert found.status == 200, path
        schema = offer["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(found.json, {**schema, "components": said["components"]})


# --- links -----------------------------------------------------------------------------------------------------------


def test_a_link_leaves_the_address_for_a_cookie_and_is_in_no_log(server: Server) -> None:
    token = server.token()
    client = server.client()
    found = client.get(f"/link/{token}")
    attributes = (found.header("set-cookie") or "").split("; ")
    assert (found.status, attributes[0]) == (200, f"auditreel={token}")
    assert {*attributes[1:]} == {"Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=1177200"}
    assert (found.header("referrer-policy"), found.header("cache-control")) == ("no-referrer", "no-store")
    assert token not in found.text
    assert '<meta http-equiv="refresh" content="0; url=../">' in found.text
    client.cookie = attributes[0]
    assert client.get("/").status == 200
    client.get(f"/Link/{token}")
    client.get(f"/?{token}")
    log = server.log.read_text()
    assert token[:40] not in log
    assert [(row["page"], row["path"], row["status"]) for row in map(json.loads, log.splitlines())] == [
        ("link", None, 200), ("home", "/", 200), ("", None, 404), ("home", "/", 200),
    ]  # fmt: skip


def test_behind_tls_the_cookie_is_for_tls_and_this_host_alone(five: Path, tmp_path: Path) -> None:
    server = Server(five, tmp_path / "accesses.jsonl", secure=True)
    found = server.client().get(f"/link/{server.token()}")
    cookie = found.header("set-cookie") or ""
    assert cookie.startswith("__Host-auditreel=")
    assert "; Secure" in cookie
    assert found.header("strict-transport-security") == "max-age=31536000"
    server.close()


def test_a_link_that_ended_or_was_revoked_opens_nothing_from_then_on(server: Server) -> None:
    link = server.link(None, None, None)
    token = server.links.issue(link)
    client = server.client(token)
    assert client.get(f"{WHOLE}/").status == 200
    server.time.at = "2026-06-24T00:00:00Z"
    assert (client.get(f"{WHOLE}/").status, client.get(f"/link/{token}").status) == (401, 403)
    server.time.at = "2026-06-10T09:00:00Z"
    server.links.revoke(link.id, server.time.at)
    assert (client.get(f"{WHOLE}/").status, client.get(f"/link/{token}").status) == (401, 403)
    assert [row.revoked for row in server.links.issued()] == [True]


def test_whose_link_ended_or_was_revoked_is_told_so_and_a_program_in_json(server: Server) -> None:
    link = server.link(None, None, None)
    token = server.links.issue(link)
    client, program = server.client(token), [("Authorization", f"Bearer {token}")]
    ended = "It ended at 2026-06-24T00:00:00Z."
    for at, why in ((link.expires_at, ended), (link.issued_at, "It was revoked.")):
        if why != ended:
            server.links.revoke(link.id, at)
        server.time.at = at
        assert why in read(client.get("/").body).words
        assert why in read(client.get(f"/link/{token}").body).words
        found = server.client().get("/api/v1/stores", headers=program)
        assert (found.status, found.json["problem"]) == (401, f"A link is needed: {why} Ask for a new one.")


def test_a_program_is_told_in_json_why_there_is_nothing(five: Path, tmp_path: Path) -> None:
    server = Server(five, tmp_path / "accesses.jsonl", a_minute=3)
    client = server.client(server.token())
    nothing = "Not here: There is nothing under this address, or nothing that this link shows."
    asked = [client.get(url) for url in ("/api/v1", "/api/v1/", "/api/v1/none", "/api/v1/stores")]
    asked += [client.get("/api/v1/stores", "POST"), server.client().get("/api/v1/stores")]
    asked += [server.client("x").get("/api/v1/stores"), server.client(host="evil.example").get("/api/v1/stores")]
    assert [(found.status, found.json["problem"]) for found in asked] == [
        (404, f"{nothing} What there is: /api/v1/openapi.json"),
        (404, f"{nothing} What there is: /api/v1/openapi.json"),
        (404, f"{nothing} What there is: /api/v1/openapi.json"),
        (429, "Too many requests: Ask again in 20 seconds."),
        (405, "Read only: There is nothing here but to read."),
        (401, "A link is needed: Send its token: Authorization: Bearer TOKEN."),
        (401, "A link is needed: It is no link of ours. Ask for a new one."),
        (421, "Not here: The server is not known by this name."),
    ]
    server.close()


def test_an_address_that_is_none_is_answered_by_a_page(server: Server) -> None:
    found = server.client(server.token()).get("/a/b/c/d/e")
    assert (found.status, is_page(found)) == (404, True)


def test_a_link_that_we_did_not_make_opens_nothing(server: Server, tmp_path: Path) -> None:
    token = server.token("2026-06-03", "2026-06-04", ("CC6.1",))
    strangers = Links(tmp_path / "strangers")
    strangers.prepare([])
    wider = server.link(None, None, None)
    envelope = json.loads(base64.urlsafe_b64decode(token + "=="))
    payload = json.loads(base64.b64decode(envelope["payload"]))
    envelope["payload"] = base64.b64encode(canonical.encode({**payload, "criteria": None})).decode()
    edited = base64.urlsafe_b64encode(canonical.encode(envelope)).decode().rstrip("=")
    for bad in (strangers.issue(wider), edited, token[:-1], token + "A", "x", "%00", "A" * 5_000, "é"):
        assert server.client(bad if bad.isascii() else "").get(f"{WHOLE}/").status == 401
        assert server.client().get(f"/link/{bad}").status == 403
    (server.log.parent / "links" / f"{payload['id']}.json").unlink()
    assert server.client(token).get(f"{MIDDLE}/").status == 401


# --- what stands before every route ----------------------------------------------------------------------------------


def test_a_host_that_is_not_ours_gets_nothing(server: Server) -> None:
    token = server.token()
    for host in ("evil.example", "127.0.0.1", "127.0.0.1:8321.evil.example", "127.0.0.1:8321, evil", ""):
        found = server.client(token, host=host).get("/")
        assert (found.status, "2026-06" in found.text) == (421, False)
    assert server.client(token).get("/", headers=[("Host", "127.0.0.1:8321")]).status == 421


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "X\r\nY"])
def test_nothing_but_reading_is_answered(server: Server, method: str) -> None:
    found = server.client(server.token()).get("/", method, [("Origin", "https://evil.example")])
    assert (found.status, found.header("allow")) == (405, "GET, HEAD")
    assert [name for name, _ in found.headers if name.startswith("access-control")] == []


PATHS = (
    "//", "/../", "/%2e%2e/", f"/{NAME}/..%2f..%2fetc%2fpasswd", f"{WHOLE}/..%2f..%2f", f"{WHOLE}/%00",
    f"{WHOLE}/pages/../../../config/trust.json", f"{WHOLE}/downloads/..%2findex.html", f"{WHOLE}/runs/../",
    f"{WHOLE}/runs/..%2f..%2fchain/", f"{WHOLE}/runs/20260601T010000Z-00000000/", f"{WHOLE}/index.html/",
    f"/{NAME}/2026-06-05--2026-06-01/", f"/{NAME}/0001-01-01--9999-12-31/", f"/{NAME}/2026-13-01--2026-13-02/",
    f"/{NAME}/٢٠٢٦-06-01--2026-06-05/", f"{WHOLE}/failures/F-001", f"{WHOLE}/%0d%0aSet-Cookie:%20a=b",
    "/link/%0d%0aSet-Cookie:%20a=b", "/link/", "/api/", "/api/v1/", f"/api/v1{WHOLE}/runs/..", "/docs", "/static/x",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_what_is_no_address_of_ours_is_nothing(server: Server, path: str) -> None:
    found = server.client(server.token()).get(path)
    assert found.status in (403, 404)
    assert found.header("set-cookie") is None
    assert not re.search(r"root:|trust|Traceback", found.text)


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "page=1e9", "page=" + "9" * 400, "verdict=<x>"])
def test_what_is_no_question_of_ours_is_nothing(server: Server, five: Path, query: str) -> None:
    url = f"{WHOLE}/runs/{runs(five)[0]}/?{query}"
    assert server.client(server.token()).get(url).status == 404


def test_every_answer_has_the_headers_that_keep_a_page_alone(server: Server, five: Path) -> None:
    client = server.client(server.token())
    answers = [client.get(url) for url in ("/", f"{WHOLE}/", f"{WHOLE}/downloads/report.txt", "/nothing", "/link/x")]
    answers += [server.client().get("/"), client.get("/", "POST"), client.get("/api/v1/stores")]
    for found in answers:
        policy = found.header("content-security-policy") or ""
        assert policy.startswith("default-src 'none'; ")
        assert policy.endswith("base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
        assert "unsafe" not in policy
        assert (found.header("x-content-type-options"), found.header("x-frame-options")) == ("nosniff", "DENY")
        assert found.header("referrer-policy") == "no-referrer"
        assert found.header("server") is None


def test_who_asks_too_often_waits_and_others_do_not(five: Path, tmp_path: Path) -> None:
    server = Server(five, tmp_path / "accesses.jsonl", a_minute=3)
    client, other, nobody = server.client(server.token()), server.client(server.token()), server.client()
    assert [client.get("/").status for _ in range(4)] == [200, 200, 200, 429]
    assert client.get("/").header("retry-after") == "20"
    assert other.get("/").status == 200
    server.time.seconds += 20
    assert client.get("/").status == 200
    assert [nobody.get("/").status for _ in range(61)][-2:] == [401, 429]
    assert (nobody.get("/link/x").status, nobody.get(f"/link/{server.token()}").status) == (429, 200)
    server.close()


# --- evidence that does not verify, names that attack, keys ----------------------------------------------------------


def test_what_was_altered_while_it_is_served_is_shown_as_that(five: Path, tmp_path: Path) -> None:
    shutil.copytree(five, tmp_path / "copy")
    server = Server(tmp_path / "copy", tmp_path / "accesses.jsonl")
    whole = server.client(server.token())
    limited = server.client(server.token("2026-06-03", "2026-06-04", ("CC6.1",)))
    run = runs(five)[0]
    assert (whole.get(f"{WHOLE}/").status, limited.get(f"{MIDDLE}/").status) == (200, 200)
    path = tmp_path / "copy" / "store" / "runs" / run / "findings.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    server.time.seconds += 2
    for url in ("/{}/", "/{}/runs/" + run + "/", "/api/v1/{}", "/{}/downloads/report.txt"):
        found = whole.get(url.format(WHOLE.strip("/")))
        assert (found.status, "DOES NOT VERIFY" in found.text) == (503, True)
        assert str(tmp_path) not in found.text
    assert f"runs/{run}/findings.parquet" in read(whole.get(f"{WHOLE}/").body).words
    assert "DOES NOT VERIFY" in read(whole.get("/").body).words
    hidden = limited.get(f"{MIDDLE}/")
    assert (hidden.status, "DOES NOT VERIFY" in hidden.text, run in hidden.text) == (503, True, False)
    assert "DOES NOT VERIFY" in whole.get("/api/v1/stores").json["stores"][0]["problem"]
    server.close()


def test_a_night_that_is_taken_back_after_it_was_shown_is_missed_though_no_pin_knows_of_it(
    five: Path, tmp_path: Path
) -> None:
    shutil.copytree(five, tmp_path / "copy")
    store, trust = tmp_path / "copy" / "store", tmp_path / "copy" / "config" / "trust.json"
    *_, earlier, _, _ = entries = sorted((store / "chain").iterdir())
    pinned = {"sequence": int(earlier.stem), "digest": hashlib.sha256(earlier.read_bytes()).hexdigest()}
    trust.write_text(json.dumps(json.loads(trust.read_text()) | {"head": pinned}))
    server = Server(tmp_path / "copy", tmp_path / "accesses.jsonl")
    whole = server.client(server.token())
    assert whole.get(f"{WHOLE}/").status == 200
    taken = {path: path.read_bytes() for path in entries[-2:]}
    for path in taken:
        path.unlink()
    server.time.seconds += 2

    for again in range(2):
        found = whole.get(f"{WHOLE}/")
        assert (found.status, "the chain was cut off or rewritten" in read(found.body).words) == (503, True), again
        server.time.seconds += 700

    for path, data in taken.items():
        path.write_bytes(data)
    server.time.seconds += 2
    assert whole.get(f"{WHOLE}/").status == 200
    server.close()


def test_names_that_attack_stay_text(tmp_path: Path) -> None:
    names = [text for text in NAMES.values() if text and len(text) < 1_000]
    hostile_night(tmp_path, names)
    server = Server(tmp_path, tmp_path / "served" / "accesses.jsonl")
    found = crawled(server.client(server.token(reader=NAMES["workflow command"] + NAMES["markup"])))
    assert {url: r.status for url, r in found.items() if r.status not in (200, 303)} == {}, server.told
    # Of each name there is a record, and what else was judged of it; of each second one a failure.
    assert len(found) > 2.5 * len(names)
    for url, response in found.items():
        assert not [value for _, value in response.headers if re.search(r"[^\x20-\x7e]", value)], url
        if is_page(response):
            _harmless(read(response.body))
    assert standing(server.log).count == len(found)
    data = server.client(server.token()).get(f"/api/v1/{NAME}/2026-06-01--2026-06-01")
    assert {failure["subject"]["id"] for failure in data.json["period"]["failures"]} == {
        f"arn:aws:s3:::{name}" for name in names[1::2]
    }
    assert data.body.isascii()
    server.close()


def _harmless(page: Page) -> None:
    assert page.unbalanced == []
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "img", "iframe", "form", "object", "base", "link"})
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\u2028\u2029]", "".join(page.text))


def test_it_shows_everything_without_any_private_key(five: Path, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    shutil.copytree(five / "store", tmp_path / "store")
    shutil.copy(five / "config" / "trust.json", tmp_path / "config")
    server = Server(tmp_path, tmp_path / "accesses.jsonl")
    token = server.token()
    (server.log.parent / "links" / "link-key.pem").unlink()
    before = sorted(path for path in (tmp_path / "store").rglob("*"))
    client, run = server.client(token), runs(five)[0]
    pages = ("", "downloads/report.pdf", f"runs/{run}/", f"runs/{run}/records/0/", f"runs/{run}/resources/")
    assert {client.get(f"{WHOLE}/{page}").status for page in pages} == {200}
    assert sorted((tmp_path / "store").rglob("*")) == before
    server.close()


def test_the_log_shows_whether_a_line_was_changed_or_taken_out(tmp_path: Path) -> None:
    log = AccessLog(tmp_path / "log")
    for number in range(3):
        log.add(path=f"/{number}", status=200)
    log.close()
    lines = (tmp_path / "log").read_bytes().splitlines(keepends=True)
    found = standing(tmp_path / "log")
    assert found.count == 3
    for changed in ([lines[0], lines[2]], [lines[0].replace(b"/0", b"/9"), *lines[1:]], [*lines[:2], lines[2][:-1]]):
        (tmp_path / "log").write_bytes(b"".join(changed))
        with pytest.raises(VerificationError):
            standing(tmp_path / "log")
    (tmp_path / "log").write_bytes(b"".join(lines[:2]))
    assert standing(tmp_path / "log").digest != found.digest
    with pytest.raises(SealError, match="inside the store"):
        AccessLog(tmp_path / "log", [tmp_path])


def test_many_read_at_once_over_a_socket_and_all_read_the_same(five: Path, tmp_path: Path) -> None:
    """A slice of what ``benchmarks/readers.py`` lets a thousand do."""
    with readers.serving(five / "store", five / "config", tmp_path) as server:
        asked = readers.paths(server.port, server.token)
        found = asyncio.run(readers.read(server.port, server.token, asked, 50, 1))
        with closing(socket.create_connection(("127.0.0.1", server.port))) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
            refused = raw.makefile("rb").read()
    assert (found.statuses, set(found.bodies.values())) == ({200: 50 * len(asked)}, {1})
    assert refused.startswith(b"HTTP/1.1 421 ")
    assert server.process.returncode == 143
    assert standing(tmp_path / "links" / "accesses.jsonl").count == 50 * len(asked) + 2


def test_what_can_not_be_logged_is_not_shown(five: Path, tmp_path: Path) -> None:
    server = Server(five, tmp_path / "accesses.jsonl")
    client = server.client(server.token())
    assert client.get("/").status == 200
    with server.log.open("ab") as file:
        file.write(b'{"half a line"')
    with pytest.raises(RuntimeError, match="response already started"):
        client.get("/")
    with pytest.raises(SealError, match="ends within a line"):
        client.get("/", "POST")
    assert [text.partition(" ends ")[0] for text in server.told] == [
        f"a request failed: the log of accesses {server.log}"
    ] * 2
    server.close()


def test_a_disk_that_was_full_leaves_no_half_line_and_the_log_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, write = AccessLog(tmp_path / "log"), os.write
    log.add(path="/first", status=200)
    left = [True]

    def filling(descriptor: int, data: bytes) -> int:
        if not left:
            raise OSError(errno.ENOSPC, "No space left on device")
        left.clear()
        return write(descriptor, data[:20])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", filling)
        with pytest.raises(SealError, match="the disk is full"):
            log.add(path="/second", status=200)
    log.add(path="/third", status=200)
    log.close()
    assert standing(tmp_path / "log").count == 2


def test_what_was_sealed_of_the_log_can_not_be_changed_afterwards(five: Path, tmp_path: Path) -> None:
    shutil.copytree(five, tmp_path / "copy")
    store, config = str(tmp_path / "copy" / "store"), tmp_path / "copy" / "config"
    place = ["--store", store, "--config", str(config), "--access-log", str(tmp_path / "log")]
    for first in ("/a", "/b"):
        log = AccessLog(tmp_path / "log")
        log.add(path=first, status=200)
        log.add(path="/then", status=200)
        log.close()
        assert main(group, ["serve", "log", *place], "auditreel") == (0 if first == "/a" else 5)
        if first == "/a":
            assert main(group, ["serve", "log", *place, "--seal"], "auditreel") == 0
            assert main(group, ["serve", "log", *place, "--seal"], "auditreel") == 0
            (tmp_path / "log").rename(tmp_path / "as sealed")
    # A log that was written anew follows itself, and not what was sealed; nor does one that was cut off.
    (tmp_path / "log").write_bytes((tmp_path / "as sealed").read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(VerificationError, match="it has 1 lines, and entry 11 of the chain says 2"):
        standing(tmp_path / "log", upkeep.sealed_accesses(store, config, "log"))
    with (tmp_path / "as sealed").open("rb") as file:
        (tmp_path / "log").write_bytes(file.read())
    longer = AccessLog(tmp_path / "log")
    longer.add(path="/later", status=200)
    longer.close()
    assert standing(tmp_path / "log", upkeep.sealed_accesses(store, config, "log")).count == 3
    assert len(upkeep.sealed_accesses(store, config, "log")) == 1
    assert verification.verify(store, config).exit_code == 0
    bundle = tmp_path / "bundle.zip"
    handover.export_period(store, config, (date(2026, 6, 4), date(2026, 6, 5)), bundle, lambda *_: {"README.txt": b""})
    found = subprocess.run(
        [sys.executable, standalone_verify.__file__, bundle, "--key", config / "trust.json", "--allow-unanchored"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stdout + found.stderr
    with zipfile.ZipFile(bundle) as archive:
        assert "chain/00000000000000000011.json" in archive.namelist()


# --- the command line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--address", "0.0.0.0"], "put a reverse proxy in front that speaks TLS"),
        (["--address", "0.0.0.0", "--no-links", "--public-url", "https://x"], "only on a loopback address"),
        (["--address", "evil.example"], "it is no IP address"),
        (["--public-url", "http://evidence.example"], "it must be https://HOST"),
        (["--store", "api=STORE"], "api cannot stand in an address"),
        (["--store", "..=STORE"], "cannot stand in an address"),
    ],
)
def test_what_would_show_too_much_is_refused(
    five: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    given = [argument.replace("STORE", str(five / "store")) for argument in arguments]
    given += ["--config", str(five / "config"), "--links", str(tmp_path / "links")]
    given += [] if "--store" in given else ["--store", str(five / "store")]
    Links(tmp_path / "links").prepare([])
    assert main(group, ["serve", *given], "auditreel") == 2
    assert says in " ".join(capsys.readouterr().err.split())


def test_the_process_refuses_to_hold_the_signing_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUDITREEL_SIGNING_KEY", "/somewhere/key.pem")
    assert main(group, ["serve"], "auditreel") == 2
    assert "must not hold the key that signs it" in capsys.readouterr().err


def test_the_link_that_is_told_at_the_start_opens_what_is_served(
    five: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("engine.serve.running.run", lambda *_: None)
    links = Links(tmp_path / "its links")
    links.prepare([])
    place = ["--store", str(five / "store"), "--config", str(five / "config"), "--links", str(tmp_path / "its links")]
    place += ["--public-url", "https://evidence.example.org"]
    assert main(group, ["serve", *place, "--port", "0"], "auditreel") == 0
    told = capsys.readouterr().err.partition("To see it: auditreel ")[2]
    assert main(group, shlex.split(told), "auditreel") == 0
    token = capsys.readouterr().out.strip().removeprefix("https://evidence.example.org/link/")
    assert links.opened(token, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")).reader == "NAME"


def test_links_are_made_listed_and_revoked(five: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--config", str(five / "config"), "--links", str(tmp_path / "links")]
    period = ["--from", "2026-06-03", "--to", "2026-06-04", "--criterion", "CC6.1"]
    store = ["--store", str(five / "store")]
    assert main(group, ["serve", "link", *store, *folder, "--for", "Kim\x1b[2J", *period], "auditreel") == 0
    out, err = capsys.readouterr()
    id_ = (re.search(r"link ([0-9a-f]{16}) for", err) or ["", ""])[1]
    assert out.startswith("http://127.0.0.1:8321/link/")
    assert main(group, ["serve", "revoke", *folder, id_], "auditreel") == 0
    capsys.readouterr()
    assert main(group, ["serve", "links", *folder], "auditreel") == 0
    listed = capsys.readouterr().out
    assert listed == f"{id_}  REVOKED  2026-06-03 to 2026-06-04  CC6.1  for Kim\\x1b[2J\n"
    assert out.strip().rpartition("/")[2] not in "".join(path.read_text() for path in (tmp_path / "links").iterdir())
