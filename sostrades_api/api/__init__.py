"""HTTP dialects; ``v0`` is the contract's."""
