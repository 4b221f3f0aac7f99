"""Quick looks into a DataFrame: its dtypes, its numbers and a copy of its own, without pandas' work a column.

A table is a few blocks of equal dtype. Asking pandas for the dtypes of 20 columns takes 20 microseconds, a
shallow copy 8; looking at the blocks 1, copying them one by one 3 (measured). Where pandas' blocks are not as
expected, pandas' own ways are taken.
"""

from collections.abc import Hashable
from functools import lru_cache
from operator import itemgetter
from sys import getrefcount
from typing import Any

import numpy as np
import pandas as pd

_OBJECTS, _DOUBLE = np.dtype(object), np.dtype(np.float64)


def own_table(frame: pd.DataFrame, *, columns: pd.Index | None = None) -> pd.DataFrame:
    """A shallow copy under copy-on-write: a change, also of an axis' name, stays in the copy.

    Args:
        frame: any table.
        columns: taken instead of the table's own, which they equal, so that tables that share them can be
            seen at once to have the same.
    """
    if not _BLOCKS_KNOWN or type(frame) is not pd.DataFrame:
        copied = frame.copy(deep=False)
        if columns is not None:
            copied.columns = columns
        return copied
    return _copy_of_blocks(frame, frame.columns if columns is None else columns)


def lent_table(frame: pd.DataFrame) -> pd.DataFrame:
    """A shallow copy on read-only memory, so that ``frame["a"].array`` is no way around copy-on-write."""
    if not _BLOCKS_KNOWN or type(frame) is not pd.DataFrame:
        return own_table(frame)
    lent = _copy_of_blocks(frame, frame.columns)
    manager: Any = lent._mgr  # noqa: SLF001 - see above
    for block in manager.blocks:
        values = block.values
        if type(values) is np.ndarray:
            values.flags.writeable = False  # a view of its own
    return lent


def kept_table(frame: pd.DataFrame, *, columns: pd.Index | None) -> pd.DataFrame:
    """A shallow copy for those alone who change no axis, but copy the table again for whoever may.

    Args:
        frame: any table whose rows are numbered.
        columns: as for ``own_table``.
    """
    rows = frame.index
    if not _BLOCKS_KNOWN or type(frame) is not pd.DataFrame or columns is None or rows.name is not None:
        return own_table(frame, columns=columns)
    manager: Any = frame._mgr  # noqa: SLF001 - see above
    return _table_of(
        [block.copy(deep=False) for block in manager.blocks], [columns, _rows(len(rows))], manager
    )


@lru_cache(maxsize=1024)
def _rows(count: int) -> pd.RangeIndex:
    return pd.RangeIndex(count)


def in_plain_order(frame: pd.DataFrame) -> bool:
    """Whether its numbers lie as in a table that is made of columns at once: a block a dtype, row by row."""
    if not _BLOCKS_KNOWN:
        return False
    manager: Any = frame._mgr  # noqa: SLF001 - see above
    blocks = manager.blocks
    if len(blocks) == 1:
        values = blocks[0].values
        return type(values) is not np.ndarray or values.flags.c_contiguous
    seen: list[Any] = []
    for block in blocks:
        values = block.values
        if type(values) is np.ndarray and values.dtype is not _OBJECTS:
            if values.dtype in seen or not values.flags.c_contiguous:
                return False
            seen.append(values.dtype)
    return True


def plainly_ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy whose numbers lie so; pandas' own copy keeps their order."""
    columns = {at: frame.iloc[:, at] for at in range(frame.shape[1])}
    copied = pd.DataFrame(columns, index=frame.index, copy=True)
    copied.columns = frame.columns
    return copied


def number_blocks(frame: pd.DataFrame) -> list[Any]:
    """How the columns that pandas may add up together lie in memory, in an order of their own."""
    if not _BLOCKS_KNOWN:
        return [column.to_numpy().flags.c_contiguous for _, column in frame.items()]
    manager: Any = frame._mgr  # noqa: SLF001 - see above
    return sorted(
        (str(block.dtype), block.mgr_locs.as_array.tolist(), block.values.flags.c_contiguous)
        for block in manager.blocks
        if type(block.values) is np.ndarray and block.dtype != _OBJECTS
    )


def is_lent(frame: pd.DataFrame) -> bool:
    """Whether some of the memory is read-only, so that not even its only holder could change the table."""
    if not _BLOCKS_KNOWN:
        return False
    manager: Any = frame._mgr  # noqa: SLF001 - see above
    return any(
        type(block.values) is np.ndarray and not block.values.flags.writeable for block in manager.blocks
    )


def is_held(frame: pd.DataFrame) -> bool:
    """Whether somebody holds an array of a table's memory, and could change the table through it.

    A table that shares memory under copy-on-write may look like that, too.
    """
    if not _BLOCKS_KNOWN:
        return False
    manager: Any = frame._mgr  # noqa: SLF001 - see above
    for block in manager.blocks:
        values = block.values
        if type(values) is not np.ndarray:
            continue
        owner = values.base
        if owner is None:
            held = getrefcount(values) > _SOLE["owner"]
        elif type(owner) is np.ndarray and owner.base is None:
            held = getrefcount(owner) > _SOLE["view"]
        else:  # a buffer, or a memory map
            held = True
        if held and values.flags.writeable and values.dtype is not _OBJECTS:  # cells are frozen one by one
            return True
    return False


