"""Makes the Parquet and Arrow files beside it, and what pyarrow reads in them: `make_columns.py`, with pyarrow 26.0.1.

`expected.json` has the rows of `people.*` as `pyarrow.Table.to_pylist` gives them. `deep.parquet` has its text in a struct,
`numbers.parquet` has no text, and `many.parquet` more rows than are read at once, in several row groups.
"""

import datetime
import decimal
import json
from pathlib import Path

import pyarrow
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet

HERE = Path(__file__).parent


def text(value: object) -> object:
    """Values as JSON has them."""
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: text(inner) for key, inner in value.items()}
    return [text(inner) for inner in value] if isinstance(value, list) else value


def main() -> None:
    people = pyarrow.table(
        {
            "id": pyarrow.array([7, 8, 9, None], pyarrow.int64()),
            "text": pyarrow.array(["Angela Merkel, Berlin", None, "“Übel” \\ \n\t😀", ""], pyarrow.string()),
            "large": pyarrow.array(["a", "b", None, "d"], pyarrow.large_string()),
            "class": pyarrow.array(["x", "y", "x", None]).dictionary_encode(),
            "good": pyarrow.array([True, False, None, True]),
            "half": pyarrow.array([0.5, -2.25, None, 3.5e10], pyarrow.float64()),
            "day": pyarrow.array([datetime.date(2024, 2, 29), None, datetime.date(1969, 12, 31), datetime.date(1, 1, 1)]),
            "price": pyarrow.array([decimal.Decimal("1.25"), None, decimal.Decimal("-3.50"), decimal.Decimal("0.00")]),
            "words": pyarrow.array([["a", "b"], [], None, [None]], pyarrow.list_(pyarrow.string())),
            "place": pyarrow.array(
                [{"start": 0, "name": "n"}, {"start": 1, "name": None}, None, {"start": 3, "name": ""}],
                pyarrow.struct([("start", pyarrow.int32()), ("name", pyarrow.string())]),
            ),
        }
    )
    rows = [text(row) for row in people.to_pylist()]
    (HERE / "expected.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for packed in ["none", "snappy", "gzip", "zstd", "lz4"]:
        pyarrow.parquet.write_table(people, HERE / f"people-{packed}.parquet", compression=packed)
    for packed in ["uncompressed", "lz4", "zstd"]:
        pyarrow.feather.write_feather(people, HERE / f"people-{packed}.feather", compression=packed)
    with pyarrow.ipc.new_stream(HERE / "people.arrows", people.schema) as stream:
        stream.write_table(people, max_chunksize=3)
    pyarrow.parquet.write_table(pyarrow.table({"msg": [{"body": "In Paris.", "n": 1}]}), HERE / "deep.parquet")
    pyarrow.parquet.write_table(pyarrow.table({"n": [1, 2]}), HERE / "numbers.parquet")
    many = pyarrow.table({"id": list(range(1000)), "text": [f"Text {i}." for i in range(1000)]})
    pyarrow.parquet.write_table(many, HERE / "many.parquet", row_group_size=300)
    pyarrow.feather.write_feather(many, HERE / "many.feather", compression="zstd")


if __name__ == "__main__":
    main()
