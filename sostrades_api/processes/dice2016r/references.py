"""Sets of inputs to start a study from; only the base run is Nordhaus', the others are variations of it."""

import numpy as np
import pandas as pd

from sostrades_api.disciplines.dice2016r.parameters import exogenous
from sostrades_api.engine import Reference

FULL_MITIGATION_YEAR = 2100


def mitigation_ramp() -> pd.DataFrame:
    """The base run's rate in 2015, from there straight to 1 in 2100, and 1 ever after."""
    years, rates = exogenous()["year"].to_numpy(), exogenous()["miu"].to_numpy()
    ramp = np.interp(years, [years[0], FULL_MITIGATION_YEAR], [rates[0], 1.0])
    return pd.DataFrame({"year": years, "mitigation_rate": ramp})


REFERENCES = (
    Reference(
        "base",
        label="Base policy",
        description="The base policy run of DICE-2016R, with its mitigation and savings rates.",
    ),
    Reference(
        "mitigation_ramp",
        label="Mitigation ramp to 2100",
        description=(
            "Mitigation rises by equal steps until industry emits nothing from 2100 on; all else as in the "
            "base run. An illustration, not a published or an optimal policy."
        ),
        values={"Policy.mitigation_df": mitigation_ramp()},
    ),
    Reference(
        "high_climate_sensitivity",
        label="High climate sensitivity",
        description="A doubling of CO2 warms by 4.5 degC instead of 3.1 degC; all else as in the base run.",
        values={"Climate.Temperature.t2xco2": 4.5},
    ),
    Reference(
        "no_damages",
        label="No damages",
        description="Warming costs nothing: both damage coefficients are zero; all else as in the base run.",
        values={"Economy.Damages.a1": 0.0, "Economy.Damages.a2": 0.0},
    ),
)
