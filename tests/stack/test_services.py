"""The embedded PostgreSQL and Redis: what they keep when they are killed, and what they leave when they stop."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from stack.lock import HeldError, held
from stack.postgres import Postgres
from stack.redis import Redis


@pytest.fixture
def directory(services_directory: Path, request: pytest.FixtureRequest) -> Path:
    path = services_directory / f"d{abs(hash(request.node.name)) % 10**8}"
    path.mkdir()
    return path


@pytest.fixture
def server(directory: Path) -> Iterator[Postgres]:
    with Postgres(directory / "postgres") as server:
        yield server


@pytest.fixture
def queue(directory: Path) -> Iterator[Redis]:
    with Redis(directory / "redis") as server:
        yield server


def connect(server: Postgres) -> psycopg.Connection:
    return psycopg.connect(server.url().replace("+psycopg", ""), autocommit=True)


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").exists() and ") Z " not in Path(f"/proc/{pid}/stat").read_text()


def test_committed_rows_survive_a_killed_postgres(server: Postgres) -> None:
    with connect(server) as connection:
        connection.execute("create table kept (x int)")
        connection.execute("insert into kept select generate_series(1, 1000)")
    os.kill(server.pid, signal.SIGKILL)

    server.start()

    with connect(server) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (1000,)


def test_postgres_speaks_utf8_utc_and_one_collation_everywhere(server: Postgres) -> None:
    with connect(server) as connection:
        settings = [connection.execute(f"show {name}").fetchone() for name in ("server_encoding", "timezone", "fsync")]
        collation = connection.execute(
            "select datlocprovider, datlocale from pg_database where datname = current_database()"
        ).fetchone()
    assert settings == [("UTF8",), ("UTC",), ("on",)]
    assert collation == ("b", "C.UTF-8")


def test_postgres_starts_over_files_of_a_dead_server_whose_number_is_taken(directory: Path) -> None:
    server = Postgres(directory / "postgres", durable=False)
    server.start()
    pid_file = directory / "postgres" / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    # The number now belongs to a process that lives and is no PostgreSQL: ourselves.
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    with server:
        assert server.is_healthy()


def test_postgres_starts_over_a_ruined_pid_file(directory: Path) -> None:
    server = Postgres(directory / "postgres", durable=False)
    server.start()
    server.stop()
    (directory / "postgres" / "data" / "postmaster.pid").write_text("no number at all")

    with server:
        assert server.is_healthy()


def test_half_made_data_directory_is_made_anew(directory: Path) -> None:
    unfinished = directory / "postgres" / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18")

    with Postgres(directory / "postgres", durable=False) as server:
        assert server.is_healthy()


def test_server_that_an_earlier_run_left_running_is_replaced(server: Postgres, directory: Path) -> None:
    left_behind = server.pid

    with Postgres(directory / "postgres", durable=False) as successor:
        assert successor.is_healthy()
        assert not is_alive(left_behind)


def test_postgres_in_a_directory_too_deep_for_a_socket(directory: Path) -> None:
    deep = directory / ("deep" * 20) / ("deeper" * 10)
    deep.mkdir(parents=True)

    with Postgres(deep / "postgres", durable=False) as server, connect(server) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_two_of_each_run_side_by_side(directory: Path) -> None:
    with Postgres(directory / "a", durable=False) as one, Postgres(directory / "b", durable=False) as other:
        with connect(one) as connection:
            connection.execute("create table only_here (x int)")
        with connect(other) as connection:
            assert connection.execute("select to_regclass('only_here')").fetchone() == (None,)
    with Redis(directory / "c") as first, Redis(directory / "d") as second:
        redis.Redis.from_url(first.url).set("only", "here")
        assert redis.Redis.from_url(second.url).get("only") is None


def test_a_stopped_server_leaves_no_process(directory: Path) -> None:
    server, queue = Postgres(directory / "postgres", durable=False), Redis(directory / "redis")
    server.start()
    queue.start()

    server.stop()
    queue.stop()

    # Each of their processes holds the lock for as long as it lives.
    with held(directory / "postgres" / "lock"), held(directory / "redis" / "lock"):
        assert not server.is_healthy()
        assert not queue.is_healthy()


def test_acknowledged_writes_come_back_after_a_killed_redis(queue: Redis) -> None:
    client = redis.Redis.from_url(queue.url)
    client.rpush("jobs", *range(1000))
    os.kill(queue.pid, signal.SIGKILL)

    queue.start()

    assert client.llen("jobs") == 1000


def test_redis_keeps_what_stands_before_a_ruined_tail(queue: Redis, directory: Path) -> None:
    client = redis.Redis.from_url(queue.url)
    client.set("kept", "yes")
    queue.stop()
    with (directory / "redis" / "data" / "appendonly.aof").open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\nnot a length\r\n")

    queue.start()

    assert client.get("kept") == b"yes"


def test_redis_puts_a_wholly_ruined_file_aside_and_starts(directory: Path) -> None:
    data = directory / "redis" / "data"
    data.mkdir(parents=True)
    (data / "appendonly.aof").write_bytes(b"REDIS0009" + bytes(range(256)))

    with Redis(directory / "redis") as queue:
        assert redis.Redis.from_url(queue.url).dbsize() == 0
    assert (data / "appendonly.ruined").exists()


def test_redis_lets_nobody_in_without_the_password(queue: Redis, directory: Path) -> None:
    port = int(queue.url.rpartition(":")[2].removesuffix("/0"))
    with socket.create_connection(("127.0.0.1", port)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")
    for private in ("password", "redis.conf"):
        assert (directory / "redis" / private).stat().st_mode & 0o777 == 0o600


def test_redis_never_drops_a_job_for_lack_of_memory(queue: Redis) -> None:
    assert redis.Redis.from_url(queue.url).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_held_lock_names_its_holder_and_is_free_afterwards(directory: Path) -> None:
    with held(directory / "lock"), pytest.raises(HeldError, match=str(os.getpid())), held(directory / "lock"):
        pass
    with held(directory / "lock"):
        pass
