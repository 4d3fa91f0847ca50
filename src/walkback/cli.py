"""The command line: what can be asked, and the exit codes (those of `errors`). `commands` does it.

What is slow to import is imported inside the command, so that `walkback --help` is quick.
"""

import re
import sys
import traceback
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args
from zoneinfo import ZoneInfo, available_timezones

import typer

from walkback import __version__
from walkback.case import Case, Every, load_case, new_case_text
from walkback.errors import CaseError, WalkbackError
from walkback.terminal import Terminal

if TYPE_CHECKING:
    from walkback.session import Session

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Walkback: a policy changed, people pushed back, the company walked it back; did it calm them?",
)

CaseFile = Annotated[Path, typer.Argument(metavar="CASE", help="The case file (TOML).", show_default=False)]
CaseOrPackage = Annotated[
    str,
    typer.Argument(metavar="CASE", help="The case file (TOML), or a package's folder.", show_default=False),
]
_CTRL_C = 130  # as a shell says it, and typer
# Nobody who works on one machine sees any of these.
_ONE_MACHINE = find_spec("daft") is None
ByEngine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME",
        hidden=_ONE_MACHINE,
        help="daft: CASE is a lake (see export --partitioned), analysed where it lies.",
    ),
]
OnRay = Annotated[
    str | None,
    typer.Option("--ray", metavar="ADDRESS", hidden=_ONE_MACHINE, help="With --engine: on this Ray cluster."),
]
CaseOfLake = Annotated[
    str | None,
    typer.Option(
        "--case", metavar="NAME|FILE", hidden=_ONE_MACHINE, help="With --engine: which of the lake's cases."
    ),
]
Scratch = Annotated[
    str | None,
    typer.Option(
        "--scratch",
        metavar="FOLDER",
        hidden=_ONE_MACHINE,
        help="With --engine: where its workers put what lies between; default: in the lake.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
ByEvery = Annotated[str, typer.Option("--every", help="The grid: hour, day or week.")]
Formats = Annotated[
    str | None,
    typer.Option("--format", metavar="F,F", help="html, pdf, pptx, md, json; all of them by default."),
]
MaxCost = Annotated[
    float | None, typer.Option(min=0, help="US dollars at most, a source; over the case file's.")
]
MaxWait = Annotated[float, typer.Option(min=0, help="Seconds to wait at most for a rate limit.")]
MaxTime = Annotated[float | None, typer.Option(min=0, help="Seconds that collecting may take.")]
Out = Annotated[Path | None, typer.Option("--out", help="The folder to write to.", show_default=False)]


def main() -> None:
    """Run the command line; every failure is told in one line a fault, without a traceback."""
    try:
        app()
    except WalkbackError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has seen enough; say nothing on the way out
        sys.exit(0)
    except Exception as error:  # noqa: BLE001  # the one place where nothing may get through
        if str(error) == "Query interrupted":  # what DuckDB makes of Ctrl-C while it works
            sys.exit(_CTRL_C)
        if "--verbose" in sys.argv:
            traceback.print_exc()
        _fail(f"unexpected {type(error).__name__}: {error}. Run it again with --verbose and report it", 1)


def _session(context: typer.Context) -> "Session":
    from walkback.session import Session

    return Session(*context.obj)


def _fail(message: str, code: int) -> None:
    Terminal(quiet=False).complain(message)
    sys.exit(code)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # typer calls it with the option's value
    if wanted:
        typer.echo(f"walkback {__version__}")
        raise typer.Exit


@app.callback()
def _everywhere(
    context: typer.Context,
    *,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only results and complaints.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="A traceback of what is unexpected.")] = False,  # noqa: ARG001  # main() looks for it
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a busy store.")] = 60.0,
    version: Annotated[  # noqa: ARG001  # its callback does the work
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    context.obj = (Terminal(quiet=quiet), wait)


@app.command()
def new(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write it.", show_default=False)],
) -> None:
    """Write a commented case file to start from."""
    try:
        with file.open("x", encoding="utf-8") as fresh:
            fresh.write(new_case_text())
    except FileExistsError as error:
        raise CaseError(f"{file}: exists already. Give another name") from error
    except OSError as error:
        raise CaseError(f"{file}: can't be written ({error.strerror}). Give a folder to write in") from error
    context.obj[0].say(f"{file}: written. Edit it, then run: walkback check {file}")


@app.command()
def check(
    context: typer.Context,
    case_file: CaseFile,
    *,
    online: Annotated[bool, typer.Option("--online", help="Ask each source one cheap question.")] = False,
) -> None:
    """Say what is wrong with a case file, its store and its queries, all at once."""
    case = load_case(case_file)
    from walkback.commands import collecting, status

    session = _session(context)
    status.check(session, case)
    raise typer.Exit(collecting.check_sources(session, case, online=online))


@app.command()
def collect(
    context: typer.Context,
    case_file: CaseFile,
    *,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only this source of the case; may be repeated.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Not before: a date in the case's time zone, or a time with an offset.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Before this date or time.")] = None,
    max_posts: Annotated[int | None, typer.Option(min=1, help="Posts to read at most, a source.")] = None,
    max_requests: Annotated[int | None, typer.Option(min=1, help="Requests at most, a source.")] = None,
    max_cost: MaxCost = None,
    max_wait: MaxWait = 960.0,
    max_time: MaxTime = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be asked, how much it brings and costs.")
    ] = False,
) -> None:
    """Gather posts from the case's sources; goes on by itself where the last run stopped."""
    case = load_case(case_file)
    from walkback.commands import collecting

    wanted = collecting.Wanted(
        sources=tuple(source or ()),
        since=_instant(case, "--since", since),
        until=_instant(case, "--until", until),
        max_posts=max_posts,
        max_requests=max_requests,
        max_cost=max_cost,
        max_wait_s=max_wait,
        max_time_s=max_time,
    )
    session = _session(context)
    act = collecting.estimate_sources if dry_run else collecting.collect_sources
    raise typer.Exit(act(session, case, wanted))


@app.command(name="import")
def import_(
    context: typer.Context,
    case_file: CaseFile,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Archives, or lakes (s3://… and gs://… too).", show_default=False
        ),
    ],
    *,
    format_name: Annotated[
        str | None, typer.Option("--format", help="The files' format; without it they are looked at.")
    ] = None,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="A table's column for a field.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="A table's source, where no column says it.")] = None,
    assume_timezone: Annotated[
        str | None, typer.Option(help="The time zone of a table's times that have no offset.")
    ] = None,
    covers: Annotated[
        str | None,
        typer.Option(
            metavar="START/END",
            help="What the files are complete for; without it, from their first to their last post.",
        ),
    ] = None,
) -> None:
    """Import archives of posts and score them; the same file again changes nothing."""
    case = load_case(case_file)
    asked = _columns(mapping or [])
    zone = _zone(assume_timezone)
    interval = _interval(case, covers)
    from walkback.commands import importing

    options = importing.import_options(format_name, asked, source, zone, interval)
    code = importing.import_archives(_session(context), case, files, options)
    raise typer.Exit(code)


