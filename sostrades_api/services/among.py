"""A column among many values, as one parameter: expanding 10,000 of them costs more than the query."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, any_, func, literal, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import InstrumentedAttribute, Session


def among(session: Session, column: InstrumentedAttribute[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether the column holds one of these texts."""
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(literal(list(values), postgresql.ARRAY(String)))
    each: Any = func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(select(each.c.value))
