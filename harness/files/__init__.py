"""Files that people write: strict YAML, models, and errors at ``file:line:column``."""

from harness.files.models import Flag, Model, Moment, OrText, Span, load_model, validate
from harness.files.strict_yaml import Document, load_document

__all__ = [
    "Document",
    "Flag",
    "Model",
    "Moment",
    "OrText",
    "Span",
    "load_document",
    "load_model",
    "validate",
]