@app.command()
def score(context: typer.Context, case_file: CaseFile) -> None:
    """Match and score what is stored and was not matched or scored yet."""
    case = load_case(case_file)
    from walkback.commands.scoring import bring_up_to_date

    session = _session(context)
    session.terminal.say(f"{bring_up_to_date(session, case):,} posts scored")


@app.command()
def analyze(
    context: typer.Context,
    case_file: CaseOrPackage,
    *,
    every: ByEvery = "day",
    as_json: AsJson = False,
    engine: ByEngine = None,
    ray: OnRay = None,
    case_of_lake: CaseOfLake = None,
    scratch: Scratch = None,
) -> None:
    """Series, phases, the outcry's shape and the verdict."""
    grid = _every(every)
    from walkback.commands import opening, reporting

    beyond = opening.Beyond(engine, ray, case_of_lake, scratch)
    with opening.opened(_session(context), case_file, beyond) as it:
        reporting.show(it.session.terminal, it.analyst(it.case, grid, None), as_json=as_json)


@app.command()
def report(
    context: typer.Context,
    case_file: CaseOrPackage,
    *,
    out: Out = None,
    every: ByEvery = "day",
    formats: Formats = None,
    week: Annotated[
        str | None,
        typer.Option(
            metavar="2023-W32|last",
            help="The report of one week, as of its end, or of the last whole one; default: whole case.",
        ),
    ] = None,
    mail: Annotated[
        bool, typer.Option("--mail", help="Send it, too: server and addresses from the environment.")
    ] = False,
    engine: ByEngine = None,
    ray: OnRay = None,
    case_of_lake: CaseOfLake = None,
    scratch: Scratch = None,
) -> None:
    """Write the report: report.html and the other formats, the chart and its figures."""
    grid = _every(every)
    from walkback.commands import opening, reporting

    wanted = reporting.report_formats(formats)
    beyond = opening.Beyond(engine, ray, case_of_lake, scratch)
    with opening.opened(_session(context), case_file, beyond) as it:
        reporting.write_report(it, grid, out, formats=wanted, week=_week(week, it.case), mail=mail)


