"""Generated cases of ONNX models and ai.onnx.ml operators, with what other programs compute."""
