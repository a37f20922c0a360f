"""GoTrue's formats: tokens, session cookies, views and error codes."""
