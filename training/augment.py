"""Random changes to training pictures, drawn from a seed: geometry, light, sharpness, occlusion."""

import math
from dataclasses import dataclass
from typing import Any

import tensorflow as tf


@dataclass(frozen=True)
class Augmentation:
    """How far a picture may be changed; each amount is drawn uniformly from its range for each picture.

    Angles in degrees; shifts, and the erased square's side, as shares of the picture's side; `gamma` and `contrast`
    as factors' natural logarithms; `brightness` and `noise` in grey levels of 0..255; `blur` and `thicken` as the
    share of the blurred, or thicker or thinner, picture that is blended in. `coarse` is the smallest share of the
    sides to which half of the pictures are shrunk, all of a batch alike, before they are enlarged again.
    """

    flip: bool = False
    rotate: float = 0.0
    zoom: tuple[float, float] = (1.0, 1.0)
    stretch: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    gamma: float = 0.0
    blur: float = 0.0
    coarse: float = 1.0
    thicken: float = 0.0
    noise: float = 0.0
    erase: float = 0.0
    fill: str = "REFLECT"

    def __call__(self, images: Any, seed: Any) -> Any:
        """Change a batch uint8 or float32 `[B, H, W, C]`; return float32 pixels in 0..255, same shape."""
        return _change(self, tf.cast(images, tf.float32), seed)


@tf.function(autograph=False, reduce_retracing=True)
def _change(how: Augmentation, images: Any, seed: Any) -> Any:
    draws = _Draws(seed, tf.shape(images)[0])
    images = _geometry(how, images, draws)
    if how.blur:
        images = _blur(images, draws.uniform(0.0, how.blur))
    if how.coarse < 1.0:
        images = _lose_detail(how.coarse, images, draws)
    if how.thicken:
        images = _thicken(images, draws.uniform(-how.thicken, how.thicken))
    images = _light(how, images, draws)
    if how.noise:
        amount = draws.uniform(0.0, how.noise)[:, None, None, None]
        images += amount * tf.random.stateless_normal(tf.shape(images), draws.next_seed())
    if how.erase:
        images = _erase(how.erase, images, draws)
    return tf.clip_by_value(images, 0.0, 255.0)


class _Draws:
    """Per-picture random numbers from one seed, a fresh stream for each call."""

    def __init__(self, seed: Any, count: Any):
        self.seed, self.count, self.streams = seed, count, 0

    def next_seed(self) -> Any:
        self.streams += 1
        return tf.random.fold_in(self.seed, self.streams)

    def uniform(self, low: float, high: float) -> Any:
        return tf.random.stateless_uniform([self.count], self.next_seed(), low, high)


def _geometry(how: Augmentation, images: Any, draws: _Draws) -> Any:
    """Apply one affine map, output pixel to input pixel, about the centre."""
    shape = tf.cast(tf.shape(images), tf.float32)
    height, width = shape[1], shape[2]
    angle = draws.uniform(-1.0, 1.0) * (how.rotate * math.pi / 180)
    shear = draws.uniform(-1.0, 1.0) * (how.shear * math.pi / 180)
    zoom = draws.uniform(*how.zoom)
    stretch = tf.exp(draws.uniform(-1.0, 1.0) * how.stretch)
    mirror = tf.sign(draws.uniform(-1.0, 1.0)) if how.flip else tf.ones([draws.count])
    x_scale, y_scale = mirror * tf.sqrt(stretch) / zoom, 1.0 / (zoom * tf.sqrt(stretch))
    a, b = tf.cos(angle) * x_scale, -tf.sin(angle + shear) * y_scale
    d, e = tf.sin(angle) * x_scale, tf.cos(angle + shear) * y_scale
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    shift_x = draws.uniform(-1.0, 1.0) * how.shift * width
    shift_y = draws.uniform(-1.0, 1.0) * how.shift * height
    c = centre_x + shift_x - a * centre_x - b * centre_y
    f = centre_y + shift_y - d * centre_x - e * centre_y
    zero = tf.zeros_like(a)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([a, b, c, d, e, f, zero, zero], 1),
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode=how.fill,
    )


def _blur(images: Any, share: Any) -> Any:
    """Blend each picture with its 4 x 4 box mean, by the given share of each."""
    smooth = tf.nn.avg_pool2d(images, 4, 1, "SAME")
    return images + share[:, None, None, None] * (smooth - images)


def _lose_detail(smallest: float, images: Any, draws: _Draws) -> Any:
    sides = tf.shape(images)[1:3]
    share = draws.uniform(smallest, 1.0)[0]
    shrunk = tf.image.resize(images, tf.cast(tf.cast(sides, tf.float32) * share, tf.int32), "area")
    coarse = tf.image.resize(shrunk, sides)
    return tf.where(draws.uniform(0.0, 1.0)[:, None, None, None] < 0.5, coarse, images)


def _thicken(images: Any, share: Any) -> Any:
    """Blend each picture with its 3 x 3 maximum, bright strokes thicker, or for a negative share its minimum."""
    thicker, thinner = tf.nn.max_pool2d(images, 3, 1, "SAME"), -tf.nn.max_pool2d(-images, 3, 1, "SAME")
    amount = tf.abs(share)[:, None, None, None]
    return images + amount * (tf.where(share[:, None, None, None] > 0, thicker, thinner) - images)


def _light(how: Augmentation, images: Any, draws: _Draws) -> Any:
    if how.gamma:
        power = tf.exp(draws.uniform(-how.gamma, how.gamma))[:, None, None, None]
        images = 255.0 * tf.pow(tf.clip_by_value(images / 255.0, 0.0, 1.0), power)
    if how.contrast:
        factor = tf.exp(draws.uniform(-how.contrast, how.contrast))[:, None, None, None]
        middle = tf.reduce_mean(images, (1, 2, 3), keepdims=True)
        images = middle + factor * (images - middle)
    if how.brightness:
        images += draws.uniform(-how.brightness, how.brightness)[:, None, None, None]
    return images


def _erase(side: float, images: Any, draws: _Draws) -> Any:
    """Fill a square of up to `side` of the picture's side with its mean grey."""
    height, width = tf.shape(images)[1], tf.shape(images)[2]
    half = draws.uniform(0.0, side) / 2
    centre_y, centre_x = draws.uniform(0.0, 1.0), draws.uniform(0.0, 1.0)
    rows = tf.linspace(0.0, 1.0, height)[None, :]
    columns = tf.linspace(0.0, 1.0, width)[None, :]
    inside_y = tf.abs(rows - centre_y[:, None]) < half[:, None]
    inside_x = tf.abs(columns - centre_x[:, None]) < half[:, None]
    square = tf.logical_and(inside_y[:, :, None], inside_x[:, None, :])[..., None]
    return tf.where(square, tf.reduce_mean(images, (1, 2, 3), keepdims=True), images)
