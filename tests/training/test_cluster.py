"""The workers of a run: TF_CONFIG as TensorFlow documents it, or addresses, and what is wrong with either said."""

import json

import pytest

from app.errors import ConfigurationError
from training.cluster import find_cluster


def tf_config(task, **cluster):
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task, "environment": "cloud"})}


def test_tf_config_names_the_workers_and_which_of_them_this_is():
    cluster = find_cluster("", None, tf_config({"type": "worker", "index": 1}, worker=["a:1", "b:2", "c:3"]))
    assert (cluster.everyone, cluster.rank, cluster.others) == (("a:1", "b:2", "c:3"), 1, ("a:1", "c:3"))


@pytest.mark.parametrize(("role", "index", "rank"), [("chief", 0, 0), ("worker", 0, 1), ("worker", 1, 2)])
def test_a_chief_of_its_own_comes_first(role, index, rank):
    config = tf_config({"type": role, "index": index}, worker=["a:1", "b:2"], chief=["c:3"])
    cluster = find_cluster("", None, config)
    assert (cluster.everyone, cluster.rank) == (("c:3", "a:1", "b:2"), rank)


def test_addresses_and_an_index_name_the_workers_too():
    cluster = find_cluster("a:1,[::1]:2", 1, {})
    assert (cluster.everyone, cluster.role, cluster.rank) == (("a:1", "[::1]:2"), "worker", 1)


def test_without_either_there_is_no_cluster():
    assert find_cluster("", None, {}) is None


WORKER = {"type": "worker", "index": 0}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TF_CONFIG": "{"}, "not JSON"),
        ({"TF_CONFIG": "[]"}, "lacks its cluster"),
        ({"TF_CONFIG": '{"cluster": {"worker": ["a:1"]}}'}, "lacks its cluster, or its task"),
        ({"TF_CONFIG": json.dumps({"cluster": ["a:1"], "task": WORKER})}, "list of addresses for each role"),
        (tf_config(WORKER, worker=["a:1"], ps=["b:2"]), "type 'ps'"),
        (tf_config(WORKER, worker="a:1"), "are not a list"),
        (tf_config(WORKER, worker=["a"]), "'a' is not HOST:PORT"),
        (tf_config(WORKER, worker=["a:70000"]), "'a:70000' is not HOST:PORT"),
        (tf_config(WORKER, worker=[7]), "7 is not HOST:PORT"),
        (tf_config(WORKER, worker=["a:1", "a:1"]), "an address twice"),
        (tf_config({"type": "chief", "index": 0}, chief=["a:1", "b:1"]), "more than one chief"),
        (tf_config({"type": "worker", "index": 1}, worker=["a:1"]), "no task 1"),
        (tf_config({"type": "worker", "index": "0"}, worker=["a:1"]), "no task '0'"),
        (tf_config({"type": ["worker"], "index": 0}, worker=["a:1"]), "of type ['worker']"),
        (tf_config({"type": "evaluator", "index": 0}, worker=["a:1"]), "of type 'evaluator'"),
    ],
)
def test_a_broken_tf_config_is_refused_with_what_is_wrong(environment, said):
    with pytest.raises(ConfigurationError) as refused:
        find_cluster("", None, environment)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("addresses", "index", "environment", "said"),
    [
        ("a:1,b:2", None, {}, "needs --worker INDEX"),
        ("a:1,b:2", 2, {}, "no task 2"),
        ("a:1,,b:2", 0, {}, "'' is not HOST:PORT"),
        ("a:1,b:2", 0, tf_config(WORKER, worker=["a:1"]), "leave out one"),
        ("", 1, {}, "--worker INDEX goes with"),
    ],
)
def test_broken_addresses_are_refused_with_what_is_wrong(addresses, index, environment, said):
    with pytest.raises(ConfigurationError) as refused:
        find_cluster(addresses, index, environment)
    assert said in str(refused.value)
