from benchmarks.speed.growth import efficiency


def test_efficiency_is_one_where_two_workers_do_twice_as_much():
    assert efficiency(40.0, 80.0) == 1.0
    assert efficiency(40.0, 60.0) == 0.75
