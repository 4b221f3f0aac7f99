"""DICE with many regions: a synthetic model that has the world of DICE-2016R for its sum.

Each region has the shipped disciplines of population, economy, emissions and damages with its share of the
world's people, capital and emissions; shares differ. Emissions are added up along the regions and drive
the shipped climate, whose warming damages every region. Output has constant returns to scale, so that the
regions' sums are the published base run exactly, whatever their number. No real region is meant.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.engine.cases import FEW_SWEEPS, MANY_REGIONS
from sostrades_api.disciplines import dice2016r as dice
from sostrades_api.disciplines.dice2016r import tables
from sostrades_api.engine import Discipline, Place, Process, build

REFERENCE = Path(dice.__file__).with_name("data") / "reference_base.csv"
WORLD = "World"
NUMERICAL = {"tolerance": 1e-10, "max_mda_iter": 700}
PARTS: Mapping[str, type[Discipline]] = {
    "Population": dice.Population,
    "GrossEconomy": dice.GrossEconomy,
    "Emissions": dice.Emissions,
    "Damages": dice.Damages,
    "NetEconomy": dice.NetEconomy,
    "Welfare": dice.Welfare,
}


def adder(before: str | None, after: str) -> type[Discipline]:
    """Adds a region's emissions to what comes ``before`` under one name, and passes on ``after``."""
    columns = [name for name in tables.EMISSIONS["dataframe_descriptor"] if name != "year"]

    def run(self: Discipline, inputs: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001
        own = inputs["emissions_df"]
        if before is None:
            return {after: own}
        summed = own[columns].to_numpy() + inputs[before][columns].to_numpy()
        return {after: pd.DataFrame({"year": own["year"], **dict(zip(columns, summed.T, strict=True))})}

    reads = {"emissions_df": tables.EMISSIONS}
    if before is not None:
        reads[before] = {**tables.EMISSIONS, "namespace": "ns_before"}
    makes = {after: {**tables.EMISSIONS, "namespace": "ns_after"}}
    return type("Adder", (Discipline,), {"DESC_IN": reads, "DESC_OUT": makes, "run": run})


class World(Discipline):
    """Hands the last sum to the climate."""

    DESC_IN = {"sum_df": {**tables.EMISSIONS, "namespace": "ns_before"}}
    DESC_OUT = {"emissions_df": tables.EMISSIONS}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"emissions_df": inputs["sum_df"]}


def shares(regions: int) -> np.ndarray:
    # the smallest of a thousand still has the capital that the discipline allows
    weights = 4.0 + np.arange(regions) % 7
    return weights / weights.sum()


def process(regions: int, **numerical: Any) -> Process:
    first, even, odd = adder(None, "a_df"), adder("b_df", "a_df"), adder("a_df", "b_df")
    last = {name: adder(name, "sum_df") for name in (None, "a_df", "b_df")}
    placed: dict[str, Place] = {}
    for r in range(regions):
        own = {"ns_economy": f"R{r}", "ns_emissions": f"R{r}"}
        for name, part in PARTS.items():
            placed[f"R{r}.{name}"] = Place(part, namespaces=own)
        before = None if r == 0 else "ab"[(r - 1) % 2] + "_df"
        passes = first if r == 0 else (even, odd)[r % 2]
        part = last[before] if r == regions - 1 else passes
        around = {"ns_before": f"Sum.R{r - 1}", "ns_after": f"Sum.R{r}"}
        placed[f"Sum.R{r}"] = Place(part, namespaces={**own, **around})
    climate = {"ns_emissions": WORLD}
    placed["World"] = Place(World, namespaces={**climate, "ns_before": f"Sum.R{regions - 1}"})
    placed["Climate.CarbonCycle"] = Place(dice.CarbonCycle, namespaces=climate)
    placed["Climate.RadiativeForcing"] = Place(dice.RadiativeForcing)
    placed["Climate.Temperature"] = Place(dice.Temperature)
    return Process(
        "dice_regions",
        disciplines=placed,
        namespaces={"ns_dice": "", "ns_policy": "Policy", "ns_climate": "Climate"},
        numerical={**NUMERICAL, **numerical},
    )


