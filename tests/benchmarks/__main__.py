"""All benchmarks: `make bench`. Ratios are measured side by side in one run; verdicts against what came."""

from tests.benchmarks import latency, reading, verdicts

reading.main()
latency.main()
verdicts.main()
