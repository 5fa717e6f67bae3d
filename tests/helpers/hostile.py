"""Requests that are wrong in a way that a seed and a number fix: damaged pictures and texts, forms, HTTP itself."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from app.inputs.sniff import picture_format
from helpers.mutations import mutated
from helpers.picture_files import valid_files

# An explanation takes as long as twenty refusals.
PICTURE_PATHS = (
    *("/predict/digit", "/predict/catdog", "/predict/pneumonia") * 7,
    "/explain/catdog",
    "/explain/pneumonia",
)
TEXT_PATHS = ("/predict/topic", "/predict/topic", "/explain/topic", "/predict/topic/batch")
QUERIES = (
    "?top=3",
    "?top=0",
    "?top=x",
    "?threshold=0.9",
    "?threshold=nan",
    "?threshold=1e999",
    "?words=2",
    "?%00=%ff",
    "?",
)
TEXTS = tuple(
    text.encode()
    for text in (
        "Crude oil prices rose after ministers agreed to cut output by 500,000 barrels a day.",
        "Le café vaut 3,50 € - «déjà vu», naïve œuvre d'été.",
        "原油価格は大臣らが減産で合意した後に上昇した。",
        "ارتفعت أسعار النفط 🛢️👩‍🔬 e\u0301\u0301\u0301 \u202eback\u202c \U0001d54f",
        "A " * 3000,
    )
)
TEXT_TOKENS = (
    *(
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"\xf4\x90\x80\x80",
        b"\xfe",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\0",
        b"\x80",
        b"\xe2\x82",
    ),
    *(b"\r", b"\x1b[2J", "\u2028".encode(), "\ufdfa".encode(), "İ".encode(), b"%00", b"\\u0000"),
    *(
        b"\\ud800",
        b"\\udc00\\ud800",
        b'"',
        b"\\",
        b"{",
        b"[" * 3000,
        b"}",
        b"NaN",
        b"1e999",
        b"-0",
        b"null",
        b'"texts":',
    ),
)
FORM_TOKENS = (
    *(b"--", b"\r\n", b"\n", b"\r\n\r\n", b"\r\n--edge--", b"\r\n--edge\r\n", b'name=""', b"filename*=utf-8''%ff"),
    *(b"Content-Type: multipart/mixed; boundary=edge\r\n", b"Content-Transfer-Encoding: base64\r\n", b"\0", b"; "),
    *(b'filename="' + b"a" * 5000 + b'"', b"X-Long: " + b"b" * 9000 + b"\r\n", b"charset=utf-16", b":" * 300),
)
HTTP_TOKENS = (
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"Content-Length: 5\r\n", b"Content-Length: -1\r\n"),
    *(b"Content-Length: 99999999999999999999\r\n", b"Content-Length: 0x10\r\n", b"Content-Length: 3, 3\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding: x\r\n"),
    *(b"Connection: close\r\n", b"Upgrade: websocket\r\nConnection: upgrade\r\n", b"Expect: 100-continue\r\n"),
    *(
        b"HTTP/1.0",
        b"HTTP/2.0",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"OPTIONS",
        b"CONNECT",
        b"\xff",
        b"X: " + b"y" * 70_000,
    ),
    *(b"ffffffffffffffff\r\n", b"-5\r\n", b"0\r\n\r\n", b"5;ext=\r\n", b"Trailer: x\r\n", b" folded\r\n"),
)


@dataclass(frozen=True)
class HostileRequest:
    """The bytes to send. `is_framed`: HTTP's own rules hold, so that exactly one answer must come."""

    kind: str
    data: bytes
    is_framed: bool = True


def hostile_request(seed: int, number: int) -> HostileRequest:
    """Return one request, the same for the same seed and number."""
    random = Random(f"{seed}/{number}")
    [kind] = random.choices(tuple(_KINDS), [weight for _, weight in _KINDS.values()])
    return _KINDS[kind][0](random)


