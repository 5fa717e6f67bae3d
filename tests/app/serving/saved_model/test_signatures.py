import pytest
import tensorflow as tf

from app.serving.saved_model.signatures import STRING, Signature, read_signatures, serving_only

FLOAT, UINT8 = 1, 4


def graph(models, task):
    return (models / task / "1" / "saved_model.pb").read_bytes()


def test_signatures_are_read_with_their_tensors(tiny_models):
    found = read_signatures(graph(tiny_models, "catdog"))
    assert found["serving_default"] == Signature({"inputs": UINT8}, {"probabilities": FLOAT, "ood_score": FLOAT})
    assert found["explain"] == Signature({"inputs": UINT8}, {"heatmap": FLOAT})
    assert read_signatures(graph(tiny_models, "topic"))["serving_default"].inputs == {"inputs": STRING}


def test_one_signature_is_kept_as_the_one_that_is_served_and_tensorflow_reads_the_result(tiny_models, models_copy):
    folder = models_copy / "catdog" / "1"
    rewritten = serving_only(graph(tiny_models, "catdog"), "explain")
    assert read_signatures(rewritten) == {"serving_default": Signature({"inputs": UINT8}, {"heatmap": FLOAT})}
    (folder / "saved_model.pb").write_bytes(rewritten)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        graph_def = tf.compat.v1.saved_model.load(session, ["serve"], str(folder))
    assert set(graph_def.signature_def["serving_default"].outputs) == {"heatmap"}


def test_a_signature_that_is_not_there_is_an_error(tiny_models):
    with pytest.raises(ValueError, match="no signature 'other'"):
        serving_only(graph(tiny_models, "digit"), "other")


@pytest.mark.parametrize("content", [b"", b"\x08\x01", b"no protocol buffer at all"])
def test_a_file_that_is_no_saved_model_is_an_error(content):
    with pytest.raises(ValueError):  # noqa: PT011 - what is wrong depends on the bytes
        read_signatures(content)
