//! ONNX graphs as plain data, and the checks a foreign one must pass
