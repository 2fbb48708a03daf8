"""Programs that show what Kniga claims; see harness.py and `python -m proofs`."""
