"""A time stamp is believed by a pinned certificate only, and what it says rules out what contradicts it."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.evidence import anchors, chain, stamping, standalone_verify, timestamps
from engine.evidence.anchors import NOT_ANCHORED
from engine.evidence.bundle_verify import verify_bundle
from engine.evidence.entries import Link, TimeStamp
from engine.evidence.exporting import export_run
from engine.evidence.rotation import trust_authority
from engine.evidence.seal import Recorder
from engine.evidence.timestamps import TimeStampError, ask, checked, query
from engine.evidence.trust import read_trust
from engine.evidence.verify import verify
from tests.emulators.foreign import REDIRECTS, elsewhere
from tests.unit.evidence.authority import NAME, Authority, authority, served
from tests.unit.evidence.synthetic_runs import END, record, reopened, store_in

DIGEST = "ab" * 32
AT = "2026-11-23T02:05:00Z"
OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="needs openssl")


def stamped(response: bytes, certificates: list[bytes]) -> tuple[str, bool]:
    """What ours says, and whether the other verifier agrees; they must."""
    from cryptography import x509

    loaded = [x509.load_der_x509_certificate(data) for data in certificates]
    try:
        ours = checked(response, DIGEST, certificates).at
    except TimeStampError as error:
        with pytest.raises(Exception):  # noqa: B017 - whatever it raises is no success
            standalone_verify.stamped_at(response, DIGEST, loaded)
        return str(error), False
    theirs = standalone_verify.stamped_at(response, DIGEST, loaded)
    assert f"{theirs:%Y-%m-%dT%H:%M:%SZ}" == ours
    return ours, True


@pytest.mark.parametrize("embed", [True, False])
def test_a_stamp_says_when_a_digest_was_there(embed: bool) -> None:
    made = authority()
    assert stamped(made.stamp(DIGEST, AT, 5, embed), [made.der]) == (AT, True)
    assert checked(made.stamp(DIGEST, AT, 5), DIGEST, [made.der]).nonce == 5


@pytest.mark.parametrize(
    ("response", "certificates", "said"),
    [
        (lambda: authority().stamp("cd" * 32, AT), lambda: [authority().der], "another digest"),
        (lambda: authority().stamp(DIGEST, AT), lambda: [Authority().der], "does not verify by any certificate"),
        (lambda: authority().stamp(DIGEST, "2025-12-31T23:59:59Z"), lambda: [authority().der], "valid then"),
        (lambda: authority().stamp(DIGEST, "2036-06-01T00:00:00Z"), lambda: [authority().der], "valid then"),
        (lambda: authority().stamp(DIGEST, AT), lambda: [], "no certificate"),
        (lambda: b"", lambda: [authority().der], "no time stamp"),
        (lambda: bytes.fromhex("30053003020102"), lambda: [authority().der], "refused"),
        (lambda: authority().stamp(DIGEST, AT) + b"\0\0", lambda: [authority().der], "one"),
    ],
)
def test_what_is_about_or_by_something_else_is_refused(response, certificates, said) -> None:  # type: ignore[no-untyped-def]
    message, right = stamped(response(), certificates())
    assert not right
    assert said in message


@pytest.mark.parametrize("usage", [None, ExtendedKeyUsageOID.CODE_SIGNING])
def test_a_certificate_that_is_not_for_time_stamps_vouches_for_nothing(usage) -> None:  # type: ignore[no-untyped-def]
    other = Authority(usage=usage)
    assert "time stamps alone" in stamped(other.stamp(DIGEST, AT), [other.der])[0]


ONE_RESPONSE = authority().stamp(DIGEST, AT)


@settings(max_examples=150)
@given(st.data())
def test_whatever_is_changed_in_a_response_it_never_says_another_time_and_both_verifiers_agree(
    data: st.DataObject,
) -> None:
    made = authority()
    response = bytearray(ONE_RESPONSE)
    position = data.draw(st.integers(0, len(response) - 1))
    kind = data.draw(st.sampled_from(["flip", "cut", "double"]))
    if kind == "flip":
        response[position] ^= 1 << data.draw(st.integers(0, 7))
    elif kind == "cut":
        del response[position]
    else:
        response.insert(position, response[position])
    said, right = stamped(bytes(response), [made.der])
    assert not right or said == AT


# --- a real authority: openssl ts ---


@pytest.fixture(scope="module", params=["rsa:2048", "ec"])
def openssl(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what `openssl ts -reply` needs: certificate, key, configuration."""
    if OPENSSL is None:
        pytest.skip("needs openssl")
    folder = tmp_path_factory.mktemp("openssl")
    key = ["rsa:2048"] if request.param == "rsa:2048" else ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    (folder / "ts.cnf").write_text(
        "[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=ext\n[dn]\nO=Local Time\n"
        "[ext]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
        f"[tsa]\ndefault_tsa=it\n[it]\nserial={folder}/serial\ncrypto_device=builtin\nsigner_digest=sha256\n"
        "default_policy=1.2.3.4.1\ndigests=sha256,sha512\naccuracy=secs:1\nordering=yes\ntsa_name=yes\n"
        "ess_cert_id_chain=no\n"
    )
    (folder / "serial").write_text("01\n")
    call(
        folder,
        *("req", "-x509", "-newkey", *key, "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "3650"),
        *("-config", "ts.cnf"),
    )
    return folder


def call(folder: Path, *arguments: str) -> bytes:
    done = subprocess.run([str(OPENSSL), *arguments], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def reply(folder: Path, request: bytes) -> bytes:
    (folder / "query.tsq").write_bytes(request)
    call(
        folder,
        *("ts", "-reply", "-config", "ts.cnf", "-section", "it", "-queryfile", "query.tsq", "-inkey", "key.pem"),
        *("-signer", "cert.pem", "-out", "reply.tsr"),
    )
    return (folder / "reply.tsr").read_bytes()


def now() -> str:
    from engine.cli.clock import system_clock

    return system_clock().now()


@needs_openssl
def test_a_local_openssl_authority_stamps_a_chain_and_openssl_verifies_it_too(openssl: Path, tmp_path: Path) -> None:
    """The real thing, over HTTP: our question, its answer, our two verifiers, and openssl as the third."""
    recorder = store_in(tmp_path)
    trust_authority(tmp_path / "config", "Local Time", (openssl / "cert.pem").read_bytes())
    today = now()
    sealed = record(reopened(tmp_path), start=today)
    with served(lambda request: reply(openssl, request)) as url:
        found = stamping.stamp(reopened(tmp_path), {"Local Time": url}, now)
    assert (found.waiting, found.anchor.stamped if found.anchor else 0) == (None, sealed.sequence)
    trust = replace(read_trust(recorder.trust_file), head=None)
    report = verify(recorder.layout.root, trust)
    assert (report.problems, report.exit_code) == ((), 0)
    assert report.lines()[0] == f"anchored to {found.anchor.at} by Local Time"  # type: ignore[union-attr]
    (stamp,) = [body for _, body in chain.read(recorder.layout, trust).of_kind("timestamp")]
    (tmp_path / "reply.tsr").write_bytes(base64.b64decode(stamp.response))
    entry = recorder.layout.entry(sealed.sequence)
    said = call(
        openssl,
        *("ts", "-verify", "-data", str(entry), "-in", str(tmp_path / "reply.tsr"), "-CAfile", "cert.pem"),
    )
    assert b"Verification: OK" in said


@needs_openssl
@pytest.mark.parametrize("flag", ["-sha256", "-sha512"])
def test_what_openssl_answers_is_over_sha256_or_refused(openssl: Path, tmp_path: Path, flag: str) -> None:
    (tmp_path / "data").write_bytes(b"data")
    call(openssl, "ts", "-query", "-data", str(tmp_path / "data"), flag, "-cert", "-out", str(tmp_path / "q"))
    from engine.evidence.canonical import digest

    response = reply(openssl, (tmp_path / "q").read_bytes())
    certificate = _der((openssl / "cert.pem").read_bytes())
    if flag == "-sha256":
        assert checked(response, digest(b"data"), [certificate]).at.endswith("Z")
    else:
        with pytest.raises(TimeStampError, match="not over a SHA-256"):
            checked(response, digest(b"data"), [certificate])


def _der(pem: bytes) -> bytes:
    return base64.b64decode(re.sub(rb"-----[A-Z ]+-----|\s", b"", pem))


@needs_openssl
def test_openssl_reads_our_question(openssl: Path, tmp_path: Path) -> None:
    (tmp_path / "q").write_bytes(query(DIGEST, 2**63 - 1))
    said = call(openssl, "ts", "-query", "-in", str(tmp_path / "q"), "-text").decode()
    assert "Hash Algorithm: sha256" in said
    assert "Nonce: 0x7FFFFFFFFFFFFFFF" in said
    assert "Certificate required: yes" in said


# --- the queue ---


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    store_in(tmp_path)
    trust_authority(tmp_path / "config", NAME, authority().pem)
    made = reopened(tmp_path)
    record(made)
    return made


def send(recorder: Recorder, at: str = AT, mine: str | None = None, **more: str) -> stamping.Stamping:
    return stamping.stamp(recorder, more or {NAME: ""}, lambda: mine or at, authority().answers(at))


def unreachable(url: str, request: bytes, timeout: float) -> bytes:
    raise TimeStampError("nobody answers")


def test_what_cannot_be_sent_waits_and_one_stamp_later_covers_it_all(recorder: Recorder) -> None:
    offline = stamping.stamp(recorder, {NAME: ""}, lambda: AT, unreachable)
    assert offline.lines == (NOT_ANCHORED, f"entry 2 waits for a time stamp: {NAME}: nobody answers")
    record(recorder, start=AT)
    done = send(recorder, "2026-11-23T03:00:00Z")
    assert done.waiting is None
    report = verify(recorder.layout.root, read_trust(recorder.trust_file))
    assert report.lines()[0] == f"anchored to 2026-11-23T03:00:00Z by {NAME}"
    assert report.problems == ()
    assert any("the longest lag is 0:56:40, of entry 4" in note for note in report.notes)
    again = send(recorder, "2026-11-23T04:00:00Z")
    assert again.anchor is not None
    assert again.anchor.at == "2026-11-23T03:00:00Z"


def test_what_is_not_covered_yet_is_said(recorder: Recorder) -> None:
    send(recorder)
    record(recorder, start=AT)
    report = verify(recorder.layout.root, read_trust(recorder.trust_file))
    assert "entries 3 to 5 are not time stamped yet" in report.notes


@pytest.mark.parametrize(
    ("at", "mine", "said"),
    [("2026-11-23T01:00:00Z", None, "set this machine's clock"), (AT, "2026-11-23T01:59:00Z", "machine's clock")],
)
def test_a_wrong_clock_is_said_and_never_becomes_a_contradiction_in_the_chain(
    recorder: Recorder, at: str, mine: str | None, said: str
) -> None:
    found = send(recorder, at, mine)
    assert found.waiting is not None
    assert said in found.why
    assert len(chain.read(recorder.layout, recorder.trust).placed) == 2


def test_the_second_authority_is_asked_where_the_first_is_not_pinned(recorder: Recorder) -> None:
    found = stamping.stamp(recorder, {"Stranger": "", NAME: ""}, lambda: AT, authority().answers(AT))
    assert found.anchor is not None
    assert found.anchor.authority == NAME


def test_an_answer_to_another_question_is_refused(recorder: Recorder) -> None:
    def replayed(url: str, request: bytes, timeout: float) -> bytes:
        at = request.index(b"\x04\x20") + 2
        return authority().stamp(request[at : at + 32].hex(), AT, 1)

    found = stamping.stamp(recorder, {NAME: ""}, lambda: AT, replayed)
    assert "another question" in found.why


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/", "http://127.0.0.1:1/"])
def test_an_authority_that_is_not_there_is_said(url: str) -> None:
    with pytest.raises(TimeStampError, match=r"no address of HTTP|does not answer"):
        ask(url, b"", 1.0)


# --- what stamps rule out, and what nobody could verify ---


def test_stamps_of_an_authority_that_is_not_pinned_are_no_success(recorder: Recorder, tmp_path: Path) -> None:
    send(recorder)
    run = next(body.asked.run for _, body in chain.read(recorder.layout, recorder.trust).of_kind("seal"))
    export_run(recorder.layout.root, recorder.trust, recorder.keys.signing, run, tmp_path / "a.zip")
    stranger = replace(read_trust(recorder.trust_file), authorities={})
    for look in (
        lambda lenient: verify(recorder.layout.root, stranger, None, lenient),
        lambda lenient: verify_bundle(tmp_path / "a.zip", stranger, lenient),
    ):
        report = look(False)
        assert report.exit_code == 5
        assert "cannot be verified" in report.lines()[1]
        assert (look(True).exit_code, look(True).lines()[0]) == (0, NOT_ANCHORED)


def test_a_stamp_of_a_later_entry_or_of_none_is_a_fault(recorder: Recorder) -> None:
    body = TimeStamp(of=Link(sequence=9, digest="0" * 64), authority=NAME, response="AAAA")
    recorder.chain().append("timestamp", body, END)
    found = anchors.anchoring(chain.read(recorder.layout, recorder.trust), recorder.trust)
    assert [fault.message for fault in found.faults] == ["stamps no entry that stands before it"]


def test_nothing_that_shows_where_the_chain_ends_is_no_success(recorder: Recorder) -> None:
    trust = replace(read_trust(recorder.trust_file), head=None)
    report = verify(recorder.layout.root, trust)
    assert (report.problems, report.exit_code) == ((), 5)
    assert report.lines()[1].startswith("problem: tail not anchored")
    lenient = verify(recorder.layout.root, trust, allow_unanchored=True)
    assert (lenient.exit_code, lenient.lines()[1].startswith("note: tail not anchored")) == (0, True)
    send(recorder)
    assert verify(recorder.layout.root, trust).exit_code == 0


def test_one_run_is_verified_alone_with_its_anchor(recorder: Recorder) -> None:
    send(recorder)
    later = record(recorder, start=AT)
    first = next(body.asked.run for _, body in chain.read(recorder.layout, recorder.trust).of_kind("seal"))
    trust = read_trust(recorder.trust_file)
    report = verify(recorder.layout.root, trust, first)
    assert (report.exit_code, report.lines()[0]) == (0, f"anchored to {AT} by {NAME}")
    assert [run.run for run in report.runs] == [first]
    waiting = verify(recorder.layout.root, trust, later.run)
    assert waiting.exit_code == 5
    assert "no time stamp of it covers the seal, entry 5" in waiting.lines()[1]
    unknown = verify(recorder.layout.root, trust, "20000101T000000Z-00000000")
    assert unknown.exit_code == 5
    assert "could not verify" in unknown.lines()[1]


def test_a_run_whose_files_were_altered_does_not_verify_alone(recorder: Recorder) -> None:
    run = next(body.asked.run for _, body in chain.read(recorder.layout, recorder.trust).of_kind("seal"))
    path = recorder.layout.findings(run)
    path.write_bytes(path.read_bytes()[:-1])
    report = verify(recorder.layout.root, read_trust(recorder.trust_file), run)
    assert path.relative_to(recorder.layout.root).as_posix() in {fault.place for fault in report.problems}


def test_the_module_uses_no_certificate_but_the_pinned_ones() -> None:
    assert "load_default" not in Path(timestamps.__file__).read_text()


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_time_stamp_authority_is_followed_nowhere(status: int) -> None:
    class Redirecting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Location", foreign.url)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    with elsewhere() as foreign, HTTPServer(("127.0.0.1", 0), Redirecting) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with pytest.raises(TimeStampError, match="does not answer"):
            ask(f"http://127.0.0.1:{server.server_port}/", b"?", 5.0)
        server.shutdown()
        assert foreign.asked == []


def test_a_time_stamp_authority_that_answers_drop_by_drop_is_not_waited_for() -> None:
    stopped = threading.Event()

    class Dripping(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            while not stopped.wait(0.05):
                self.wfile.write(b"x")

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    with HTTPServer(("127.0.0.1", 0), Dripping) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        threading.Timer(5, stopped.set).start()
        with pytest.raises(TimeStampError, match="has not answered within"):
            ask(f"http://127.0.0.1:{server.server_port}/", b"?", 0.3)
        stopped.set()
        server.shutdown()
