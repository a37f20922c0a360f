"""What surfaces share and the world must not know: tokens, cookies, cursors, bodies, errors."""