def good_request() -> bytes:
    """A request that is as it should be."""
    return _post("/predict/catdog", valid_files()[0], b"image/jpeg")


def _picture(random: Random) -> HostileRequest:
    data = random.choice(valid_files())
    damaged = mutated(random, data, valid_files())
    return HostileRequest(picture_format(data), _post(_path(random, PICTURE_PATHS), damaged, b"image/jpeg"))


def _text(random: Random) -> HostileRequest:
    damaged = mutated(random, random.choice(TEXTS), TEXTS, TEXT_TOKENS)
    return HostileRequest("text", _post(_path(random, TEXT_PATHS), damaged, b"text/plain"))


def _json(random: Random) -> HostileRequest:
    texts = [text.decode() for text in random.sample(TEXTS, 2)]
    whole = json.dumps(
        {"text": texts[0]} if random.random() < 0.5 else {"texts": texts}, ensure_ascii=random.random() < 0.5
    )
    damaged = mutated(random, whole.encode(), TEXTS, TEXT_TOKENS)
    return HostileRequest("JSON", _post(_path(random, TEXT_PATHS), damaged, b"application/json"))


def _form(random: Random) -> HostileRequest:
    form = b"".join(_part(random) for _ in range(random.choice((0, 1, 1, 1, 2, 5, 70)))) + b"--edge--\r\n"
    if random.random() < 0.9:
        form = mutated(random, form, (form,), FORM_TOKENS)
    edge = random.choice((b"edge",) * 6 + (b"", b'"edge"', b"other", b"e" * 300, b"edge; boundary=x", b"\xe9dge"))
    path = _path(random, (*PICTURE_PATHS, *TEXT_PATHS, "/predict/digit/batch", "/predict/catdog/batch"))
    return HostileRequest("form", _post(path, form, b"multipart/form-data; boundary=" + edge))


def _part(random: Random) -> bytes:
    name = random.choice((b"file", b"files", b"text", b"", b"file[]"))
    filename = random.choice((b'; filename="a.png"', b'; filename=""', b""))
    content = random.choice((random.choice(valid_files()), random.choice(TEXTS), b""))
    head = b'--edge\r\nContent-Disposition: form-data; name="' + name + b'"' + filename + b"\r\n\r\n"
    return head + content + b"\r\n"


def _http(random: Random) -> HostileRequest:
    body = random.choice((valid_files()[0], TEXTS[0], b""))
    path = _path(random, (*PICTURE_PATHS, *TEXT_PATHS))
    if random.random() < 0.5:
        chunks = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        data = _head(path, b"text/plain") + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    else:
        data = _post(path, body, b"text/plain")
    if random.random() < 0.2:
        data += data
    head, _, rest = data.partition(b"\r\n\r\n")
    if random.random() < 0.5:
        lines = head.split(b"\r\n")
        lines.insert(random.randint(1, len(lines)), random.choice(HTTP_TOKENS).strip(b"\r\n"))
        head = b"\r\n".join(lines) + b"\r\n\r\n"
    else:
        head = mutated(random, head + b"\r\n\r\n", (head,), HTTP_TOKENS)
    if random.random() < 0.5:
        rest = mutated(random, rest, (head,), HTTP_TOKENS)
    return HostileRequest("HTTP", head + rest, is_framed=False)


def _path(random: Random, paths: tuple[str, ...]) -> str:
    return random.choice(paths) + (random.choice(QUERIES) if random.random() < 0.1 else "")


def _post(path: str, body: bytes, media_type: bytes) -> bytes:
    return _head(path, media_type) + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _head(path: str, media_type: bytes) -> bytes:
    return b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Type: %b\r\n" % (path.encode(), media_type)


_KINDS: dict[str, tuple[Callable[[Random], HostileRequest], int]] = {
    "picture": (_picture, 70),
    "text": (_text, 7),
    "JSON": (_json, 7),
    "form": (_form, 10),
    "HTTP": (_http, 6),
}
