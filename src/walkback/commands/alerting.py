"""What `alert` does: look for what stands out, note it, tell it once; or show what would have been told."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from walkback.analysis.alerts.collecting import budget_signal, failing_signal
from walkback.analysis.alerts.days import read_recent
from walkback.analysis.alerts.episodes import open_episode, to_tell, turn
from walkback.analysis.alerts.findings import onset_signal, verdict_signals
from walkback.analysis.alerts.signals import Kind, Signal
from walkback.analysis.alerts.stand_out import (
    Thresholds,
    sentiment_signal,
    silence_signal,
    volume_signal,
)
from walkback.analysis.analyze import estimate
from walkback.analysis.coverage import read_coverage
from walkback.analysis.model import Analysis, ScorerId
from walkback.analysis.scorers.choose import scorer_for
from walkback.case import Alerts, Case
from walkback.collectors.keys import keys_for
from walkback.commands.scoring import bring_up_to_date
from walkback.errors import CaseError, NothingToDoError
from walkback.reports import alerts, words
from walkback.reports.notify import addresses_in, send
from walkback.session import Session
from walkback.store import AlertRow, Store, Window

_LOOKED_AT_EVERY: Final = timedelta(hours=6)
_ANALYZED_EVERY: Final = timedelta(days=1)


def alert(
    session: Session, case: Case, *, analysis: Analysis | None = None, report: Path | None = None
) -> None:
    """Look for what stands out now; what has begun is told once, to the addresses of the case.

    `analysis`: of the case as it is now, where somebody has made it already. Raises CaseError where the
    case names no addresses, WalkbackError where one did not take the message: it is told the next time.
    """
    settings = _settings(case)
    addresses = addresses_in(keys_for(case.path).get(settings.notify_env) or "")
    if not addresses:
        raise CaseError(
            f"{case.path}: {settings.notify_env} is not set. Set it in the environment or in .env: "
            "addresses as apprise takes them, such as mailto://… or slack://…"
        )
    store, now = session.store(case), session.now()
    if analysis is None:
        with suppress(NothingToDoError):
            bring_up_to_date(session, case)
            analysis = estimate(case, store, _scorer(case), "day", now)
    before = store.alerts(case)
    episodes = _after(before, _signals(store, case, before, analysis, now), case, now)
    if episodes != before:
        store.keep_alerts(case, [one for one in episodes if one not in before])
    told = to_tell(episodes, now)
    if not told:
        session.terminal.say("nothing new stands out")
        return
    text = "\n".join([*(one.message for one in told), _link(settings, report)])
    send(alerts.title(case), text.strip(), addresses, settings.notify_env)
    store.keep_alerts(case, [replace(one, told_at=session.now()) for one in told])
    for one in told:
        session.terminal.say(f"told: {one.message}")


def rehearse(session: Session, case: Case, since: datetime | None, until: datetime | None) -> None:
    """Say what would have been told in a past window, by the posts that are stored now; nothing is sent."""
    settings = case.alerts or Alerts(notify_env="WALKBACK_ALERT_URLS")
    case = case.model_copy(update={"alerts": settings})
    bring_up_to_date(session, case)
    store = session.store(case)
    start, end = case.window(session.now())
    start, end = max(start, since or start), min(end, until or end)
    if start >= end:
        raise CaseError(f"{case.path}: nothing lies between {start} and {end}. Change --since or --until")
    episodes: list[AlertRow] = []
    moments = list(_moments(start, end))
    with session.terminal.bar("looking back") as bar:
        for number, moment in enumerate(moments):
            bar.show(number / len(moments), words.when(moment, case.zone))
            analysis = _analysis_then(store, case, moment) if _is_daily(moment, start) else None
            signals = _signals(store, case, episodes, analysis, moment)
            episodes = _after(episodes, signals, case, moment)
            told = to_tell(episodes, moment)
            for one in told:
                session.terminal.say(f"{words.when(moment, case.zone)}: {one.message}")
            episodes = [replace(one, told_at=moment) if one in told else one for one in episodes]
    messages = [one for one in episodes if one.told_at is not None and one.message]
    days = words.number((end - start) / timedelta(days=1))
    session.terminal.say(f"{words.count(len(messages), 'alert')} in {days} days; nothing was sent")


def _settings(case: Case) -> Alerts:
    if case.alerts is None:
        raise CaseError(
            f'{case.path}: no addresses for alerts. Add [alerts] with notify_env = "WALKBACK_ALERT_URLS"'
        )
    return case.alerts


def _scorer(case: Case) -> ScorerId:
    scorer = scorer_for(case)
    return ScorerId(scorer.name, scorer.version)


def _link(settings: Alerts, report: Path | None) -> str:
    if settings.report_url is not None:
        return f"Report: {settings.report_url}"
    return "" if report is None else f"Report: {report}"


def _signals(
    store: Store, case: Case, episodes: Sequence[AlertRow], analysis: Analysis | None, now: datetime
) -> list[Signal]:
    """All that is watched, as it stood at `now`."""
    settings = _settings(case)
    thresholds = Thresholds(settings.volume_rise, settings.sentiment_drop)
    runs = [run for run in store.runs(case) if run.started_at <= now]
    wanted = case.sources.wanted()
    most = None if case.sources.x is None else case.sources.x.max_cost
    found = [failing_signal(source, runs) for source in wanted]
    found.append(budget_signal("x", runs, most, settings.budget_share))
    if analysis is not None:
        known = [one.subject for one in episodes if one.kind == Kind.VERDICT and one.is_open]
        found += [onset_signal(analysis, now), *verdict_signals(analysis, known)]
    start, end = case.window(now)
    named = _scorer(case)
    window = Window(case.name, case.query.hash, start, min(end, now), named.name, named.version)
    with store.snapshot() as snapshot:
        recent = read_recent(snapshot, window, read_coverage(store, case), now)
    if recent is None or now - recent.edges[-1] > timedelta(days=1):  # the case is over, or nobody collects
        return found
    sources = recent.sources()
    found.append(volume_signal(recent.days(sources, _began(episodes, Kind.VOLUME)), thresholds))
    found.append(sentiment_signal(recent.days(sources, _began(episodes, Kind.SENTIMENT)), thresholds))
    found += [silence_signal(source, recent.days([source])) for source in sources if source in wanted]
    return found


def _began(episodes: Sequence[AlertRow], kind: Kind) -> datetime | None:
    lasting = open_episode(episodes, kind)
    return None if lasting is None else lasting.opened_at


def _after(
    episodes: Sequence[AlertRow], signals: Sequence[Signal], case: Case, now: datetime
) -> list[AlertRow]:
    """The episodes after the signals: some have ended, some have begun."""
    change = turn(episodes, signals)
    kept = [replace(one, closed_at=now) if one in change.closed else one for one in episodes]
    return [*kept, *(_episode(episodes, signal, case, now) for signal in change.opened)]


def _episode(episodes: Sequence[AlertRow], signal: Signal, case: Case, now: datetime) -> AlertRow:
    verdicts = [one for one in episodes if one.kind == Kind.VERDICT]
    told = [one for one in verdicts if one.told_at is not None]
    before = max(told, key=lambda one: one.told_at or now).subject if told else None
    is_first_verdict = signal.kind is Kind.VERDICT and not verdicts  # it has not changed yet
    text = "" if is_first_verdict else alerts.message(signal, case.zone, before)
    return AlertRow(
        signal.kind, signal.subject, now, None, told_at=now if is_first_verdict else None, message=text
    )


def _moments(start: datetime, end: datetime) -> Iterator[datetime]:
    moment = start + _ANALYZED_EVERY
    while moment <= end:
        yield moment
        moment += _LOOKED_AT_EVERY


def _is_daily(moment: datetime, start: datetime) -> bool:
    return (moment - start) % _ANALYZED_EVERY == timedelta()


def _analysis_then(store: Store, case: Case, moment: datetime) -> Analysis | None:
    """What was known then; None where no post was there yet."""
    with suppress(NothingToDoError):
        return estimate(case.as_of(moment), store, _scorer(case), "day", moment)
    return None
