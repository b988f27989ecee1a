"""Records what data-designer 0.9.7 makes of the documents here, offline, for `test/unit/conformance/`.

    python3 -m venv venv && venv/bin/pip install data-designer==0.9.7
    venv/bin/python conformance/record.py [name ...]

Each document is built twice by `preview`: columns whose cells differ between both are random. A model answers from its
prompt: what stands in SAY<<...>>, with the reasoning in THINK<<...>>; without them `Answer to: ` and the first line.
CALL<<search {"query": "a"} & fail {} | lines {}>> has it ask for these tools first, those of tools.json, in two turns.
PAINT<<png gif>> is answered with pictures, `address` with where one is. A document's first line may say how many rows:
`# rows: 200`; it is 6 otherwise. After `, groups: 2` it is built by `create`, in files of two rows. `http://mock.invalid` in it is the model's server, and `./functions.ts#name`, which only
Rowloom runs, the function of that name in `functions.py`. Files in seeds/ and home/ are written by `make_files.py`.
"""

import base64
import datetime
import decimal
import hashlib
import json
import logging
import os
import re
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).resolve().parent
os.environ["DATA_DESIGNER_HOME"] = tempfile.mkdtemp()
os.environ["DATA_DESIGNER_MANAGED_ASSETS_PATH"] = str(HERE / "home/.data-designer/managed-assets")
os.environ["NEMO_TELEMETRY_ENABLED"] = "false"
os.chdir(HERE)

import data_designer.config as dd  # noqa: E402
import pandas as pd  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
import functions  # noqa: E402
import yaml  # noqa: E402
from data_designer.engine.compiler import (  # noqa: E402
    _add_internal_row_id_column_if_needed,
    _resolve_and_add_seed_columns,
)
from data_designer.engine.validation import (  # noqa: E402
    validate_data_designer_config,
)
from data_designer.interface import DataDesigner  # noqa: E402

requests: list[dict] = []
PICTURES = {file.suffix[1:]: file.read_bytes() for file in sorted((HERE / "seeds/media").glob("dot.*"))}


def text_of(content) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content)


class Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        requests.append(body)
        here = f"http://{self.headers['host']}"
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        if self.path.endswith("/embeddings"):
            texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
            data = [
                {"object": "embedding", "index": index, "embedding": [len(text), 1]}
                for index, text in enumerate(texts)
            ]
            answer = {"object": "list", "model": body["model"], "data": data, "usage": usage}
        elif self.path.endswith("/validate"):
            answer = {"data": [verdict(item) for item in body["data"] if "LOSE" not in str(item)]}
        elif self.path.endswith("/images/generations"):
            data = [
                {"url": url} if url.startswith("http") else {"b64_json": url.split(",")[1]}
                for url in painted(body["prompt"], here)
            ]
            answer = {"created": 0, "data": data, "usage": usage}
        else:
            prompt = text_of(body["messages"][-1]["content"])
            message = {"role": "assistant", **(asked_tools(body["messages"]) or reply(prompt))}
            images = painted(prompt, here)
            if images:
                message["images"] = [{"type": "image_url", "image_url": {"url": url}} for url in images]
            finish = "tool_calls" if "tool_calls" in message else "stop"
            choice = {"index": 0, "finish_reason": finish, "message": message}
            answer = {
                "id": "1", "object": "chat.completion", "created": 0,
                "model": body["model"], "choices": [choice], "usage": usage,
            }
        self.send(json.dumps(answer).encode(), "application/json")

    def do_GET(self):
        """A picture, and the files of `datasets/me/set` as Hugging Face has them."""
        if self.path.startswith("/datasets/me/set/resolve/main/data/"):
            data = (HERE / "seeds" / self.path.rsplit("/", 1)[1]).read_bytes()
            first, last = self.headers["range"].removeprefix("bytes=").split("-")
            self.send(data[int(first) : int(last) + 1], "text/csv", 206)
        elif self.path.startswith("/api/datasets/me/set/tree/"):
            size = (HERE / "seeds/people.csv").stat().st_size
            file = {"type": "file", "path": "data/people.csv", "size": size, "oid": "0" * 40}
            folder = {"type": "directory", "path": "data", "oid": "0" * 40}
            self.send(json.dumps([file if "/main/data" in self.path else folder]).encode(), "application/json")
        elif self.path.startswith("/api/datasets/me/set"):
            info = {"id": "me/set", "siblings": [], "tags": [], "downloads": 0, "likes": 0, "private": False}
            self.send(json.dumps(info).encode(), "application/json")
        else:
            self.send(PICTURES["png"], "image/png")

    def send(self, data: bytes, media_type: str, status: int = 200):
        self.send_response(status)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def reply(prompt: str) -> dict:
    said = re.search(r"SAY<<(.*?)>>", prompt, re.S)
    thought = re.search(r"THINK<<(.*?)>>", prompt, re.S)
    text = said.group(1) if said else "Answer to: " + prompt.split("\n")[0]
    return {"content": text, **({"reasoning_content": thought.group(1)} if thought else {})}


