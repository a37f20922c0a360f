"""What Stripe hosts: the checkout and portal pages, and invoices, under `/stripe/`."""
