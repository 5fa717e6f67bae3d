from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from app.serving.saved_model.variables import DATA_FILE, INDEX_FILE, read_variables


class Weights(tf.Module):
    def __init__(self, count=3, names=None):
        super().__init__()
        rng = np.random.default_rng(0)
        dtypes = (tf.float32, tf.float16, tf.int64, tf.bool, tf.float64, tf.uint8)
        self.weights = [
            tf.Variable(tf.cast(rng.uniform(0, 9, (index % 4 + 1, 3)), dtypes[index % 6]), name=f"weight-{index}")
            for index in range(count)
        ]
        self.one = tf.Variable(7.0, name=(names or ("one", "two"))[0])
        self.two = tf.Variable([1.5, 2.5], name=(names or ("one", "two"))[1])

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def serve(self, x):
        return {"y": x + self.one + sum(tf.reduce_sum(tf.cast(weight, tf.float32)) for weight in self.weights)}


def saved(tmp_path, **options) -> tuple[Path, Weights]:
    module = Weights(**options)
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.serve)
    return tmp_path / "model", module


# 300 variables make an index of several blocks and an object graph of more than 16 KiB.
@pytest.mark.parametrize("count", [1, 12, 300])
def test_every_variable_is_read_as_tensorflow_has_it(tmp_path, count):
    folder, module = saved(tmp_path, count=count)
    found = read_variables(folder)
    expected = {variable.name.removesuffix(":0"): variable.numpy() for variable in module.variables}
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_array_equal(found[name], value)


def test_two_variables_of_one_name_are_not_guessed_at(tmp_path):
    folder, _ = saved(tmp_path, names=("same", "same"))
    with pytest.raises(ValueError, match="two variables are called 'same'"):
        read_variables(folder)


@pytest.mark.parametrize("file", [INDEX_FILE, DATA_FILE])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9])
def test_a_checkpoint_that_is_cut_short_is_an_error(tmp_path, file, kept):
    folder, _ = saved(tmp_path, count=30)
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ValueError):  # noqa: PT011 - what is wrong depends on where it is cut
        read_variables(folder)


def test_a_missing_checkpoint_is_an_error(tmp_path):
    with pytest.raises(OSError, match="variables"):
        read_variables(tmp_path)
