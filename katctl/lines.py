"""What commands say, as text: tables, JSON and Prometheus' format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from katctl.health import Finding, Verdict, is_well

VERSION = 1
"""Of the JSON; rises when a reader would go wrong."""


def table(rows: Iterable[Sequence[str]]) -> str:
    """Columns, wide enough; the last one is not filled up."""
    lines = [list(row) for row in rows]
    widths = [max(len(row[column]) for row in lines) for column in range(len(lines[0]) - 1)] if lines else []
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in lines
    )


def health_table(findings: Sequence[Finding]) -> str:
    """For people."""
    return table((each.verdict.value, each.module, each.subject, each.said) for each in findings)


def health_json(findings: Sequence[Finding]) -> str:
    """For programs."""
    listed = [
        {"module": each.module, "subject": each.subject, "verdict": each.verdict.value, "said": each.said}
        for each in findings
    ]
    return json.dumps({"version": VERSION, "well": is_well(findings), "findings": listed}, indent=2)


def health_prometheus(product: str, findings: Sequence[Finding]) -> str:
    """For Prometheus (text format 0.0.4): 1 is well, 0 is not, and what is idle is absent."""
    prefix = product.replace("-", "_")
    lines = [f"# HELP {prefix}_healthy Whether it does what it should.", f"# TYPE {prefix}_healthy gauge"]
    for each in findings:
        if each.verdict is not Verdict.IDLE:
            labels = f'module="{each.module}",subject="{each.subject}"'
            lines.append(f"{prefix}_healthy{{{labels}}} {int(each.verdict is Verdict.WELL)}")
    return "\n".join(lines)
