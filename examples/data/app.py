"""Summarises a series of measurements."""

import numpy as np
import pandas as pd


def handler(event: dict, context: object) -> dict:
    """Takes rows of `{"sensor": …, "value": …}`; answers with mean, deviation and count of each sensor."""
    rows = pd.DataFrame(event["rows"])
    rows["value"] = rows["value"].astype(np.float64)
    summary = rows.groupby("sensor")["value"].agg(["mean", "std", "count"])
    return summary.replace({np.nan: None}).to_dict(orient="index")
