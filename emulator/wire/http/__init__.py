"""HTTP plumbing that surfaces share."""
