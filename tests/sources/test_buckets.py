"""Buckets, from a small S3 in this process; through Arrow, and through DuckDB's httpfs where that is installed."""

from __future__ import annotations

import http.server
import importlib.util
import threading
import urllib.parse
from pathlib import Path

import duckdb
import pytest

import llmscope
from llmscope import sources
from llmscope.errors import UnreadableFileError
from llmscope.sources import _buckets, _httpfs


def _line(word):
    return f'{{"messages": [{{"role": "user", "content": "{word}"}}]}}\n'.encode()


OBJECTS = {
    f"logs/{name}": _line(name)
    for name in ("a.jsonl", "b.jsonl", "notes.txt", "nov/c.jsonl", "nov/16/d.jsonl", "nov/.tmp/e.jsonl")
}
ROOT = '<?xml version="1.0" encoding="UTF-8"?>'


class Bucket(http.server.BaseHTTPRequestHandler):
    """Lists and reads the objects above; other buckets may not be looked at."""

    seen: list

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, *, body):
        url = urllib.parse.urlsplit(self.path)
        bucket, _, key = urllib.parse.unquote(url.path).lstrip("/").partition("/")
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        self.seen.append(self.headers.get("Authorization") or "")
        if bucket != "traces":
            self._send(403, b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>", body=body)
        elif "list-type" in query:
            self._send(200, self._listing(query), body=body)
        elif key not in OBJECTS:
            self._send(404, b"<Error><Code>NoSuchKey</Code><Message>no</Message></Error>", body=body)
        else:
            self._object(OBJECTS[key], body=body)

    def _listing(self, query):
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
        keys, folders = [], set()
        for key in sorted(OBJECTS):
            rest = key.removeprefix(prefix)
            if not key.startswith(prefix):
                continue
            if delimiter and delimiter in rest:
                folders.add(prefix + rest.partition(delimiter)[0] + delimiter)
            else:
                keys.append(key)
        contents = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f"<Size>{len(OBJECTS[key])}</Size></Contents>"
            for key in keys
        )
        contents += "".join(f"<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>" for name in sorted(folders))
        return (
            f"{ROOT}<ListBucketResult><Name>traces</Name><Prefix>{prefix}</Prefix><KeyCount>{len(keys)}</KeyCount>"
            f"<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        ).encode()

    def _object(self, data, *, body):
        asked = self.headers.get("Range")
        headers = {"Accept-Ranges": "bytes", "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT", "ETag": '"1"'}
        if asked is None:
            self._send(200, data, body=body, **headers)
            return
        first, _, last = asked.removeprefix("bytes=").partition("-")
        end = min(int(last or len(data)), len(data) - 1)
        headers["Content-Range"] = f"bytes {first}-{end}/{len(data)}"
        self._send(206, data[int(first) : end + 1], body=body, **headers)

    def _send(self, status, data, *, body, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(data)


@pytest.fixture
def bucket(monkeypatch, tmp_path):
    handler = type("Handler", (Bucket,), {"seen": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    server.seen = handler.seen
    server.host = f"127.0.0.1:{server.server_address[1]}"
    for name, value in {
        "AWS_ENDPOINT_URL_S3": f"http://{server.host}",
        "AWS_ACCESS_KEY_ID": "AKIATEST",
        "AWS_SECRET_ACCESS_KEY": "very-secret",
        "AWS_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(tmp_path),
        "no_proxy": "*",
    }.items():
        monkeypatch.setenv(name, value)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("s3://traces/logs/a.jsonl", ["a.jsonl"]),
        ("s3://traces/logs/*.jsonl", ["a.jsonl", "b.jsonl"]),
        ("s3://traces/logs/[b-z].jsonl", ["b.jsonl"]),
        ("s3://traces/logs/**/*.jsonl", ["a.jsonl", "b.jsonl", "nov/16/d.jsonl", "nov/c.jsonl"]),
        ("s3://traces/logs/*/*.jsonl", ["nov/c.jsonl"]),
        ("s3://traces/logs/n*/1?/d.jsonl", ["nov/16/d.jsonl"]),
        ("s3://traces/logs/nov/", ["nov/16/d.jsonl", "nov/c.jsonl"]),
        ("s3://traces/logs/nov", ["nov/16/d.jsonl", "nov/c.jsonl"]),
    ],
)
def test_patterns_and_prefixes_of_a_bucket_name_its_objects_in_order(bucket, address, found):
    files = sources.find(address)
    assert [file.name for file in files] == [f"s3://traces/logs/{name}" for name in found]
    assert [file.size for file in files] == [len(OBJECTS[f"logs/{name}"]) for name in found]
    assert [file.open().read() for file in files] == [OBJECTS[f"logs/{name}"] for name in found]


def test_a_bucket_loads_once_with_the_credentials_of_the_environment(bucket):
    scope = llmscope.open()
    report = scope.load("s3://traces/logs/**/*.jsonl")
    assert (report.spans, report.files) == (4, 4)
    assert scope.load("s3://traces/logs/").duplicates == 4
    assert scope.loads()["file"].tolist()[0] == "s3://traces/logs/a.jsonl"
    assert all("Credential=AKIATEST/" in seen for seen in bucket.seen)
    scope.close()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("s3://traces/logs/z.jsonl", "there is no such object"),
        ("s3://traces/logs/*.csv", "no object matches this pattern"),
        ("s3://other/logs/*.jsonl", "it cannot be read.*AWS_ACCESS_KEY_ID"),
        ("s3://traces", "name what to load from the bucket"),
        ("s3://", "name what to load from the bucket"),
        ("s3://me:very-secret@traces/a", "credentials do not belong into an address"),
    ],
)
def test_what_is_not_there_or_may_not_be_read_says_what_to_do(bucket, address, reason):
    with pytest.raises(UnreadableFileError, match=reason) as caught:
        sources.find(address)
    assert "very-secret" not in str(caught.value)


