"""Everything that a database holds, as text to search in."""

from sqlalchemy import Engine, inspect, text


def dumped(engine: Engine) -> str:
    """Each row of each table, also of those that a database keeps for its own indexes; folded to lower case."""
    inspector = inspect(engine)
    with engine.connect().execution_options(read_only=True) as connection:
        # PostgreSQL writes whole rows: it holds moments beyond any that Python knows.
        what = "*" if engine.dialect.name == "sqlite" else "found::text"
        rows = [
            f"{table}: {value}"
            for table in inspector.get_table_names()
            for row in connection.execute(text(f'SELECT {what} FROM "{table}" AS found'))
            for value in row
        ]
    return "\n".join(rows).lower()
