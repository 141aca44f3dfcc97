"""The report: one page that answers five questions about runs, with the evidence beside the answers."""