def asked_tools(messages: list) -> dict | None:
    """The tools of the next turn in CALL<<turn | turn>>, each `name arguments`, with ` & ` between them; then what they gave."""
    prompt = next(text_of(message["content"]) for message in messages if message["role"] == "user")
    found = re.search(r"CALL<<(.*?)>>", prompt, re.S)
    if not found:
        return None
    turns = found.group(1).split(" | ")
    turn = sum(1 for message in messages if message.get("tool_calls"))
    answer = reply(prompt)
    if turn == len(turns):
        given = [text_of(message["content"]) for message in messages if message["role"] == "tool"]
        return answer if "SAY<<" in prompt else {**answer, "content": "Told: " + ", ".join(given)}
    calls = [call.split(" ", 1) for call in turns[turn].split(" & ")]
    asked = [
        {"id": f"call_{turn}_{index}", "type": "function", "function": {"name": name, "arguments": args}}
        for index, (name, args) in enumerate(calls)
    ]
    return {**answer, "content": "", "tool_calls": asked}


def painted(prompt: str, here: str) -> list[str]:
    found = re.search(r"PAINT<<(.*?)>>", prompt)
    kinds = found.group(1).split() if found else []
    return [f"{here}/dot.png" if kind == "address" else data_uri(kind) for kind in kinds]


def data_uri(kind: str) -> str:
    media_type = {"jpg": "image/jpeg"}.get(kind, f"image/{kind}")
    return f"data:{media_type};base64,{base64.b64encode(PICTURES[kind]).decode()}"


def verdict(item: dict) -> dict:
    """The JSON text that a target holds, or whether it is long."""
    text = next(iter(item.values()))
    if isinstance(text, str) and text.startswith("{"):
        return json.loads(text)
    return {"is_valid": len(str(text)) > 3, "seen": item}


def picture_names(column: str, texts: list) -> list[str]:
    """A preview gives pictures as base64: here by their content, as they would be files."""
    contents = [base64.b64decode(text.split(",")[-1]) for text in texts]
    kinds = {content: kind for kind, content in PICTURES.items()}
    return [f"images/{column}/{hashlib.sha256(item).hexdigest()}.{kinds[item]}" for item in contents]


def load(document: dict) -> dd.DataDesignerConfigBuilder:
    """Columns with a function, which no file can hold there, are added to the others. What only Rowloom is told goes."""
    columns = document.get("columns") or []
    functional = [column for column in columns if "functions.ts#" in str(column)]
    rest = [column for column in columns if column not in functional]
    builder = dd.DataDesignerConfigBuilder.from_config({**document, **({"columns": rest} if functional else {})})
    for column in functional:
        builder.add_column(with_function(column))
    return builder


def with_function(column: dict):
    column = dict(column)
    if column.pop("column_type") == "validation":
        params = column["validator_params"]
        function = function_named(params["validation_function"])
        return dd.ValidationColumnConfig(
            **{**column, "validator_params": {**params, "validation_function": function}}
        )
    column.pop("output_format", None)
    declared = {
        key: [name if isinstance(name, str) else name["name"] for name in column.pop(key)]
        for key in ("required_columns", "side_effect_columns", "model_aliases")
        if key in column
    }
    function = dd.custom_column_generator(**declared)(function_named(column["generator_function"]))
    return dd.CustomColumnConfig(**{**column, "generator_function": function})


def function_named(name: str):
    return getattr(functions, name.split("#")[1])


