"""Trained predictors as they are served: plain numbers and ONNX files, never the library that trained them."""
