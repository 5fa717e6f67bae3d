import hashlib
from pathlib import Path

import pytest

from app.access.caller import Caller
from app.access.keys import entry_of, new_key, read_keys
from app.errors import ConfigurationError

SHA = "0" * 64


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "keys.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_key_is_found_by_its_hash_with_all_that_its_entry_says(tmp_path: Path) -> None:
    callers = [Caller("clinic", per_minute=600), Caller("ops", admin=True), Caller("lab_2")]
    keys = [new_key() for _ in callers]
    path = written(tmp_path, "\n".join(map(entry_of, keys, callers)))
    assert not any(key in path.read_text() for key in keys)
    keyring = read_keys(path)
    assert [keyring.find(key.encode()) for key in keys] == callers


@pytest.mark.parametrize("wrong", [b"", b"quartet_", b"\xff\xfe", SHA.encode()])
def test_what_is_no_key_is_nobodys(tmp_path: Path, wrong: bytes) -> None:
    key = new_key()
    keyring = read_keys(written(tmp_path, entry_of(key, Caller("clinic"))))
    assert keyring.find(wrong) is None
    assert keyring.find(key.encode()[:-1]) is None
    assert keyring.find(key.encode() + b"x") is None


def test_the_hash_of_a_key_is_no_key(tmp_path: Path) -> None:
    key = new_key()
    keyring = read_keys(written(tmp_path, entry_of(key, Caller("clinic"))))
    assert keyring.find(hashlib.sha256(key.encode()).hexdigest().encode()) is None
    assert keyring.find(hashlib.sha256(key.encode()).digest()) is None


def test_every_key_is_compared_with_though_the_first_is_the_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [new_key() for _ in range(5)]
    entries = [entry_of(key, Caller(f"caller-{number}")) for number, key in enumerate(keys)]
    keyring = read_keys(written(tmp_path, "".join(entries)))
    compared = []

    def compare(known: bytes, given: bytes) -> bool:
        compared.append(known)
        return known == given

    monkeypatch.setattr("app.access.keys.hmac.compare_digest", compare)
    assert keyring.find(keys[0].encode()) == Caller("caller-0")
    assert compared == [hashlib.sha256(key.encode()).digest() for key in keys]


def test_new_keys_differ_and_have_256_random_bits() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    # 32 bytes are 43 characters of base64 without its padding.
    assert {len(key.removeprefix("quartet_")) for key in keys} == {43}


BAD_FILES = {
    "empty": ("", "holds no key"),
    "not TOML": ("[clinic\nsha256 = 1", "is not TOML"),
    "not UTF-8": (b"\xff\xfe[a]", "is not UTF-8"),
    "a name with a space": (f'["a b"]\nsha256 = "{SHA}"', r"a b.*should match pattern"),
    "no hash": ("[clinic]\nadmin = true", r"clinic\.sha256: Field required"),
    "a key in place of its hash": ('[clinic]\nsha256 = "quartet_SECRET"', r"clinic\.sha256: String should match"),
    "a misspelt field": (f'[clinic]\nsha256 = "{SHA}"\nperminute = 3', r"clinic\.perminute: Extra inputs"),
    "a rate of none": (f'[clinic]\nsha256 = "{SHA}"\nper_minute = 0', r"clinic\.per_minute: .*greater than 0"),
    "a rate in words": (f'[clinic]\nsha256 = "{SHA}"\nper_minute = "9"', r"clinic\.per_minute: .*valid integer"),
    "admin in words": (f'[clinic]\nsha256 = "{SHA}"\nadmin = "no"', r"clinic\.admin: .*valid boolean"),
    "a name twice": (f'[a]\nsha256 = "{SHA}"\n[a]\nsha256 = "{SHA}"', "is not TOML"),
    "a key under two names": (f'[a]\nsha256 = "{SHA}"\n[b]\nsha256 = "{SHA}"', "one sha256 under two names"),
    "a value outside a table": (f'sha256 = "{SHA}"', "sha256: Input should be"),
}


@pytest.mark.parametrize(("content", "reason"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_refused_with_the_place_and_never_the_secret(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        read_keys(written(tmp_path, content))
    assert str(tmp_path / "keys.toml") in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.toml cannot be read: No such file"):
        read_keys(tmp_path / "gone.toml")


@pytest.mark.parametrize("caller", [Caller("a b"), Caller(""), Caller('a"]'), Caller("a", per_minute=0)])
def test_an_entry_that_could_not_be_read_again_is_not_written(caller: Caller) -> None:
    with pytest.raises(ConfigurationError):
        entry_of(new_key(), caller)
