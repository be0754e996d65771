"""RPCs that several services answer in the same way."""
