"""The published sweep workload as strategies of the product, and the engines it is compared with."""
