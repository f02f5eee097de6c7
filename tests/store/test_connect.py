import subprocess
import sys

import duckdb
import pytest

from llmscope import schema
from llmscope.errors import LlmscopeError, StoreLockedError, StoreVersionError
from llmscope.store import Store


def test_a_new_file_holds_every_table_of_the_schema(tmp_path):
    store = Store(tmp_path / "new.duckdb")
    for table in (*schema.TABLES, schema.REQUESTS):
        found = [
            name
            for (name,) in store.rows("SELECT column_name FROM duckdb_columns() WHERE table_name = ?", [table.name])
        ]
        assert found == list(table.names)


def test_what_was_written_is_there_after_reopening(tmp_path):
    store = Store(tmp_path / "kept.duckdb")
    store.audit("test", "hello", 3)
    store.close()
    assert Store(tmp_path / "kept.duckdb").rows("SELECT action, detail, rows FROM audit") == [("test", "hello", 3)]


def test_files_stay_readable_for_duckdb_1_5(tmp_path):
    path = tmp_path / "old.duckdb"
    Store(path).close()
    store = Store(path)
    store.audit("test", "hello")
    store.close()
    (tags,) = Store(path).rows("SELECT tags FROM duckdb_databases() WHERE database_name = 'old'")[0]
    assert tags["storage_version"].startswith("v1.5")


def test_one_process_may_open_a_file_twice(tmp_path):
    first, second = Store(tmp_path / "shared.duckdb"), Store(tmp_path / "shared.duckdb")
    first.audit("test", "seen by both")
    assert second.count("audit") == 1


def test_a_file_held_by_another_process_is_explained(tmp_path):
    path = tmp_path / "held.duckdb"
    Store(path).close()
    holder = subprocess.Popen(
        [sys.executable, "-c", f"import duckdb; c = duckdb.connect({str(path)!r}); print('held', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreLockedError) as caught:
            Store(path)
    finally:
        holder.communicate("\n", timeout=20)
    assert str(holder.pid) in str(caught.value)
    assert "scope.close()" in str(caught.value)
    assert "export" in str(caught.value)


def test_a_store_of_a_newer_llmscope_is_refused(tmp_path):
    path = tmp_path / "newer.duckdb"
    store = Store(path)
    store.connection.execute("UPDATE llmscope SET schema_version = 99")
    store.close()
    with pytest.raises(StoreVersionError, match=r"99.*pip install --upgrade llmscope"):
        Store(path)


def test_an_older_store_gains_the_missing_columns_and_keeps_its_rows(tmp_path):
    path = tmp_path / "older.duckdb"
    store = Store(path)
    store.connection.execute("INSERT INTO spans (trace_id, span_id, status) VALUES ('t', 's', 'ok')")
    store.connection.execute("ALTER TABLE spans DROP COLUMN reasoning_tokens")
    store.connection.execute("ALTER TABLE rollups DROP COLUMN call")
    store.connection.execute("DROP TABLE scores")
    store.connection.execute("UPDATE llmscope SET schema_version = 0")
    store.close()
    migrated = Store(path)
    assert migrated.rows("SELECT trace_id, reasoning_tokens FROM spans") == [("t", None)]
    assert migrated.count("scores") == 0
    assert migrated.rows("SELECT schema_version FROM llmscope") == [(schema.VERSION,)]
    assert migrated.rows("SELECT action FROM audit") == [("migrate",)]
    assert migrated.rows("SELECT trace_id, status FROM requests") == [("t", "ok")]
    assert migrated.rows("SELECT call FROM rollups") == []


def test_a_log_file_is_not_a_store(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"messages": []}\n' * 50)
    with pytest.raises(LlmscopeError, match=r"not a DuckDB database.*scope\.load"):
        Store(path)
    assert path.read_text().startswith('{"messages"')


def test_a_database_with_a_table_of_its_own_is_left_alone(tmp_path):
    path = tmp_path / "theirs.duckdb"
    theirs = duckdb.connect(str(path))
    theirs.execute("CREATE TABLE spans AS SELECT 1 AS x")
    theirs.close()
    with pytest.raises(LlmscopeError, match="table named spans that llmscope did not make"):
        Store(path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(LlmscopeError, match="nowhere does not exist"):
        Store(tmp_path / "nowhere" / "x.duckdb")


def test_a_closed_store_says_so(tmp_path):
    store = Store(tmp_path / "closed.duckdb")
    store.close()
    with pytest.raises(LlmscopeError, match="is closed"):
        store.count("spans")
