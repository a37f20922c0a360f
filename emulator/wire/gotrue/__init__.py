"""GoTrue's formats: tokens, cookies, views and error codes."""
