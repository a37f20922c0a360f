"""The records of a world, by subject; `tables` has the whole shape of the state."""
