"""What a sealed dataset is made of on disk: manifest, Parquet partitions, memory-mapped columns."""
