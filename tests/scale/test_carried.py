import pickle

import pytest

from app.inputs.errors import BrokenInputError
from app.serving.errors import (
    ExplanationFilesError,
    FullError,
    HopelessError,
    ModelUnavailableError,
    NotExplainedError,
    PartlyReloadedError,
    PartlyUnloadedError,
    VersionNotFoundError,
    VersionRefusedError,
)
from scale.carried import CARRIED, Carried


@pytest.mark.parametrize(
    "error",
    [
        BrokenInputError("The picture is truncated."),
        FullError(3, 5),
        HopelessError(),
        ModelUnavailableError("digit", "none"),
        NotExplainedError("digit", 2),
        ExplanationFilesError(),
        VersionNotFoundError("digit", None, []),
        VersionRefusedError("digit", 2, "model.pb: is missing", 1),
        PartlyReloadedError("digit", 2, 1, ["model.pb: is missing"]),
        PartlyUnloadedError("digit", 1, ["MemoryError"]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_the_same_in_another_process(error: Exception) -> None:
    there = pickle.loads(pickle.dumps(Carried.of(error))).error()
    assert isinstance(error, CARRIED)
    assert type(there) is type(error)
    assert str(there) == str(error)
    assert vars(there) == vars(error)
