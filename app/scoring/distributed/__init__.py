"""Scoring on the machines of a Ray cluster, by Ray Data: `quartet score --engine ray`. Needs the extra `scale`.

Names go out in blocks, rows come back to the one process that was started, which alone writes: see `run`.
"""