def test_an_object_that_goes_away_before_it_is_read_is_an_error(bucket, monkeypatch):
    (file,) = sources.find("s3://traces/logs/a.jsonl")
    monkeypatch.delitem(OBJECTS, "logs/a.jsonl")
    with pytest.raises(UnreadableFileError, match=r"s3://traces/logs/a\.jsonl: there is no such object"):
        file.open()


def test_google_buckets_are_read_in_the_same_way(tmp_path, monkeypatch):
    from pyarrow import fs

    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "a.jsonl").write_bytes(_line("a"))
    monkeypatch.setattr(_buckets, "_system", lambda *_: fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem()))
    assert [file.name for file in sources.find("gs://traces/*.jsonl")] == ["gs://traces/a.jsonl"]
    assert sources.find("gcs://traces/*.jsonl")[0].open().read() == _line("a")
    with pytest.raises(UnreadableFileError, match="there is no such object"):
        sources.find("gs://traces/b.jsonl")


def test_an_emulator_of_google_is_used_where_the_environment_names_one(monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    assert _buckets._system("gs", "traces").type_name == "gcs"


@pytest.fixture
def fresh():
    _httpfs._connection.cache_clear()
    yield
    _httpfs._connection.cache_clear()


def _extension():
    found = importlib.util.find_spec("duckdb_extension_httpfs")
    roots = found.submodule_search_locations if found else []
    return next(
        (p for root in roots or [] for p in Path(root).glob(f"extensions/v{duckdb.__version__}/httpfs.*")), None
    )


@pytest.mark.usefixtures("fresh")
def test_without_httpfs_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(_httpfs, "_connection", lambda: None)
    with pytest.raises(UnreadableFileError, match=r"hf://datasets/x/a\.parquet: .*INSTALL httpfs.*CREATE PERSISTENT"):
        sources.find("hf://datasets/x/a.parquet")


@pytest.mark.usefixtures("fresh")
@pytest.mark.skipif(_extension() is None, reason="DuckDB's extension httpfs is not installed for this DuckDB")
def test_a_secret_that_duckdb_keeps_opens_the_bucket(bucket, monkeypatch):
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with duckdb.connect() as connection:
        connection.load_extension(str(_extension()))
        connection.execute(
            "CREATE PERSISTENT SECRET traces (TYPE s3, KEY_ID 'OTHERKEY', SECRET 's', REGION 'eu-central-1', "
            f"ENDPOINT '{bucket.host}', USE_SSL false, URL_STYLE 'path', SCOPE 's3://traces')"
        )
    scope = llmscope.open()
    assert scope.load("s3://traces/logs/*.jsonl").spans == 2
    assert all("Credential=OTHERKEY/" in seen for seen in bucket.seen)
    with pytest.raises(UnreadableFileError, match="nothing is there"):
        scope.load("s3://traces/logs/*.csv")
    scope.close()
