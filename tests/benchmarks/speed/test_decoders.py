import sys

from benchmarks.speed.decoders import SPEC, main, measure, readers
from benchmarks.speed.inputs import xray_jpeg


def test_every_reader_gives_nearly_the_pixels_of_a_whole_decode():
    found, _ = readers()
    rows = {name: [float(cell) for cell in cells] for name, *cells in measure(found, xray_jpeg(), repeats=2)}
    assert list(rows) == list(found)
    for name, (fastest, middle, cpu, mean, most) in rows.items():
        assert 0 < fastest <= middle, name
        assert cpu > 0, name
        # Level with a whole decode up to the smoothing that decoding at a quarter of the size is.
        assert mean < 1, name
        assert most < 6, name
    assert rows["Pillow, whole"][3:] == [0, 0]


def test_a_reduced_decode_is_reduced_before_it_is_resized():
    found, _ = readers()
    decode = found["Pillow, draft, 1/4"].args[0]
    assert decode(xray_jpeg(), 4).shape == (320, 416)
    assert found["Pillow, draft, 1/4"](xray_jpeg()).shape == (SPEC.height, SPEC.width)


def test_a_decoder_that_is_not_installed_is_named_with_the_reason(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "simplejpeg", None)
    main(["--repeats", "1", "--markdown"])
    printed = capsys.readouterr().out
    assert "not measured: simplejpeg: import of simplejpeg halted" in printed
    assert "| Pillow, reduced (ours) | " in printed
