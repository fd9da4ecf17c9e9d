"""A tree of files of every size, the same for the same seed, and its digests."""

import hashlib
import os
import random

MIB = 1 << 20


def make(root, seed, total):
    """Fills `root` with about `total` bytes: one large file, a few of medium size, many small ones, and what has no bytes."""
    of = random.Random(seed)
    sizes = {"large.bin": total // 2}
    sizes |= {f"medium/{name}.bin": total // 8 for name in ("one", "two", "文件 三")}
    left = total - sum(sizes.values())
    for n in range(250):
        size = of.choice([0, 1, 4095, 4096, of.randrange(20_000), of.randrange(400_000)])
        sizes[f"small/{n % 7}/{n:03} {of.choice('äß鸡🐔x')}.dat"] = min(size, left)
        left -= min(size, left)
    for name, size in sizes.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as out:
            for start in range(0, size, MIB):
                out.write(of.randbytes(min(MIB, size - start)))
    (root / "empty").mkdir()
    (root / "link").symlink_to("medium/one.bin")


def digests(root):
    """{path below root: MD5, or where a link leads, or nothing for a folder}."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"
        elif path.is_dir():
            found[name] = None
        else:
            found[name] = md5(path)
    return found


def md5(path):
    digest = hashlib.md5()
    with open(path, "rb") as file:
        while piece := file.read(MIB):
            digest.update(piece)
    return digest.hexdigest()


def size(root):
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def count(root):
    return sum(path.is_file() and not path.is_symlink() for path in root.rglob("*"))