def numeric_rows(frame: pd.DataFrame) -> np.ndarray | None:
    """All columns of a table of numbers as the rows of a float array, which may be the table's own memory.

    None for a table that has other columns, too.
    """
    if not _BLOCKS_KNOWN:
        matrix = frame.to_numpy()
        return matrix.T.astype(np.float64, copy=False) if matrix.dtype.kind in "fiu" else None
    manager: Any = frame._mgr  # noqa: SLF001 - see above
    blocks = manager.blocks
    if len(blocks) == 1 and blocks[0].dtype == np.float64:
        return blocks[0].values
    if not all(isinstance(block.dtype, np.dtype) and block.dtype.kind in "fiu" for block in blocks):
        return None
    numbers = np.empty((frame.shape[1], frame.shape[0]))
    for block in blocks:
        numbers[block.mgr_locs.indexer] = block.values
    return numbers


def number_parts(frame: pd.DataFrame) -> tuple[np.ndarray | None, list[tuple[int, np.ndarray]]] | None:
    """Doubles as the rows of one array, columns in order, then whole numbers and flags with their places.

    None for a table that has other columns, too, and where pieces of memory would have to be put together.
    """
    if not _BLOCKS_KNOWN:
        return None
    manager: Any = frame._mgr  # noqa: SLF001 - see above
    floats: np.ndarray | None = None
    others: list[tuple[int, np.ndarray]] = []
    for block in manager.blocks:
        values, dtype = block.values, block.dtype
        if dtype is _DOUBLE and floats is None and _ascending(block.mgr_locs.indexer):
            floats = values
        elif type(values) is np.ndarray and dtype.kind in "iub":
            others.extend(zip(block.mgr_locs.as_array.tolist(), values, strict=True))
        else:
            return None
    if len(others) > 1:
        others.sort(key=itemgetter(0))
    return floats, others


def _ascending(places: Any) -> bool:
    """Whether the columns of a block lie in it in the order of the table."""
    return places.step > 0 if type(places) is slice else bool((places[1:] > places[:-1]).all())


