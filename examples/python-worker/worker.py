"""Makes the cells of Rowloom columns that say `task_queue: python`.

    pip install temporalio
    python worker.py

It polls the Temporal server of TEMPORAL_ADDRESS, or the one that `rowloom run` has started in this folder.
"""

import asyncio
import json
import os
import threading
import time
import uuid
from pathlib import Path

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

TASK_QUEUE = "python"
BEAT_S = 5


def length_of(values: dict, params: dict) -> dict:
    """The work: from the columns that the document names to the columns that the cell makes."""
    time.sleep(params.get("seconds", 0))
    words = values["topic"].split()
    return {"words": len(words), "longest": max(words, key=len)}


@activity.defn(name="length_of")
async def length_of_activity(files: dict) -> list[str]:
    """Makes the cells in a thread, and beats meanwhile, however long a cell takes. After 30 s without a beat it counts as dead."""
    stop = threading.Event()
    work = asyncio.get_running_loop().run_in_executor(None, make_cells, files, stop)
    try:
        while not work.done():
            await asyncio.wait([work], timeout=BEAT_S)
            activity.heartbeat()
        return work.result()
    finally:
        # Rowloom has called it off: the cell that it is at is the last.
        stop.set()


def make_cells(files: dict, stop: threading.Event) -> list[str]:
    """Rows come in a file, cells go into a file of this attempt's own. What any attempt has made stays made."""
    folder = Path(files["cells"])
    made = keys_in(folder)
    own = folder / f"{uuid.uuid4()}.jsonl"
    with open(files["rows"], encoding="utf-8") as rows, open(own, "a", encoding="utf-8") as cells:
        for row in map(json.loads, rows):
            if stop.is_set():
                break
            if row["key"] in made:
                continue
            try:
                cell = {"key": row["key"], "value": length_of(row["values"], row["params"] or {})}
            except Exception as error:  # The row fails, the others go on.
                cell = {"key": row["key"], "error": repr(error)}
            cells.write(json.dumps(cell) + "\n")
            cells.flush()
            os.fsync(cells.fileno())
            print(f"row {row['row']}", flush=True)
    return [file.name for file in folder.glob("*.jsonl")]


def keys_in(folder: Path) -> set[str]:
    """The cells that earlier attempts made. Of one that was killed the last line may be torn."""
    keys = set()
    for file in folder.glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                cell = json.loads(line)
            except json.JSONDecodeError:
                continue
            if "error" not in cell:
                keys.add(cell["key"])
    return keys


def address() -> str:
    if "TEMPORAL_ADDRESS" in os.environ:
        return os.environ["TEMPORAL_ADDRESS"]
    server = json.loads(Path(".rowloom/server.json").read_text())
    return f"{server['host']}:{server['port']}"


async def connect() -> Client:
    """Waits for a server: `rowloom run` may come later."""
    while True:
        try:
            return await Client.connect(address())
        except (OSError, RuntimeError):
            await asyncio.sleep(1)


async def main() -> None:
    client = await connect()
    worker = Worker(
        client,
        task_queue=TASK_QUEUE,
        activities=[length_of_activity],
        max_concurrent_activities=4,
    )
    print("ready", flush=True)
    await worker.run()


if __name__ == "__main__":
    asyncio.run(main())
