"""What the proofs over models of other tools share: broken relatives of them, and the same process for two engines."""