@app.command()
def run(
    context: typer.Context,
    case_file: CaseFile,
    *,
    out: Out = None,
    every: ByEvery = "day",
    formats: Formats = None,
    max_cost: MaxCost = None,
    max_wait: MaxWait = 960.0,
    max_time: MaxTime = 3_000.0,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="All that is said as JSON, a line each, on stderr.")
    ] = False,
) -> None:
    """Collect, score, analyze, report: for a clock to call. Silent when well, unless on a terminal."""
    case, grid = load_case(case_file), _every(every)
    from walkback.commands import collecting, reporting, running

    wanted = collecting.Wanted(max_cost=max_cost, max_wait_s=max_wait, max_time_s=max_time)
    options = running.Options(wanted, grid, reporting.report_formats(formats), out)
    session = _session(context).unattended(log_json=log_json)
    raise typer.Exit(running.run(session, case, options))


@app.command()
def alert(
    context: typer.Context,
    case_file: CaseFile,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would have been told in a past window; send nothing.")
    ] = False,
    since: Annotated[
        str | None, typer.Option(help="With --dry-run: from when on. Default: the case's start.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="With --dry-run: until when. Default: its end.")] = None,
) -> None:
    """Tell once of what stands out: an outcry, volume, sentiment, verdict, a source that fails, money."""
    case = load_case(case_file)
    begin, end = _instant(case, "--since", since), _instant(case, "--until", until)
    if (since or until) and not dry_run:
        raise typer.BadParameter("--since and --until go with --dry-run")
    from walkback.commands import alerting

    session = _session(context)
    if dry_run:
        alerting.rehearse(session, case, begin, end)
    else:
        alerting.alert(session, case)


@app.command()
def status(context: typer.Context, case_file: CaseFile, *, as_json: AsJson = False) -> None:
    """Say what is stored, covered, in quarantine and pending."""
    case = load_case(case_file)
    from walkback.commands.status import show_status

    show_status(_session(context), case, as_json=as_json)


@app.command()
def backup(
    context: typer.Context,
    case_file: CaseFile,
    file: Annotated[Path, typer.Argument(help="Where to copy it; not there yet.", show_default=False)],
) -> None:
    """Copy the case's store, whole and verified, while others may read it."""
    case = load_case(case_file)
    from walkback.commands.status import back_up

    back_up(_session(context), case, file)


@app.command()
def recheck(
    context: typer.Context,
    case_file: CaseFile,
    *,
    source: Annotated[
        list[str] | None, typer.Option(help="A source; may be repeated. Default: all of the case's.")
    ] = None,
    max_cost: MaxCost = None,
    max_wait: MaxWait = 960.0,
    max_time: MaxTime = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many posts are due.")] = False,
) -> None:
    """Look whether stored posts are still on their platforms; those that are gone lose their words here."""
    case = load_case(case_file)
    from walkback.commands import collecting, erasing

    wanted = collecting.Wanted(
        sources=tuple(source or ()), max_cost=max_cost, max_wait_s=max_wait, max_time_s=max_time
    )
    session = _session(context)
    code = collecting.recheck_sources(session, case, wanted, dry_run=dry_run)
    if not dry_run:
        erasing.erase_emptied(session, case)
    raise typer.Exit(code)


@app.command()
def purge(
    context: typer.Context,
    case_file: CaseFile,
    *,
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="90d|DATE", help="Posts made before that.")
    ] = None,
    post: Annotated[
        list[str] | None, typer.Option("--post", metavar="SOURCE:ID", help="A post; may be repeated.")
    ] = None,
    author: Annotated[
        list[str] | None,
        typer.Option(
            "--author",
            metavar="SOURCE:NAME",
            help="All posts of an author: the name on Hacker News, name@server on Mastodon, the account's "
            "id elsewhere (X: the number, Reddit: t2_…, Bluesky: did:…). May be repeated.",
        ),
    ] = None,
    source: Annotated[str | None, typer.Option(help="Posts of this source alone.")] = None,
    key: Annotated[
        bool, typer.Option("--key", help="Destroy the pseudonym key: the store takes no more posts.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many posts that would be.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Erase posts for good, by all that is given together: their words are gone from the store's file."""
    case = load_case(case_file)
    from walkback.commands import erasing

    asked = erasing.Asked(older_than, tuple(post or ()), tuple(author or ()), source, key)
    erasing.purge(_session(context), case, asked, dry_run=dry_run, agreed=yes)


@app.command()
def label(
    context: typer.Context,
    case_file: CaseFile,
    *,
    coder: Annotated[str, typer.Option(help="Who labels: any name, the same each time.")] = "a",
    posts: Annotated[
        int, typer.Option(min=1, max=10_000, help="How many posts of each phase are drawn.")
    ] = 60,
) -> None:
    """Say yourself how posts sound: how far is the scorer to be trusted, and what does it get wrong?"""
    case = load_case(case_file)
    from walkback.commands.labelling import label as ask

    ask(_session(context), case, coder, posts)


@app.command()
def export(
    context: typer.Context,
    case_file: CaseFile,
    folder: Annotated[
        str,
        typer.Argument(
            help="A folder that isn't there yet; a lake's may be s3://… or gs://…", show_default=False
        ),
    ],
    *,
    ids_only: Annotated[
        bool, typer.Option("--ids-only", help="No words of any source; of X they are always left out.")
    ] = False,
    partitioned: Annotated[
        bool,
        typer.Option(
            "--partitioned", help="For yourself: a lake of all stored posts as Parquet, by source and day."
        ),
    ] = False,
) -> None:
    """Write the case as a package of data for others, which gives the same figures again."""
    case = load_case(case_file)
    if ids_only and partitioned:
        raise typer.BadParameter("--ids-only goes with a package; a lake has all that the store has")
    if partitioned:
        from walkback.commands import lakes

        lakes.export_lake(_session(context), case, folder)
        return
    from walkback.commands import packages

    packages.export(_session(context), case, Path(folder), ids_only=ids_only)


@app.command()
def demo(
    context: typer.Context,
    *,
    out: Annotated[Path, typer.Option("--out", help="The folder to work in.")] = Path("demo"),
) -> None:
    """Run the whole pipeline on the synthetic Zoom case: collect, score, analyze, report."""
    from walkback.commands.demo import run_demo

    raise typer.Exit(run_demo(_session(context), out))


@app.command()
def sandbox(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="On 127.0.0.1; 0 takes a free one.")] = 0,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", help="Let each seventh request meet this failure; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the synthetic case and its archives here.")
    ] = None,
) -> None:
    """Stand in for the platforms with synthetic posts, to try a case without keys."""
    from walkback.commands.demo import serve_sandbox

    serve_sandbox(_session(context), port, fault or (), out)


