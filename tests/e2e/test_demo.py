"""`errata demo`: real failing programs, seen as sessions and patterns."""

from harness.server import command


def run_demo(server, *arguments):
    return command("demo", "--endpoint", f"http://{server.otlp_grpc}", "--query-url", server.http, *arguments, timeout_s=300)


def test_the_demo_fills_the_tables(launch):
    server = launch()
    printed = run_demo(server).stdout
    assert server.http in printed
    rows = settled(server)
    assert len(rows) >= 24
    assert {row["language"] for row in rows} >= {"python", "javascript"}
    assert all(row["session_id"] and row["user_id"] and row["commit_hash"] for row in rows)
    assert server.scalar("SELECT count(*) FROM sessions WHERE parent_session_id IS NOT NULL") > 0
    assert server.scalar("SELECT count(DISTINCT user_id) FROM errors") > 1


def test_the_same_failures_are_the_same_patterns(launch):
    """Other users, other folders, another order: nothing new is found."""
    server = launch()
    run_demo(server, "--only", "python,bash", "--seed", "1")
    first = {row["pattern_id"] for row in settled(server)}
    run_demo(server, "--only", "python,bash", "--seed", "2")
    assert {row["pattern_id"] for row in settled(server)} == first


def settled(server):
    """The errors, after a restart, which commits all that was acknowledged."""
    server.stop()
    server.start()
    return server.sql("SELECT * FROM errors")
