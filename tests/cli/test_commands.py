"""The installed command, as a user runs it: exit codes, one line a failure, JSON and nothing else."""

import json
import socket
import ssl
import subprocess
import sys
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest
import trustme
from aiosmtpd.controller import Controller
from tests.cli.command import walkback

CASE = """
title = "Zoom <script>alert(1)</script>"
timezone = "America/New_York"
start = 2023-08-01
end = 2023-08-20
[query]
any = ["zoom"]
[[events]]
at = 2023-08-06T12:00:00Z
kind = "outcry"
label = "Out \\u202e\\u001b[31m"
[[events]]
at = 2023-08-11
kind = "reversal"
label = "Back"
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with a case and an archive of forty posts, two lines of which are bad."""
    (tmp_path / "zoom.toml").write_text(CASE)
    rows = [
        json.dumps(
            {
                "id": f"c{number}",
                "body": "zoom is <img src=x onerror=alert(1)> awful" if number % 2 else "zoom is great",
                "author": f"made_up_{number % 15}",
                "created_utc": 1_691_000_000 + number * 20_000,
                "link_id": "t3_a",
            }
        )
        for number in range(40)
    ]
    (tmp_path / "a.ndjson").write_text("\n".join([*rows, "{broken", '{"id": "c9", "body": "']))
    return tmp_path


def test_the_whole_way(folder):
    """check, import, score, analyze, report, status: each does its part and exits with 0."""
    assert walkback("check", "zoom.toml", folder=folder).stdout == (
        "zoom.toml: right\nzoom.duckdb: no store yet; import makes it\n"
    )
    imported = walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    assert imported.stdout.startswith(
        "a.ndjson: 40 stored, 0 known already, 2 in quarantine, 0 no posts (42 posts, "
    )
    assert imported.stdout.endswith("40 posts scored\n")
    assert walkback("score", "zoom.toml", folder=folder).stdout == "0 posts scored\n"
    assert "Inconclusive" in walkback("analyze", "zoom.toml", folder=folder).stdout
    told = walkback("report", "zoom.toml", folder=folder)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.endswith("zoom-report/report.html\n")
    assert {path.name for path in (folder / "zoom-report").iterdir()} == {
        "report.html",
        "report.json",
        "report.md",
        "report.pdf",
        "report.pptx",
        "series.csv",
        "timeline.png",
        "timeline.svg",
    }
    status = walkback("status", "zoom.toml", folder=folder).stdout
    assert "40 posts stored, 40 match the query, 40 of 40 with words are scored" in status
    assert "not JSON" in status
    assert "Next: walkback report zoom.toml" in status


def test_a_case_may_ask_for_other_scores(folder):
    """They are scored beside VADER's own, named in the answer, and a lexicon that is not there is told."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    scorer = '[scorer]\nlexicon = "mine.tsv"\ncurly_apostrophes = true\n'
    (folder / "zoom.toml").write_text(CASE.replace("[query]", f"{scorer}[query]"))
    missing = walkback("check", "zoom.toml", folder=folder)
    (folder / "mine.tsv").write_text("zoom\t-2.0\tmine\n")
    left = json.loads(walkback("status", "zoom.toml", "--json", folder=folder).stdout)
    analysis = json.loads(walkback("analyze", "zoom.toml", "--json", folder=folder).stdout)

    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
    assert missing.stderr.startswith("mine.tsv: can't be read")
    assert (left["scored"], left["next"]) == (0, "walkback score zoom.toml")
    assert analysis["scorer"]["name"] == "vader+mine"
    assert analysis["scorer"]["version"].endswith("+curly")


def test_a_week_is_reported_as_of_its_end(folder):
    """The folder names the week; later events and posts are not in it; a wrong week is told."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    told = walkback("report", "zoom.toml", "--week", "2023-W31", "--format", "json,md", folder=folder)
    outside = walkback("report", "zoom.toml", "--week", "2022-W31", folder=folder)
    weekly = json.loads((folder / "zoom-report-2023-W31" / "report.json").read_text())
    text = (folder / "zoom-report-2023-W31" / "report.md").read_text()

    assert told.stdout.endswith("zoom-report-2023-W31/report.json\n")
    assert weekly["grid"]["end"] == "2023-08-07T00:00:00-04:00"
    assert [event["kind"] for event in weekly["events"]] == ["outcry"]
    assert max(row["start"] for row in weekly["series"]) < "2023-08-07"
    assert "Week 31 of 2023, 31 Jul to 6 Aug 2023" in text
    assert (outside.returncode, outside.stderr.count("\n")) == (2, 1)


