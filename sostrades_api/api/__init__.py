"""HTTP dialects; ``v0`` is SoSTrades' API, which existing scripts call."""
