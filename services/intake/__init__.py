"""Provider connections and their secrets; callbacks and pulls: proven, stored, announced."""
