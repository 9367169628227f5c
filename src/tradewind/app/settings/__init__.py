"""Configuration: sections as frozen structs, keys that explain themselves, and the edge that checks them."""
