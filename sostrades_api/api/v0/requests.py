"""What a request says: its arguments and its JSON body; what cannot be read is refused."""

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

ModelT = TypeVar("ModelT", bound=BaseModel)


def validation_problem(error: ValidationError) -> NoReturn:
    """What pydantic found, as the problem every other wrong value is."""
    items = [
        FaultyItem(fault["msg"], pointer="".join(f"/{part}" for part in fault["loc"]))
        for fault in error.errors(include_url=False, include_context=False, include_input=False)[
            :_MOST_FAULTS
        ]
    ]
    raise InvalidValuesError(items)


def refuse_arguments() -> NoReturn:
    """Refuse query parameters that the route does not take: none is ignored silently."""
    fault = "this route takes no such query parameter"
    raise InvalidValuesError([FaultyItem(fault, pointer=f"/{key}") for key in request.args])


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
    """JSON, strictly: UTF-8, no bare NaN, no bottomless nesting.

    Raises:
        MalformedError: it is something else.
    """
    try:
        return strict_json(data, max_depth=MAX_DEPTH)
    except ValueError as error:
        msg = f"the body is not JSON: {error}"
        raise MalformedError(msg) from error
