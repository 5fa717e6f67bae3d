"""Every recipe trains on drawn data and gives a graph with the outputs that a model folder needs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from app.errors import ConfigurationError
from helpers.drawn_data import draw_cats_dogs, draw_chest_xrays, draw_digits, write_news
from training.datasets.loading import load_dataset
from training.recipes.base import Options
from training.recipes.catalogue import all_recipes, find_recipe, training_of
from training.run import Run, RunError
from training.serving_module import ServingModule

RECIPES = all_recipes()

DRAWERS = {"topic": write_news, "digit": draw_digits, "catdog": draw_cats_dogs, "pneumonia": draw_chest_xrays}
HEATMAP_SIDES = {"catdog/lite2": 9, "pneumonia/lite0-pair": 7}
EXPLAINED = {"topic/linear", *HEATMAP_SIDES}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return {task: draw(tmp_path_factory.mktemp(task)) for task, draw in DRAWERS.items()}


@pytest.fixture(scope="module")
def vgg16_weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("vgg") / "random.weights.h5"
    keras.applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3)).save_weights(path)
    return path


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe.task}/{recipe.name}")
def test_a_recipe_trains_and_its_graph_answers(recipe, sources, vgg16_weights, tmp_path):
    name = f"{recipe.task}/{recipe.name}"
    # A task that is not among these brings its data itself.
    data = load_dataset(
        recipe.task, sources.get(recipe.task), recipe.spec, seed=0, validation_fraction=0.25, quiet=True
    )
    weights = vgg16_weights if name == "catdog/reference" else None
    fitted = recipe.fit(data, Options(seed=0, epochs=1, weights=weights), Run(tmp_path, quiet=True))

    module = ServingModule(fitted.network, fitted.scorer, 1.5, recipe.spec)
    signatures = module.signatures()
    inputs = tf.constant(data.validation.inputs[:3].tolist() if recipe.task == "topic" else data.validation.inputs[:3])
    outputs = signatures["serving_default"](inputs)
    assert outputs["probabilities"].shape == (3, len(data.labels))
    np.testing.assert_allclose(np.sum(outputs["probabilities"], 1), 1, atol=1e-5)
    assert outputs["ood_score"].shape == (3,)
    assert np.isfinite(outputs["ood_score"]).all()
    assert fitted.network.parameters > 0
    assert ("explain" in signatures) == (name in EXPLAINED)
    if "explain" in signatures and recipe.task != "topic":
        assert signatures["explain"](inputs)["heatmap"].shape == (3, HEATMAP_SIDES[name], HEATMAP_SIDES[name])


@pytest.mark.parametrize(("task", "name", "epochs"), [("topic", "linear", None), ("digit", "reference", 25)])
def test_a_recipe_learns_what_can_be_learned(task, name, epochs, sources, tmp_path):
    recipe = find_recipe(task, name)
    data = load_dataset(task, sources[task], recipe.spec, seed=1, validation_fraction=0.25, quiet=True)
    fitted = recipe.fit(data, Options(seed=1, epochs=epochs), Run(tmp_path, quiet=True))
    inputs = data.validation.inputs.tolist() if task == "topic" else data.validation.inputs
    answers = np.argmax(fitted.network(tf.constant(inputs)).logits, 1)
    assert (answers == data.validation.labels).mean() >= 0.9


def test_weights_that_are_not_there_are_an_error_that_says_how_to_give_them(sources, tmp_path):
    recipe = find_recipe("catdog", "reference")
    data = load_dataset("catdog", sources["catdog"], recipe.spec, seed=0, validation_fraction=0.25, quiet=True)
    with pytest.raises(RunError, match="--weights PATH"):
        recipe.fit(data, Options(weights=tmp_path / "none.weights.h5"), Run(tmp_path, quiet=True))


def test_heat_maps_add_up_to_the_logits_without_their_bias(sources, tmp_path):
    recipe = find_recipe("catdog", "lite2")
    data = load_dataset(
        "catdog", sources["catdog"], recipe.spec, seed=0, validation_fraction=0.25, limit=16, quiet=True
    )
    fitted = recipe.fit(data, Options(epochs=1), Run(tmp_path, quiet=True))
    forward = fitted.network(tf.constant(data.validation.inputs[:2]))
    of_dog = forward.logits[:, 1] - fitted.network.classifier.bias
    np.testing.assert_allclose(np.mean(forward.heatmaps, (1, 2))[:, 1], of_dog, atol=1e-3)


def test_the_evidence_of_words_adds_up_to_the_margin(sources, tmp_path):
    recipe = find_recipe("topic", "linear")
    data = load_dataset("topic", sources["topic"], recipe.spec, seed=0, validation_fraction=0.25, quiet=True)
    network = recipe.fit(data, Options(), Run(tmp_path, quiet=True)).network
    texts = tf.constant(data.validation.inputs[:4].tolist())
    found, evidence = network.word_evidence(texts)
    forward = network(texts)
    margins = np.asarray(tf.matmul(forward.features, network.weights))
    answered = np.argmax(forward.logits, 1)
    expected = margins[np.arange(4), answered] - margins.mean(1)
    np.testing.assert_allclose(np.sum(evidence, 1), expected, rtol=1e-4, atol=1e-5)
    for words_of_text in np.asarray(found):
        named = [word for word in words_of_text if word]
        assert len(named) == len(set(named)) > 0


def test_every_task_has_its_reference_recipes_and_ours_last():
    names = {task: [recipe.name for recipe in training_of(task).recipes] for task in DRAWERS}
    assert all(recipes[0].startswith("reference") and "reference" not in recipes[-1] for recipes in names.values())
    assert [name for name in names["pneumonia"] if "reference" in name] == [f"reference-v{n}" for n in (1, 2, 3)]


def test_an_unknown_recipe_is_an_error_that_lists_those_there_are():
    with pytest.raises(ConfigurationError, match="reference, conv"):
        find_recipe("digit", "nonsense")
