/**
 * Runs in the user's Python: loads a document as Data Designer's own command does, and writes what it builds as
 * `config.json` into a folder, with the rows of a table in memory, and those that only a plugin reads, beside it. What goes
 * wrong stands in `problem.json`: `missing`, the package that is not there, or `message`.
 */
export const PYTHON_SCRIPT = `
import hashlib, inspect, json, math, sys
from pathlib import Path

source, folder, args = sys.argv[1], Path(sys.argv[2]), tuple(sys.argv[3:])
# A program that reads its arguments by itself gets its own, and names itself by its file.
sys.argv = [source, *args]
# What the document prints is no part of what is written.
sys.stdout = sys.stderr
BUILT_IN = ("local", "hf", "directory", "file_contents", "agent_rollout")


def stop(**problem):
    (folder / "problem.json").write_text(json.dumps(problem))
    sys.exit(3)


try:
    from data_designer.cli.utils.config_loader import load_config_builder
    from data_designer.config.column_configs import CustomColumnConfig
except ImportError as error:
    stop(missing=str(error.name or "data_designer"))


def params_of(args):
    """What the program is given: nothing where nothing was typed, as any Data Designer has it."""
    if not args:
        return ()
    try:
        from data_designer.config.script_params import DataDesignerScriptParams
    except ImportError:
        raise ValueError('this Data Designer hands no arguments to a program: update it') from None
    return (DataDesignerScriptParams(argv=args),)


def frame_of(source):
    if source.seed_type == "df":
        return source.df
    # Only the plugin that the type belongs to knows how to read it.
    import pandas as pd
    from data_designer.engine.resources.seed_reader import SeedReaderRegistry
    from data_designer.engine.secret_resolver import CompositeResolver, EnvironmentResolver, PlaintextResolver
    from data_designer.interface.data_designer import DEFAULT_SEED_READERS

    secrets = CompositeResolver([EnvironmentResolver(), PlaintextResolver()])
    reader = SeedReaderRegistry(DEFAULT_SEED_READERS).get_reader(source, secrets)
    batches = reader.create_batch_reader(
        batch_size=max(1, reader.get_seed_dataset_size()), index_range=None, shuffle=False
    )
    frames = []
    while True:
        try:
            frames.append(batches.read_next_batch().to_pandas())
        except StopIteration:
            return pd.concat(frames, ignore_index=True)


def json_of(value):
    """As JSON has it: numpy's numbers and arrays are Python's own, what is missing is null, dates are ISO 8601, else it is text."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): json_of(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_of(item) for item in value]
    if hasattr(value, "tolist"):
        return json_of(value.tolist())
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def write_rows(frame):
    from pyarrow import ArrowInvalid, ArrowNotImplementedError, ArrowTypeError

    path = folder / "seeds.parquet"
    try:
        frame.to_parquet(path, index=False)
    except (ArrowInvalid, ArrowTypeError, ArrowNotImplementedError, OverflowError):
        # A column of several types has no place in Parquet.
        path.unlink(missing_ok=True)
        path = folder / "seeds.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for row in frame.to_dict("records"):
                file.write(json.dumps(json_of(row)) + "\\n")
    return {"seed_type": "local", "path": str(path)}


def activity_of(config, written):
    """The function stays in Python: a worker there makes the cells, and the version tells when its file changes."""
    function = inspect.unwrap(config.generator_function)
    try:
        file = inspect.getsourcefile(function)
    except TypeError:
        file = None
    if file is None:
        raise ValueError(
            f'no file tells when the function of column "{config.name}" changes, which is of the type '
            f'"{type(function).__name__}": write it with def, and call the other one in it'
        )
    written["required_columns"] = list(config.required_columns)
    written["side_effect_columns"] = list(config.side_effect_columns)
    written["task_queue"] = "python"
    written["version"] = hashlib.sha256(Path(file).read_bytes()).hexdigest()[:12]


try:
    builder = load_config_builder(source, *params_of(args))
    config = builder.get_builder_config().to_dict()
    document = config["data_designer"]
    seeds = builder.get_seed_config()
    if seeds is not None and seeds.source.seed_type not in BUILT_IN:
        document["seed_config"]["source"] = write_rows(frame_of(seeds.source))
    built = {column.name: column for column in builder.get_column_configs()}
    for written in document["columns"]:
        column = built.get(written["name"])
        if isinstance(column, CustomColumnConfig):
            activity_of(column, written)
    (folder / "config.json").write_text(json.dumps(config, ensure_ascii=False, default=str))
except Exception as error:
    stop(message=f"{type(error).__name__}: {error}")
`;
