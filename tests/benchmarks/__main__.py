"""All benchmarks: `make bench`. Each prints ratios measured side by side in one run."""

from tests.benchmarks import latency, reading

reading.main()
latency.main()
