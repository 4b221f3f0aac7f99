"""The body of an update: JSON, CSV files, or both in one multipart request."""

import re
from collections.abc import Iterator, Sequence

from flask import request
from pydantic import TypeAdapter, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from sostrades_api.api.v0.requests import (
    JSON,
    MULTIPART,
    read_body,
    read_json,
    require_json_size,
    validation_problem,
)
from sostrades_api.api.v0.schemas import ParameterUpdate
from sostrades_api.errors import FaultyItem, InvalidValuesError, MalformedError
from sostrades_api.services.parameter_check import ScalarUpdate, TableUpdate

JSON_PART = "parameters"
_ONE = TypeAdapter(ParameterUpdate)
_MANY = TypeAdapter(list[ParameterUpdate])


def read_updates(study_name: str) -> tuple[list[ScalarUpdate], list[TableUpdate]]:
    """The updates of this request to a study case of this name.

    Raises:
        MalformedError: the body cannot be read.
        TooLargeError: its JSON is larger than this server accepts.
        InvalidValuesError: an item is not of the published form.
    """
    if request.mimetype == JSON:
        return _scalars(read_body()), []
    if request.mimetype == MULTIPART:
        return _read_parts(study_name)
    raise UnsupportedMediaType(f"send {JSON}, or {MULTIPART} with one CSV file a variable")


def _scalars(data: bytes) -> list[ScalarUpdate]:
    items = read_json(data)
    try:
        updates = _MANY.validate_python(items) if isinstance(items, list) else [_ONE.validate_python(items)]
    except ValidationError as error:
        validation_problem(error)
    return [
        ScalarUpdate(variable_id=item.variableId, value=item.newValue, unit=item.unit) for item in updates
    ]


def _read_parts(study_name: str) -> tuple[list[ScalarUpdate], list[TableUpdate]]:
    if not request.mimetype_params.get("boundary"):
        msg = "the multipart body has no boundary"
        raise MalformedError(msg)
    scalars: list[ScalarUpdate] = []
    tables: list[TableUpdate] = []
    json_size = 0
    for name, content in _parts():
        if name == JSON_PART:
            json_size += len(content)
            require_json_size(json_size)
            scalars.extend(_scalars(content))
        else:
            tables.append(TableUpdate(variable_id=_restored(name, study_name), content=content))
    if not scalars and not tables:
        msg = "the multipart body has no part that can be read"
        raise MalformedError(msg)
    return scalars, tables


def _parts() -> Iterator[tuple[str, bytes]]:
    for name, files in request.files.lists():
        for file in files:
            yield name, file.read()
    for name, texts in request.form.lists():
        yield from ((name, content) for content in _as_sent(name, texts))


def _as_sent(name: str, texts: Sequence[str]) -> Iterator[bytes]:
    for text in texts:
        if "\ufffd" in text:  # Werkzeug has replaced what was not UTF-8
            fault = FaultyItem("its content is not UTF-8", variable_id=name)
            raise InvalidValuesError([fault])
        yield text.encode()


def _restored(name: str, study_name: str) -> str:
    """The variable that a part's name means.

    Clients write a backslash in it as it is and a quote as %22 (HTML, multipart/form-data encoding); Werkzeug
    reads the former as an escape and the latter everywhere, also where it was meant literally.
    """
    mangled = re.sub(r"\\(.)", r"\1", study_name).replace("%22", '"')
    if name.startswith(f"{study_name}.") or not name.startswith(f"{mangled}."):
        return name
    return study_name + name.removeprefix(mangled)
