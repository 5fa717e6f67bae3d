from app.serving.linear_text import LINEAR_TEXT_FILE, load_linear_text
from helpers.linear_texts import write_linear_text
from training.portable import save_portable
from training.text import index_words


def test_a_linear_text_model_is_written_as_arrays_too(tmp_path):
    module = write_linear_text(tmp_path / "model", tmp_path / "assets")
    model = load_linear_text(tmp_path / "model")
    assert (model.weights == module.network.weights.numpy()).all()
    assert model.unknown_share == module.scorer.rate.share


def test_a_model_that_splits_words_otherwise_has_no_such_form(tmp_path):
    module = write_linear_text(tmp_path / "model", tmp_path / "assets")
    (tmp_path / "model" / LINEAR_TEXT_FILE).unlink()
    module.scorer.tokenise = index_words
    assert not save_portable(module, tmp_path / "model")
    assert not (tmp_path / "model" / LINEAR_TEXT_FILE).exists()