def _week(asked: str | None, case: Case) -> date | None:
    """The Monday of an ISO week, `2023-W32`; of `last`: the week before this one in the case's time zone."""
    if asked is None:
        return None
    if asked.strip().lower() == "last":
        today = datetime.now(ZoneInfo(case.timezone)).date()
        return today - timedelta(days=today.weekday() + 7)
    found = re.fullmatch(r"(\d{4})-?W(\d{1,2})", asked.strip(), re.IGNORECASE)
    wrong = CaseError(f"--week {asked} is not a week. Give an ISO week such as 2023-W32, or last")
    if found is None:
        raise wrong
    try:
        return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        raise wrong from None


def _every(asked: str) -> Every:
    for every in get_args(Every):
        if asked == every:
            return every  # type: ignore[no-any-return]  # get_args forgets what it holds
    raise CaseError(f"--every {asked} is not one of {', '.join(get_args(Every))}. Take one of these")


def _columns(mapping: list[str]) -> dict[str, str]:
    pairs = [entry.partition("=")[::2] for entry in mapping]
    wrong = [entry for entry, pair in zip(mapping, pairs, strict=True) if not all(pair)]
    if wrong:
        raise CaseError(*(f"--map {entry}: write it as FIELD=COLUMN" for entry in wrong))
    return dict(pairs)


def _zone(name: str | None) -> str | None:
    if name is not None and name not in available_timezones():
        raise CaseError(f"--assume-timezone {name} is no IANA time zone. Give one such as Europe/Berlin")
    return name


def _interval(case: Case, text: str | None) -> tuple[datetime, datetime] | None:
    """`2023-07-24/2023-09-04`: dates in the case's time zone, or times with an offset."""
    if text is None:
        return None
    try:
        start, end = (case.instant(_moment(part)) for part in text.split("/"))
    except ValueError as error:
        raise CaseError(f"--covers {text}: write START/END, such as 2023-07-24/2023-09-04") from error
    if end <= start:
        raise CaseError(f"--covers {text}: ends before it starts. Give the earlier one first")
    return start, end


def _instant(case: Case, option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return case.instant(_moment(text))
    except ValueError as error:
        raise CaseError(
            f"{option} {text}: write a date such as 2023-08-06, or a time such as 2023-08-06T12:00:00Z"
        ) from error


def _moment(text: str) -> date:
    if len(text) <= len("2023-07-24"):
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return moment