def test_a_report_is_sent(folder, tmp_path):
    """The letter reaches a real server with the PDF that was written; without settings nothing is begun."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    came = []

    class Handler:
        async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802  # aiosmtpd's
            came.append(message_from_bytes(envelope.content, policy=policy.default))
            return "250 OK"

    missing = walkback("report", "zoom.toml", "--mail", folder=folder)
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 3)
    assert not (folder / "zoom-report").exists()
    server = Controller(
        Handler(), hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True
    )
    server.start()
    try:
        sent = walkback(
            "report",
            "zoom.toml",
            "--mail",
            "--format",
            "pdf",
            folder=folder,
            SSL_CERT_FILE=str(tmp_path / "ca.pem"),
            WALKBACK_SMTP_HOST="127.0.0.1",
            WALKBACK_SMTP_PORT=str(port),
            WALKBACK_MAIL_FROM="walkback@example.org",
            WALKBACK_MAIL_TO="pr@example.org",
        )
    finally:
        server.stop()

    assert (sent.returncode, sent.stderr) == (0, "")
    assert sent.stdout.endswith("sent to pr@example.org\n")
    (letter,) = came
    (paper,) = letter.iter_attachments()
    assert letter["Subject"].endswith("Inconclusive")
    assert paper.get_content() == (folder / "zoom-report" / "report.pdf").read_bytes()


class _Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, [name for name, _ in attrs]))


def test_hostile_words_do_no_harm(folder):
    """No script or handler in the page, no escape code on the terminal, no formula in the CSV."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    said = walkback("report", "zoom.toml", folder=folder).stdout
    shown = walkback("analyze", "zoom.toml", folder=folder).stdout
    page = _Elements()
    page.feed((folder / "zoom-report/report.html").read_text())

    assert [names for tag, names in page.tags if tag == "script"] == [["type", "id"], []]
    assert not [name for _, names in page.tags for name in names if name.startswith("on")]
    assert "\x1b" not in said + shown
    assert "\u202e" not in said + shown


def test_json_is_one_document_and_nothing_else(folder):
    """On stdout; the contract's version is 1."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    analysis = walkback("analyze", "zoom.toml", "--json", folder=folder)
    status = walkback("status", "zoom.toml", "--json", folder=folder)

    assert json.loads(analysis.stdout)["schema"] == 1
    assert json.loads(analysis.stdout)["verdict"]["word"] == "inconclusive"
    assert json.loads(status.stdout)["in_quarantine"] == 2
    assert analysis.stderr == status.stderr == ""


def test_the_same_store_gives_the_same_report(folder):
    """But for the moment at which it was made."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    documents = [
        json.loads(walkback("analyze", "zoom.toml", "--json", folder=folder).stdout) for _ in range(2)
    ]
    for document in documents:
        del document["generated_at"]

    assert documents[0] == documents[1]


