"""What goes in and out of API v0, as it is published in ``/openapi.json``."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StrictInt, StrictStr

from sostrades_api.models.study_case import NAME_LENGTH, VARIABLE_NAME_LENGTH
from sostrades_api.services.study_case_load import LoadedSide

_STUDY_NAME = "Sellar at the optimum"
_CONTROL = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_INVISIBLE = r"\xad\u0300-\u036f\u115f\u1160\u200b-\u200d\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
# Published for generators of requests; the service judges, and says what is wrong in words.
StudyName = Annotated[
    StrictStr,
    Field(
        description="1 to 200 characters, one of them visible; no controls, none that change the direction",
        json_schema_extra={
            "pattern": f"^[^{_CONTROL}]*[^\\s{_CONTROL}{_INVISIBLE}][^{_CONTROL}]*$",
            "minLength": 1,
        },
    ),
]


class StudyPath(BaseModel):
    """Which study case."""

    study_id: int = Field(description="Identifier of the study case", json_schema_extra={"example": 1})


class TimedStudyPath(StudyPath):
    """Which study case, and how long to wait."""

    timeout: int = Field(
        description="Seconds to wait for the study case to load; 0 does not wait",
        json_schema_extra={"example": 30},
    )


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LoadQuery(_Query):
    """What to load."""

    io: LoadedSide = Field(
        LoadedSide.IN, description="in: what can be edited; out: what is computed; all: every variable"
    )
    prefix: str = Field(
        "",
        max_length=NAME_LENGTH + VARIABLE_NAME_LENGTH,
        description="Full name; only it and what is below it is listed",
    )
    tables: Literal["inline"] | None = Field(
        None, description="inline: DataFrames and arrays are put in, instead of placeholders"
    )


class HistoryQuery(_Query):
    """Which part of the history."""

    variable_id: str | None = Field(None, description="Only this variable, by full name")
    before: int | None = Field(
        None, ge=0, le=2**31 - 1, description="Only changes before this id: the next page"
    )
    limit: int = Field(100, ge=1, le=1000, description="At most so many")


class ChartsQuery(_Query):
    """Which charts."""

    filters: str | None = Field(
        None,
        description="JSON object: per discipline's full name, per filter key, the list of chosen values",
        json_schema_extra={"example": '{"Sellar.Sellar1": {"charts": ["Coupling variables"]}}'},
    )


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ParameterUpdate(_Body):
    """A new value of one variable."""

    variableId: StrictStr = Field(description="Full name, as a load lists it", examples=["Sellar.x"])  # noqa: N815
    unit: StrictStr | None = Field(
        None, description="The declared unit, none, or a compatible one that is converted", examples=["-"]
    )
    newValue: Any = Field(description="The new value; tables as {columns, data}, arrays as lists")  # noqa: N815


class ParameterUpdates(RootModel[list[ParameterUpdate] | ParameterUpdate]):
    """A list of new values, or a single one."""


class DownloadBody(_Body):
    """Which parameter."""

    parameter_key: StrictStr = Field(description="Full name", examples=["Sellar.x"])


class CopyBody(_Body):
    """How the copy is called."""

    new_study_name: StudyName = Field(examples=["Sellar, second try"])


class RenameBody(_Body):
    """How the study case is called from now on."""

    name: StudyName = Field(examples=[_STUDY_NAME])


class RevertBody(_Body):
    """To which revision."""

    revision: StrictInt = Field(ge=1, description="A revision the study case has been at", examples=[1])


class CreateBody(_Body):
    """Of which process, with which values, for whom."""

    process: StrictStr = Field(description="An installed process", examples=["sellar"])
    name: StudyName = Field(examples=[_STUDY_NAME])
    group: StrictStr | None = Field(
        None, description="The owning group; may be left out by who is in only one"
    )
    reference: StrictStr | None = Field(
        None, description="One of the process's references; the first, if left out"
    )


class LoadedVariable(BaseModel):
    """A variable of a study case."""

    model_config = ConfigDict(extra="allow")

    var_name: str = Field(description="Name in its discipline")
    type: Literal["float", "int", "string", "bool", "list", "array", "dict", "dataframe"]
    subtype_descriptor: Any = Field(None, description="Type of what a list or dict holds")
    unit: str | None
    value: Any = Field(description="JSON; ://dataframe and ://ndarray stand for tables; NaN is null")
    shape: Any = Field(None, description="Shape of the table, nested like the value")
    columns: Any = Field(None, description="Columns of the DataFrame, nested like the value")
    visibility: Literal["Local", "Shared", "Internal"]
    optional: bool
    editable: bool
    numerical: bool = Field(description="A parameter of the solver, not of the model")
    io: Literal["in", "out"]
    label: str | None = None
    description: str | None = None
    range: list[float | None] | None = None
    possible_values: list[Any] | None = None
    column_descriptors: dict[str, Any] | None = None
    converged: Literal[False] | None = Field(
        None, description="false: a result that depends on a loop that did not converge; else not there"
    )
    converted_from: dict[str, Any] | None = Field(None, description="Unit and value before their conversion")


class LoadedVariables(RootModel[dict[str, LoadedVariable]]):
    """Variables by full name; none when it did not load in time, or the caller may not see values."""


class Problem(BaseModel):
    """RFC 9457 problem details, with the three keys SoSTrades clients read."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    statusCode: int  # noqa: N815
    name: str
    description: str
    errors: list["ProblemItem"] | None = Field(None, description="Each wrong value, in a 422")