def inputs(regions: int) -> dict[str, float]:
    """Each region's share of the world."""
    given = {}
    placed_at = {"pop0": "Population", "popasym": "Population", "k0": "GrossEconomy"}
    world = {name: part.inputs[symbol].default for name, part, symbol in _scaled(placed_at)}
    for r, share in enumerate(shares(regions).tolist()):
        for name, value in world.items():
            given[f"R{r}.{name}"] = share * value
    return given


def _scaled(placed_at: Mapping[str, str]) -> list[tuple[str, type[Discipline], str]]:
    symbols = ("pop0", "popasym", "k0", "e0", "eland0", "cca0")
    where = [(symbol, placed_at.get(symbol, "Emissions")) for symbol in symbols]
    return [(f"{part}.{symbol}", PARTS[part], symbol) for symbol, part in where]


def largest_error(values: Mapping[str, Any], regions: int) -> float:
    """The largest relative deviation from the published base run, over all 100 periods and four series."""
    published = pd.read_csv(REFERENCE)
    output = sum(values[f"R{r}.gross_output_df"]["gross_output"].to_numpy() for r in range(regions))
    found = {
        "gross_output_trillion_usd": output,
        "total_emissions_gtco2_per_year": values["World.emissions_df"]["total"].to_numpy(),
        "atmospheric_temperature_degc": values["Climate.temperature_df"]["atmosphere"].to_numpy(),
        "atmospheric_carbon_gtc": values["Climate.carbon_df"]["atmosphere"].to_numpy(),
    }
    return max(
        float(np.abs(series / published[name].to_numpy() - 1.0).max()) for name, series in found.items()
    )


def by_hand(made: Process, given: Mapping[str, Any], sweeps: int) -> Callable[[], Mapping[str, Any]]:
    """The same runs in the same order as the engine's, in a loop that checks and keeps nothing."""
    plan = build(made)
    loop = {path for paths in plan.loops for path in paths}
    start = {name: variable.default for name, variable in plan.variables.items()} | dict(given)
    full_names = {name: name for name in plan.variables}

    def compiled(paths: Sequence[str]) -> list[tuple[Any, list, list]]:
        found = []
        for path in paths:
            discipline, full = plan.discipline(path), plan.short_values(path, full_names)
            reads = [(short, full[short]) for short in type(discipline).inputs]
            found.append(
                (discipline.run, reads, [(short, full[short]) for short in type(discipline).outputs])
            )
        return found

    order = plan.disciplines
    inside = [i for i, path in enumerate(order) if path in loop]
    before, looped, after = order[: inside[0]], order[inside[0] : inside[-1] + 1], order[inside[-1] + 1 :]
    parts = [(compiled(before), 1), (compiled(looped), sweeps), (compiled(after), 1)]

    def run() -> Mapping[str, Any]:
        values = dict(start)
        for disciplines, times in parts:
            for _ in range(times):
                for discipline, reads, makes in disciplines:
                    made = discipline({short: values[full] for short, full in reads})
                    for short, full in makes:
                        values[full] = made[short]
        return values

    return run


def numerical(regions: int) -> dict[str, Any]:
    """Loops of very many regions are swept twice only: what is measured there is the time of a sweep."""
    many = regions > MANY_REGIONS
    return {"max_mda_iter": FEW_SWEEPS, "allow_unconverged": True} if many else {}


def sweeps(regions: int) -> int:
    """Those that the engine makes."""
    if regions > MANY_REGIONS:
        return FEW_SWEEPS
    plan = build(process(regions, **numerical(regions)))
    return len(plan.execute(inputs(regions)).residuals)


def ends(values: Mapping[str, Any]) -> list[float]:
    """Numbers that tell a wrong run."""
    columns = (("Climate.temperature_df", "atmosphere"), ("R0.consumption_df", "consumption"))
    return [float(values[table][name].to_numpy().sum()) for table, name in columns]


def notes(values: Mapping[str, Any], regions: int) -> dict[str, float]:
    return {} if regions > MANY_REGIONS else {"error": largest_error(values, regions)}
