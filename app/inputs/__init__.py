"""From an upload's bytes to a model-ready array. Knows nothing of HTTP or TensorFlow."""
