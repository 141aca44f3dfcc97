"""All benchmarks: `make bench`. Each prints ratios measured side by side in one run."""

from tests.benchmarks import each_log, latency, reading

reading.main()
each_log.main()
latency.main()