def test_importing_twice_changes_nothing(folder):
    """Told in so many words."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)

    assert "0 stored, 40 known already" in walkback("import", "zoom.toml", "a.ndjson", folder=folder).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["check", "none.toml"], 2, "none.toml: no such file. `walkback new none.toml` writes one"),
        (["analyze", "zoom.toml"], 4, "zoom.duckdb: no store yet. Import or collect some posts first"),
        (["import", "zoom.toml", "none.csv"], 2, "none.csv: can't be read (No such file or directory)"),
        (["import", "zoom.toml", "a.ndjson", "--format", "word"], 2, "--format word is not one of twarc"),
        (["import", "zoom.toml", "a.ndjson", "--map", "id"], 2, "--map id: write it as FIELD=COLUMN"),
        (["import", "zoom.toml", "a.ndjson", "--assume-timezone", "X"], 2, "--assume-timezone X is no IANA"),
        (["import", "zoom.toml", "a.ndjson", "--covers", "2023"], 2, "--covers 2023: write START/END"),
        (
            ["import", "zoom.toml", "a.ndjson", "--covers", "2023-08-02/2023-08-01"],
            2,
            "ends before it starts",
        ),
        (["report", "zoom.toml", "--every", "year"], 2, "--every year is not one of hour, day, week"),
        (["new", "zoom.toml"], 2, "zoom.toml: exists already. Give another name"),
    ],
)
def test_a_failure_is_one_line_with_its_exit_code(folder, arguments, code, told):
    """What, where, what to do; no traceback."""
    done = walkback(*arguments, folder=folder)

    assert done.returncode == code
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_a_wrong_case_file_tells_every_fault(folder):
    """One line each, exit code 2."""
    (folder / "zoom.toml").write_text('titel = "x"\n[query]\nany = []\n')
    done = walkback("check", "zoom.toml", folder=folder)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 5
    assert all(line.startswith("zoom.toml: ") for line in done.stderr.splitlines())


def test_one_refused_file_does_not_keep_the_others_out(folder):
    """Exit code 3: what came is kept."""
    (folder / "counts.jsonl").write_text('{"data": [{"tweet_count": 1, "start": "", "end": ""}]}\n')
    done = walkback("import", "zoom.toml", "counts.jsonl", "a.ndjson", folder=folder)

    assert done.returncode == 3
    assert "counts.jsonl: holds counts of X posts over time, not posts" in done.stderr
    assert "40 stored" in done.stdout


def test_a_busy_store_is_exit_code_5(folder):
    """With the holder's process id."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    hold = "import duckdb; c = duckdb.connect('zoom.duckdb'); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        done = walkback("--wait", "0.2", "analyze", "zoom.toml", folder=folder)
        holder.communicate("\n")

    assert done.returncode == 5
    assert f"process {holder.pid} held the store" in done.stderr


def test_quiet_says_nothing_when_all_is_well(folder):
    """But a failure is still told."""
    done = walkback("--quiet", "import", "zoom.toml", "a.ndjson", folder=folder)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert walkback("--quiet", "check", "none.toml", folder=folder).stderr


def test_a_report_is_written_whole_or_not_at_all(folder):
    """A folder that is a file: told, and nothing left half-made."""
    walkback("import", "zoom.toml", "a.ndjson", folder=folder)
    (folder / "taken").write_text("mine")
    done = walkback("report", "zoom.toml", "--out", "taken", folder=folder)

    assert done.returncode == 1
    assert "taken/report.html: can't be written" in done.stderr
    assert (folder / "taken").read_text() == "mine"


def test_the_demo_says_that_its_posts_are_synthetic(tmp_path):
    """In the terminal, the page, the JSON and the chart; the same again when run again."""
    first = walkback("demo", "--out", "d", folder=tmp_path)
    again = walkback("demo", "--out", "d", folder=tmp_path)
    report = tmp_path / "d/zoom-report"

    assert (first.returncode, first.stderr) == (0, "")
    assert "Synthetic posts: Calmed." in first.stdout
    assert "synthetic posts" in (report / "report.html").read_text()
    assert json.loads((report / "report.json").read_text())["synthetic"] is True
    assert again.stdout.count(" 0 stored, ") == 3


def test_every_command_has_help():
    """And it is quick, because nothing heavy is imported for it."""
    listed = walkback("--help", folder=".").stdout

    for command in ("new", "check", "import", "score", "analyze", "report", "status", "demo", "sandbox"):
        assert command in listed
        assert walkback(command, "--help", folder=".").returncode == 0


def test_help_imports_nothing_heavy():
    """No duckdb, no matplotlib, no pyarrow before a command needs them."""
    heavy = ("duckdb", "matplotlib", "pyarrow", "scipy")
    script = f"import sys, walkback.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_a_forced_colour_makes_no_terminal(folder):
    """Notebooks and CI set FORCE_COLOR; a log is a log all the same."""
    shown = walkback("import", "zoom.toml", "a.ndjson", folder=folder, FORCE_COLOR="1")
    run = walkback("run", "zoom.toml", folder=folder, FORCE_COLOR="1")

    assert "\x1b" not in shown.stdout + shown.stderr
    assert (run.stdout, run.stderr) == ("", "")


INTERRUPTED = """
import os, signal, threading
import duckdb
from walkback import cli

def command():
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")

    def interrupt():
        while connection.query_progress() < 0:
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    connection.execute("SELECT sum(hash(a.range, b.range)) FROM range(1000000) a, range(1000000) b")

cli.app = command
cli.main()
"""


def test_ctrl_c_in_the_middle_of_a_query_is_ctrl_c():
    """DuckDB makes an error of its own of it."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
