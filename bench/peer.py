"""Builds a document with Data Designer, for `peer.ts`, in the working directory: `peer.py preview|create DOCUMENT ENDPOINT ROWS`."""

import logging
import os
import sys
from pathlib import Path

os.environ["DATA_DESIGNER_HOME"] = os.getcwd()
os.environ["NEMO_TELEMETRY_ENABLED"] = "false"

import data_designer.config as dd  # noqa: E402
import yaml  # noqa: E402
from data_designer.interface import DataDesigner  # noqa: E402

how, document, endpoint, rows = sys.argv[1:]
logging.disable(logging.CRITICAL)
mock = dd.ModelProvider(name="mock", endpoint=endpoint, provider_type="openai", api_key="none")
designer = DataDesigner(artifact_path="artifacts", model_providers=[mock])
builder = dd.DataDesignerConfigBuilder.from_config(yaml.safe_load(Path(document).read_text()))
if how == "preview":
    made = len(designer.preview(builder, num_records=int(rows)).dataset)
else:
    made = designer.create(builder, num_records=int(rows)).count_records()
if made != int(rows):
    sys.exit(f"{made} rows of {rows}")
