//! Text to logits per token: ONNX Runtime, tokenizer, windows, batches, sessions
