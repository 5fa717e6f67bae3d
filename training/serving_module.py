"""The exported graph: a network, its temperature and its out-of-distribution score behind the served signatures."""

from typing import Any

import tensorflow as tf

from app.inputs.spec import InputSpec
from training.network import Network, input_signature
from training.ood import OodScorer


class ServingModule(tf.Module):
    """What `serving_default` and `explain` run. `network` and `scorer` are tracked, so that their weights are saved."""

    def __init__(self, network: Network, scorer: OodScorer, temperature: float, spec: InputSpec):
        super().__init__()
        self.network = network
        self.scorer = scorer
        self.temperature = temperature
        self.spec = spec

    def predict(self, inputs: Any) -> dict[str, Any]:
        """Return `probabilities` float32 `[B, K]` and `ood_score` float32 `[B]`."""
        forward = self.network(inputs)
        return {
            "probabilities": tf.nn.softmax(forward.logits / self.temperature),
            "ood_score": self.scorer(inputs, forward.features),
        }

    def explain(self, inputs: Any) -> dict[str, Any]:
        """Return `heatmap` float32 `[B, h, w]`: each cell's evidence for the label answered, in logits."""
        forward = self.network(inputs)
        answered = tf.argmax(forward.logits, -1)
        against = tf.reduce_mean(forward.heatmaps, -1, keepdims=True)
        evidence = tf.gather(forward.heatmaps - against, answered, axis=-1, batch_dims=1)
        return {"heatmap": evidence / self.temperature}

    def signatures(self) -> dict[str, Any]:
        """Return the concrete functions to save; `explain` only where the network has heat maps."""
        signature = input_signature(self.spec)
        functions = {"serving_default": tf.function(self.predict, input_signature=[signature])}
        probe = (
            tf.zeros([1, *signature.shape[1:]], signature.dtype) if signature.dtype != tf.string else tf.constant([""])
        )
        if self.network(probe).heatmaps is not None:
            functions["explain"] = tf.function(self.explain, input_signature=[signature])
        return functions
