"""What `score` does, and every command that needs scores: match and score what is pending."""

from walkback.analysis.model import ScorerId
from walkback.analysis.scorers.choose import scorer_for
from walkback.analysis.scoring import score_pending
from walkback.case import Case
from walkback.session import Session


def bring_up_to_date(session: Session, case: Case) -> int:
    """Match and score what is pending, of the control topic too; returns how many posts were scored."""
    if session.scorer is not None:
        return 0
    return sum(_score_topic(session, topic) for topic in case.topics())


def scorer_of(session: Session, case: Case) -> ScorerId:
    """Whose scores count. Raises CaseError as `scorer_for`."""
    if session.scorer is not None:
        return session.scorer
    scorer = scorer_for(case)
    return ScorerId(scorer.name, scorer.version)


def _score_topic(session: Session, topic: Case) -> int:
    store = session.store(topic)
    store.match_pending(topic)
    with session.terminal.bar("scoring") as bar:

        def scored(done: int, goal: int) -> None:
            bar.show(done / goal, f"{done:,} posts")

        return score_pending(topic, store, scorer_for(topic), scored=scored)
