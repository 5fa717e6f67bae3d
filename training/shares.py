"""What each copy of a model sees when several are fitted together: its share of each batch, as a `tf.data` pipeline."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from training.batches import Arrays, Augment, Batches, Plan, Share
from training.workers import Workers

Shares = Iterator[tuple[Any, ...]]
"""Inputs `[n, ...]`, targets `[n, ...]`, weights float32 `[n]`, and which part of the batch they are, float32 `[1]`.

One for each batch of an epoch, epoch after epoch without end.
"""


def distributed(workers: Workers, shares_of: Callable[[Share], Shares]) -> Any:
    """Return an iterator over the batches of all copies on this worker.

    TensorFlow's automatic sharding is off: which examples a copy sees is decided here, the same wherever it runs. It is
    told that there is no end, or the workers would ask each other before each batch whether all have one.
    """

    def pipeline(context: Any) -> Any:
        local = context.num_replicas_in_sync // context.num_input_pipelines
        first = context.input_pipeline_id * local
        mine = [Share(first + number, context.num_replicas_in_sync) for number in range(local)]
        signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in next(shares_of(mine[0])))

        def in_turn() -> Shares:
            for parts in zip(*(shares_of(share) for share in mine), strict=True):
                yield from parts

        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
        dataset = tf.data.Dataset.from_generator(in_turn, output_signature=signature)
        endless = dataset.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY))
        return endless.with_options(options).prefetch(2 * local)

    return iter(workers.strategy.distribute_datasets_from_function(pipeline))


def train_shares(arrays: Arrays, plan: Plan, done: int, augment: Augment | None, share: Share) -> Shares:
    """Yield a copy's shares, from the epoch after those that are done."""
    # `Model.fit` ends an epoch of its data before it starts the first, so it counts them from 1.
    batches = Batches(arrays, plan, epoch=done + 1, augment=augment, share=share)
    while True:
        for index in range(len(batches)):
            yield _weighted(batches[index], share.of(batches.rows(index))[1])
        batches.on_epoch_end()


def validation_shares(arrays: Arrays, plan: Plan, share: Share) -> Shares:
    """Yield a copy's shares of all examples, in their order."""
    while True:
        for start in range(0, len(arrays[0]), plan.batch_size):
            rows, part = share.of(np.arange(start, min(start + plan.batch_size, len(arrays[0]))))
            yield _weighted(tuple(array[rows] for array in arrays), part)


def _weighted(share: tuple[Any, ...], part: float) -> tuple[Any, ...]:
    inputs, targets, *weights = share
    every = weights[0] if weights else np.ones(len(targets), np.float32)
    return inputs, targets, every, np.array([part], np.float32)
