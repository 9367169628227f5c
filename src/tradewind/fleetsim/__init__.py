"""A seeded simulation of the whole service: the product's own code, a hostile world round it, and laws it must keep."""
