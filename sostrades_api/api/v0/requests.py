"""What a request says: its arguments and its JSON body; what cannot be read is refused."""

import json
from typing import Any, NoReturn, TypeVar

from flask import current_app, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from sostrades_api.errors import FaultyItem, InvalidValuesError, MalformedError, TooLargeError
from sostrades_api.http.body_limits import JSON_LIMIT
from sostrades_api.http.json_provider import strict_json

JSON = "application/json"
MULTIPART = "multipart/form-data"
MAX_DEPTH = 32
_MOST_FAULTS = 100
# What pydantic says in words of Python's, in those of JSON.
_PLAINLY = {
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
    "list_type": "must be a JSON array",
    "extra_forbidden": "is unknown here",
    "missing": "is missing",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
}

ModelT = TypeVar("ModelT", bound=BaseModel)


def validation_problem(error: ValidationError) -> NoReturn:
    """What pydantic found, as the problem every other wrong value is."""
    items = [
        FaultyItem(
            # before what a check of ours says pydantic says "Value error, "
            _PLAINLY.get(fault["type"], fault["msg"].removeprefix("Value error, ")),
            pointer="".join(f"/{part}" for part in fault["loc"]),
        )
        for fault in error.errors(include_url=False, include_context=False, include_input=False)[
            :_MOST_FAULTS
        ]
    ]
    raise InvalidValuesError(items)


def refuse_arguments() -> NoReturn:
    """Refuse query parameters that the route does not take: none is ignored silently."""
    fault = "this route takes no such query parameter"
    raise InvalidValuesError([FaultyItem(fault, pointer=f"/{key}") for key in request.args])


def refuse_repeated_arguments() -> None:
    """Refuse a query parameter that is given twice: one of the two would be ignored.

    Raises:
        InvalidValuesError: naming each of them.
    """
    repeated = [key for key, values in request.args.lists() if len(values) > 1]
    if repeated:
        raise InvalidValuesError(
            [FaultyItem("is given more than once", pointer=f"/{key}") for key in repeated]
        )


def body_as(model: type[ModelT]) -> ModelT:
    """The JSON body as this model.

    Raises:
        MalformedError: it is not JSON.
        InvalidValuesError: it does not fit the model.
    """
    if request.mimetype != JSON:
        raise UnsupportedMediaType(f"send the body as {JSON}")
    try:
        return model.model_validate(read_json(read_body()))
    except ValidationError as error:
        validation_problem(error)


def read_body() -> bytes:
    """The body of a request that is not multipart, within the limit of JSON bodies.

    Raises:
        TooLargeError: it is larger; one whose length is declared is not even read.
    """
    data = request.get_data(cache=False)
    # Werkzeug cuts a chunked body at the limit, which `http.body_limits` has set, without a word.
    require_json_size(len(data) + (request.content_length is None))
    return data


def require_json_size(size: int) -> None:
    """Raise `TooLargeError` for more JSON than this server accepts, whatever it came in."""
    limit = current_app.config[JSON_LIMIT]
    if size > limit:
        msg = f"a JSON document has at most {limit} bytes"
        raise TooLargeError(msg)


def read_json(data: bytes) -> Any:
    """JSON, strictly: UTF-8, no bare NaN, no bottomless nesting, no key twice in one object.

    Raises:
        MalformedError: it is something else.
    """
    try:
        document = strict_json(data, max_depth=MAX_DEPTH)
        if isinstance(document, dict | list):  # orjson keeps the last of two equal keys without a word
            json.loads(data, object_pairs_hook=_require_keys_once)
    except ValueError as error:
        msg = f"the body is not JSON: {error}"
        raise MalformedError(msg) from error
    return document


def _require_keys_once(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            msg = f"{key[:100]!r} stands twice in one object"
            raise ValueError(msg)
        seen.add(key)