def plain(value):
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist"):
        return plain(value.tolist()) if hasattr(value, "tolist") else [plain(item) for item in value]
    if isinstance(value, (pd.Timestamp, datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, str):
        return value.replace(str(HERE), ".")
    return None if value is pd.NaT or value is pd.NA or value != value else value


def type_of(arrow) -> object:
    if pa.types.is_boolean(arrow):
        return "bool"
    if pa.types.is_integer(arrow):
        return "int"
    if pa.types.is_floating(arrow) or pa.types.is_decimal(arrow):
        return "float"
    if pa.types.is_struct(arrow):
        return {field.name: type_of(field.type) for field in arrow}
    if pa.types.is_list(arrow):
        return [type_of(arrow.value_type)]
    return "null" if pa.types.is_null(arrow) else "text"


def messages_of(error: BaseException) -> list[str]:
    chain = []
    while error is not None:
        chain.append(f"{type(error).__name__}: {error}".replace(str(HERE), "."))
        error = error.__cause__ or error.__context__
    return chain


def violations_of(designer: DataDesigner, builder: dd.DataDesignerConfigBuilder) -> list[dict]:
    config = builder.build()
    resources = designer._create_resource_provider("validate-configuration", builder)
    _resolve_and_add_seed_columns(config, resources.seed_reader)
    _add_internal_row_id_column_if_needed(config)
    found = validate_data_designer_config(
        columns=config.columns,
        processor_configs=config.processors or [],
        allowed_references=[
            name for column in config.columns for name in (column.name, *column.side_effect_columns)
        ],
    )
    return [
        {"column": item.column, "type": item.type.value, "level": item.level.value.lower()}
        for item in found
    ]


def files_of(dataset: Path) -> list[dict]:
    """Of each file what it holds; what was dropped is in one of the same name."""
    files = []
    for file in sorted((dataset / "parquet-files").glob("*.parquet")):
        table = pq.read_table(file)
        dropped = dataset / "dropped-columns-parquet-files" / file.name
        files.append(
            {
                "rows": table.num_rows,
                "types": {field.name: type_of(field.type) for field in table.schema},
                "dropped": sorted(pq.read_schema(dropped).names) if dropped.exists() else [],
            }
        )
    return files


def build(provider: dd.ModelProvider, file: Path) -> dict:
    """What one preview of a document comes to, or where it is refused."""
    text = file.read_text()
    rows = int((re.match(r"# rows: (\d+)", text) or [0, "6"])[1])
    here = provider.endpoint.removesuffix("/v1")
    requests.clear()
    # A folder of its own: a preview also tells of the processors' files that an earlier one left.
    tools = dd.LocalStdioMCPProvider(name="kb", command=sys.executable, args=[str(HERE / "tools.py")])
    designer = DataDesigner(
        artifact_path=tempfile.mkdtemp(), model_providers=[provider], mcp_providers=[tools]
    )
    settings: dict = {"disable_early_shutdown": True, "max_conversation_restarts": 0}
    designer.set_run_config(dd.RunConfig(**settings))
    recording: dict = {"rows": rows}
    stage = "load"
    try:
        document = yaml.safe_load(text.replace("http://mock.invalid", here))
        builder = load(document)
        stage = "validate"
        recording["violations"] = violations_of(designer, builder)
        designer.validate(builder)
        stage = "run"
        if group := re.match(r"# rows: \d+, groups: (\d+)", text):
            settings["buffer_size"] = int(group[1])
            designer.set_run_config(dd.RunConfig(**settings))
            results = designer.create(builder, num_records=rows)
            recording["files"] = files_of(Path(results.artifact_storage.base_dataset_path))
            frame, processed = results.load_dataset(), {}
        else:
            results = designer.preview(builder, num_records=rows)
            frame, processed = results.dataset, results.processor_artifacts or {}
    except Exception as error:
        return {**recording, "stopped": {"at": stage, "messages": messages_of(error)}}
    cells = {name: [plain(value) for value in frame[name]] for name in frame.columns}
    for column in builder.get_columns_of_type(dd.DataDesignerColumnType.IMAGE):
        cells[column.name] = [picture_names(column.name, texts) for texts in cells[column.name]]
    schema = pa.Table.from_pandas(frame, preserve_index=False).schema
    return {
        **recording,
        "columns": [
            {"name": name, "type": type_of(schema.field(name).type)} for name in frame.columns
        ],
        "cells": cells,
        "requests": sorted(plain(requests), key=lambda body: json.dumps(body, sort_keys=True)),
        "processed": plain(processed),
    }


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    provider = dd.ModelProvider(
        name="mock",
        endpoint=f"http://127.0.0.1:{server.server_port}/v1",
        provider_type="openai",
        api_key="none",
    )
    logging.disable(logging.CRITICAL)
    names = sys.argv[1:] or sorted(file.stem for file in (HERE / "documents").glob("*.yaml"))
    for name in names:
        file = HERE / "documents" / f"{name}.yaml"
        first, second = build(provider, file), build(provider, file)
        first["random"] = [
            column for column, cells in first.get("cells", {}).items() if cells != second["cells"][column]
        ]
        if first["random"]:
            first["requests"] = []
        target = HERE / "recordings" / f"{name}.json"
        target.write_text(json.dumps(first, indent=1, ensure_ascii=False, sort_keys=False) + "\n")
        stopped = first.get("stopped")
        print(name, f"stopped: {stopped['messages'][0][:150]}" if stopped else "ok", flush=True)


if __name__ == "__main__":
    main()
