"""From a model folder to answers: manifest, checksums, engine, registry. Knows nothing of HTTP."""
