"""The dashboard's Next.js BFF: a proxy that adds the session and the workspace context."""
