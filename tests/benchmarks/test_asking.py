import json

import httpx
import pytest

from benchmarks.asking import MOST_BYTES, MOST_ITEMS, ask


def client_of(answer):
    """A client whose requests `answer` answers, given the texts or the number of files that were sent."""

    def handle(request):
        if request.headers["content-type"] == "application/json":
            sent = json.loads(request.content)["texts"]
        else:
            sent = request.content.count(b'name="files"')
        return httpx.Response(200, json=answer(sent))

    return httpx.Client(base_url="http://service", transport=httpx.MockTransport(handle))


def scored(score):
    return {"ood_score": score, "in_distribution": score <= 1}


def test_scores_come_in_the_order_of_the_inputs():
    texts = [str(number) for number in range(5 * MOST_ITEMS + 3)]
    answers = ask(client_of(lambda sent: [scored(float(text)) for text in sent]), "topic", texts)
    assert answers.scores.tolist() == [float(text) for text in texts]
    assert answers.flagged.tolist() == [False] * 2 + [True] * (len(texts) - 2)


def test_no_request_has_more_than_it_may():
    sizes = []
    payloads = [b"x" * (MOST_BYTES // 3)] * 7 + [b"x" * (MOST_BYTES + 1)] + [b"x"] * (MOST_ITEMS + 1)
    ask(client_of(lambda sent: sizes.append(sent) or [scored(0.0)] * sent), "digit", payloads)
    assert sorted(sizes) == sorted([3, 3, 1, 1, MOST_ITEMS, 1])


@pytest.mark.parametrize("status", [415, 422])
def test_a_refusal_counts_as_rejected(status):
    answers = ask(client_of(lambda _: [scored(0.5), {"status": status}, scored(2.0)]), "digit", [b"1", b"2", b"3"])
    assert (answers.count, answers.refused, answers.rejected) == (3, 1, 2)
    assert answers.scores.tolist() == [0.5, 2.0]


def test_another_failure_is_not_taken_for_a_refusal():
    with pytest.raises(RuntimeError, match="400"):
        ask(client_of(lambda _: [{"status": 400}]), "topic", [" "])


def test_a_refused_batch_is_an_error():
    busy = httpx.Client(base_url="http://service", transport=httpx.MockTransport(lambda _: httpx.Response(503)))
    with pytest.raises(httpx.HTTPStatusError):
        ask(busy, "topic", ["oil"])
