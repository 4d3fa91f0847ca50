"""How far to trust the scorer on this case: what people's labels say, as sentences and a table."""

from walkback.analysis.model import Analysis, Corrected, Estimate, Validity
from walkback.reports import words
from walkback.reports.tables import Table


def trust(analysis: Analysis) -> tuple[str, ...]:
    """How many posts people labelled, how often the scorer agrees, and how far people do among themselves."""
    known = analysis.validity
    if known is None:
        return ("Nobody has labelled posts of this case: how well the scorer reads them is not known.",)
    told = [f"{_coders(known)} labelled {words.count(known.posts, 'post')} without seeing a score."]
    judged = sum(map(sum, known.confusion[:3]))
    if judged:
        right = sum(known.confusion[at][at] for at in range(3))
        told.append(
            f"Of {words.number(judged)} answers on posts that are on topic the scorer's band agrees with"
            f" {words.number(right)} ({words.share(right / judged)})."
        )
    negative, called = sum(known.confusion[0]), sum(row[0] for row in known.confusion[:3])
    if negative and called:
        found = known.confusion[0][0]
        told.append(
            f"Of what people call negative it finds {words.share(found / negative)}; of what it calls so"
            f" people agree with {words.share(found / called)}."
        )
    if known.agreement is not None:
        told.append(
            f"Krippendorff's alpha between coders is {words.number(known.agreement, 2)}; 1 is agreement."
        )
    return tuple(told)


def corrected_table(analysis: Analysis) -> Table:
    """One row a phase: the scorer's share of negative posts, and what the labels make of it."""
    known = analysis.validity
    heads = ("Phase", "Labelled", "Off-topic", "Negative by the scorer", "Negative, corrected", "Mean label")
    rows = () if known is None else tuple(_row(each) for each in known.phases)
    caption = (
        "The scorer corrected by people's labels, with 95% intervals; corrected ones are of posts on topic. A"
        f" mean label runs from {words.MINUS}1, all negative, to +1, all positive"
    )
    return Table(caption, heads, rows)


def _row(each: Corrected) -> tuple[str, ...]:
    return (
        words.sentence_case(each.phase, 60),
        words.number(each.posts),
        words.share(each.off_topic_share),
        words.share(each.raw_negative_share),
        _share(each.negative_share),
        _few(each.mean_label),
    )


def _share(estimate: Estimate | None) -> str:
    if estimate is None:
        return "too few labels"
    ends = f"[{words.share(estimate.ci_low)}, {words.share(estimate.ci_high)}]"
    return f"{words.share(estimate.value)} {ends}"


def _few(estimate: Estimate | None) -> str:
    if estimate is None:
        return "too few labels"
    return words.interval(estimate.value, estimate.ci_low, estimate.ci_high)


def _coders(known: Validity) -> str:
    return "One person" if len(known.coders) == 1 else f"{words.number(len(known.coders))} people"
