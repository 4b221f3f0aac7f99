"""What a load shows of a stored table, from its summary alone: the blob is not read."""

from collections.abc import Mapping
from typing import Any, Final

from sostrades_api.services.parameter_json import DATAFRAME, NDARRAY, nested_layout

NOT_SUMMARISED: Final = object()


def summarised(summary: Mapping[str, Any] | None) -> Any:
    """``{"value", "shape", "columns"}`` of a value with tables, or `NOT_SUMMARISED`: it has to be read."""
    if summary is None or (summary["kind"] in {"list", "dict"} and "items" not in summary):
        return NOT_SUMMARISED
    value, shape, columns = _tree(summary)
    return {"value": value, "shape": shape, "columns": columns}


def _tree(summary: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    kind = summary["kind"]
    if kind == "dataframe":
        return DATAFRAME, summary["shape"], summary["columns"]
    if kind == "ndarray":
        return NDARRAY, summary["shape"], None
    if kind == "plain":
        return summary["value"], None, None
    if kind == "dict":
        items = {str(key): _tree(item) for key, item in summary["items"]}
        shape, columns = nested_layout({key: layout for key, (_, *layout) in items.items()})
        return {key: value for key, (value, *_) in items.items()}, shape, columns
    elements = [_tree(item) for item in summary["items"]]
    shape, columns = nested_layout([layout for _, *layout in elements])
    return [value for value, *_ in elements], shape, columns
