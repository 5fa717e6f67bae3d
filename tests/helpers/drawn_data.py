"""Small data sets in the published layouts, drawn and written for the purpose, that a network can learn in seconds."""

import gzip
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

NEWS = {
    "grain": "wheat corn tonnes harvest crop farmers acres",
    "crude": "oil barrels opec crude refinery tanker drilling",
    "gold": "gold ounces mine ore bullion grade deposit",
    "earn": "net profit shr dividend quarter cts revenue",
}


def draw_chest_xrays(root: Path, each: int = 20) -> Path:
    """Write `chest_xray/train/{NORMAL,PNEUMONIA}`: dark fields, hazy ones among the second."""
    rng = np.random.default_rng(0)
    for label, name, haze in (("NORMAL", "IM-{:04}-0001", 0), ("PNEUMONIA", "person{}_virus_1", 90)):
        folder = root / "chest_xray" / "train" / label
        folder.mkdir(parents=True)
        for number in range(each):
            page = Image.new("L", (96, 80), 160)
            draw = ImageDraw.Draw(page)
            for left in (10, 52):
                draw.ellipse((left, 10, left + 32, 70), fill=int(40 + haze + rng.integers(-15, 16)))
            pixels = np.asarray(page) + rng.normal(0, 4, (80, 96))
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / f"{name.format(number)}.jpeg")
    return root / "chest_xray"


def draw_cats_dogs(root: Path, each: int = 20) -> Path:
    """Write `train/{cat,dog}.N.jpg`: pointed ears on orange, round ones on brown."""
    rng = np.random.default_rng(1)
    folder = root / "dogs-vs-cats" / "train"
    folder.mkdir(parents=True)
    for number in range(each):
        for label, colour in (("cat", (230, 140, 40)), ("dog", (90, 60, 40))):
            page = Image.new("RGB", (90, 90), tuple(int(c) for c in rng.integers(100, 256, 3)))
            draw = ImageDraw.Draw(page)
            draw.ellipse((20, 30, 70, 80), fill=colour)
            if label == "cat":
                draw.polygon([(22, 45), (28, 10), (44, 34)], fill=colour)
                draw.polygon([(68, 45), (62, 10), (46, 34)], fill=colour)
            else:
                draw.ellipse((8, 30, 28, 70), fill=colour)
                draw.ellipse((62, 30, 82, 70), fill=colour)
            page.save(folder / f"{label}.{number}.jpg")
    return folder.parent


def draw_digits(root: Path, each: int = 12) -> Path:
    """Write `mnist.npz`: digits of a font, leaning a little, white on black."""
    rng = np.random.default_rng(2)
    pictures, labels = [], []
    for _ in range(each):
        for digit in range(10):
            page = Image.new("L", (84, 84), 0)
            font = ImageFont.load_default(float(rng.integers(50, 64)))
            ImageDraw.Draw(page).text(
                (42, 42), str(digit), 255, font, anchor="mm", stroke_width=int(rng.integers(1, 3))
            )
            pictures.append(np.asarray(page.rotate(float(rng.uniform(-10, 10))).resize((28, 28))))
            labels.append(digit)
    np.savez(root / "mnist.npz", x_train=np.stack(pictures), y_train=np.array(labels, np.uint8))
    return root / "mnist.npz"


def write_news(root: Path, each: int = 15) -> Path:
    """Write `news.jsonl.gz`: items on four of the topics, each in its own words."""
    rng = np.random.default_rng(3)
    path = root / "news.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        for number in range(each):
            for topic, words in NEWS.items():
                body = " ".join(rng.choice([*words.split(), "said", "the", "of", "company"], 30))
                title = f"{words.split()[number % 7].upper()} REPORT"
                stream.write(json.dumps({"id": number, "topic": topic, "title": title, "body": body}) + "\n")
    return path
