"""Makes turn_reference.tsv: what the Python implementation says of the same samples.

pip install numpy onnxruntime; put pipecat-ai 1.14.0 on PYTHONPATH (only its module _whisper_features is used), run with
Python 3.11 (audioop) in this folder. The samples are those of the .alaw files, each twice (8 to 16 kHz without a filter),
so that no resampler takes part in the comparison.
"""
import audioop, importlib.util, sys
import numpy as np
import onnxruntime

spec = importlib.util.spec_from_file_location("features", sys.argv[1] + "/pipecat/audio/turn/smart_turn/_whisper_features.py")
features = importlib.util.module_from_spec(spec)
spec.loader.exec_module(features)
session = onnxruntime.InferenceSession("../../models/smart-turn-v3.2-cpu.onnx")

def samples(name):
    line = open(name + ".alaw", "rb").read()
    return np.repeat(np.frombuffer(audioop.alaw2lin(line, 2), np.int16), 2)

def mel(sound):
    sound = sound[-128000:].astype(np.float32) / 32768
    return features.compute_whisper_log_mel_features(np.pad(sound, (128000 - len(sound), 0)))

def complete(sound):
    return float(session.run(None, {"input_features": mel(sound)[None]})[0][0, 0])

pause = np.zeros(3200, np.int16)
financeiro = np.concatenate([samples("financeiro"), pause])
print("# What Python says of the same samples; made by make_turn_reference.py.")
for name, sound in (
    ("financeiro", financeiro),
    ("bill", np.concatenate([samples("bill"), pause])),
    ("about_my", np.concatenate([samples("about_my"), pause])),
    ("nothing", np.zeros(0, np.int16)),
):
    print("complete", name, f"{complete(sound):.6f}", sep="\t")
spectrogram = mel(financeiro)
for frame in (0, 100, 440, 470, 500, 550, 600, 650, 700, 798, 799):
    print("mel", frame, *(f"{value:.4f}" for value in spectrogram[:, frame]), sep="\t")
