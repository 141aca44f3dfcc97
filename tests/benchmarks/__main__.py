"""All benchmarks: `make bench`. Ratios are measured side by side in one run."""

from tests.benchmarks import distill, each_log, forecasts, latency, reading, reports, verdicts

reading.main()
each_log.main()
latency.main()
verdicts.main()
forecasts.main()
reports.main()
distill.main()
