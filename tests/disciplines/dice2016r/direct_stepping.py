"""DICE-2016R stepped forward period by period in plain Python: what the loop of disciplines must end at.

Written from the model's equations alone, without the package's disciplines, and without any iteration.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

DATA = Path(__file__).parents[3] / "sostrades_api/disciplines/dice2016r/data"


def published(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{name}.csv")


def published_parameters() -> dict[str, float]:
    listing = published("parameters")
    return dict(zip(listing["symbol"], listing["value"].astype(float), strict=True))


def step(
    changed: Mapping[str, float] | None = None,
    *,
    miu: list[float] | None = None,
    savings: list[float] | None = None,
) -> pd.DataFrame:
    """Every series by period; raises ValueError where the model has no sense."""
    p = {**published_parameters(), **(changed or {})}
    miu = miu or published("exogenous")["miu"].tolist()
    savings = savings or published("exogenous")["savings_rate"].tolist()
    b11, b21 = 1 - p["b12"], p["b12"] * p["mateq"] / p["mueq"]
    b22, b32 = 1 - b21 - p["b23"], p["b23"] * p["mueq"] / p["mleq"]
    rows: list[dict[str, float]] = []
    people, tfp, capital, sigma, gsigma = p["pop0"], p["a0"], p["k0"], math.nan, p["gsigma1"]
    mat, mu, ml, tatm, tocean, cca = (p[s] for s in ("mat0", "mu0", "ml0", "tatm0", "tocean0", "cca0"))
    for t, (rate, saved) in enumerate(zip(miu, savings, strict=True)):
        gross = tfp * (people / 1000) ** (1 - p["gama"]) * capital ** p["gama"]
        sigma = p["e0"] / (gross * (1 - rate)) if t == 0 else sigma
        industrial = sigma * gross * (1 - rate)
        total = industrial + p["eland0"] * (1 - p["deland"]) ** t
        other = p["fex0"] + (p["fex1"] - p["fex0"]) * min(t / 17, 1)
        forcing = p["fco22x"] * math.log2(mat / p["mateq"]) + other
        if t:
            before = tatm
            tatm += p["c1"] * (forcing - p["fco22x"] / p["t2xco2"] * tatm - p["c3"] * (tatm - tocean))
            tocean += p["c4"] * (before - tocean)
        damage = p["a1"] * tatm + p["a2"] * tatm ** p["a3"]
        backstop = p["pback"] * (1 - p["gback"]) ** t
        abatement = backstop * sigma / p["expcost2"] / 1000 * rate ** p["expcost2"]
        net = gross * (1 - damage - abatement)
        if damage >= 1 or net <= 0:
            raise ValueError(t)
        consumption = net * (1 - saved)
        a_head = 1000 * consumption / people
        utility = (a_head ** (1 - p["elasmu"]) - 1) / (1 - p["elasmu"]) - 1
        rows.append(
            {
                "year": 2015 + 5 * t,
                "population": people,
                "productivity": tfp,
                "capital": capital,
                "gross_output": gross,
                "carbon_intensity": sigma,
                "total": total,
                "cumulative": cca,
                "mat": mat,
                "ml": ml,
                "forcing": forcing,
                "tatm": tatm,
                "damage_share": damage,
                "net_output": net,
                "consumption": consumption,
                "carbon_price": backstop * rate ** (p["expcost2"] - 1),
                "discounted_utility": utility * people / (1 + p["prstp"]) ** (5 * t),
            }
        )
        mat, mu, ml = (
            mat * b11 + mu * b21 + total * 5 / 3.666,
            mat * p["b12"] + mu * b22 + ml * b32,
            ml * (1 - b32) + mu * p["b23"],
        )
        capital = (1 - p["dk"]) ** 5 * capital + 5 * saved * net
        people *= (p["popasym"] / people) ** p["popadj"]
        tfp /= 1 - p["ga0"] * math.exp(-p["dela"] * 5 * t)
        sigma *= math.exp(5 * gsigma)
        gsigma *= (1 + p["dsig"]) ** 5
        cca += industrial * 5 / 3.666
    table = pd.DataFrame(rows)
    table.attrs["welfare"] = 5 * p["scale1"] * table["discounted_utility"].sum() + p["scale2"]
    return table


# Where each series is among the process's outputs.
OUTPUTS = {
    "population": ("Economy.population_df", "population"),
    "productivity": ("Economy.productivity_df", "productivity"),
    "capital": ("Economy.capital_df", "capital"),
    "gross_output": ("Economy.gross_output_df", "gross_output"),
    "carbon_intensity": ("Emissions.carbon_intensity_df", "carbon_intensity"),
    "total": ("Emissions.emissions_df", "total"),
    "cumulative": ("Emissions.emissions_df", "cumulative"),
    "mat": ("Climate.carbon_df", "atmosphere"),
    "ml": ("Climate.carbon_df", "deep_ocean"),
    "forcing": ("Climate.forcing_df", "total"),
    "tatm": ("Climate.temperature_df", "atmosphere"),
    "damage_share": ("Economy.damages_df", "damage_share"),
    "net_output": ("Economy.net_output_df", "net_output"),
    "consumption": ("Economy.consumption_df", "consumption"),
    "carbon_price": ("Economy.carbon_price_df", "carbon_price"),
    "discounted_utility": ("Economy.Welfare.welfare_df", "discounted_utility"),
}
