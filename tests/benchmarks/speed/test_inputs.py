import io

from PIL import Image

from benchmarks.speed.inputs import TEXT_BYTES, XRAY_BYTES, XRAY_SIZE, digit_png, news_text, xray_jpeg


def test_the_inputs_are_drawn_alike_each_time_and_of_the_size_stated():
    xray = xray_jpeg()
    assert Image.open(io.BytesIO(xray)).size == XRAY_SIZE
    assert abs(len(xray) - XRAY_BYTES) < 0.05 * XRAY_BYTES
    assert 1_500 < len(digit_png()) < 2_500
    assert len(news_text()) == TEXT_BYTES
    assert (xray, digit_png(), news_text()) == (xray_jpeg(), digit_png(), news_text())
