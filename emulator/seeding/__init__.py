"""Seeds: the files that describe worlds, and planting, which turns them into worlds."""
