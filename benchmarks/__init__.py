"""Times lambda-pack against what people use today; `benchmarks/run` is the command."""
