"""BFF of the dashboard (Next.js): a proxy that adds the session and the workspace context."""
