"""A process that makes an offer: reads it as JSON from standard input and writes what became of it."""

import asyncio
import base64
import json
import math
import sys
from dataclasses import asdict

import uvloop

from benchmarks.fresh_connections import ask_in_turn, offer_fresh
from benchmarks.open_loop import Offer, Outcome, offer_load


def main() -> None:
    """Read an offer, make it, and write the outcome."""
    fields = json.load(sys.stdin)
    outcome = _made(Offer(**fields | {"request": base64.b64decode(fields["request"])}))
    json.dump(asdict(outcome), sys.stdout)


def _made(offer: Offer) -> Outcome:
    if offer.fresh:
        return ask_in_turn(offer) if math.isinf(offer.rate) else offer_fresh(offer)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(offer_load(offer))


if __name__ == "__main__":
    main()
