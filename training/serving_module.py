"""The exported graph: a network, its temperature and its out-of-distribution score behind the served signatures."""

from typing import Any, cast

import tensorflow as tf

from app.inputs.spec import InputSpec
from training.network import Network, WordNetwork, input_signature
from training.ood import OodScorer


class ServingModule(tf.Module):
    """What the signatures run: `serving_default`, for some networks `explain`, and for pictures `features`.

    `network` and `scorer` are tracked, so that their weights are saved.
    """

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

    def describe(self, inputs: Any) -> dict[str, Any]:
        """Return the scored `features` float32 `[B, D]` and uncalibrated `logits` float32 `[B, K]`, to study them."""
        forward = self.network(inputs)
        return {"features": forward.features, "logits": forward.logits}

    def explain_words(self, inputs: Any) -> dict[str, Any]:
        """Return `words` string `[B, n]` and their `evidence` float32 `[B, n]` for the label answered."""
        found, evidence = cast(WordNetwork, self.network).word_evidence(inputs)
        return {"words": found, "evidence": evidence}

    def explain_picture(self, inputs: Any) -> dict[str, Any]:
        """Return `heatmap` float32 `[B, h, w]`: each cell's evidence for the label answered, in logits."""
        forward = self.network(inputs)
        answered = tf.argmax(forward.logits, -1)
        against = tf.reduce_mean(forward.heatmaps, -1, keepdims=True)
        evidence = tf.gather(forward.heatmaps - against, answered, axis=-1, batch_dims=1)
        return {"heatmap": evidence / self.temperature}

    def signatures(self) -> dict[str, Any]:
        """Return the functions to save; `explain` only where the network can tell what its answer rests on."""
        signature = input_signature(self.spec)
        functions = {"serving_default": self.predict}
        if signature.dtype != tf.string:
            functions["features"] = self.describe
        if isinstance(self.network, WordNetwork):
            functions["explain"] = self.explain_words
        elif signature.dtype != tf.string and self._has_heatmaps(signature):
            functions["explain"] = self.explain_picture
        return {
            name: tf.function(function, input_signature=[signature], autograph=False)
            for name, function in functions.items()
        }

    def _has_heatmaps(self, signature: tf.TensorSpec) -> bool:
        return self.network(tf.zeros([1, *signature.shape[1:]], signature.dtype)).heatmaps is not None
