"""Trained models as files of a project."""