def with_rows(frame: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """A table of the same axes whose columns are the rows of this float array; it looks into the array.

    Args:
        frame: a table of floats, of which ``numeric_rows`` gave an array.
        rows: of the same shape.
    """
    if not _BLOCKS_KNOWN or type(frame) is not pd.DataFrame:
        return pd.DataFrame(rows.T, index=frame.index, columns=frame.columns, copy=False)
    return _table_of_rows(frame, rows)


def _table_of_rows(frame: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    manager: Any = frame._mgr  # noqa: SLF001 - see above
    blocks = (manager.blocks[0].make_block_same_class(rows),)
    made = type(manager)(blocks, [axis.view() for axis in manager.axes], verify_integrity=False)
    return pd.DataFrame._from_mgr(made, made.axes)  # type: ignore[attr-defined]  # noqa: SLF001


def layout(frame: pd.DataFrame) -> Hashable:
    """What two tables have in common when each of their columns is of the same dtype."""
    if _BLOCKS_KNOWN:
        manager: Any = frame._mgr  # noqa: SLF001 - see above
        blocks = manager.blocks
        if len(blocks) == 1:
            return blocks[0].dtype
        return tuple([block.dtype for block in blocks]), manager.blknos.tobytes()
    return tuple(frame.dtypes.tolist())


def holds_objects(frame: pd.DataFrame) -> bool:
    """Whether a column is of dtype object, so that its cells may be lists."""
    if _BLOCKS_KNOWN:
        manager: Any = frame._mgr  # noqa: SLF001 - see above
        for block in manager.blocks:  # noqa: SIM110 - half as long as any(...)
            if block.values.dtype is _OBJECTS:
                return True
        return False
    return any(dtype == _OBJECTS for dtype in frame.dtypes)


def float_blocks(frame: pd.DataFrame) -> list[np.ndarray]:
    """All float columns, as arrays of one column or, seen from the side, several."""
    if _BLOCKS_KNOWN:
        manager: Any = frame._mgr  # noqa: SLF001 - see above
        return [block.values for block in manager.blocks if block.dtype.kind == "f"]
    return [column.to_numpy() for _, column in frame.items() if column.dtype.kind == "f"]


def glance(frame: pd.DataFrame) -> tuple[Hashable, list[np.ndarray], bool]:
    """``layout``, ``float_blocks`` and ``in_plain_order`` in one look, which takes a third of the time."""
    if not _BLOCKS_KNOWN:
        return layout(frame), float_blocks(frame), in_plain_order(frame)
    manager: Any = frame._mgr  # noqa: SLF001 - see above
    blocks = manager.blocks
    if len(blocks) == 1:
        values = blocks[0].values
        dtype = values.dtype
        floats = [values] if dtype.kind == "f" else []
        return dtype, floats, type(values) is not np.ndarray or values.flags.c_contiguous
    dtypes, floats, numbers, plain = [], [], [], True
    for block in blocks:
        values = block.values
        dtype = values.dtype
        dtypes.append(dtype)
        if dtype.kind == "f":
            floats.append(values)
        if type(values) is np.ndarray and dtype is not _OBJECTS:
            plain = plain and dtype not in numbers and values.flags.c_contiguous
            numbers.append(dtype)
    return (tuple(dtypes), manager.blknos.tobytes()), floats, plain


class Names:
    """Columns that tables must have, and those of the last one that had them.

    Tables of one execution often share theirs; all checks of the same columns share what they have seen.
    """

    def __init__(self, declared: tuple[str, ...] | None) -> None:
        self.declared = None if declared is None else pd.Index(list(declared))
        self.seen: pd.Index = pd.Index([object()])  # like no table's
        self._texts = _arrow_texts(self.declared)

    def are_those_of(self, frame: pd.DataFrame) -> bool:
        """Whether a table has exactly the declared columns; Arrow compares texts ten times as quickly."""
        texts = _arrow_texts(frame.columns)
        if texts is not None and self._texts is not None:
            return bool(texts.equals(self._texts))
        return bool(frame.columns.equals(self.declared))


def _arrow_texts(columns: pd.Index | None) -> Any:
    """The names as an Arrow array, when that is how pandas holds them."""
    held = None if columns is None else columns.array
    return held.__arrow_array__() if isinstance(held, pd.arrays.ArrowStringArray) else None


@lru_cache(maxsize=4096)
def names_of(declared: tuple[str, ...] | None) -> Names:
    """The names of these columns, or of any; one object for all who ask."""
    return Names(declared)


def _copy_of_blocks(frame: pd.DataFrame, columns: pd.Index) -> pd.DataFrame:
    manager: Any = frame._mgr  # noqa: SLF001 - see above
    blocks = [block.copy(deep=False) for block in manager.blocks]
    return _table_of(blocks, [columns.view(), manager.axes[1].view()], manager)


def _table_of(blocks: list[Any], axes: list[pd.Index], like: Any) -> pd.DataFrame:
    """A table of these blocks and axes, whose columns lie in them as in the blocks of a manager."""
    made = type(like)(tuple(blocks), axes, verify_integrity=False)
    if like._blknos is not None:  # noqa: SLF001 - to find them again takes longer
        made._blknos, made._blklocs = like._blknos.copy(), like._blklocs.copy()  # noqa: SLF001
    return pd.DataFrame._from_mgr(made, axes)  # type: ignore[attr-defined]  # noqa: SLF001


def _blocks_as_expected() -> bool:
    """Whether this pandas works the way used above: equal copies, and a change stays in the copy."""
    try:
        frame = pd.DataFrame({"a": [1.0, 2.0], "n": [1, 2], "b": [3.0, 4.0], "s": ["x", "y"]})
        wanted, copied = frame.copy(), _copy_of_blocks(frame, frame.columns)
        again = _copy_of_blocks(frame, frame.columns)
        first, second = again._mgr.blocks[0], frame._mgr.blocks[0]  # type: ignore[attr-defined]  # noqa: SLF001
        views = first.values is not second.values and np.shares_memory(first.values, second.values)
        copied.loc[0, "a"] = 9.0
        copied["c"] = 1.0
        copied.columns.name = "changed"
        frame.loc[1, "b"] = 9.0
        copied_right = copied["a"].tolist() == [9.0, 2.0] and copied["b"].tolist() == [3.0, 4.0]
        blocks = [block.values.dtype.kind for block in frame._mgr.blocks]  # type: ignore[attr-defined]  # noqa: SLF001
        floats = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
        copied_right &= _table_of_rows(floats, 2 * floats.to_numpy().T).equals(2 * floats)
        blknos = frame._mgr.blknos  # type: ignore[attr-defined]  # noqa: SLF001
        return bool(again.equals(wanted) and views and copied_right and len(blknos) == 4 and "f" in blocks)
    except Exception:  # noqa: BLE001 - whatever it is, pandas' own ways are taken
        return False


_BLOCKS_KNOWN = _blocks_as_expected()
_SOLE = {"owner": 0, "view": 0}
"""What ``getrefcount`` says of memory that only a block holds, which is its owner or a view of it."""


def _count_holders() -> None:
    """Find these numbers, which depend on how Python counts, with two tables that nobody holds."""
    tables = {"owner": pd.DataFrame({"a": [1.0]}), "view": pd.DataFrame({"a": [1.0]}) + 1.0}
    for kind, frame in tables.items():
        while is_held(frame) and _SOLE[kind] < 100:
            _SOLE[kind] += 1


_count_holders()
