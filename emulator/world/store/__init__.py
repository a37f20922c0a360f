"""The store: persistent tables, indexes, digests and ids, without any rule of the product."""
