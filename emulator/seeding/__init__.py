"""Seeds: files that say what a world holds, and how they become one."""
