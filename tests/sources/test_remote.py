"""Files over HTTP, from a server in this process."""

from __future__ import annotations

import base64
import gzip
import http.server
import io
import json
import threading
import urllib.parse

import pytest

import llmscope
from llmscope import sources
from llmscope.errors import UnreadableFileError
from llmscope.sources import _file
from llmscope.sources._remote import named

LINES = b'{"messages": [{"role": "user", "content": "Hello"}]}\n' * 3


class Site(http.server.BaseHTTPRequestHandler):
    seen: list

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        self.seen.append((self.path, self.headers.get("Authorization")))
        if path == "/moved.jsonl":
            self.send_response(302)
            self.send_header("Location", "/log.jsonl")
            self.end_headers()
            return
        if path == "/private.jsonl" and self.headers.get("Authorization") is None:
            self.send_error(401)
            return
        body = {
            "/log.jsonl": LINES,
            "/log.jsonl.gz": gzip.compress(LINES),
            "/private.jsonl": LINES,
            "/cut.jsonl": LINES,
            "/empty.jsonl": b"",
        }.get(path)
        if body is None:
            self.send_error(403 if path == "/expired.jsonl" else 500 if path == "/broken.jsonl" else 404)
            return
        self.send_response(200)
        if path != "/log.jsonl.gz":
            self.send_header("Content-Length", str(len(body) + 10 * (path == "/cut.jsonl")))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    handler = type("Handler", (Site,), {"seen": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    server.seen = handler.seen
    server.at = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("path", ["/log.jsonl", "/log.jsonl.gz", "/moved.jsonl", "/log.jsonl?page=1#top"])
def test_a_file_over_http_loads_like_one_on_disk(site, path):
    scope = llmscope.open()
    report = scope.load(site.at + path)
    assert (report.spans, report.rejected) == (3, 0)
    assert scope.load(site.at + path).duplicates == 3
    scope.close()


def test_what_signs_an_address_or_opens_it_is_stored_nowhere(site):
    scope = llmscope.open()
    address = site.at.replace("//", "//me:pass%40word@")
    scope.load(f"{address}/private.jsonl?X-Amz-Signature=abcdef&token=t0k3n")
    given = "Basic " + base64.b64encode(b"me:pass@word").decode()
    assert site.seen == [("/private.jsonl?X-Amz-Signature=abcdef&token=t0k3n", given)]
    assert scope.loads()["file"].tolist() == [f"{site.at}/private.jsonl"]
    everything = "".join(scope._selection.store.frame(table).to_csv() for table in ("loads", "audit", "spans"))
    for secret in ("pass", "abcdef", "t0k3n"):
        assert secret not in everything
    scope.close()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/none.jsonl?sig=s3cret", "there is nothing at this address"),
        ("/expired.jsonl?sig=s3cret", "a signed address may have expired"),
        ("/private.jsonl?sig=s3cret", "it asks for credentials"),
        ("/broken.jsonl?sig=s3cret", "the server answers 500 Internal Server Error"),
        ("/cut.jsonl?sig=s3cret", "the connection ended 10 bytes early"),
        ("/empty.jsonl?sig=s3cret", "the file is empty"),
    ],
)
def test_what_cannot_be_fetched_says_why_without_the_secret(site, path, reason):
    with pytest.raises(UnreadableFileError, match=reason) as caught:
        llmscope.open().load(site.at + path)
    assert f"{site.at}{path.partition('?')[0]}: " in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_server_that_is_not_there_is_an_error_that_says_so(site):
    with pytest.raises(UnreadableFileError, match=r"http://127\.0\.0\.1:1/log\.jsonl: it cannot be fetched"):
        llmscope.open().load("http://127.0.0.1:1/log.jsonl?sig=s3cret")


@pytest.mark.parametrize("address", ["ftp://host/a.jsonl", "C://a", "https:///a.jsonl", "http://[::1/a.jsonl"])
def test_an_address_of_no_known_kind_is_refused(address):
    with pytest.raises(UnreadableFileError, match=r"addresses that can be read begin with|this is no address"):
        sources.find(address)


def test_a_file_address_is_a_path(tmp_path):
    (tmp_path / "a b.jsonl").write_bytes(LINES)
    (file,) = sources.find((tmp_path / "a b.jsonl").as_uri())
    assert file.path == tmp_path / "a b.jsonl"


def test_nothing_is_fetched_before_it_is_read_and_nothing_stays(site, monkeypatch):
    monkeypatch.setattr(_file, "_HELD_BYTES", 50)
    files = sources.find([f"{site.at}/log.jsonl", f"{site.at}/none.jsonl"])
    assert (len(files), site.seen) == (2, [])
    assert files[0].open().read() == LINES
    spilled = files[0]._spilled
    assert spilled.exists()
    files[0].release()
    assert not spilled.exists()
    assert files[0].open().read() == LINES
    assert [path for path, _ in site.seen] == ["/log.jsonl", "/log.jsonl"]
    files[0].release()


def test_one_file_of_several_that_cannot_be_fetched_is_skipped(site):
    report = llmscope.open().load([f"{site.at}/log.jsonl", f"{site.at}/none.jsonl"])
    assert (report.files, list(report.skipped)) == (1, [f"{site.at}/none.jsonl"])


def test_a_dash_is_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(LINES)))
    scope = llmscope.open()
    assert scope.load("-").spans == 3
    assert scope.loads()["file"].tolist() == ["stdin"]
    scope.close()


def test_a_stream_that_gives_a_little_at_a_time_is_read_to_its_end():
    class Slow(io.RawIOBase):
        def __init__(self):
            self.left = [
                json.dumps({"messages": [{"role": "user", "content": str(n)}]}).encode() + b"\n" for n in range(5)
            ]

        def readable(self):
            return True

        def read(self, size=-1):
            return self.left.pop(0) if self.left else b""

    assert sources.File(Slow(), name="slow").open().read().count(b"\n") == 5


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://h/a.jsonl", "https://h/a.jsonl"),
        ("https://u:p@h:8/a?b=c#d", "https://h:8/a"),
        ("s3://b/k.jsonl", "s3://b/k.jsonl"),
    ],
)
def test_a_name_has_no_secret(address, name):
    assert named(address) == name
