import pytest

from benchmarks.speed.soak import Sample, mixture, summary

MIB = 2**20


def test_the_slope_is_told_for_10000_requests_and_leaves_the_first_quarter_out():
    # 100 a second; 50 MiB at the start, then 0.5 MiB a second.
    samples = [Sample(t, int((200 + (50 if t >= 10 else 0) + 0.5 * t) * MIB)) for t in range(0, 100, 2)]
    found = summary(samples, per_second=100)
    assert found["mib_per_10000"] == pytest.approx(50, rel=1e-3)
    assert (found["first_mib"], found["last_mib"], found["peak_mib"]) == (200, 299, 299)


def test_memory_that_falls_has_a_negative_slope_and_its_peak_is_kept():
    samples = [Sample(t, (300 - t) * MIB) for t in range(8)]
    found = summary(samples, per_second=1000)
    assert found["mib_per_10000"] == pytest.approx(-10)
    assert (found["peak_mib"], found["last_mib"]) == (300, 293)


def test_of_20_requests_nine_are_digits_nine_topics_and_two_xrays():
    requests = mixture(b"an X-ray")
    paths = [request.split(b" ")[1].decode() for request in requests]
    assert len(paths) == 20
    assert paths.count("/predict/digit") == paths.count("/predict/topic") == 9
    assert paths.count("/predict/pneumonia") == 2