class ProblemItem(BaseModel):
    """One wrong value."""

    variableId: str | None = None  # noqa: N815
    pointer: str | None = None
    detail: str


class Status(BaseModel):
    """Where the latest execution of a study case stands."""

    model_config = ConfigDict(extra="allow")

    study_case_id: int
    study_case_execution_status: Literal[
        "NOT EXECUTED", "PENDING", "RUNNING", "FINISHED", "FAILED", "STOPPED"
    ]
    study_case_execution_error_message: str | None
    study_case_execution_cpu: str = Field(examples=["1.1/8"])
    study_case_execution_memory: str = Field(examples=["0.42/7.81 [GB]"])
    disciplines_status: dict[str, Literal["CONFIGURE", "PENDING", "RUNNING", "LINEARIZING", "DONE", "FAILED"]]
    execution_id: int | None
    progress: float = Field(ge=0, le=1)
    converged: bool | None = Field(
        description="Of results: false when an unconverged loop was accepted; null: no results, or not known"
    )
    unconverged: list[str] = Field(
        description="Full names of the disciplines whose results depend on a loop that did not converge"
    )
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    queue_position: int | None


class DisciplineCharts(BaseModel):
    """What a discipline shows."""

    filters: list[dict[str, Any]]
    post_processings: list[dict[str, Any]] = Field(description="Plotly figures")
    converged: Literal[False] | None = Field(
        None,
        description="false: what is drawn depends on a loop that did not converge, as is said in each "
        "figure; else not there",
    )
    error: str | None = Field(None, description="Why nothing is drawn; else not there")


class Charts(RootModel[dict[str, DisciplineCharts]]):
    """Charts by full name of the discipline."""


class ProfiledDiscipline(BaseModel):
    """What a discipline took."""

    discipline: str = Field(description="Full name")
    seconds: float = Field(ge=0, description="In its own code, all calls together")
    share: float = Field(ge=0, description="Of the whole time; 0 to 1, where one runs at a time")
    calls: int = Field(ge=0, description="How often it was run, for derivatives too")
    iterations: int | None = Field(description="Of the innermost loop it is in; null: in none")
    reused: bool = Field(description="Its results were known, so it was not run")


class ExecutionProfile(BaseModel):
    """Where the time and the memory of the latest execution went, as far as it got."""

    execution_id: int
    status: Literal["FINISHED", "FAILED", "STOPPED"]
    total_seconds: float = Field(ge=0, description="Disciplines and engine, without loading and storing")
    discipline_seconds: float = Field(ge=0)
    engine_share: float = Field(ge=0, le=1, description="What is not spent in disciplines, of the whole")
    saved_seconds: float = Field(ge=0, description="That known results once took to be computed")
    cpu_seconds: float | None = Field(description="Of the attempt, its child processes included")
    peak_memory_bytes: int | None = Field(description="Of its process and their child processes")
    memory_at_start_bytes: int | None = Field(description="What the process held before")
    disciplines: list[ProfiledDiscipline] = Field(description="The slowest first")


class StudyUrl(BaseModel):
    """Where a browser sees the study case."""

    study_url: str


class CreatedStudy(StudyUrl):
    """A new study case."""

    study_case_id: int
    study_case_name: str


class ListedStudy(CreatedStudy):
    """A study case in a list."""

    process: str
    group: str
    role: str
    status: str
    revision: int
    updated_at: dt.datetime


class ListedStudies(RootModel[list[ListedStudy]]):
    """Study cases, the one changed last first."""


class ListedReference(BaseModel):
    """A named set of values of a process."""

    name: str
    label: str
    description: str


class ListedProcess(BaseModel):
    """A template of study cases."""

    name: str
    label: str
    description: str
    documentation_url: str | None = Field(description="A page for signed-in browsers; null: there is none")
    references: list[ListedReference]


class ListedProcesses(RootModel[list[ListedProcess]]):
    """Installed processes."""


class Change(BaseModel):
    """One change of one variable."""

    id: int
    revision: int
    variable_id: str
    at: dt.datetime
    actor: str
    note: str | None
    old_value: Any
    new_value: Any
    old_digest: str | None = Field(description="Digest of the old value; null: it was the default")
    new_digest: str | None = Field(description="Digest of the new value; null: it is the default")


class Changes(RootModel[list[Change]]):
    """Changes, the latest first."""
