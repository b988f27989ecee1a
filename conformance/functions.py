"""What `functions.ts` does, for Data Designer."""

import pandas as pd


def is_long(df: pd.DataFrame) -> pd.DataFrame:
    text = df.iloc[:, 0].astype(str)
    return pd.DataFrame({"is_valid": text.str.len() > 3, "length": text.str.len()})


def no_verdict(df: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"fine": [True] * len(df)})


def greet(row: dict) -> dict:
    return {**row, "greeting": f"Hello {row['name']}", "size": len(row["name"])}


def ask(row: dict, generator_params: None, models: dict) -> dict:
    answer, _ = models["m"].generate(prompt=f"Name {row['name']}")
    return {**row, "asked": answer}


def rank(df: pd.DataFrame) -> pd.DataFrame:
    return df.assign(place=range(len(df)))


def fails(row: dict) -> dict:
    return {**row, "failing": 1 / (len(row["name"]) - 3)}


def only_ann(df: pd.DataFrame) -> pd.DataFrame:
    if set(df["name"]) != {"Ann"}:
        raise ValueError("Not Ann")
    return pd.DataFrame({"is_valid": [True] * len(df)})
