"""Whose fault it is when an operation fails in the middle of a fit: another worker's, or nobody's but ours."""

import pytest
import tensorflow as tf

from training.run import RunError
from training.workers import Workers

LOST = "{{node CollectiveReduceV2}} Collective ops is aborted by: recvmsg:Connection reset by peer\nThe error could be"


def fail(addresses, kind, message):
    with Workers(None, addresses, 0).noticing_lost_ones():
        raise kind(None, None, message)


@pytest.mark.parametrize("kind", [tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.InternalError])
def test_a_failed_operation_between_workers_says_that_one_is_lost(kind):
    with pytest.raises(RunError, match=r"another worker has ended .*\(Collective ops is aborted by: recvmsg:.* peer\)"):
        fail(("a:1", "b:1"), kind, LOST)


def test_an_internal_error_of_the_device_is_not_blamed_on_another_worker():
    with pytest.raises(tf.errors.InternalError, match="cuDNN"):
        fail(("a:1", "b:1"), tf.errors.InternalError, "cuDNN launch failure")


def test_on_one_machine_nobody_is_lost():
    with pytest.raises(tf.errors.CancelledError):
        fail(("this machine",), tf.errors.CancelledError, LOST)
