"""Published numbers, found again: by our own methods where they apply, else by statsmodels and ruptures.

The data and its sources are in the folder `its` of the real data, with a PROVENANCE.md.
"""

import csv

import numpy as np
import pytest
import ruptures
import statsmodels.api as sm

from walkback.analysis.changepoints import find_breaks
from walkback.analysis.effects.gls_drift import generalised_least_squares

NILE_BREAK = 28  # 1898, the first Aswan dam


@pytest.fixture
def column(shared_data):
    """Reads a file's numeric column by its name."""

    def read(file, name, delimiter=","):
        with (shared_data / "its" / file).open(newline="") as lines:
            rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
            at = next(rows).index(name)
            return np.array([float(row[at]) for row in rows])

    return read


def test_the_niles_break_is_found(column):
    """R's strucchange dates it to observation 28 (Zeileis et al. 2003); by our own function."""
    flow = column("nile.csv", "volume")

    assert find_breaks(flow, float(flow.var())) == [NILE_BREAK]


@pytest.mark.parametrize(
    ("breaks", "squares", "bic"),
    [
        ([28], 1597457, 1270),
        ([28, 83], 1552924, 1276),
        ([28, 68, 83], 1538097, 1285),
        ([28, 45, 68, 83], 1507888, 1292),
    ],
)
def test_the_niles_best_partitions(column, breaks, squares, bic):
    """As strucchange's breakpoints() prints them; by ruptures, which our change points come from."""
    flow = column("nile.csv", "volume")
    ends = ruptures.Dynp(model="l2", min_size=15, jump=1).fit(flow).predict(n_bkps=len(breaks))
    parts = np.split(flow, ends[:-1])
    residual = sum(float(((part - part.mean()) ** 2).sum()) for part in parts)
    n = len(flow)

    assert ends[:-1] == breaks
    assert residual == pytest.approx(squares, abs=0.5)
    assert n * np.log(2 * np.pi * residual / n) + n + 2 * len(parts) * np.log(n) == pytest.approx(
        bic, abs=0.6
    )


def test_the_seatbelt_law_by_least_squares(column):
    """lm(drivers ~ kms + PetrolPrice + law) as R prints it; by our own generalised least squares."""
    names = ("kms", "PetrolPrice", "law")
    killed = column("seatbelts.csv", "drivers")
    design = np.column_stack([np.ones(len(killed)), *(column("seatbelts.csv", name) for name in names)])
    first, _ = generalised_least_squares(design, killed, np.eye(len(killed)))
    variance = float(((killed - design @ first) ** 2).sum()) / (len(killed) - design.shape[1])
    estimate, covariance = generalised_least_squares(design, killed, variance * np.eye(len(killed)))

    assert estimate[1:] == pytest.approx([-0.02231, -6743, -198.8], rel=5e-4)
    assert np.sqrt(covariance[3, 3]) == pytest.approx(62.97, abs=0.005)


def test_sicilys_smoking_ban(column):
    """A reduction by 11% (Lopez Bernal, Cummins and Gasparrini 2017): quasi-Poisson with two harmonics."""
    ban, time, month = (column("sicily.csv", name) for name in ("smokban", "time", "month"))
    waves = [wave(2 * np.pi * k * month / 12) for k in (1, 2) for wave in (np.sin, np.cos)]
    fit = sm.GLM(
        column("sicily.csv", "aces"),
        np.column_stack([np.ones(len(ban)), ban, time, *waves]),
        family=sm.families.Poisson(),
        offset=np.log(column("sicily.csv", "stdpop")),
    ).fit(scale="X2")

    assert np.exp(fit.params[1]) == pytest.approx(0.89, abs=0.005)
    assert np.exp(fit.conf_int()[1]) == pytest.approx([0.8394, 0.9332], abs=1e-4)
    assert fit.scale == pytest.approx(2.2622, abs=1e-4)


@pytest.mark.parametrize(("seats", "change"), [("drivers", -23), ("front", -30), ("rear", 3)])
def test_the_seatbelt_law_by_a_structural_model(column, seats, change):
    """Harvey and Durbin (1986): per cent change in killed and seriously injured, within four points."""
    outside = [np.log(column("seatbelts.csv", name)) for name in ("kms", "PetrolPrice")]
    model = sm.tsa.UnobservedComponents(
        np.log(column("seatbelts.csv", seats)),
        "llevel",
        seasonal=12,
        exog=np.column_stack([*outside, column("seatbelts.csv", "law")]),
    )
    fit = model.fit(disp=0, maxiter=500)
    law = fit.params[list(model.param_names).index("beta.x3")]

    assert 100 * (np.exp(law) - 1) == pytest.approx(change, abs=4)


def test_an_effect_that_was_published_as_none(column):
    """Van drivers killed: 0.805 with p = 0.29 (Liboschik, Fokianos and Fried 2017)."""
    killed, petrol = column("seatbelts.csv", "VanKilled"), column("seatbelts.csv", "PetrolPrice")
    month = np.arange(1, len(killed) + 1)
    design = np.column_stack([np.log(np.roll(killed, 1) + 1), np.log(np.roll(killed, 12) + 1), petrol])
    design = np.column_stack([np.ones(len(killed)), design, month / 12, month >= 170])
    fit = sm.GLM(killed[12:], design[12:], family=sm.families.Poisson()).fit()

    assert np.exp(fit.params[-1]) == pytest.approx(0.805, abs=0.03)
    assert fit.pvalues[-1] > 0.05


def _causal_impact(values, controls, before):
    """Mean effect and per cent as in R's CausalImpact: a local level of sd 0.01 and a regression."""
    mean, sd = values[:before].mean(), values[:before].std(ddof=1)
    scaled = (controls - controls[:before].mean(0)) / controls[:before].std(0, ddof=1)
    model = sm.tsa.UnobservedComponents((values[:before] - mean) / sd, "llevel", exog=scaled[:before])
    with model.fix_params({"sigma2.level": 1e-4}):
        fit = model.fit(disp=0, maxiter=500)
    after = len(values) - before
    predicted = (fit.get_forecast(after, exog=scaled[before:]).predicted_mean * sd + mean).mean()
    actual = values[before:].mean()
    return actual - predicted, 100 * (actual / predicted - 1)


def test_causal_impacts_own_example(column):
    """27 = 21% on 4,687 in all, as R prints."""
    values, *controls = (column("causalimpact_google_data.csv", name) for name in ("y", "x1", "x2"))
    effect, share = _causal_impact(values, np.column_stack(controls), 61)

    assert values[61:].sum() == pytest.approx(4687, abs=0.5)
    assert effect == pytest.approx(27, abs=2)
    assert share == pytest.approx(21, abs=2)


def test_causal_impact_on_volkswagens_shares(column):
    """Minus 44 = minus 26% over 79 weeks, as R prints."""
    names = ("VolksWagen", "BMW", "Allianz")
    values, *controls = (column("causalimpact_volks_data.csv", name, " ") for name in names)
    effect, share = _causal_impact(values, np.column_stack(controls), len(values) - 79)

    assert effect == pytest.approx(-44, abs=8)
    assert share == pytest.approx(-26, abs=4)
