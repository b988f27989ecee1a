"""Writes the binary files, and the sessions of agents, that the documents here read: see `record.py`.

    venv/bin/python conformance/make_files.py
"""

import base64
import datetime
import decimal
import io
import json
import wave
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

HERE = Path(__file__).resolve().parent
MEDIA = HERE / "seeds/media"
AGENTS = HERE / "seeds/agents"
PERSONS = HERE / "home/.data-designer/managed-assets/datasets"


def write(path: Path, content: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def lines(*rows: object) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def media() -> None:
    for kind in ("png", "jpg", "gif", "webp"):
        picture = io.BytesIO()
        Image.new("RGB", (2, 2), "red").save(picture, {"jpg": "jpeg"}.get(kind, kind))
        write(MEDIA / f"dot.{kind}", picture.getvalue())
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setparams((1, 1, 8000, 0, "NONE", ""))
        file.writeframes(b"\x80" * 8)
    write(MEDIA / "click.wav", sound.getvalue())
    png = base64.b64encode((MEDIA / "dot.png").read_bytes()).decode()
    jpg = base64.b64encode((MEDIA / "dot.jpg").read_bytes()).decode()
    wav = base64.b64encode(sound.getvalue()).decode()
    row = {
        "address": "https://pictures.invalid/dot.png",
        "inline": png,
        "uri": f"data:image/png;base64,{png}",
        "jpg_uri": f"data:image/jpg;base64,{jpg}",
        "file": "seeds/media/dot.png",
        "two": ["https://pictures.invalid/dot.png", f"data:image/png;base64,{png}"],
        "two_as_text": json.dumps(["https://pictures.invalid/a.png", "https://pictures.invalid/b.gif"]),
        "none": "[]",
        "sound_address": "https://sounds.invalid/click.wav",
        "sound": wav,
        "sound_uri": f"data:audio/x-wav;base64,{wav}",
        "sound_file": "/srv/click.wav",
        "video_address": "https://videos.invalid/clip",
        "video": base64.b64encode(b"video").decode(),
        "video_uri": f"data:video/quicktime;base64,{base64.b64encode(b'video').decode()}",
    }
    write(HERE / "seeds/shown.jsonl", lines(row))


def typed_rows() -> None:
    table = pa.table(
        {
            "whole": pa.array([1, 2, None], pa.int32()),
            "large": pa.array([2**62, -1, 0], pa.int64()),
            "unsigned": pa.array([1, 2, 3], pa.uint16()),
            "real": pa.array([0.5, None, 2.0], pa.float64()),
            "single": pa.array([0.5, 0.25, 2.0], pa.float32()),
            "price": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("0.01")], pa.decimal128(9, 2)),
            "yes": pa.array([True, False, None]),
            "text": pa.array(["a", None, ""]),
            "label": pa.array(["x", "y", "x"]).dictionary_encode(),
            "day": pa.array([datetime.date(2024, 1, 2), None, datetime.date(1999, 12, 31)]),
            "moment": pa.array([datetime.datetime(2024, 1, 2, 3, 4, 5)] * 3, pa.timestamp("us")),
            "tags": pa.array([["a", "b"], [], None], pa.list_(pa.string())),
            "who": pa.array([{"name": "Ann", "age": 3}, {"name": None, "age": 4}, None]),
        }
    )
    write(HERE / "seeds/typed.parquet", b"")
    pq.write_table(table, HERE / "seeds/typed.parquet")


def persons() -> None:
    def person(number: int, **fields: object) -> dict:
        return {
            "uuid": f"p{number}", "first_name": "Ann", "middle_name": "May", "last_name": f"Lee{number}",
            "sex": "Female", "age": 10 + number % 50, "marital_status": "married_present", "postcode": "10001",
            "city": "Albany", "region": "NY", "country": "USA", "street_name": "Elm", "street_number": 5,
            "unit": "", "bachelors_field": "stem", "education_level": "bachelors", "occupation": "nurse",
            "ethnic_background": "none", "persona": "Likes tea", "hobbies_and_interests_list": "['tea', 'chess']",
            "openness": {"t_score": number % 9, "label": "high"}, "locale": "en_US", **fields,
        }

    usa = [person(number) for number in range(200)]
    usa += [person(7, city="Reno", region="NV", sex="Male", age=17, middle_name=None, last_name="O'Hara")]
    write(PERSONS / "en_US.parquet", b"")
    pq.write_table(pa.Table.from_pylist(usa), PERSONS / "en_US.parquet")
    germans = [
        person(1, locale="de_DE", sex="Weiblich", region="Bayern", city="Hof", country="Deutschland"),
        person(2, locale="de_DE", sex="Männlich", region="Bremen", city="Bremen", country="Deutschland"),
    ]
    pq.write_table(pa.Table.from_pylist(germans), PERSONS / "de_DE.parquet")


