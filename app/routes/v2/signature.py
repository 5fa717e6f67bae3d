"""What a model takes and gives, as the Open Inference Protocol states it: tensors with names, datatypes and shapes."""

from dataclasses import dataclass
from typing import Literal

from app.inputs.spec import InputSpec, TextSpec
from app.serving.manifest import Manifest
from app.serving.signatures import INPUT, OUTPUTS

Datatype = Literal["BOOL", "UINT8", "FP32", "BYTES"]
"""Of the protocol's tensor data types, those that are used here. `BYTES` are strings: texts in UTF-8, or files."""

PICTURES, TEXTS = INPUT, INPUT
"""Pictures as the model takes them, or texts: the input of the SavedModel's own signature."""
ENCODED = "encoded"
"""Picture files, which are read as `/predict` reads an upload; in the place of `PICTURES`."""

PROBABILITIES, OOD_SCORE = OUTPUTS
LABEL = "label"
IN_DISTRIBUTION = "in_distribution"


@dataclass(frozen=True)
class TensorSpec:
    """A tensor of any number of elements; each has the shape `dims`."""

    name: str
    datatype: Datatype
    dims: tuple[int, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape as the protocol states it: -1 for the number of elements."""
        return (-1, *self.dims)


def inputs_of(spec: InputSpec) -> tuple[TensorSpec, ...]:
    """Return the inputs of a model, of which a request gives exactly one."""
    if isinstance(spec, TextSpec):
        return (TensorSpec(TEXTS, "BYTES"),)
    return (TensorSpec(PICTURES, "UINT8", (spec.height, spec.width, spec.channels)), TensorSpec(ENCODED, "BYTES"))


def outputs_of(manifest: Manifest) -> tuple[TensorSpec, ...]:
    """Return the outputs of a model: its SavedModel's, and what follows from them by its manifest."""
    return (
        TensorSpec(PROBABILITIES, "FP32", (len(manifest.labels),)),
        TensorSpec(OOD_SCORE, "FP32"),
        TensorSpec(LABEL, "BYTES"),
        TensorSpec(IN_DISTRIBUTION, "BOOL"),
    )
