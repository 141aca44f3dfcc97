"""All benchmarks: `make bench`. Ratios are measured side by side in one run."""

from tests.benchmarks import each_log, forecasts, latency, reading, verdicts
from tests.benchmarks import latency, reading, verdicts
from tests.benchmarks import distill, each_log, latency, reading
from tests.benchmarks import distill, latency, reading, verdicts

reading.main()
each_log.main()
latency.main()
verdicts.main()
forecasts.main()
distill.main()