def folder() -> None:
    files = {"a.md": "# A\n", "deep/b.md": "", "deep/er/c.txt": "Zoë", ".hidden.md": "hidden", "B.MD": "upper"}
    for name, text in files.items():
        write(HERE / "seeds/folder" / name, text)
    write(HERE / "seeds/latin/a.txt", "Zoë".encode("latin-1"))


def sessions() -> None:
    at = "2025-01-01T00:00:0{}Z".format
    call = {"type": "tool_use", "id": "t1", "name": "read", "input": {"path": "a.py", "all": True}}
    common = {"sessionId": "s1", "cwd": "/w", "gitBranch": "main", "version": "2.0"}
    claude = [
        {"type": "user", "timestamp": at(1), **common, "message": {"role": "user", "content": "Fix it"}},
        {"type": "assistant", "timestamp": "2025-01-01T01:30:00+01:00", **common, "version": "2.1", "message": {"content": [
            {"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Reading"}, call]}},
        {"type": "user", "timestamp": at(3), **common, "message": {"content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "x = 1"}]},
            {"type": "text", "text": "go on"}]}},
        {"type": "summary", "summary": "no message"},
        {"type": "assistant", "timestamp": at(5), **common, "message": {"content": [
            {"type": "text", "text": "Done"}, {"type": "text", "text": "Really"}]}},
    ]
    agent = {"isSidechain": True, "agentId": "a9", "sessionId": "s1", "message": {"content": "help"}}
    write(AGENTS / "claude/p/s1.jsonl", lines(*claude))
    write(AGENTS / "claude/p/agent.jsonl", lines({"type": "user", **agent}))
    write(AGENTS / "claude/p/broken.jsonl", "{nope\n")
    write(AGENTS / "claude/p/empty.jsonl", "")
    write(AGENTS / "claude/p/tool-results/x.jsonl", "{}\n")
    write(AGENTS / "claude/p/history.jsonl", "{}\n")
    entry = {"sessionId": "s1", "projectPath": "/project", "summary": "A fix", "firstPrompt": "Fix it"}
    write(AGENTS / "claude/p/sessions-index.json", json.dumps({"entries": [entry]}))

    def item(second: int, payload: dict) -> dict:
        return {"type": "response_item", "timestamp": at(second), "payload": payload}

    codex = [
        {"type": "session_meta", "timestamp": at(1), "payload": {"id": "c1", "timestamp": at(0), "cwd": "/w",
            "git_branch": "dev", "originator": "cli", "cli_version": "0.1", "source": "exec", "model_provider": "x"}},
        item(2, {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be brief"}]}),
        item(2, {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}),
        {"type": "event_msg", "timestamp": at(3), "payload": {"type": "agent_reasoning", "text": "Hm."}},
        item(3, {"type": "reasoning", "summary": [{"type": "summary_text", "text": "So."}]}),
        item(4, {"type": "function_call", "call_id": "f1", "name": "shell", "arguments": '{"cmd": "ls"}'}),
        item(5, {"type": "function_call_output", "call_id": "f1", "output": "a.py"}),
        item(5, {"type": "custom_tool_call", "call_id": "f2", "name": "patch", "input": "*** Begin"}),
        item(6, {"type": "custom_tool_call_output", "call_id": "f2", "output": "ok"}),
        item(7, {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Done"}]}),
        item(8, {"type": "reasoning", "summary": [{"text": "Left over"}]}),
    ]
    write(AGENTS / "codex/2025/rollout-1.jsonl", lines(*codex))
    write(AGENTS / "codex/2025/other.jsonl", lines(*codex))

    steps = [
        {"step_id": 1, "timestamp": at(1), "source": "system", "message": "Be brief"},
        {"step_id": 2, "timestamp": at(2), "source": "user", "message": "Hi", "is_copied_context": True},
        {"step_id": 3, "timestamp": at(3), "source": "agent", "message": "Looking", "reasoning_content": "Hm.",
            "tool_calls": [{"tool_call_id": "t1", "function_name": "ls", "arguments": {"b": 1, "a": [2]}}],
            "observation": {"results": [{"source_call_id": "t1", "content": "a.py",
                "subagent_trajectory_ref": [{"session_id": "sub", "trajectory_path": "sub.json"}]}]}},
        {"step_id": 4, "timestamp": at(4), "source": "agent", "message": [{"type": "text", "text": "Done"}]},
    ]
    atif = {"schema_version": "ATIF-v1.4", "session_id": "x1", "notes": "n", "final_metrics": {"steps": 4},
        "extra": {"k": "v"}, "steps": steps, "agent": {"name": "bot", "version": "1", "model_name": "m",
            "extra": {"cwd": "/w", "git_branch": "main"}}}
    write(AGENTS / "atif/one.json", json.dumps(atif))
    write(AGENTS / "atif/wrong.json", json.dumps({**atif, "steps": steps[1:]}))

    def said(number: int, parent: int | None, message: dict) -> dict:
        entry = {"type": "message", "id": f"e{number}", "timestamp": at(number), "message": message}
        return {**entry, "parentId": None if parent is None else f"e{parent}"}

    pi = [
        {"type": "session", "version": 3, "id": "p1", "timestamp": at(0), "cwd": "/w", "parentSession": "p0"},
        said(1, None, {"role": "user", "content": [{"type": "text", "text": "Hi"}]}),
        said(2, 1, {"role": "assistant", "content": [{"type": "text", "text": "Left"}], "model": "m0"}),
        {"type": "model_change", "id": "e3", "parentId": "e1", "timestamp": at(3), "modelId": "m1"},
        said(4, 3, {"role": "assistant", "model": "m2", "stopReason": "toolUse", "content": [
            {"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Looking"},
            {"type": "toolCall", "id": "t1", "name": "ls", "arguments": {"path": "."}}]}),
        said(5, 4, {"role": "toolResult", "toolCallId": "t1", "content": [{"type": "text", "text": "a.py"}]}),
        said(6, 5, {"role": "bashExecution", "command": "ls", "output": "a.py", "exitCode": 0}),
        {"type": "compaction", "id": "e7", "parentId": "e6", "timestamp": at(7), "summary": "So far"},
        {"type": "custom_message", "id": "e8", "parentId": "e7", "timestamp": at(8), "content": "Seen", "display": True},
        said(9, 8, {"role": "assistant", "content": "Done", "stopReason": "stop", "model": "m2"}),
    ]
    write(AGENTS / "pi/one.jsonl", lines(*pi))

    hermes = {"session_id": "h1", "model": "m", "platform": "cli", "session_start": "2025-01-01T00:00:00",
        "last_updated": "2025-01-01T00:01:00", "system_prompt": "Be brief",
        "tools": [{"type": "function", "function": {"name": "ls"}}],
        "messages": [{"role": "user", "content": "Hi"},
            {"role": "assistant", "content": None, "reasoning": "Hm.", "finish_reason": "tool_calls", "tool_calls": [
                {"id": "t1", "type": "function", "function": {"name": "ls", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "t1", "content": "a.py"},
            {"role": "assistant", "content": "Done", "finish_reason": "stop"}]}
    write(AGENTS / "hermes/session_h1.json", json.dumps(hermes))
    write(AGENTS / "hermes/g1.jsonl", lines(*hermes["messages"]))
    index = {"key": {"session_id": "g1", "created_at": "2025-02-01", "updated_at": "2025-02-02"}}
    write(AGENTS / "hermes/sessions.json", json.dumps(index))


for make in (media, typed_rows, persons, folder, sessions):
    make()
